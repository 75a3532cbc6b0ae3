"""Errors by what they mean; the entrypoint alone knows what they become over HTTP or a queue."""

from datetime import timedelta


class RapportError(Exception):
    """The root of every error we raise. `message` is safe to show: no secret, no personal data."""

    code = "error"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidInput(RapportError):
    """The caller sent something we cannot accept; `field` names it and the message the fix."""

    code = "invalid_input"


class NotFound(RapportError):
    """What was asked for does not exist, or the caller may not know that it does."""

    code = "not_found"


class Forbidden(RapportError):
    """The caller is known and may not do this."""

    code = "forbidden"


class Unauthenticated(RapportError):
    """The caller did not prove who they are."""

    code = "unauthenticated"


class Conflict(RapportError):
    """The state has moved on: read it again and decide anew."""

    code = "conflict"


class WindowClosed(RapportError):
    """The channel allows no free-form message now; an approved template may be sent instead."""

    code = "window_closed"


class TooLarge(RapportError):
    """Over a documented limit."""

    code = "too_large"


class Transient(RapportError):
    """Try again: throttled, unreachable, or a record that is not visible yet."""

    code = "transient"


class Later(Transient):
    """Too early, or the provider asked us to wait: try again after `delay`."""

    def __init__(self, message: str, delay: timedelta) -> None:
        super().__init__(message)
        self.delay = delay


class Misconfigured(RapportError):
    """A setting or secret of this deployment is missing or malformed: an operator must act."""

    code = "misconfigured"
