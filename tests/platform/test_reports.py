"""What Lambda makes of a function's report about a batch, as its documentation tells it."""

from datetime import UTC, datetime

import pytest

from rapport.kernel.clock import FixedClock
from tests.platform.machine import FAILED
from tests.platform.platform import succeeded
from tests.platform.sqs import Message, Queue


@pytest.fixture
def batch() -> list[Message]:
    queue = Queue("q", "arn:q", FixedClock(datetime(2026, 3, 2, tzinfo=UTC)))
    queue.send("one")
    queue.send("two")
    return queue.receive(10)


@pytest.mark.parametrize(
    "answer", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}]
)
def test_nothing_reported_is_nothing_failed(batch: list[Message], answer: object) -> None:
    assert succeeded(batch, answer) == batch


def test_what_is_reported_comes_again_and_the_rest_is_deleted(batch: list[Message]) -> None:
    report = {"batchItemFailures": [{"itemIdentifier": batch[0].message_id}]}

    assert succeeded(batch, report) == batch[1:]


@pytest.mark.parametrize(
    "report",
    [
        "one",
        {"itemIdentifier": "one"},
        ["one"],
        [None],
        [{}],
        [{"id": "one"}],
        [{"itemIdentifier": None}],
        [{"itemIdentifier": ""}],
        [{"itemIdentifier": "nobody"}],
    ],
)
def test_a_report_that_cannot_be_read_brings_the_whole_batch_again(
    batch: list[Message], report: object
) -> None:
    assert succeeded(batch, {"batchItemFailures": report}) == []


def test_a_function_that_raised_gets_the_whole_batch_again(batch: list[Message]) -> None:
    assert succeeded(batch, FAILED) == []
