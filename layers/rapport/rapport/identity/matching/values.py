"""Attributes as values that can be compared: parsed once, shared, compared by identity.

Every value is made by a cached parser, so that the same text gives the same object and pairs of
values can be looked up by identity. A parser gives None where the text tells nothing. Nobody
changes a value; that the classes do not forbid it makes them three times as quick to make.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rapport.identity.matching.words import NO_GIVEN_NAMES, NO_NAMES, STREET_TYPES, TITLES
from rapport.identity.names import Name

CACHE = 200_000
"""Parsed texts kept by a process; a text is about a tenth of a kilobyte."""

_NOT_WORD = re.compile(r"[^\w]+")
_NOT_DIGIT = re.compile(r"\D+")
_DIGITS = re.compile(r"\d+")
_ASCII_WORDS = {
    code: chr(code).lower() if chr(code).isalnum() else None if chr(code) == "'" else " "
    for code in range(128)
}
"""ASCII in lower case, without apostrophes; whatever else parts words is a space."""
_ASCII_SQUEEZED = {code: None if to == " " else to for code, to in _ASCII_WORDS.items()}
_EARLIEST_YEAR, _LATEST_YEAR = 1000, 2100


@dataclass(slots=True, eq=False)
class NameValue:
    """A name in parts: `given` and `surname` without spaces, `rest` every other token of it."""

    given: str
    middle: str
    surname: str
    rest: tuple[str, ...] = ()
    given_tokens: tuple[str, ...] = ()
    surname_tokens: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class BirthValue:
    """A birth date as it was written, possible or not; 0 is an unknown part. `digits` YYYYMMDD."""

    year: int
    month: int
    day: int
    digits: str
    ordinal: int
    is_complete: bool
    """Whether year, month and day are all told."""


@dataclass(slots=True, eq=False)
class AddressValue:
    """An address in parts; empty where untold. Texts are squeezed, `street_words` are tokens."""

    number: str
    street: str
    unit: str
    city: str
    postcode: str
    region: str


@dataclass(slots=True, eq=False)
class EmailValue:
    """An e-mail address: the whole, and what stands before and after the @."""

    text: str
    local: str
    domain: str


@dataclass(slots=True, eq=False)
class TextValue:
    """Any other text: squeezed to letters and digits."""

    text: str


_M, _F, _X = TextValue("m"), TextValue("f"), TextValue("x")
_GENDERS = {
    **dict.fromkeys(("m", "male", "man", "男"), _M),
    **dict.fromkeys(("f", "female", "woman", "女"), _F),
    **dict.fromkeys(("x", "other", "nonbinary"), _X),
}

Value = Name | NameValue | BirthValue | AddressValue | EmailValue | TextValue


def words(text: str) -> tuple[str, ...]:
    """The words of a text, in lower case and without accents."""
    if text.isascii():
        return tuple(text.translate(_ASCII_WORDS).split())
    text = unicodedata.normalize("NFKD", text)
    text = "".join(char for char in text if not unicodedata.combining(char))
    text = text.lower().replace("'", "").replace("_", " ")
    return tuple(word for word in _NOT_WORD.split(text) if word)


def squeezed(text: str) -> str:
    """A text as letters and digits alone."""
    return text.translate(_ASCII_SQUEEZED) if text.isascii() else "".join(words(text))


@lru_cache(CACHE)
def text_value(text: str) -> TextValue | None:
    """Any text; None where nothing is written."""
    plain = squeezed(text)
    return TextValue(plain) if plain else None


@lru_cache(CACHE)
def digits_value(text: str) -> TextValue | None:
    """An identity or phone number: letters and digits, without a leading zero or plus."""
    plain = squeezed(text).lstrip("0")
    return TextValue(plain) if plain else None


@lru_cache(CACHE)
def gender_value(text: str) -> TextValue | None:
    """The first letter of what is written, when it is one of the usual words."""
    return _GENDERS.get(squeezed(text))


@lru_cache(CACHE)
def email_value(text: str) -> EmailValue | None:
    """An e-mail address in lower case; without an @ it is all local part."""
    plain = text.strip().lower()
    local, _, domain = plain.rpartition("@") if "@" in plain else (plain, "", "")
    return EmailValue(plain, squeezed(local), domain) if plain else None


@lru_cache(CACHE)
def name_value(given: str, middle: str, surname: str, full: str) -> NameValue | None:
    """A name from its parts, or from one text; titles say nothing."""
    between, whole = _untitled(middle, NO_NAMES), _untitled(full, NO_GIVEN_NAMES)
    first, last = _untitled(given, NO_GIVEN_NAMES), _untitled(surname, NO_NAMES)
    if not whole:
        # "Earl" in the column of given names is a name, where no full name tells a better one.
        first, last = first or _named(given, NO_GIVEN_NAMES), last or _named(surname, NO_NAMES)
    if whole and not first:
        first = whole[:1]
    if len(whole) > 1 and not last:
        last = whole[-1:]
    told = {*first, *last, *between}
    rest = tuple(dict.fromkeys(word for word in whole if word not in told))
    if not (first or last or between):
        return None
    return NameValue("".join(first), "".join(between), "".join(last), rest, first, last)


@lru_cache(CACHE)
def _untitled(text: str, fillers: frozenset[str]) -> tuple[str, ...]:
    found = _named(text, fillers)
    return found if TITLES.isdisjoint(found) else tuple([w for w in found if w not in TITLES])


def _named(text: str, fillers: frozenset[str]) -> tuple[str, ...]:
    found = tuple([word for word in words(text) if not word[0].isdigit()])
    return () if fillers.issuperset(found) else found


@lru_cache(CACHE)
def birth_value(year: str, month: str, day: str) -> BirthValue | None:
    """A birth date from its parts, as digits; what is not a number is unknown."""
    y, m, d = _number(year), _number(month), _number(day)
    if not (y or m or d):
        return None
    if 0 < y < 100 and len(year.strip()) <= 2:
        y += 1900 if y > 25 else 2000
    is_complete = bool(y and m and d)
    return BirthValue(y, m, d, f"{y:04d}{m:02d}{d:02d}", y * 372 + m * 31 + d, is_complete)


def _number(text: str) -> int:
    plain = text if text.isdecimal() and text.isascii() else _NOT_DIGIT.sub("", text)
    return int(plain) if plain and len(plain) <= 4 else 0


@lru_cache(CACHE)
def date_parts(text: str, day_first: bool) -> tuple[str, str, str]:
    """Year, month and day of a date in digits, in whatever order and with whatever marks.

    Eight digits run together are YYYYMMDD unless that year is impossible; of two small numbers the
    day comes first where `day_first`, unless only the other order is a date.
    """
    found = _DIGITS.findall(text)
    if len(found) == 1 and len(found[0]) == 8:
        return _eight_digits(found[0], day_first)
    if len(found) == 1 and len(found[0]) == 4:
        return found[0], "", ""
    if len(found) < 3:
        return "", "", ""
    if len(found[0]) == 4:
        return found[0], found[1], found[2]
    return _year_last(found[0], found[1], found[2], day_first)


def _eight_digits(digits: str, day_first: bool) -> tuple[str, str, str]:
    if _EARLIEST_YEAR <= int(digits[:4]) <= _LATEST_YEAR or int(digits[4:]) > _LATEST_YEAR:
        return digits[:4], digits[4:6], digits[6:]
    return _year_last(digits[:2], digits[2:4], digits[4:], day_first)


def _year_last(one: str, two: str, year: str, day_first: bool) -> tuple[str, str, str]:
    day, month = (one, two) if day_first else (two, one)
    if int(month) > 12 >= int(day):
        day, month = month, day
    return year, month, day


@lru_cache(CACHE)
def address_value(  # noqa: PLR0917 - the parts of an address, cached by content
    number: str, street: str, unit: str, city: str, postcode: str, region: str
) -> AddressValue | None:
    """An address from its parts; a number that leads the street is the street's number."""
    road = _abbreviated(street)
    plain_number = squeezed(number)
    if not plain_number and len(road) > 1 and road[0][0].isdigit():
        plain_number, road = road[0], road[1:]
    parts = (
        plain_number,
        "".join(road),
        "".join(_abbreviated(unit)),
        squeezed(city),
        squeezed(postcode),
        squeezed(region),
    )
    return AddressValue(*parts) if any(parts) else None


def _abbreviated(text: str) -> list[str]:
    return [STREET_TYPES.get(word, word) for word in words(text)] if text else []
