"""What a function may say when it fails: Lambda itself logs an exception's text and traceback."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from rapport.entrypoint.observability import log_failure
from rapport.kernel.errors import RapportError

Result = TypeVar("Result")
Handler = Callable[[dict[str, Any], Any], Result]


class InvocationFailed(RapportError):
    """The invocation failed; the line `invocation_failed` of the log tells how."""

    code = "invocation_failed"


def guarded(handler: Handler[Result]) -> Handler[Result]:
    """`handler`, failing with `InvocationFailed` whatever it raises, after logging the failure.

    Lambda prints the exception that leaves a handler, and pydantic's and botocore's quote the data
    that broke them. Raised anew, outside the `except`, it has neither their text nor their frames.
    """

    @wraps(handler)
    def run(event: dict[str, Any], context: Any) -> Result:
        try:
            return handler(event, context)
        except Exception as error:  # noqa: BLE001 - the platform repeats whatever failed
            log_failure("invocation_failed", error)
            kind = type(error).__name__
        raise InvocationFailed(f"{kind}: see invocation_failed in the log.")

    return run
