"""Where a number lies: its region, what kind of number it is, and the prefixes it is counted under.

Kind, region and validity come from phonenumbers' metadata, which knows the numbering plans.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

RANGE_DIGITS = 4
"""The digits left off to name a range: a block of ten thousand, the least that operators rent."""
OPERATOR_DIGITS = 3
"""The digits of the national number that name an operator or an area."""
_E164 = re.compile(r"\+[1-9][0-9]{5,14}")
INTERNATIONAL = "001"
"""The region of numbers that belong to no country: satellites (870, 881, 882), international
networks (883), premium (979), freephone (800) and shared cost (808) services."""


@dataclass(frozen=True)
class Destination:
    """One number as the guard sees it.

    `operator` is its country code and leading digits, e.g. `+88691`; `block` the digits after
    that, without the last four. `region` is ISO 3166 alpha-2, `001` for no country, empty where
    the plan does not say; `kind` e.g. `mobile`, `premium_rate`, `unknown`.
    """

    region: str
    kind: str
    is_valid: bool
    operator: str
    block: str

    @property
    def range(self) -> str:
        """The range of ten thousand numbers that this one lies in, e.g. `+88691234`."""
        return self.operator + self.block


NOWHERE = Destination("", "unknown", is_valid=False, operator="+0", block="")
"""Where a code goes that goes nowhere."""


@lru_cache(maxsize=4096)
def destination(number: str) -> Destination:
    """Where `number` (E.164) lies; what is no number at all is of unknown kind and not valid."""
    import phonenumbers  # on first use: most functions never see a number

    country, national = _parts(number)
    if not country:
        return NOWHERE
    zeros = len(national) - len(national.lstrip("0"))  # Italy's, which are part of the number
    parsed = phonenumbers.PhoneNumber(
        country_code=country,
        national_number=int(national),
        italian_leading_zero=zeros > 0 or None,
        number_of_leading_zeros=zeros if zeros > 1 else None,
    )
    kept = national[:-RANGE_DIGITS]
    kind = _kinds()[phonenumbers.number_type(parsed)]
    return Destination(
        region=phonenumbers.region_code_for_number(parsed) or _only_region(country),
        kind=kind,
        is_valid=kind != "unknown",  # what is valid is of some type: is_valid_number asks the same
        operator=f"+{country}{kept[:OPERATOR_DIGITS]}",
        block=kept[OPERATOR_DIGITS:],
    )


def _parts(number: str) -> tuple[int, str]:
    """Country code and national number; (0, "") for what is not spelled as E.164.

    An E.164 number needs none of what makes parsing slow: spaces, trunk prefixes, carrier codes.
    """
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    if not _E164.fullmatch(number):
        return 0, ""
    for end in (2, 3, 4):  # no country code is the beginning of another one
        if int(number[1:end]) in COUNTRY_CODE_TO_REGION_CODE:
            return int(number[1:end]), number[end:]
    return 0, ""


def _only_region(country: int) -> str:
    """The region of a country code that has one, for numbers that no plan has assigned."""
    from phonenumbers import region_codes_for_country_code

    regions = region_codes_for_country_code(country)
    return regions[0] if len(regions) == 1 else ""


@lru_cache(maxsize=1)
def _kinds() -> dict[int, str]:
    """`PhoneNumberType`'s names, in lower case, by their numbers."""
    from phonenumbers import PhoneNumberType

    return {
        number: name.lower() for name, number in vars(PhoneNumberType).items() if name.isupper()
    }
