"""The queues of the platform keep SQS's promises."""

from datetime import UTC, datetime, timedelta

from rapport.kernel.clock import FixedClock
from tests.platform.sqs import Queue

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def fifo(clock: FixedClock) -> Queue:
    dead = Queue("dead.fifo", "arn:dead", clock, is_fifo=True)
    return Queue("q.fifo", "arn:q", clock, timedelta(seconds=90), True, 2, dead)


def bodies(queue: Queue, limit: int = 10) -> list[str]:
    return [message.body for message in queue.receive(limit)]


def test_a_group_waits_for_its_head_and_others_do_not() -> None:
    clock = FixedClock(NOW)
    queue = fifo(clock)
    queue.send("a1", "a", "1")
    queue.send("a2", "a", "2")
    queue.send("b1", "b", "3")

    assert bodies(queue, 1) == ["a1"]
    assert bodies(queue) == ["b1"]
    clock.advance(timedelta(seconds=90))
    assert bodies(queue) == ["a1", "a2", "b1"]


def test_a_duplicate_within_five_minutes_is_taken_and_forgotten() -> None:
    clock = FixedClock(NOW)
    queue = fifo(clock)

    queue.send("a1", "a", "1")
    queue.send("a1", "a", "1")
    queue.send("b1", "b", "1")
    clock.advance(timedelta(minutes=5))
    queue.send("a1 again", "a", "1")

    assert bodies(queue) == ["a1", "b1", "a1 again"]


def test_what_was_received_too_often_lies_in_the_dead_letters_and_frees_its_group() -> None:
    clock = FixedClock(NOW)
    queue = fifo(clock)
    queue.send("poison", "a", "1")
    queue.send("good", "a", "2")

    for _ in range(2):
        assert bodies(queue, 1) == ["poison"]
        clock.advance(timedelta(seconds=90))

    assert bodies(queue) == ["good"]
    assert queue.dead_letters is not None
    assert [message.body for message in queue.dead_letters.messages] == ["poison"]


def test_a_message_may_be_told_when_to_come_again() -> None:
    clock = FixedClock(NOW)
    queue = Queue("q", "arn:q", clock, timedelta(seconds=60))
    queue.send("later")
    (message,) = queue.receive(10)

    queue.change_visibility(message.receipt, 5)
    clock.advance(timedelta(seconds=5))

    assert bodies(queue) == ["later"]
