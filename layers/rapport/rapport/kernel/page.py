"""Pages of results, by opaque cursors."""

import base64
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rapport.kernel.errors import InvalidInput

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some results, and the cursor of the next ones (None: there are no more)."""

    items: list[T]
    cursor: str | None = None


def encode_cursor(position: Any) -> str | None:
    """An opaque, URL-safe spelling of a position (JSON); None for none."""
    if not position:
        return None
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> Any:
    """The position behind a cursor; raises `InvalidInput` on one that we did not make."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, RecursionError):
        raise InvalidInput("Pass the cursor of the page before, unchanged.", field="cursor") from (
            None
        )
