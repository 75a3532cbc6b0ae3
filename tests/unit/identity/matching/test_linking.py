"""Looking for the heaviest group early is only ever quicker."""

from functools import lru_cache

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.identity.duplicates import Noise, People, generate
from rapport.identity.matching import Group, Matcher, default_model
from rapport.identity.matching.linking import CANDIDATES, COMPARED, Linker
from rapport.identity.matching.training import train

FEW = 12
TEXTS = {
    "given_name": ("Ada", "Adda", "King", "Bob", "Robert", ""),
    "middle_name": ("Ada", "B", ""),
    "surname": ("King", "Kng", "Ada", "Smith", ""),
    "date_of_birth": ("1990-03-04", "1990-04-03", "1971-11-30", "1990", ""),
    "street_number": ("12", "21", ""),
    "street": ("Nathan Road", "Natan Road", "12 Queen's Road", ""),
    "unit": ("Nathan Road", "Flat 3", ""),
    "city": ("Leeds", "Leds", ""),
    "postcode": ("LS1 4AP", "LS1 4AB", ""),
    "email": ("ada@example.com", "ada@example.org", ""),
    "phone": ("+85261234567", "61234567", ""),
    "national_id": ("A123456", "A123465", ""),
    "gender": ("f", "m", ""),
    "occupation": ("baker", "bakers", "leeds", ""),
    "birth_place": ("Leeds", "baker", "bakers", ""),
}
rows = st.fixed_dictionaries({name: st.sampled_from(texts) for name, texts in TEXTS.items()})
groups = st.lists(st.lists(rows, min_size=1, max_size=3), min_size=3, max_size=8)


@lru_cache(1)
def learned() -> Matcher:
    told, _ = generate(300, 3, Noise())
    return Matcher(train([*told, *({name: texts[0] for name, texts in TEXTS.items()},) * FEW]))


def heaviest_of_all(matcher: Matcher, mine: Group, others: dict[int, Group]) -> int | None:
    weights = {at: matcher.score_groups(mine, one).weight for at, one in others.items()}
    fit = [
        at
        for at, weight in weights.items()
        if weight > matcher.model.join and not matcher.vetoes(mine, others[at])
    ]
    return min(fit, key=lambda at: (-weights[at], at), default=None)


@given(groups)
@settings(max_examples=200, deadline=None)
def test_the_heaviest_group_is_the_one_that_comparing_all_would_find(
    told: list[list[dict[str, str]]],
) -> None:
    for matcher in (learned(), Matcher(default_model())):
        mine, *others = (Group(map(matcher.features, members)) for members in told)
        numbered = dict(enumerate(others))
        assert matcher.heaviest(mine, numbered) == heaviest_of_all(matcher, mine, numbered)


@given(rows, rows)
@settings(max_examples=400, deadline=None)
def test_no_value_weighs_more_than_was_hoped_of_it(
    one: dict[str, str], two: dict[str, str]
) -> None:
    matcher = learned()
    a, b = matcher.features(one), matcher.features(two)
    for compared, same in matcher.score(a, b).parts.items():
        assert same <= matcher.hope(compared, a.values[compared]) + 1e-9
        assert same <= matcher.hope(compared, b.values[compared]) + 1e-9


def test_among_many_neighbours_of_one_name_who_tells_the_very_same_is_found() -> None:
    matcher, people = learned(), People(4, Noise())
    linker = Linker(matcher)
    shared = {"surname": "King", "postcode": "LS1 4AP"}
    ada = {**people.person(), **shared, "email": "ada@example.com"}
    linker.add("ada", matcher.features(ada))
    for number in range(CANDIDATES - 1):
        linker.add(str(number), matcher.features({**people.person(), **shared}))
    persons = len([*linker.persons()])
    assert persons > COMPARED  # so that not all of them are compared
    linker.add("again", matcher.features({**ada, "email": "ada@example.net"}))
    assert ["ada", "again"] in [*linker.persons()]
    assert len([*linker.persons()]) == persons
