import math
import random

import pytest

from benchmarks.identity.dedupe import link
from benchmarks.identity.duplicates import Noise, People, generate
from benchmarks.identity.scorer import assess
from rapport.identity.matching.model import Component, Model
from rapport.identity.matching.scoring import Matcher
from rapport.identity.matching.training import Sample, days_come_first, maximise, train

M = {"given": (0.9, 0.04, 0.02, 0.01, 0.01, 0.01, 0.01), "birth": (0.8, 0.1, *[0.02] * 5)}
U = {"given": (0.02, *[0.005] * 5, 0.955), "birth": (0.001, *[0.01] * 5, 0.949)}

PLACES = {"given": 0, "birth": 7}


def drawn(pairs: int, share: float) -> Sample:
    chance = random.Random(3)
    patterns = []
    for number in range(pairs):
        shares = M if number < pairs * share else U
        levels = [(name, chance.choices(range(7), shares[name])[0]) for name in M]
        patterns.append(tuple((PLACES[name] + at, 1 / U[name][at]) for name, at in levels))
    return Sample(patterns, PLACES, 1.0, pairs)


def test_em_recovers_the_parameters_that_made_the_data() -> None:
    even = {name: Component((0.7, *[0.05] * 6), U[name]) for name in M}
    start = Model("start", even, math.log2(0.01), -60.0, 1e-6)
    found = maximise(start, drawn(40_000, 0.1))
    assert 2**found.prior == pytest.approx(0.1, rel=0.1)
    for name, shares in M.items():
        assert found.components[name].m[0] == pytest.approx(shares[0], abs=0.03)
        assert found.components[name].u == pytest.approx(U[name], abs=0.01)


def test_em_does_not_collapse_where_hardly_any_pair_matches() -> None:
    even = {name: Component((0.7, *[0.05] * 6), U[name]) for name in M}
    start = Model("start", even, math.log2(0.001), -60.0, 1e-6)
    found = maximise(start, drawn(40_000, 0.0))
    assert 2**found.prior < 0.002
    assert found.components["given"].m[0] > 0.5


@pytest.mark.parametrize("seed", [1, 2])
def test_duplicates_are_found_without_labels(seed: int) -> None:
    rows, whose = generate(600, seed, Noise())
    ids = [str(number) for number in range(len(rows))]
    found = link(ids, rows, train(rows))
    quality = assess(dict(zip(ids, whose, strict=True)), found.persons)
    assert quality.f1 > 0.85
    assert quality.precision > 0.9


def test_the_same_data_gives_the_same_model() -> None:
    rows, _ = generate(150, 5)
    assert train(rows) == train(rows)


def test_a_table_of_strangers_joins_nobody() -> None:
    people = People(9, Noise())
    strangers = [people.person() for _ in range(300)]
    ids = [str(number) for number in range(len(strangers))]
    persons = link(ids, strangers, train(strangers)).persons
    assert len(set(persons.values())) == len(ids)


def test_the_order_of_day_and_month_is_read_from_the_dates_themselves() -> None:
    assert not days_come_first([{"date_of_birth": "12/26/1962"}, {"date_of_birth": "03/04/1990"}])
    assert days_come_first([{"date_of_birth": "26/12/1962"}])
    assert days_come_first([{"date_of_birth": "1962-12-26"}])


def test_what_all_have_in_common_tells_nothing_and_may_differ_later() -> None:
    rows, _ = generate(150, 5)
    model = train([{**row, "city": "Leeds"} for row in rows])
    matcher = Matcher(model)
    here, elsewhere = ({"surname": "King", "city": city} for city in ("Leeds", "York"))
    for one in (here, elsewhere):
        weight = matcher.score(matcher.features(here), matcher.features(one)).parts["address"]
        assert abs(weight) < 0.1


def test_two_records_are_enough_to_learn_from() -> None:
    for row in ({"full_name": "Tim Lee"}, {"date_of_birth": "1990"}, {"full_name": "陳大文"}):
        matcher = Matcher(train([row, row]))
        told = matcher.features(row)
        assert matcher.score(told, told).parts
