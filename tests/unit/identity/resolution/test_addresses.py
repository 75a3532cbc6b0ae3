"""One household, however its address is written."""

import pytest

from rapport.identity.addresses import is_same_address, parse_address

SAME = (
    "Flat C, 15/F, Block 20, Lek Yuen Estate, Sha Tin",
    "15C, Tower 20, Lek Yuen Estate, Sha Tin, Hong Kong",
    "Room C, 15th Floor, Block 20, Lek Yuen Estate",
    "Flt C 15/F Blk 20 Lek Yuen Estte",
    "沙田瀝源邨20座15樓C室",
    "沙田瀝源邨二十座十五樓C室",
)


@pytest.mark.parametrize("one", SAME)
@pytest.mark.parametrize("other", SAME)
def test_spellings_of_one_address_agree(one: str, other: str) -> None:
    a, b = parse_address(one), parse_address(other)
    assert a is not None
    assert b is not None
    assert is_same_address(a, b)
    assert a.key == b.key


@pytest.mark.parametrize(
    "other",
    [
        "Flat D, 15/F, Block 20, Lek Yuen Estate, Sha Tin",
        "Flat C, 16/F, Block 20, Lek Yuen Estate, Sha Tin",
        "Flat C, 15/F, Block 20, Golden Plaza, Mong Kok",
        "Block 20, Lek Yuen Estate, Sha Tin",
    ],
)
def test_another_flat_floor_or_estate_is_another_address(other: str) -> None:
    a, b = parse_address(SAME[0]), parse_address(other)
    assert a is not None
    assert b is not None
    assert not is_same_address(a, b)


def test_a_taiwanese_address_is_read_in_both_scripts() -> None:
    latin = parse_address("11F., No. 273, Sec. 3, Wenhua Rd., Banqiao Dist., New Taipei City")
    han = parse_address("新北市板橋區文化路三段273號11樓")
    assert latin is not None
    assert han is not None
    assert is_same_address(latin, han)


@pytest.mark.parametrize("text", ["", "Hong Kong", "Lek Yuen Estate", "沙田"])
def test_a_place_without_a_number_is_no_household(text: str) -> None:
    assert parse_address(text) is None


def test_streets_of_other_names_are_not_one_for_their_number() -> None:
    a, b = parse_address("12 High Street, Leeds"), parse_address("12 Mill Lane, Leeds")
    assert a is not None
    assert b is not None
    assert not is_same_address(a, b)
