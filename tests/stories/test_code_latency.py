"""A code is at its provider within a second, whatever else waits to be sent."""

import pytest

from benchmarks.load import codes
from local.context import StackContext

pytestmark = pytest.mark.stack

COUNT, MESSAGES = 20, 200


def test_a_code_is_at_its_provider_within_a_second_beside_a_full_queue_as_alone(
    stack: StackContext,
) -> None:
    codes.measure(stack, "starting up", 4)
    alone = codes.measure(stack, "alone", COUNT)
    with codes.crowded(stack, MESSAGES):
        crowded = codes.measure(stack, "crowded", COUNT)

    assert [len(one.arrivals) for one in (alone, crowded)] == [COUNT, COUNT]
    assert crowded.waiting[1] > MESSAGES // 2, "the other queue was full to the end"
    for outcome in (alone, crowded):
        assert outcome.p95 < codes.TARGET, codes.text(outcome)
