"""What is read from a name, and the keys it is found by."""

import pytest

from rapport.identity.names import parse_name


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Dr. John Smith Jr.", ("john", "smith")),
        ("Smith, John", ("smith", "john")),
        ("thomas clifford, 1st baron clifford of chudleigh", ("thomas", "clifford")),
        ("1st baron clifford of chudleigh", ("clifford",)),
        ("Ludwig van Beethoven", ("ludwig", "beethoven")),
        ("Ms Siobhán O’Brien", ("siobhan", "obrien")),
        ("✨ Gregory🐱 99", ("gregory",)),
        ("Ig0r Sech1n", ("igor", "sechin")),
        ("cynthialam", ("cynthia", "lam")),
        ("𝓡𝓮𝓫𝓮𝓬𝓬𝓪", ("rebecca",)),
        ("김정은", ("gim", "jeong", "eun")),
        ("Don Lee", ("don", "lee")),
    ],
)
def test_titles_decorations_and_scripts_are_levelled(written: str, words: tuple[str, ...]) -> None:
    assert parse_name(written).tokens == words


def test_a_title_alone_stays_a_name() -> None:
    assert parse_name("Major").tokens == ("major",)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("陳大文", "Chan Tai Man"),
        ("陳大文", "Chen Dawen"),
        ("陳大文", "陈大文"),
        ("Chan Tai Man", "TAI-MAN CHAN"),
        ("Bill Walker", "Walker, William"),
        ("David Chan Tai Man", "Chan Tai Man"),
        ("謝志明", "Hsieh Chih-ming"),
    ],
)
def test_forms_of_one_name_share_a_key(a: str, b: str) -> None:
    assert set(parse_name(a).keys) & set(parse_name(b).keys)


def test_keys_are_few_and_short() -> None:
    for written in ("Chan Wong Siu Ling", "La uWai Lung", "David 陳大文", "G. Singh"):
        keys = parse_name(written).keys
        assert len(keys) <= 6
        assert all(len(key) <= 40 for key in keys)


def test_surnames_are_shared_across_scripts() -> None:
    for written in ("Chan Tai Man", "Chen Dawen", "Peter Chan"):
        assert "陈" in parse_name(written).surnames
    assert parse_name("陳大文").surnames == ("陈",)


def test_a_name_of_signs_is_empty() -> None:
    assert parse_name("✨🐱").is_empty
    assert parse_name().is_empty
    assert not parse_name(display="Rebecca").is_empty


def test_a_whole_name_has_surname_and_given_name() -> None:
    assert parse_name("Rebecca Chan").is_whole
    assert parse_name("陳大文").is_whole
    assert not parse_name("Rebecca").is_whole
    assert not parse_name(display="Rebecca Chan").is_whole


def test_the_likely_surname_comes_first_and_an_order_that_is_open_gives_both() -> None:
    assert parse_name("Tam Yan Ki").surnames[:2] == ("谈", "谭")
    for one, other in (("KHAN PETER", "Khan, Peter"), ("KELLY EDWARD", "Edward Kelly")):
        assert set(parse_name(one).surnames) & set(parse_name(other).surnames)
