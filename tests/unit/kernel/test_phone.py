"""One subscriber, one spelling; and no spelling for two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.kernel.errors import InvalidInput
from rapport.kernel.phone import normalise, normalise_local


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        ("+551187654321", "+5511987654321"),  # eight digits beginning with 8: a mobile of old
        ("551187654321", "+5511987654321"),
        ("+5511987654321", "+5511987654321"),
        ("+55 (11) 98765-4321", "+5511987654321"),
        ("+552161234567", "+5521961234567"),
    ],
)
def test_a_brazilian_mobile_gains_its_ninth_digit(written: str, spelling: str) -> None:
    assert normalise(written) == spelling


@pytest.mark.parametrize("landline", ["+551131234567", "+552125551234", "+555140001234"])
def test_a_brazilian_landline_stays_as_it_is(landline: str) -> None:
    assert normalise(landline) == landline


@pytest.mark.parametrize("written", ["+5215512345678", "5215512345678", "+525512345678"])
def test_a_mexican_mobile_loses_the_historic_one(written: str) -> None:
    assert normalise(written) == "+525512345678"


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        ("+14155550100", "+14155550100"),
        ("14155550100", "+14155550100"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("+44 20 7946 0018", "+442079460018"),
        ("+٩٦٦٥٠١٢٣٤٥٦٧", "+966501234567"),  # Arabic-Indic digits
        ("+۹۸۹۱۲۱۲۳۴۵۶۷", "+989121234567"),  # Persian digits
        ("＋４９１７６５５５０１", "+4917655501"),  # full width
        ("\u00a0+14155550100 ", "+14155550100"),
    ],
)
def test_other_spellings_of_a_number_are_one(written: str, spelling: str) -> None:
    assert normalise(written) == spelling


def test_a_national_spelling_is_read_with_its_region() -> None:
    assert normalise("020 7946 0018", "GB") == "+442079460018"
    assert normalise("(11) 8765-4321", "BR") == "+5511987654321"


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "+",
        "1",
        "+14155550100;ext=12",
        "+1 415 555 0100 x12",
        "+1 800 FLOWERS",
        "+1415555010",
        "+141555501000000000",
        "+999123456789",
        "12345",
        "0044 20 7946 0018",
        "tel:+14155550100",
        "+1415555\u200b0100",
        "+14155550100\n+14155550101",
    ],
)
def test_what_is_no_complete_number_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        normalise(written)
    assert refused.value.field == "phone"


@given(st.text(max_size=40))
def test_any_text_is_a_stable_spelling_or_refused(text: str) -> None:
    try:
        spelling = normalise(text)
    except InvalidInput:
        return
    assert spelling.isascii()
    assert spelling.startswith("+")
    assert normalise(spelling) == spelling


@given(st.integers(min_value=1_000, max_value=10**15))
def test_normalising_twice_is_normalising_once(number: int) -> None:
    try:
        spelling = normalise(f"+{number}")
    except InvalidInput:
        return
    assert normalise(spelling) == spelling


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        ("9123 0001", "+85291230001"),
        ("852-9123-0001", "+85291230001"),
        ("(852) 91230001", "+85291230001"),
        ("0085291230001", "+85291230001"),
        ("+852 9123 0001", "+85291230001"),
        ("5559 1449", "+85255591449"),  # a range that tables of numbers may not know yet
        ("7000 3219", "+85270003219"),
        ("0954-284-145", "+886954284145"),
        ("0912345678", "+886912345678"),
        ("886912345678", "+886912345678"),
        ("138 1234 5678", "+8613812345678"),
        ("+81 90 1234 5678", "+819012345678"),
    ],
)
def test_a_spelling_of_the_neighbourhood_is_read_as_it_is_meant(
    written: str, spelling: str
) -> None:
    assert normalise_local(written, ("HK", "TW", "CN")) == spelling


@pytest.mark.parametrize("written", ["700 3219", "12345", "0000", "n/a"])
def test_what_is_a_number_nowhere_in_the_neighbourhood_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput):
        normalise_local(written, ("HK", "TW", "CN"))


def test_the_regions_decide_what_a_national_spelling_means() -> None:
    assert normalise_local("0912 345 678", ("TW", "HK")) == "+886912345678"
    assert normalise_local("(11) 8765-4321", ("BR",)) == "+5511987654321"
    assert normalise_local("020 7946 0018", ("GB", "IE")) == "+442079460018"
