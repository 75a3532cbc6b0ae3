"""The simulation finds each bug planted on purpose, and tells it in short."""

from collections.abc import Iterator
from functools import partial

import pytest

from rapport.entrypoint.observability import logger
from tests.simulation import __main__ as command
from tests.simulation.plan import TINY, plan_of
from tests.simulation.planted import PLANTS
from tests.simulation.shrink import shrink, told
from tests.simulation.world import live

MOST = 50
FIRST = {
    "a_place_is_taken_without_asking_for_room": 14,
    "an_attempt_is_begun_twice": 2,
}
"""A seed that shows it, where the first does not; others are tried if that no longer does."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = logger().log_level
    logger().setLevel("CRITICAL")
    yield
    logger().setLevel(before)


@pytest.mark.parametrize("name", list(PLANTS))
def test_a_planted_bug_is_found(name: str) -> None:
    seeds = [FIRST.get(name, 1), *range(1, MOST)]
    found = next(
        (one for seed in seeds if (one := live(plan_of(seed, TINY), PLANTS[name])).broken), None
    )

    assert found is not None, f"{name} was not found in {MOST} worlds"
    assert found.broken is not None
    assert found.broken.rule in ("V1", "V2", "V3", "V4", "V6", "V8", "V11")


def test_a_failing_world_says_how_to_live_it_again_and_what_it_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planted = partial(live, plant=PLANTS["a_receipt_is_believed_whatever_came_before"])
    monkeypatch.setattr(command, "live", planted)
    monkeypatch.setattr(command, "shrink", lambda ending: ending)

    status = command._one(4, TINY, is_told=False, is_whole=False)
    told = capsys.readouterr().out

    assert status == 1
    assert "BROKEN V3" in told
    assert "Again: python -m tests.simulation --seed 4 --trace" in told
    assert "In short:" in told


def test_a_failing_world_shrinks_to_what_the_failure_needs() -> None:
    plant = PLANTS["a_receipt_is_believed_whatever_came_before"]
    failed = live(plan_of(4, TINY), plant)

    short = shrink(failed, plant, most=40)

    assert short.broken is not None
    assert failed.broken is not None
    assert short.broken.rule == failed.broken.rule
    assert len(short.plan.actions) + len(short.plan.spells) <= 40, told(short)
    assert live(short.plan, plant).digest == short.digest
