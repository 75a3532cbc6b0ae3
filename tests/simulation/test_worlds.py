"""Some small worlds, in which every promise is kept; the same seed is the same world anywhere."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rapport.entrypoint.observability import logger
from tests.simulation.plan import SKEWED, SMALL, TINY, Spell, calms, plan_of
from tests.simulation.timeline import HOUR, MINUTE
from tests.simulation.world import Ending, live
from tests.tables import ROOT

ONE = "from tests.simulation.test_worlds import tell; tell()"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A thousand failures on purpose need no log line each."""
    before = logger().log_level
    logger().setLevel("CRITICAL")
    yield
    logger().setLevel(before)


@pytest.mark.parametrize("seed", [2, 3])
def test_a_week_of_bad_weather_breaks_no_promise(seed: int) -> None:
    ending = live(plan_of(seed, TINY))

    assert ending.broken is None, str(ending.broken)


@pytest.mark.parametrize("seed", [1])
def test_a_fortnight_of_bad_weather_breaks_no_promise(seed: int) -> None:
    ending = live(plan_of(seed, SMALL))

    again = f"python -m tests.simulation --seed {seed}"
    assert ending.broken is None, f"{ending.broken}: {again}"
    _is_worth_something(ending)


def test_clocks_that_are_ten_minutes_off_and_jump_back_break_no_promise() -> None:
    """Every hour some function's clock, or all of them, is set to another wrong time."""
    plan = plan_of(1, TINY)
    quiet = calms(TINY)
    hours = [hour * HOUR for hour in range(TINY.days * 24)]
    jumps = tuple(
        Spell(at, at + HOUR, "clock", 1.0, number, SKEWED[number % len(SKEWED)], off)
        for number, at in enumerate(hours)
        for off in (10 * MINUTE if number % 3 else -10 * MINUTE,)
        if not any(at < until and at + HOUR > since for since, until in quiet)
    )

    ending = live(replace(plan, spells=jumps))

    assert ending.broken is None, str(ending.broken)
    assert ending.figures["messages"] > 50


def test_a_seed_is_the_same_world_again() -> None:
    assert live(plan_of(3, TINY)).digest == live(plan_of(3, TINY)).digest


@pytest.mark.parametrize("hash_seed", ["0", "7"])
def test_a_seed_is_the_same_world_in_another_process_and_order_of_hashes(hash_seed: str) -> None:
    elsewhere = subprocess.run(
        [sys.executable, "-c", ONE],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": "layers/rapport"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert elsewhere.stdout.strip() == live(plan_of(3, TINY)).digest


def test_another_seed_is_another_world() -> None:
    assert plan_of(1, TINY).actions != plan_of(2, TINY).actions


def _is_worth_something(ending: Ending) -> None:
    """Enough happened, and enough went wrong."""
    figures = ending.figures
    assert figures["messages"] > 300
    assert figures["delivered"] > 100
    assert figures["faults"] > 500
    assert figures["overtaken"] > 500


def tell() -> None:
    """One world's hash, for another process."""
    logger().setLevel("CRITICAL")
    print(live(plan_of(3, TINY)).digest)
