"""Phone numbers to E.164, so that one subscriber has one spelling."""

import re
import unicodedata

from rapport.kernel.errors import InvalidInput

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
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _current(country: int, national: int) -> int:
    digits = str(national)
    if country == _BRAZIL and (match := _BRAZIL_OLD_MOBILE.match(digits)):
        return int(f"{match[1]}9{match[2]}")
    if country == _MEXICO and (match := _MEXICO_OLD_MOBILE.match(digits)):
        return int(match[1])
    return national
