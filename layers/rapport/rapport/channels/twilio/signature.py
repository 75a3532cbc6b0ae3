"""Twilio's request signature.

`X-Twilio-Signature` = base64(HMAC(key, URL + sorted parameters)): HMAC-SHA1 with the account's
primary auth token, or, when `X-Twilio-Webhooks-Signature-Settings: key=<id>,algorithm=HMAC_SHA256`
is there, that shared key and algorithm and nothing else
(twilio.com/docs/usage/webhooks/webhooks-security and …/webhook-shared-keys, 2026-09; twilio 9.13.0
`request_validator`). The URL is the one Twilio called, its query untouched; of a body that is no
form only `bodySHA256` in the query is signed.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator

from rapport.channels.base import Account, Refused, Request
from rapport.channels.signatures import (
    demand_header,
    demand_match,
    demand_secrets,
    from_base64,
    from_hex,
)

SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
DEFAULT_PORTS = {"https": 443, "http": 80}
FORM = "application/x-www-form-urlencoded"
# Scheme, host and the rest verbatim; a fragment (connection overrides) is not signed.
_URL = re.compile(r"(https?)://([^/?#]+)([^#]*)", re.IGNORECASE)
_PORT = re.compile(r":[0-9]{1,5}\Z")


def verify(request: Request, account: Account) -> None:
    """Raise `Refused` unless Twilio signed this request with one of the account's keys."""
    keys, algorithm = _keys(request, account)
    given = from_base64(demand_header(request, "X-Twilio-Signature"))
    parameters = _signed_parameters(request)
    demand_match(
        given,
        (
            hmac.digest(key.encode(), (url + parameters).encode(), algorithm)
            for url in _urls(request, account)
            for key in keys
        ),
    )


def is_form(request: Request) -> bool:
    """Whether the body is a form by its content type."""
    content_type = request.header("Content-Type") or ""
    return content_type.partition(";")[0].strip().lower() == FORM


def _keys(request: Request, account: Account) -> tuple[list[str], str]:
    settings = request.header(SETTINGS_HEADER)
    if settings is None:
        return demand_secrets(account, "auth_token"), "sha1"
    named = dict(part.strip().partition("=")[::2] for part in settings.split(","))
    shared = account.document.get("shared_keys")
    secret = shared.get(named.get("key", "")) if isinstance(shared, dict) else None
    algorithm = ALGORITHMS.get(named.get("algorithm", ""))
    if algorithm is None or not isinstance(secret, str) or not secret:
        raise Refused("bad_signature", "The signature settings name no key or algorithm of ours.")
    return [secret], algorithm


def _signed_parameters(request: Request) -> str:
    """What is signed besides the URL; the body of anything but a form must match `bodySHA256`."""
    body_hash = request.parameter("bodySHA256")
    if body_hash is not None:
        demand_match(from_hex(body_hash), [hashlib.sha256(request.body).digest()])
        return ""
    if request.method == "GET":
        return ""
    if not is_form(request):
        raise Refused("bad_signature", "The body is neither a form nor signed by bodySHA256.")
    return _sorted(request.form)


def _sorted(parameters: list[tuple[str, str]]) -> str:
    """Every name in byte order followed by each of its distinct values, empty ones included."""
    return "".join(f"{name}{value}" for name, value in sorted(set(parameters)))


def _urls(request: Request, account: Account) -> Iterator[str]:
    """The URL as called, and with its port dropped or its default port added: Twilio varies."""
    called = _URL.match(request.url)
    base = account.setting("public_base_url")
    # Behind a proxy only the operator knows the name that Twilio called.
    named = _URL.match(base) if base else called
    if called is None or named is None:
        raise Refused("misconfigured" if base else "malformed")
    scheme, host = named[1], named[2]
    # A gateway may have taken a prefix off the path: the base says what Twilio saw before it.
    prefix = named[3].rstrip("/") if base else ""
    bare = _PORT.sub("", host)
    hosts = (host, bare, f"{bare}:{DEFAULT_PORTS[scheme.lower()]}")
    for candidate in dict.fromkeys(hosts):
        yield f"{scheme}://{candidate}{prefix}{called[3]}"
