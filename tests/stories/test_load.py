"""A little load on the whole stack: nothing is lost, doubled or left behind."""

import pytest

from benchmarks.load.scenarios import SCENARIOS, SMALL, run
from local.context import StackContext

pytestmark = pytest.mark.stack


def test_under_load_nothing_is_lost_doubled_or_left_in_a_queue(stack: StackContext) -> None:
    outcomes = run(stack, SMALL)

    assert [f"{one.name}: {wrong}" for one in outcomes for wrong in one.wrongs] == []
    assert len(outcomes) > len(SCENARIOS)
    assert all(one.count and one.count.messages for one in outcomes)
    assert all(one.latencies for one in outcomes)
