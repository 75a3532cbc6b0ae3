"""Where numbers lie, against phonenumbers' own reading of every country's examples."""

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from rapport.otp.prefixes import NOWHERE, destination


def test_every_countrys_examples_are_read_as_phonenumbers_reads_them() -> None:
    read = 0
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in (PhoneNumberType.MOBILE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.PAGER):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            where = destination(phonenumbers.format_number(example, PhoneNumberFormat.E164))
            assert where.is_valid
            assert where.region == phonenumbers.region_code_for_number(example)
            expected = PhoneNumberType.to_string(phonenumbers.number_type(example)).lower()
            assert where.kind == expected
            read += 1
    assert read > 250


@pytest.mark.parametrize("country", [800, 808, 870, 878, 881, 882, 883, 979])
def test_numbers_of_no_country_are_known_as_such(country: int) -> None:
    example = phonenumbers.example_number_for_non_geo_entity(country)
    assert example is not None
    where = destination(phonenumbers.format_number(example, PhoneNumberFormat.E164))
    assert (where.region, where.is_valid) == ("001", True)


@pytest.mark.parametrize(
    "number",
    ["", "+", "0912345678", "+0912345678", "+٨٨٦912345678", "+886912345678\n", "+99912345"],
)
def test_what_is_no_number_lies_nowhere(number: str) -> None:
    assert destination(number) is NOWHERE


def test_a_leading_zero_that_is_part_of_the_number_stays() -> None:
    where = destination("+390612345678")
    assert (where.region, where.kind, where.operator) == ("IT", "fixed_line", "+39061")


@pytest.mark.parametrize(
    ("number", "operator", "block"),
    [
        ("+886912345678", "+886912", "34"),
        ("+85291234567", "+852912", "3"),
        ("+5511987654321", "+55119", "8765"),
        ("+14155550100", "+1415", "555"),
    ],
)
def test_an_operator_is_three_digits_and_a_range_all_but_the_last_four(
    number: str, operator: str, block: str
) -> None:
    where = destination(number)
    assert (where.operator, where.block) == (operator, block)
    assert f"{where.range}{number[-4:]}" == number
