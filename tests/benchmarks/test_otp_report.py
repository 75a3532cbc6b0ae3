"""The report of pumping attacks, on a small world: reproducible, and its goals hold."""

from datetime import timedelta

import pytest

from benchmarks.otp_report import RULES, STRANGE, Line, live, table
from benchmarks.otp_world import Attack, Honest, Outcome, World

SMALL = Honest(people=400, starts=80_000)
EVENING = timedelta(hours=2)


def lived(attack: Attack | None, seed: int = 7) -> Outcome:
    return World(seed, RULES, SMALL, attack, lasts=EVENING).live()


def an_attack(**changes: object) -> Attack:
    facts = {"lasts": timedelta(seconds=20), "begins": timedelta(hours=1), "name": "small"}
    return Attack(**{**facts, **changes})  # type: ignore[arg-type]


def test_the_same_seed_lives_the_same_week() -> None:
    attack = an_attack(ranges=20)
    assert lived(attack) == lived(attack)
    assert lived(attack) != lived(attack, seed=8)


def test_honest_people_alone_lose_nothing_and_block_nothing() -> None:
    outcome = lived(None)
    assert outcome.honest > 100
    assert outcome.loss < 0.01
    assert outcome.facts["PrefixBlocked.v1"] == 0


@pytest.mark.parametrize("ranges", [0, 20])
def test_an_attack_at_200_a_second_costs_less_than_the_ceiling(ranges: int) -> None:
    outcome = lived(an_attack(ranges=ranges))
    assert outcome.attacked == 4000
    assert outcome.attack_sent < 1000
    assert 0 < outcome.attack_cost < RULES.hour.most
    assert outcome.honest_refused <= outcome.honest * 0.01


def test_strange_numbers_cost_nothing() -> None:
    outcome = lived(an_attack(numbers=STRANGE[:-1]))
    assert (outcome.attack_sent, outcome.attack_cost) == (0, 0)


def test_a_lag_of_the_stream_costs_more_but_not_without_end() -> None:
    attack = an_attack(ranges=20)
    slow = World(7, RULES, SMALL, attack, lasts=EVENING, lag=timedelta(seconds=10)).live()
    assert slow.attack_cost < RULES.hour.most


def test_a_missed_goal_is_named() -> None:
    bad = Outcome(honest=1000, honest_refused=2, attack_cost=RULES.day.most)
    bad.cost_by_hour[3] = RULES.hour.most + 1
    assert len(Line(an_attack(), bad).failures) == 3
    assert Line(None, Outcome(honest=1000)).failures == []


def test_the_table_has_a_row_for_each_attack() -> None:
    line = live(None, 1, 0.01)
    assert table([line], 1, 0.01).count("\n| none") == 1
