"""Pages over several lists: complete, in order, each row once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.kernel.errors import InvalidInput
from rapport.kernel.ids import time_prefix
from rapport.kernel.page import encode_cursor
from rapport.views.merging import Row, merge

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def row(millis: int, number: int, record_id: str) -> Row:
    at = START + timedelta(milliseconds=millis)
    return Row(f"{time_prefix(at)}#{number:04d}", record_id, (at, number))


def read(rows: Sequence[Row], before: datetime | None, limit: int) -> list[Row]:
    """As the stores do: strictly before, latest first."""
    found = [one for one in rows if before is None or one.position < time_prefix(before)]
    return sorted(found, key=lambda one: one.position, reverse=True)[:limit]


moments = st.lists(st.integers(0, 12), max_size=25)


@given(lists=st.lists(moments, max_size=4), limit=st.integers(1, 9))
def test_pages_hold_every_row_once_and_in_order(lists: list[list[int]], limit: int) -> None:
    made = [
        [row(millis, number, f"rec_{which}") for number, millis in enumerate(each)]
        for which, each in enumerate(lists)
    ]
    reads = [partial(read, rows) for rows in made]
    seen: list[Row] = []
    cursor = None
    while True:
        page = merge(reads, cursor, limit)
        seen += page.items
        assert len(page.items) <= limit
        cursor = page.cursor
        if cursor is None:
            break
        assert len(page.items) == limit
    wanted = sorted((one for rows in made for one in rows), key=lambda one: one.place)
    assert seen == wanted[::-1]


@pytest.mark.parametrize(
    "position", [1, "x", {"a": 1}, [1], [-1, "a", "b", 0], [10**15, "a", "b", 0], [1, "a", "b", -1],
                 [1, "a", "b", 10**6], [1, 2, "b", 0]]
)  # fmt: skip
def test_a_cursor_of_another_shape_is_refused(position: object) -> None:
    with pytest.raises(InvalidInput):
        merge([], encode_cursor(position), 5)
