"""The plan follows from what is counted, and the document from the plan."""

import subprocess
import sys

import pytest

from benchmarks import planner
from benchmarks.demand import STAGES, Mix, demand
from benchmarks.planner import Stages, binding, counted, rounded
from tests.tables import ROOT


@pytest.fixture(scope="module")
def stages() -> Stages:
    return counted()


@pytest.mark.slow
def test_the_document_is_what_the_planner_computes() -> None:
    # In a process of its own: loggers that other tests made would count other bytes.
    command = [sys.executable, "-m", "benchmarks.planner", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_an_old_document_is_noticed(stages: Stages, capsys: pytest.CaptureFixture[str]) -> None:
    assert planner._checked(planner.DOCUMENT, planner.render(stages, Mix(1e6, 2e6))) == 1
    assert "make scale" in capsys.readouterr().err


def test_twice_the_volume_is_twice_the_rate_and_four_times_the_queue(stages: Stages) -> None:
    once, twice = demand(stages, Mix()), demand(stages, Mix().times(2))

    assert twice.calls["http"] == pytest.approx(2 * once.calls["http"])
    assert sum(twice.writes.values()) == pytest.approx(2 * sum(once.writes.values()))
    # Twice the conversations each read a queue of twice the agents.
    assert twice.queue_units == pytest.approx(4 * once.queue_units, rel=0.01)


def test_limits_bind_where_the_demand_meets_them(stages: Stages) -> None:
    mix = Mix()
    for quota, need, share in binding(stages, mix):
        assert (need > quota.limit) == (share < 1), quota.title


def test_every_message_of_the_year_is_counted_once(stages: Stages) -> None:
    mix = Mix()
    written = sum(yearly(mix) for name, (_, yearly) in STAGES.items() if name.startswith("message"))
    tracked = sum(yearly(mix) for name, (_, yearly) in STAGES.items() if name.startswith("tracked"))

    assert written + mix.answers == pytest.approx(mix.messages)
    assert tracked + mix.messages == pytest.approx(mix.interactions)
    assert demand(stages, mix).messages["ReceiptsQueue"] > 0


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123456, "0.123"), (12.345, "12.3"), (1234, "1,230"), (99_999, "100,000"), (0, "0")],
)
def test_numbers_show_three_digits(value: float, text: str) -> None:
    assert rounded(value) == text
