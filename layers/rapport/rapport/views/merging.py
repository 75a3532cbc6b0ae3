"""Pages over several lists at once, each of them kept latest first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rapport.kernel.errors import InvalidInput
from rapport.kernel.ids import ALPHABET, TIME_CHARS
from rapport.kernel.page import Page, decode_cursor, encode_cursor

SLACK = 2  # milliseconds by which a bound may miss: ids round where instants do not
LAST_MOMENT = 253_402_300_000_000


@dataclass(frozen=True)
class Row:
    """One entry of a list. `position` begins with the ten characters of its time, as ids do.

    A list's own order must be that of its positions.
    """

    position: str
    record_id: str
    value: Any

    @property
    def place(self) -> tuple[str, str]:
        """The order over all lists."""
        return self.position, self.record_id

    @property
    def millis(self) -> int:
        """The time in the position."""
        moment = 0
        for char in self.position[:TIME_CHARS]:
            moment = moment * len(ALPHABET) + ALPHABET.index(char)
        return moment


@dataclass(frozen=True)
class _Mark:
    """The last row given, and how many of its very moment were: those are read again."""

    millis: int
    place: tuple[str, str]
    given: int


Read = Callable[[datetime | None, int], Sequence[Row]]
"""(before, limit) → the latest rows before that time."""


def merge(reads: Sequence[Read], cursor: str | None, limit: int) -> Page[Row]:
    """The next `limit` rows over all lists, latest first; one call of each list."""
    mark = _mark(cursor)
    before = _instant(mark.millis + SLACK) if mark else None
    wanted = limit + 1 + (mark.given if mark else 0)
    rows = [row for read in reads for row in read(before, wanted)]
    if mark:
        rows = [row for row in rows if row.place < mark.place]
    rows.sort(key=lambda row: row.place, reverse=True)
    page = rows[:limit]
    return Page(page, _cursor(page, mark) if len(rows) > limit else None)


def _cursor(page: Sequence[Row], mark: _Mark | None) -> str | None:
    last = page[-1]
    given = sum(row.millis <= last.millis + SLACK for row in page)
    if mark and given == len(page):
        given += mark.given
    return encode_cursor([last.millis, *last.place, given])


def _mark(cursor: str | None) -> _Mark | None:
    match decode_cursor(cursor):
        case None:
            return None
        case [int(millis), str(position), str(record_id), int(given)] if (
            0 <= millis < LAST_MOMENT and 0 <= given <= 1000
        ):
            return _Mark(millis, (position, record_id), given)
        case _:
            raise InvalidInput("Pass the cursor of the page before, unchanged.", field="cursor")


def _instant(millis: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=millis)
