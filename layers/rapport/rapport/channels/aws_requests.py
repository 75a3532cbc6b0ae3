"""Requests to AWS that our own HTTP port sends: signed by botocore, their errors by name.

So faults are injected, and time-outs read, at one place for all providers.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from rapport.channels.sender import HttpResponse
from rapport.channels.sending import Call
from rapport.kernel.errors import Misconfigured

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

CredentialSource = Callable[[], "ReadOnlyCredentials | None"]


@cache
def _session_credentials() -> Any:
    import botocore.session  # heavy, and few functions need it

    return botocore.session.get_session().get_credentials()


def role_credentials() -> "ReadOnlyCredentials | None":
    """The credentials of the function's role, as of now."""
    credentials = _session_credentials()
    return credentials.get_frozen_credentials() if credentials else None


def signed(
    call: Call, service: str, region: str, credentials: "ReadOnlyCredentials | None"
) -> Call:
    """`call` with AWS's Signature Version 4; raises `Misconfigured` without credentials."""
    from botocore.auth import SigV4Auth  # heavy, see above
    from botocore.awsrequest import AWSRequest

    if credentials is None:
        raise Misconfigured("There are no AWS credentials to send with.")
    request = AWSRequest(method="POST", url=call.url, headers=call.headers, data=call.body)
    SigV4Auth(credentials, service, region).add_auth(request)
    headers = {str(name).lower(): str(value) for name, value in request.headers.items()}
    return Call(call.url, headers, call.body)


def exception_name(response: HttpResponse, body: dict[str, Any]) -> str:
    """The name of AWS's exception, without namespace and address; empty when there is none."""
    named = response.headers.get("x-amzn-errortype") or body.get("__type") or body.get("code")
    return str(named or "").partition(":")[0].rpartition("#")[2]
