"""JSON from strangers: strict where Python is lenient, bounded where it is not."""

import json
import re
from typing import Any

from rapport.kernel.errors import InvalidInput

MAX_DEPTH = 64
MAX_DIGITS = 64
_SURROGATE = re.compile("[\ud800-\udfff]")


def loads(data: bytes | str) -> Any:
    """Parse JSON that nobody vouches for.

    Integers stay exact. Refused with `InvalidInput`: not UTF-8, not JSON, NaN and Infinity,
    duplicate keys, nesting beyond 64, numbers of more than 64 digits. Lone surrogates become
    U+FFFD, since neither UTF-8 nor the queue can carry them.
    """
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        raise InvalidInput("The body is not valid UTF-8.", field="body") from None
    _check_depth(text)
    try:
        value = json.loads(
            text,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except (ValueError, RecursionError):
        raise InvalidInput("The body is not valid JSON.", field="body") from None
    return _scrub(value) if "\\u" in text or _SURROGATE.search(text) else value


def dumps(value: Any) -> str:
    """Compact ASCII JSON: every character is legal in SQS, EventBridge and DynamoDB."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for char in re.sub(r'"(?:[^"\\]|\\.)*"?', "", text):
        if char in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise InvalidInput(f"The JSON is nested deeper than {MAX_DEPTH}.", field="body")
        elif char in "]}":
            depth -= 1


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("number too long")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if len(digits) > MAX_DIGITS or number in (float("inf"), float("-inf")):
        raise ValueError("number out of range")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_scrub(item) for item in value]
    if isinstance(value, dict):
        return {_scrub(key): _scrub(item) for key, item in value.items()}
    return value
