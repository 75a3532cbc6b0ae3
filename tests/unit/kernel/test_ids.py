"""Ids sort by time and say what they name."""

import re
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from rapport.kernel.clock import FixedClock
from rapport.kernel.ids import ALPHABET, RandomIds, encode, time_prefix
from tests.builders import NOW, after

MILLIS = st.integers(min_value=0, max_value=2**48 - 1)


def test_an_id_is_its_prefix_and_26_lower_case_characters() -> None:
    assert re.fullmatch(r"msg_[0-9a-hjkmnp-tv-z]{26}", RandomIds().new("msg"))


def test_ids_of_one_millisecond_differ() -> None:
    ids = RandomIds(FixedClock(NOW))
    assert len({ids.new("rec") for _ in range(1000)}) == 1000


def test_an_id_of_a_later_millisecond_sorts_after() -> None:
    def made(at: datetime, bits: int) -> str:
        return RandomIds(FixedClock(at), lambda _bits: bits).new("msg")

    assert made(NOW, 2**80 - 1) < made(after(milliseconds=1), 0)


def test_a_time_prefix_bounds_the_ids_of_its_millisecond_from_below() -> None:
    made = RandomIds(FixedClock(NOW)).new("msg")
    assert f"msg_{time_prefix(NOW)}" <= made < f"msg_{time_prefix(after(milliseconds=1))}"


@given(MILLIS, MILLIS)
def test_encoded_numbers_sort_as_numbers_do(one: int, other: int) -> None:
    assert (encode(one, 10) < encode(other, 10)) == (one < other)


@given(st.integers(min_value=0, max_value=2**85 - 1), st.integers(min_value=17, max_value=20))
def test_an_encoded_number_can_be_read_digit_by_digit(number: int, width: int) -> None:
    digits = [ALPHABET.index(char) for char in encode(number, width)]
    assert len(digits) == width
    assert sum(digit * 32**place for place, digit in enumerate(reversed(digits))) == number
