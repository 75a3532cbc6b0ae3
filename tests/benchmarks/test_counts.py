"""The gate: no path makes more AWS calls, or writes more units, than its budget."""

import pytest

from benchmarks.budgets import PRICES, ROWS, Price, Row
from benchmarks.cost import bill, total
from benchmarks.counts import counts, invocations_of, run_stories
from benchmarks.replaying import replay_of, timings
from benchmarks.stories import Stories
from benchmarks.stub import Stub
from local.template import FUNCTION
from tests.tables import resources


@pytest.fixture(scope="module")
def stories() -> Stories:
    return run_stories()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.title.strip())
def test_calls_and_units_stay_within_their_budget(row: Row, stories: Stories) -> None:
    counted = next(count for count in counts(stories) if count.row == row)

    assert counted.is_within, (
        f"{counted.calls} calls, {counted.write_units} units: {counted.detail}"
    )


@pytest.mark.parametrize("price", PRICES, ids=lambda price: price.title)
def test_every_bill_has_lines_that_add_up(price: Price, stories: Stories) -> None:
    lines = bill(invocations_of(price.stages, stories))

    assert total(lines) == pytest.approx(sum(line.quantity * line.price for line in lines))
    assert {line.what for line in lines} >= {"Lambda requests", "DynamoDB write units"}


def test_every_timed_path_calls_as_it_was_counted(stories: Stories) -> None:
    with Stub() as stub:
        timed = timings(replay_of(stories, stub, passes=1, rounds=1))

    assert timed.keys() == {row.title for row in ROWS if row.cpu}
    assert all(one.handler_us > 0 < one.floor_us for each in timed.values() for one in each)


def test_every_function_is_measured(stories: Stories) -> None:
    folders = {
        resource["Properties"]["CodeUri"].rpartition("/")[2]
        for resource in resources().of_kind(FUNCTION).values()
    }

    assert stories.samples.keys() == folders
    assert all(sample.calls for sample in stories.samples.values())
