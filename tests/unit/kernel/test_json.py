"""JSON from strangers: strict, bounded, and legal everywhere we put it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.kernel.errors import InvalidInput
from rapport.kernel.json import MAX_DEPTH, dumps, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"a": NaN}',
        b"Infinity",
        b"-Infinity",
        b"1e999",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 2}}',
        b"[" * 900 + b"]" * 900,
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b"1" * 5000,
        b"1." + b"1" * 100,
    ],
)
def test_what_python_would_take_and_we_must_not_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        loads(data)


def test_the_deepest_nesting_allowed_is_taken() -> None:
    data = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert json.dumps(loads(data)) == data


def test_brackets_inside_texts_do_not_nest() -> None:
    text = "[{" * 200 + '"'
    assert loads(json.dumps({"text": text})) == {"text": text}


def test_long_numbers_stay_exact() -> None:
    assert loads("9007199254740993") == 9007199254740993


@pytest.mark.parametrize("data", [b'"\\ud800"', b'{"\\udfff": ["\\ud800x"]}'])
def test_a_lone_surrogate_becomes_the_replacement_character(data: bytes) -> None:
    read = loads(data)
    assert "\ufffd" in dumps(read).encode().decode("unicode_escape")
    dumps(read).encode("ascii")


def test_what_cannot_be_json_is_not_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        dumps(float("nan"))


@given(VALUES)
def test_what_is_written_reads_the_same_and_is_plain_ascii(value: Any) -> None:
    written = dumps(value)
    assert written.isascii()
    assert loads(written) == value
