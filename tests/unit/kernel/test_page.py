"""Cursors are opaque, and only ours are taken."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.kernel.errors import InvalidInput
from rapport.kernel.page import decode_cursor, encode_cursor


@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers(), min_size=1))
def test_a_cursor_gives_its_position_back(position: dict[str, Any]) -> None:
    cursor = encode_cursor(position)
    assert cursor is not None
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert decode_cursor(cursor) == position


@pytest.mark.parametrize("position", [None, {}, 0, ""])
def test_no_position_has_no_cursor(position: Any) -> None:
    assert encode_cursor(position) is None
    assert decode_cursor(None) is None
    assert decode_cursor("") is None


@pytest.mark.parametrize("cursor", ["?", "abc", "é", "eyJ", "////", "\ud800", "a" * 5])
def test_a_cursor_of_somebody_elses_making_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode_cursor(cursor)
    assert refused.value.field == "cursor"
