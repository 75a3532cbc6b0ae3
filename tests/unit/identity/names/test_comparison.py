"""Names that one person may bear, and names that tell two persons apart."""

import pytest

from rapport.identity.names import NameLevel, NameOutcome, compare_names, is_slip, parse_name

EXACT, FORM, NICKNAME, TYPO = NameLevel.EXACT, NameLevel.FORM, NameLevel.NICKNAME, NameLevel.TYPO
PARTIAL, UNKNOWN = NameLevel.PARTIAL, NameLevel.UNKNOWN
SIBLING, CONFLICT = NameLevel.SIBLING, NameLevel.CONFLICT


def level_of(a: str, b: str) -> NameLevel:
    return compare_names(parse_name(a), parse_name(b)).level


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("NANCY KING", "King, Nancy"),
        ("歐陽大文", "欧阳大文"),
        ("陳大文", "Chan Tai Man"),
        ("陳大文", "Tai-man CHAN"),
        ("陳大文", "Chen Dawen"),
        ("陳大文", "Chen Ta-wen"),
        ("謝志明", "Hsieh Chih-ming"),
        ("謝志明", "TSE CHI MING"),
        ("黃祥建", "Xiangjian Huang"),
        ("歐陽大文", "Au Yeung Tai Man"),
        ("歐陽大文", "Ouyang Dawen"),
        ("司徒志明", "Szeto Chi Ming"),
        ("CHU Sau Man", "ZHU XIU MIN"),
        ("Chan Ka Ming", "chan kaming"),
        ("Chan Ka Ming", "KA-MING CHAN"),
        ("Chan Ka Ming", "Chen Jiaming"),
        ("Lau Wai Lung", "La uWai Lung"),
        ("Lau Wai Lung", "Lau ,Wai Lung"),
        ("SHEK Chu nSze", "Shek Chun Sze"),
        ("Владимир Путин", "Putin, Vladimir"),
        ("François Hollande", "Hollande Francois"),
    ],
)
def test_one_name_in_two_forms_agrees(a: str, b: str) -> None:
    match = compare_names(parse_name(a), parse_name(b))
    assert match.level in (EXACT, FORM)
    assert match.outcome is NameOutcome.AGREE


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Bill Smith", "William Smith"),
        ("Jon King", "Jonathan King"),
        ("Meg Brown", "Margaret Brown"),
        ("Kate Green", "Catherine Green"),
        ("G. Singh", "Gurpreet Singh"),
        ("Helen E Martinez", "Helen Martinez"),
        ("David Chan Tai Man", "陳大文"),
        ("Chan Tai Man, David", "陳大文"),
        ("Jonathan Liu Chengjia", "劉成家"),
        ("Robert Tse", "Robert Tse Shun Kin"),
        ("Jennifer Huang", "Jennifer Wong Yee Wing"),
        ("Chan Wong Siu Ling", "Wong Siu Ling"),
        ("Chan Wong Siu Ling", "Chan Siu Ling"),
    ],
)
def test_nicknames_initials_and_added_names_agree(a: str, b: str) -> None:
    match = compare_names(parse_name(a), parse_name(b))
    assert match.level is NICKNAME
    assert match.agrees


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Yetung Wing Tak", "Yeung Wing Tak"),
        ("Lau Wai Lug", "Lau Wai Lung"),
        ("Lau Wai Lug", "劉偉龍"),
        ("Lau wbng Lung", "Lau Wing Lung"),
        ("LAMs KAKI", "Lam Ka Ki"),
        ("LAM Ka Ki", "LINkJIA QI"),
        ("FgNG EN XUE", "Feng Enxue"),
        ("CHtONGYIP LAU", "Lau Cheong Yip"),
        ("LauKwok-shun", "劉國信"),
        ("Shell nim", "Michelle Kim"),
        ("Timothy Mendoza", "Tmi Mendoza"),
        ("Michlele Kim", "Michelle Kim"),
        ("何賢嘉", "何賢家"),
    ],
)
def test_misspelled_names_agree(a: str, b: str) -> None:
    match = compare_names(parse_name(a), parse_name(b))
    assert match.level is TYPO, match
    assert match.agrees


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Chan Ka Ming", "Chan Ka Wai"),
        ("Chan Ka Wai", "Chan Ka Wah"),
        ("陳家明", "陳家偉"),
        ("陳家明", "Chan Ka Wai"),
        ("陳家明", "Chen Jiawei"),
        ("Chan Ka Ming", "Chen Jiawei"),
        ("劉偉龍", "Lau Lok Ka"),
        ("Wong Cheung Kin", "wong, tak tai"),
        ("Peter Chan", "Mary Chan"),
        ("Peter Chan Ka Ming", "Peter Chan Ka Wai"),
        ("William Walker", "Robert Walker"),
        ("kelvin tran", "Tran, Anthony"),
        ("譚樂瑤", "Susan W.W. Tan"),
        ("周軒", "Charlotte M.C. Chow"),
        ("Ta Ching Liao", "Dominic C.C. Liao"),
        ("Fong Man-Chi", "Christina K.H. Fong"),
        ("au-yeung kit", "Rebecca L.H. Au-yeung"),
    ],
)
def test_siblings_are_told_apart(a: str, b: str) -> None:
    match = compare_names(parse_name(a), parse_name(b))
    assert match.level is SIBLING
    assert match.conflicts


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("何佩穎", "楊宇"),
        ("Francis Mendoza", "王月妍"),
        ("William Walker", "Frank Mendoza"),
        ("Peter Wong", "Chan Tai Man"),
    ],
)
def test_strangers_conflict(a: str, b: str) -> None:
    assert level_of(a, b) is CONFLICT


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("陳大文", "David T.M. Chan"),
        ("陳大文", "David D.W. Chen"),
        ("Chan Tai Man", "David T.M. Chan"),
        ("Chan Tai Man", "David D.W. Chen"),
        ("陳大文", "David M. Chan"),
    ],
)
def test_initials_that_fit_in_some_romanisation_are_no_conflict(a: str, b: str) -> None:
    assert not compare_names(parse_name(a), parse_name(b)).conflicts


