"""Phone numbers to E.164, so that one subscriber has one spelling."""

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rapport.kernel.errors import InvalidInput

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_BRAZIL, _MEXICO = 55, 52
# Anatel moved mobiles to nine digits (a leading 9) by 2016; platforms that knew a subscriber before
# still give eight. Mobile numbers began with 6-9 then, landlines with 2-5: those stay as they are.
_BRAZIL_OLD_MOBILE = re.compile(r"^([1-9]{2})([6-9]\d{7})$")
# Mexico dropped the mobile prefix 1 (+52 1 …) in 2019; WhatsApp still carries it.
_MEXICO_OLD_MOBILE = re.compile(r"^1(\d{10})$")


def normalise(raw: str, region: str | None = None) -> str:
    """`raw` as E.164, e.g. `+5511987654321`.

    `region` (ISO 3166 alpha-2) reads national spellings; without it the number needs its country
    code, with or without `+`. Brazilian mobiles gain their ninth digit and Mexican ones lose the
    historic 1; landlines stay untouched. Extensions, letters and impossible numbers raise
    `InvalidInput`, since a wrong number joins strangers.
    """
    text = unicodedata.normalize("NFKC", raw).strip()
    if not re.fullmatch(r"\+?[\d\s().\-/]{4,40}", text):
        raise InvalidInput("Give digits with a country code, e.g. +14155550100.", field="phone")
    text = "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in text)
    if region is None and not text.startswith("+"):
        text = "+" + text
    import phonenumbers  # on first use: most functions never see a number to normalise

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise InvalidInput("This is no phone number with a country code.", field="phone") from None
    number.national_number = _current(number.country_code or 0, number.national_number or 0)
    if not phonenumbers.is_possible_number(number):
        raise InvalidInput("No number of that country has this length.", field="phone")
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if phonenumbers.parse(written) != number:
        # Nothing but zeros, say: read again it would be another number.
        raise InvalidInput("This is no phone number with a country code.", field="phone")
    return written


def normalise_local(raw: str, regions: Sequence[str]) -> str:
    """`raw`, as people and shop staff write it where the business is, as E.164.

    `regions` (ISO 3166 alpha-2) are those its customers write from, its own first. An international
    spelling (`+`, `00`) means what it says. Another is read in the first region where it is a valid
    number, in the business's own one where it has the length of one (ranges are opened faster than
    tables of them are published); then with its country code. Else this raises `InvalidInput`.
    """
    text = unicodedata.normalize("NFKC", raw).strip()
    if text.startswith("00"):
        text = "+" + text[2:]
    if text.startswith("+"):
        return normalise(text)
    import phonenumbers

    for region in regions:
        try:
            number = normalise(text, region)
        except InvalidInput:
            continue
        parsed = phonenumbers.parse(number)
        if phonenumbers.is_valid_number(parsed) or (
            region == regions[0] and _is_subscriber(parsed)
        ):
            return number
    number = normalise(text)
    if not phonenumbers.is_valid_number(phonenumbers.parse(number)):
        raise InvalidInput("This is a number in none of the regions served.", field="phone")
    return number


def region_of(number: str) -> str | None:
    """The country of an E.164 number (ISO 3166 alpha-2); None for one of no country."""
    import phonenumbers

    region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return region if region and region.isalpha() else None


def _is_subscriber(number: "PhoneNumber") -> bool:
    """Whether a fixed or mobile number of its country has this length, assigned yet or not."""
    import phonenumbers

    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    return any(phonenumbers.is_possible_number_for_type(number, kind) for kind in kinds)


def _current(country: int, national: int) -> int:
    digits = str(national)
    if country == _BRAZIL and (match := _BRAZIL_OLD_MOBILE.match(digits)):
        return int(f"{match[1]}9{match[2]}")
    if country == _MEXICO and (match := _MEXICO_OLD_MOBILE.match(digits)):
        return int(match[1])
    return national
