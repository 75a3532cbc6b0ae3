"""Each event that rides on an item is published, orders to their queues and facts to the bus."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.aws.dynamo import events_attribute
from rapport.contracts.events import Envelope, Metadata
from rapport.contracts.notifications import MessageQueued
from rapport.contracts.queues import QueueEntry
from rapport.entrypoint.stream import events_of
from rapport.kernel.errors import Transient
from rapport.relay.service import TRIES, Outlets, publish
from tests.builders import NOW, RECORD, a_fact


class PartialBus:
    """A bus that refuses the event ids in `refuses`, each as many times as told."""

    def __init__(self, refuses: dict[str, int] | None = None) -> None:
        self.refuses = refuses or {}
        self.published: list[str] = []
        self.calls: list[int] = []

    def publish(self, events: Sequence[Envelope]) -> list[Envelope]:
        self.calls.append(len(events))
        left = []
        for event in events:
            identity = event.metadata.event_id
            if self.refuses.get(identity, 0):
                self.refuses[identity] -= 1
                left.append(event)
            else:
                self.published.append(identity)
        return left


class PartialQueue:
    """A queue that refuses every entry `refusals` times."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.sent: list[QueueEntry] = []

    def send(self, entries: Sequence[QueueEntry]) -> list[QueueEntry]:
        if self.refusals:
            self.refusals -= 1
            return list(entries)
        self.sent.extend(entries)
        return []


def outlets(bus: PartialBus | None = None, **queues: PartialQueue) -> Outlets:
    made = {name: queues.get(name, PartialQueue()) for name in ("chat", "sms", "email")}
    return Outlets(bus or PartialBus(), made)


def an_order(number: int, channel: str = "whatsapp") -> Envelope:
    data = {"record_id": RECORD, "message_id": f"msg_{number}", "channel": channel}
    metadata = Metadata(event_id=f"msg_{number}.queued", occurred_at=NOW)
    return Envelope(detail_type=MessageQueued.detail_type, metadata=metadata, data=data)


def some_facts(count: int) -> list[Envelope]:
    return [a_fact(f"evt_{number}") for number in range(count)]


def test_facts_go_to_the_bus_in_their_order_ten_a_call() -> None:
    bus = PartialBus()
    publish(some_facts(23), outlets=outlets(bus))
    assert bus.calls == [10, 10, 3]
    assert bus.published == [f"evt_{number}" for number in range(23)]


def test_nothing_to_publish_costs_no_call() -> None:
    bus = PartialBus()
    publish([], outlets=outlets(bus))
    assert bus.calls == []


@pytest.mark.parametrize(
    ("channel", "medium"),
    [
        ("whatsapp", "chat"),
        ("messenger", "chat"),
        ("line", "chat"),
        ("telegram", "chat"),
        ("webchat", "chat"),
        ("sms", "sms"),
        ("mms", "sms"),
        ("email", "email"),
        ("a channel of tomorrow", "chat"),
    ],
)
def test_an_order_goes_to_the_queue_of_its_medium_and_not_to_the_bus(
    channel: str, medium: str
) -> None:
    bus, queue = PartialBus(), PartialQueue()
    publish([an_order(1, channel)], outlets=outlets(bus, **{medium: queue}))
    assert bus.calls == []
    assert json.loads(queue.sent[0].body) == {"record_id": RECORD, "message_id": "msg_1"}


def test_an_order_is_grouped_by_recipient_and_told_apart_by_message() -> None:
    queue = PartialQueue()
    publish([an_order(1)], outlets=outlets(chat=queue))
    assert (queue.sent[0].group, queue.sent[0].deduplication_id) == (RECORD, "msg_1")


def test_an_order_carries_ids_alone() -> None:
    queue = PartialQueue()
    publish([an_order(1)], outlets=outlets(chat=queue))
    assert set(json.loads(queue.sent[0].body)) == {"record_id", "message_id"}


def test_what_the_bus_did_not_take_is_given_again_alone() -> None:
    bus = PartialBus({"evt_1": 1, "evt_3": TRIES - 1})
    publish(some_facts(5), outlets=outlets(bus))
    assert bus.calls == [5, 2, 1]
    assert sorted(bus.published) == [f"evt_{number}" for number in range(5)]


def test_what_the_bus_never_takes_fails_the_batch() -> None:
    with pytest.raises(Transient):
        publish(some_facts(2), outlets=outlets(PartialBus({"evt_1": TRIES})))


def test_what_a_queue_never_takes_fails_the_batch() -> None:
    with pytest.raises(Transient):
        publish([an_order(1)], outlets=outlets(chat=PartialQueue(TRIES)))


def test_a_queue_that_takes_it_the_second_time_has_it_once() -> None:
    queue = PartialQueue(1)
    publish([an_order(1)], outlets=outlets(chat=queue))
    assert len(queue.sent) == 1


# -- Which events of a stream record are new -----------------------------------------------------


def image(events: Sequence[Envelope] | None) -> dict[str, Any]:
    item: dict[str, Any] = {"pk": {"S": "x"}}
    attribute = events_attribute(events or [])
    return item | ({"events": {"S": attribute}} if attribute else {})


def change(
    new: Sequence[Envelope] | None, old: Sequence[Envelope] | None = None, *, first: bool = False
) -> dict[str, Any]:
    images = {"NewImage": image(new)} | ({} if first else {"OldImage": image(old)})
    return {"eventName": "INSERT" if first else "MODIFY", "dynamodb": images}


def ids_of(*records: dict[str, Any]) -> list[str]:
    return [event.metadata.event_id for event in events_of({"Records": list(records)})]


def test_a_new_items_events_are_all_new() -> None:
    assert ids_of(change(some_facts(2), first=True)) == ["evt_0", "evt_1"]


def test_an_update_that_leaves_events_in_place_publishes_nothing() -> None:
    assert ids_of(change(some_facts(2), some_facts(2))) == []


def test_an_update_that_brings_events_publishes_those_alone() -> None:
    assert ids_of(change(some_facts(3), some_facts(2))) == ["evt_2"]


def test_an_item_without_events_publishes_nothing() -> None:
    assert ids_of(change(None, first=True), change(None, some_facts(1))) == []


def test_an_empty_list_of_events_publishes_nothing() -> None:
    empty = {"NewImage": {"events": {"S": "[]"}}}
    assert ids_of({"eventName": "MODIFY", "dynamodb": empty}) == []


def test_a_deletion_publishes_nothing() -> None:
    gone = {"eventName": "REMOVE", "dynamodb": {"OldImage": image(some_facts(1))}}
    assert ids_of(gone) == []


def test_an_event_comes_out_of_the_stream_as_it_went_onto_the_item() -> None:
    assert events_of({"Records": [change([a_fact()], first=True)]}) == [a_fact()]


@given(st.lists(st.integers(0, 9), unique=True), st.lists(st.integers(0, 9), unique=True))
def test_of_any_two_images_exactly_what_the_old_one_lacked_is_new(
    new: list[int], old: list[int]
) -> None:
    def carrying(numbers: list[int]) -> list[Envelope]:
        return [a_fact(f"evt_{number}") for number in numbers]

    expected = [f"evt_{number}" for number in new if number not in old]
    assert ids_of(change(carrying(new), carrying(old))) == expected
