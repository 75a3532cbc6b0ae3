"""The table of readings is what its generator makes, and says what is known of names."""

import pytest

from rapport.identity.names.readings import (
    HONG_KONG,
    PINYIN,
    WADE_GILES,
    are_same_given_name,
    fold_han,
    shared_characters,
    sounds_of,
    table,
)
from tools import name_readings
from tools.romanisation import hong_kong_spellings, wade_giles_spellings


def test_the_file_is_what_the_generator_makes() -> None:
    for package in ("ToJyutping", "pypinyin", "opencc", "nicknames"):
        pytest.importorskip(package)
    assert name_readings.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("surname", "system", "spelling"),
    [
        ("陳", HONG_KONG, "chan"),
        ("謝", HONG_KONG, "tse"),
        ("吳", HONG_KONG, "ng"),
        ("徐", HONG_KONG, "tsui"),
        ("許", HONG_KONG, "hui"),
        ("郭", HONG_KONG, "kwok"),
        ("葉", HONG_KONG, "yip"),
        ("楊", HONG_KONG, "yeung"),
        ("張", HONG_KONG, "cheung"),
        ("曾", PINYIN, "zeng"),
        ("單", PINYIN, "shan"),
        ("張", WADE_GILES, "chang"),
        ("蔡", WADE_GILES, "tsai"),
        ("謝", WADE_GILES, "hsieh"),
        ("歐陽", PINYIN, "ouyang"),
        ("司徒", HONG_KONG, "szeto"),
    ],
)
def test_surnames_are_spelled_as_people_do(surname: str, system: str, spelling: str) -> None:
    assert fold_han(surname) in table().surnames[system][spelling]


@pytest.mark.parametrize(
    ("syllable", "spelling"),
    [
        ("zi", "chi"),
        ("zi", "tsz"),
        ("ceoi", "chui"),
        ("joeng", "yeung"),
        ("gwok", "kwok"),
        ("syut", "suet"),
        ("heoi", "hui"),
        ("sing", "shing"),
        ("zan", "chun"),
    ],
)
def test_hong_kong_spells_syllables_so(syllable: str, spelling: str) -> None:
    assert spelling in hong_kong_spellings(syllable)


@pytest.mark.parametrize(
    ("syllable", "spelling"),
    [("zhi", "chih"), ("xie", "hsieh"), ("da", "ta"), ("guo", "kuo"), ("zi", "tzu"), ("xu", "hsu")],
)
def test_wade_giles_spells_syllables_so(syllable: str, spelling: str) -> None:
    assert wade_giles_spellings(syllable) == [spelling]


def test_characters_fold_to_one_form_and_have_both_readings() -> None:
    assert fold_han("陳國華") == fold_han("陈国华")
    sounds = sounds_of(fold_han("國"))
    assert "gwok" in sounds.cantonese
    assert "guo" in sounds.mandarin


def test_syllables_of_two_languages_meet_in_a_character_or_not() -> None:
    assert shared_characters(frozenset(["sau"]), frozenset(["xiu"])) > 0
    assert shared_characters(frozenset(["sau"]), frozenset(["ming"])) == 0


def test_nicknames_join_names_but_not_two_names_through_a_third() -> None:
    assert are_same_given_name("bill", "william")
    assert are_same_given_name("bill", "will")
    assert not are_same_given_name("jon", "nathan")
    assert not are_same_given_name("peter", "paul")
