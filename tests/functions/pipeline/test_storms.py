"""AWS has a bad minute: throttling and conflicts on a share of all calls; the end is the same."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from rapport.entrypoint.observability import logger
from tests.faults.compare import EndState, difference, end_state
from tests.faults.world import World
from tests.platform.calls import WRITES
from tests.platform.dynamo import Refusal
from tests.simulation.chance import Chance

CUSTOMERS = 20
MOST_CALLS = 1.5
"""How many times the calls of a quiet minute a bad one may cost."""

Storm = Callable[[str, dict[str, Any]], Refusal | None]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = logger().log_level
    logger().setLevel("CRITICAL")
    yield
    logger().setLevel(before)


def live_through(storm: Storm | None) -> tuple[EndState, int, int]:
    """A minute in which twenty customers write: its end, its calls, and how many were refused."""
    with World() as world:
        world.step()
        engine, until = world.cloud.engines["dynamodb"], world.clock.now() + timedelta(minutes=1)
        refused: list[str] = []

        def stormy(operation: str, asked: dict[str, Any], body: bytes) -> dict[str, Any]:
            is_over = storm is None or world.clock.now() >= until
            refusal = None if is_over or storm is None else storm(operation, asked)
            if refusal is not None:
                refused.append(operation)
                raise refusal
            return engine(operation, asked, body)

        world.cloud.engines["dynamodb"] = stormy
        for number in range(CUSTOMERS):
            world.bring(world.customer(f"141555590{number:02d}", f"Hello from {number}"))
            world.run_until(world.clock.now() + timedelta(seconds=1))
        world.run_until_quiet()
        assert world.dead_letters() == {}
        return end_state(world), len(world.cloud.calls), len(refused)


@pytest.fixture(scope="module")
def quiet_minute() -> tuple[EndState, int]:
    state, calls, _ = live_through(None)
    return state, calls


@pytest.mark.parametrize("seed", [1, 2])
def test_thirty_percent_throttling_for_a_minute_loses_nothing_and_costs_little(
    seed: int, quiet_minute: tuple[EndState, int]
) -> None:
    chance, asked = Chance(seed), list[str]()

    def storm(operation: str, _asked: dict[str, Any]) -> Refusal | None:
        asked.append(operation)
        if chance.happens(0.3, "throttled", len(asked)):
            return Refusal("ProvisionedThroughputExceededException", "Slow down.")
        return None

    state, calls, refused = live_through(storm)

    assert refused > 20
    assert difference(quiet_minute[0], state) == []
    assert calls <= MOST_CALLS * quiet_minute[1]


def test_a_storm_of_transaction_conflicts_writes_nothing_twice_and_nothing_in_half(
    quiet_minute: tuple[EndState, int],
) -> None:
    """Every other write meets another transaction, in whichever of the two ways AWS says so."""
    writes: list[str] = []

    def storm(operation: str, asked: dict[str, Any]) -> Refusal | None:
        if operation not in WRITES:
            return None
        writes.append(operation)
        if len(writes) % 2 == 0:
            return None
        if operation != "TransactWriteItems":
            return Refusal("TransactionConflictException", "Transaction is ongoing.")
        reasons: list[dict[str, Any]] = [{"Code": "None"} for _ in asked["TransactItems"]]
        reasons[-1] = {"Code": "TransactionConflict", "Message": "Transaction is ongoing."}
        return Refusal("TransactionCanceledException", "Conflict.", CancellationReasons=reasons)

    state, _, refused = live_through(storm)

    assert refused >= CUSTOMERS
    assert "TransactWriteItems" in writes
    assert difference(quiet_minute[0], state) == []