def test_an_initial_is_less_than_a_name() -> None:
    one = parse_name("K. Dubois")
    assert compare_names(one, one).similarity < 1.0


def test_equal_given_names_under_other_surnames_conflict() -> None:
    for a, b in (("Chan Tai Man", "Wong Tai Man"), ("陳大文", "黃大文"), ("Chen Dawen", "黃大文")):
        assert compare_names(parse_name(a), parse_name(b)).conflicts


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Peter", "陳大文"),
        ("Rebecca", "蘇嘉耀"),
        ("Peter", ""),
        ("", ""),
        ("✨🐱", "Chan Tai Man"),
        ("วชิราลงกรณ", "Chan Tai Man"),
    ],
)
def test_names_with_nothing_in_common_scripts_are_unknown(a: str, b: str) -> None:
    match = compare_names(parse_name(a), parse_name(b))
    assert (match.level, match.outcome) == (UNKNOWN, NameOutcome.UNKNOWN)


@pytest.mark.parametrize(
    ("a", "b", "outcome"),
    [
        ("Peter", "Peter Chan", NameOutcome.AGREE),
        ("Gregory🐱", "Gregory Lai", NameOutcome.AGREE),
        ("Ka Ming", "陳家明", NameOutcome.AGREE),
        ("Jennifer Huang", "黃怡永", NameOutcome.UNKNOWN),
        ("Robert Tse", "Tse Shun Kin", NameOutcome.UNKNOWN),
        ("陳先生", "陳大文", NameOutcome.UNKNOWN),
        ("阿芬", "陳家芬", NameOutcome.UNKNOWN),
        ("小芬", "Chan Ka Fan", NameOutcome.UNKNOWN),
        ("Ah Fan", "Chan Ka Fan", NameOutcome.UNKNOWN),
        ("Salman bin Muhammad", "Muhammad bin Salman", NameOutcome.UNKNOWN),
    ],
)
def test_a_part_agrees_only_if_it_is_a_whole_given_name(
    a: str, b: str, outcome: NameOutcome
) -> None:
    match = compare_names(parse_name(a), parse_name(b))
    assert (match.level, match.outcome) == (PARTIAL, outcome)


def test_a_name_equal_to_itself_is_worth_less_when_it_is_a_given_name_alone() -> None:
    alone = compare_names(parse_name("Rebecca"), parse_name("REBECCA"))
    whole = compare_names(parse_name("Rebecca Chan"), parse_name("REBECCA CHAN"))
    assert alone.level is whole.level is EXACT
    assert alone.similarity < whole.similarity


def test_fields_are_read_as_one_name() -> None:
    fields = parse_name(given="Nancy", middle="Ann", surname="King")
    assert compare_names(fields, parse_name("Nancy Ann King")).level is FORM
    assert compare_names(fields, parse_name("Nancy King")).level is NICKNAME


def test_a_local_name_that_conflicts_is_not_outvoted_by_the_english_one() -> None:
    a = parse_name("Peter Chan", local="陳家明")
    b = parse_name("Peter Chan", local="陳家偉")
    assert compare_names(a, b).level is SIBLING


def test_a_display_name_fills_in_what_the_name_leaves_open() -> None:
    chinese = parse_name("陳大文", display="Peter")
    english = parse_name("Peter Chan")
    assert compare_names(chinese, english).agrees
    assert not compare_names(parse_name("陳大文"), english).agrees


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("温志德", "溫志德"),
        ("Terence Au-yeung", "Au-yeung Tin Mei Terence"),
        ("Lee Yung-Yun", "李勇云"),
        ("Liu Yin Man", "廖賢文"),
        ("Kot Wah Fung", "葛華鳳"),
        ("POON HIN HO", "潘軒浩"),
    ],
)
def test_spellings_of_less_usual_surnames_agree(one: str, other: str) -> None:
    assert compare_names(parse_name(one), parse_name(other)).agrees


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Choi Ling Ai", "Choi Ling Lai", True),
        ("Shihui Wu", "吳詩華", True),
        ("MAxWING", "Ma Wing", True),
        ("Chan Ka Ming", "Chan Ka Wai", False),
        ("CHOW HONGCHEONG", "Chow Hong Cheong", False),
        ("Ling", "Lin", False),
        ("E. Walker", "R. Walker", False),
    ],
)
def test_a_slip_is_one_letter_in_a_whole_name(one: str, other: str, expected: bool) -> None:
    assert is_slip(parse_name(one), parse_name(other)) is expected
    assert is_slip(parse_name(other), parse_name(one)) is expected
