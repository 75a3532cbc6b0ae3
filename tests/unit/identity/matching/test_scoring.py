from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.identity.matching import Group, Matcher, Model, agglomerate, default_model
from rapport.identity.matching.features import Features
from rapport.identity.matching.levels import LEVELS
from rapport.identity.matching.model import Component, model_from_json
from rapport.identity.matching.values import CACHE, text_value

PERSON = {
    "full_name": "Chan Tai Man",
    "date_of_birth": "1990-03-04",
    "street_number": "12",
    "street": "Nathan Road",
    "gender": "M",
}
OTHERS = {
    "full_name": ("Chan Tai Man", "Tai Man Chan", "Chan Tai Wai", "Rebecca Wong", "陳大文", ""),
    "date_of_birth": ("1990-03-04", "1990-04-03", "1990-03-05", "1975-11-30", "1990", ""),
    "street_number": ("12", "21", "7", ""),
    "street": ("Nathan Road", "Nathan Rd", "Natan Road", "Queen's Road", ""),
    "gender": ("M", "F", ""),
    "email": ("tm@example.com", "other@example.org", ""),
}
people = st.fixed_dictionaries({name: st.sampled_from(texts) for name, texts in OTHERS.items()})


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(default_model())


def record(matcher: Matcher, **changed: str) -> Features:
    return matcher.features({**PERSON, **changed})


def test_a_birth_year_tells_less_than_a_date_and_never_speaks_against_its_own(
    matcher: Matcher,
) -> None:
    date, year = record(matcher), record(matcher, date_of_birth="1990")
    other = record(matcher, date_of_birth="1975")
    whole = matcher.score(date, date).parts["birth"]
    for one, two in ((date, year), (year, year)):
        assert 0 < matcher.score(one, two).parts["birth"] < whole / 2
    assert matcher.score(year, other).parts["birth"] < 0


def test_a_date_may_weigh_as_much_as_its_year_alone() -> None:
    """Where half of a table is born on the day that a form begins with."""
    components = {
        "birth": Component((0.9, *[0.1 / 6] * 6), (0.5, *[0.5 / 6] * 6)),
        "birth_year": Component((0.98, 0.02), (0.015, 0.985)),
    }
    matcher = Matcher(replace(default_model(), components=components))
    date = matcher.features({"date_of_birth": "1990-01-01"})
    year = matcher.features({"date_of_birth": "1990"})
    told = matcher.score(date, year).parts["birth"]
    assert date.birth is not None
    assert year.birth is not None
    assert matcher.hope("birth", date.birth) >= told
    assert matcher.hope("birth", year.birth) >= told


@given(one=people, two=people)
def test_two_records_weigh_the_same_in_either_order(
    one: dict[str, str], two: dict[str, str]
) -> None:
    matcher = Matcher(default_model())
    a, b = matcher.features(one), matcher.features(two)
    assert matcher.score(a, b).weight == pytest.approx(matcher.score(b, a).weight)


@given(one=people, two=people, untold=st.sampled_from(("gender", "email", "date_of_birth")))
def test_what_either_does_not_tell_weighs_nothing(
    one: dict[str, str], two: dict[str, str], untold: str
) -> None:
    matcher = Matcher(default_model())
    a, b = matcher.features({**one, untold: ""}), matcher.features(two)
    assert untold.removeprefix("date_of_") not in matcher.score(a, b).parts


@given(one=people, two=people, agreeing=st.sampled_from(tuple(OTHERS)))
def test_more_agreement_never_weighs_less(
    one: dict[str, str], two: dict[str, str], agreeing: str
) -> None:
    matcher = Matcher(default_model())
    if not one[agreeing] or agreeing in ("street", "street_number"):
        return
    before = matcher.score(matcher.features(one), matcher.features(two)).weight
    alike = matcher.features({**two, agreeing: one[agreeing]})
    if two[agreeing]:
        assert matcher.score(matcher.features(one), alike).weight >= before - 1e-9


