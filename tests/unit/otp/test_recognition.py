"""Codes in what people write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.otp.recognition import MASK, find_code, mask

CODE = "123456"


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if char.isdigit() else char for char in text)


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        f"it's {CODE}",
        f"It is {CODE}.",
        f"{CODE}!",
        f"code: {CODE}",
        f"code:{CODE}",
        f"#{CODE}",
        f"({CODE})",
        f"“{CODE}”",
        "123 456",
        "123-456",
        "12 34 56",
        "1 2 3 4 5 6",
        "1-2-3-4-5-6",
        full_width(CODE),
        f"是{full_width(CODE)}",
        f"驗證碼是{CODE}，謝謝",
        f"验证码{CODE}",
        "١٢٣٤٥٦",
        "१२३४५६",
        f"{CODE}\n",
        f"\n\t{CODE}\n",
        "123\u00a0456",
        "123\u2011456",
        f"Your code is {CODE}. It is valid for 10 minutes.\n\n@example.com #{CODE}",
        f"{CODE}, I think {CODE}",
    ],
)
def test_a_code_is_found_however_it_is_written(text: str) -> None:
    assert find_code(text, 6) == CODE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "12345",
        "1234567",
        "123 4567",
        "12345678",
        "+1 415 555 0100",
        "+123456",
        "0412 345678",
        "123456 7",
        "AB123456",
        "123456AB",
        "123,456",
        "123.456",
        "$123456",
        "123456€",
        "USD123456",
        "€ 123456",
        "123456.78",
        "123,456.78",
        "12:34:56",
        "12/34/56",
        "2026-11-20",
        "20.11.2026",
        "123456%",
        "123456 or 654321",
        "1 23456",
        "12345 6",
        "https://example.com/123456/7",
    ],
)
def test_other_numbers_are_no_code(text: str) -> None:
    assert find_code(text, 6) is None


@given(st.text(max_size=200), st.integers(4, 10))
def test_nothing_that_people_write_breaks_it(text: str, length: int) -> None:
    found = find_code(text, length)
    assert found is None or (len(found) == length and found.isascii() and found.isdecimal())
    assert len(mask(text, length)) == len(text)


@given(st.from_regex(r"[0-9]{6}", fullmatch=True), st.sampled_from(["", " ", "-"]))
def test_what_is_found_is_covered(code: str, between: str) -> None:
    text = f"it's {between.join(code)} or {full_width(code)}"
    assert find_code(text, 6) == code
    assert not [char for char in mask(text, 6) if char.isdigit()]


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        (f"it's {CODE}", f"it's {MASK * 6}"),
        ("123 456", f"{MASK * 3} {MASK * 3}"),
        (full_width(CODE), MASK * 6),
        (f"{CODE} 2 minutes ago", f"{MASK * 6} {MASK} minutes ago"),
        (f"{CODE} or 654321", f"{MASK * 6} or {MASK * 6}"),
        ("call 5550100 at 12:30", "call 5550100 at 12:30"),
        ("in 2026", "in 2026"),
    ],
)
def test_what_may_be_a_code_is_covered_and_nothing_else(text: str, covered: str) -> None:
    assert mask(text, 6) == covered


def test_a_code_late_in_a_long_message_is_covered_though_not_looked_for() -> None:
    text = "x " * 5_000 + CODE
    assert find_code(text, 6) is None
    assert CODE not in mask(text, 6)
