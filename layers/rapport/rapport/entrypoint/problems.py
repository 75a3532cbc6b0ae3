"""Errors over HTTP: RFC 9457 problem details, by one table."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from rapport.kernel.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    Misconfigured,
    NotFound,
    RapportError,
    TooLarge,
    Transient,
    Unauthenticated,
    WindowClosed,
)

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:rapport:problem:"


class FieldErrors(InvalidInput):
    """Several fields are wrong; `errors` are (field, fix) pairs."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("Mend the fields under `errors` and send it again.")
        self.errors = errors


class MethodNotAllowed(RapportError):
    """The address exists, the method does not; `allowed` are those that do."""

    code = "method_not_allowed"

    def __init__(self, allowed: list[str]) -> None:
        super().__init__(f"This address answers {', '.join(allowed)}.")
        self.allowed = allowed


class UnsupportedMediaType(RapportError):
    """The body is not JSON by its own account."""

    code = "unsupported_media_type"


class InFlight(RapportError):
    """A request of the same idempotency key is being worked on; `seconds` until it may be asked."""

    code = "request_in_flight"

    def __init__(self, seconds: int) -> None:
        super().__init__("A request of this Idempotency-Key is being worked on; ask again later.")
        self.seconds = seconds


class KeyReused(RapportError):
    """The idempotency key came with another request before."""

    code = "idempotency_key_reused"


STATUS: dict[type[RapportError], int] = {
    InvalidInput: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    Conflict: 409,
    WindowClosed: 409,
    InFlight: 409,
    TooLarge: 413,
    UnsupportedMediaType: 415,
    KeyReused: 422,
    Transient: 503,
}
"""What each error becomes; whatever is not here is our fault and becomes 500 without a word."""

RETRY_AFTER = 1


@dataclass(frozen=True)
class Problem:
    """A problem document with its status and headers."""

    status: int
    document: dict[str, Any]
    headers: dict[str, str]


def problem_of(error: Exception, request_id: str) -> Problem:
    """What a caller is told about `error`. Nothing of an error that is not in the table is told."""
    kind = next((one for one in type(error).__mro__ if one in STATUS), None)
    if kind is None or not isinstance(error, RapportError):
        return _problem(500, Misconfigured.code if _is_ours(error) else "internal", request_id)
    document: dict[str, Any] = {"detail": error.message}
    if errors := _fields(error):
        document["errors"] = [{"field": field, "message": fix} for field, fix in errors]
    made = _problem(STATUS[kind], error.code, request_id)
    return Problem(made.status, made.document | document, _headers(error))


def _is_ours(error: Exception) -> bool:
    return isinstance(error, Misconfigured)


def _problem(status: int, code: str, request_id: str) -> Problem:
    return Problem(
        status,
        {
            "type": f"{TYPE_PREFIX}{code}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "instance": request_id,
        },
        {},
    )


def _fields(error: RapportError) -> list[tuple[str, str]]:
    if isinstance(error, FieldErrors):
        return error.errors
    return [(error.field, error.message)] if error.field else []


def _headers(error: RapportError) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {"www-authenticate": "Bearer"}
        case MethodNotAllowed():
            return {"allow": ", ".join(error.allowed)}
        case InFlight():
            return {"retry-after": str(error.seconds)}
        case Transient():
            return {"retry-after": str(RETRY_AFTER)}
        case _:
            return {}
