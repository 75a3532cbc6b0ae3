"""Reading what a provider sent: an accessor gives the expected type or nothing, and never raises.

A provider adds types and fields without notice. One strange item must neither crash the webhook nor
take its neighbours along, so payloads are read key by key instead of being validated as a whole.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MILLISECOND = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z, the end of Python's calendar
MAX_FACTS, MAX_FACT_CHARS = 32, 1024
_NUMBER = re.compile(r"[0-9]{1,16}")
_PHONE_DIGITS = re.compile(r"[1-9][0-9]{6,14}")


def record(value: Any) -> dict[str, Any]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def records(value: Any) -> list[dict[str, Any]]:
    """The objects in `value` if it is an array, else none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: Any) -> str | None:
    """`value` if it is a string with something in it."""
    return value if isinstance(value, str) and value else None


def ident(value: Any) -> str | None:
    """An identifier as text: providers send the same id as a string or as an exact integer."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text(value)


def idents(value: Any) -> list[str]:
    """The identifiers in an array."""
    found = [ident(item) for item in value] if isinstance(value, list) else []
    return [item for item in found if item is not None]


def whole(value: Any) -> int | None:
    """A non-negative whole number, sent as a number or as ASCII digits."""
    if isinstance(value, str):
        return int(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def from_millis(value: Any) -> datetime | None:
    """The instant of milliseconds since 1970; None for what is no such number or out of range."""
    millis = whole(value)
    if millis is None or millis > LAST_MILLISECOND:
        return None
    return EPOCH + timedelta(milliseconds=millis)


def from_seconds(value: Any) -> datetime | None:
    """The instant of whole seconds since 1970; None for what is no such number or out of range."""
    seconds = whole(value)
    return None if seconds is None else from_millis(seconds * 1000)


def from_iso(value: Any) -> datetime | None:
    """The instant of an ISO 8601 text, UTC where it names no offset; None for anything else."""
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def phone(digits: str | None) -> str | None:
    """`+` and the digits, when `digits` look like an international number without its plus."""
    return f"+{digits}" if digits and _PHONE_DIGITS.fullmatch(digits) else None


def present(facts: Mapping[str, Any]) -> dict[str, Any]:
    """`facts` without what is None, False or empty; zero stays."""
    return {
        key: value for key, value in facts.items() if value or (value == 0 and value is not False)
    }


def chosen(source: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The members of `source` called `names`, those that hold something."""
    return present({name: source.get(name) for name in names})


def scalars(source: Mapping[str, Any]) -> dict[str, Any]:
    """The short plain values of an object we have no mapping for: enough to see what it was."""
    plain = {
        key: value
        for key, value in source.items()
        if isinstance(value, bool | int | float)
        or (isinstance(value, str) and len(value) <= MAX_FACT_CHARS)
    }
    return dict(list(plain.items())[:MAX_FACTS])