@pytest.mark.parametrize(
    "changed",
    [
        {"full_name": "Tai Man Chan"},
        {"full_name": "", "local_name": "陳大文"},
        {"full_name": "CHEN Dawen"},
        {"date_of_birth": "1990-04-03"},
        {"street": "Queen's Road", "street_number": "7"},
    ],
)
def test_one_person_written_otherwise_joins(matcher: Matcher, changed: dict[str, str]) -> None:
    one, two = record(matcher), record(matcher, **changed)
    assert agglomerate([[one], [two]], matcher)


@pytest.mark.parametrize(
    "changed",
    [
        {"full_name": "Chan Tai Wai"},
        {"full_name": "Rebecca Wong"},
        {"full_name": "Rebecca Wong", "date_of_birth": "1962-07-21"},
        {"date_of_birth": "1962-07-21", "street": "", "gender": ""},
    ],
)
def test_twins_relatives_and_namesakes_stay_apart(
    matcher: Matcher, changed: dict[str, str]
) -> None:
    one, two = record(matcher), record(matcher, **changed)
    assert agglomerate([[one], [two]], matcher) == []


def test_a_veto_says_why(matcher: Matcher) -> None:
    one, twin = Group([record(matcher)]), Group([record(matcher, full_name="Chan Tai Wai")])
    other = Group([record(matcher, full_name="Rebecca Wong", date_of_birth="1962-07-21")])
    assert matcher.vetoes(one, twin) == ("twins",)
    assert matcher.vetoes(one, other) == ("name_and_birth_date",)
    assert matcher.vetoes(one, one) == ()


def test_a_cannot_link_holds_for_all_that_is_joined_with_either_side(matcher: Matcher) -> None:
    same = [[record(matcher)] for _ in range(4)]
    joins = agglomerate(same, matcher, lambda i, j: {i, j} == {0, 3})
    joined = [{0}, {1}, {2}, {3}]
    for i, j, _ in joins:
        one = next(each for each in joined if i in each)
        two = next(each for each in joined if j in each)
        joined.remove(two)
        one |= two
    assert len(joined) == 2
    assert not any({0, 3} <= each for each in joined)


def test_one_stray_agreement_does_not_join_two_groups_that_differ_on_average(
    matcher: Matcher,
) -> None:
    here = [record(matcher) for _ in range(5)]
    there = [
        record(matcher, full_name="Rebecca Wong", gender="F", date_of_birth="1962-07-21")
        for _ in range(5)
    ]
    stray = record(matcher, date_of_birth="", gender="")
    assert agglomerate([here, [*there, stray]], matcher) == []


def test_a_frequent_value_tells_less_than_a_rare_one() -> None:
    shares = {"surname": {"smith": 0.02, "zaleski": 0.0002}}
    components = {"surname": Component((0.9, *[0.02] * 5), (0.01, *[0.198] * 5))}
    matcher = Matcher(Model("test", components, -10, -30, 0.0001, shares))
    weights = [
        matcher.score(matcher.features({"surname": name}), matcher.features({"surname": name}))
        for name in ("smith", "zaleski")
    ]
    assert weights[0].weight < weights[1].weight


def test_the_shipped_model_knows_every_level_and_survives_its_document() -> None:
    model = default_model()
    assert model_from_json(model.to_json()) == model
    for name, component in model.components.items():
        assert len(component.m) == len(component.u) == len(LEVELS[name])
        assert sum(component.m) == pytest.approx(1, abs=0.01)
        assert sum(component.u) == pytest.approx(1, abs=0.01)


def test_a_document_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format"):
        model_from_json('{"format": 0}')


@given(one=people)
def test_keys_are_few_and_short(one: dict[str, str]) -> None:
    matcher = Matcher(default_model())
    keys = matcher.keys(matcher.features(one))
    assert len(keys) <= matcher.model.most_keys
    assert all(len(key) <= 64 for key in keys)


def test_a_gender_is_the_same_however_much_else_was_read_in_between() -> None:
    matcher = Matcher(default_model())
    male = matcher.features({"gender": "male"})
    for number in range(CACHE + 1):
        text_value(f"clerk {number}")
    assert matcher.score(male, matcher.features({"gender": "MAN."})).parts["gender"] > 0
