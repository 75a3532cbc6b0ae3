"""What a message does to its customer's conversation."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.contracts.inbound import Kind
from rapport.conversations import model
from rapport.conversations.model import REOPEN_WINDOW, Conversation, Message, State
from rapport.kernel.errors import Conflict
from tests.builders import (
    CUSTOMER,
    NOW,
    RECORD,
    a_conversation,
    a_message,
    a_received,
    a_route,
    after,
    an_event,
)

RESOLVED = a_conversation(state=State.RESOLVED, resolved_at=NOW, assignee="agent-1", version=3)


def route_of(message: Message) -> model.Route:
    return a_route(record_id=message.record_id, last_at=message.at)


def head_after(message: Message, head: Conversation | None) -> Conversation | None:
    opened = model.after(message, route_of(message), head)
    return opened.conversation if opened else head


def test_a_first_message_begins_a_conversation() -> None:
    message = a_message()
    opened = model.after(message, route_of(message), None)
    assert opened is not None
    assert opened.began
    assert opened.conversation.state is State.OPEN
    assert opened.conversation.opened_at == message.received_at
    assert opened.conversation.assignee is None


def test_a_repeated_beginning_names_the_same_conversation() -> None:
    assert head_after(a_message(), None) == head_after(a_message(), None)


def test_a_conversations_id_finds_its_customer() -> None:
    assert model.customer_of(model.conversation_id(CUSTOMER, NOW)) == CUSTOMER


def test_conversations_of_a_customer_sort_by_their_beginning() -> None:
    ids = [model.conversation_id(CUSTOMER, after(days=day)) for day in range(30)]
    assert ids == sorted(ids)


def test_a_message_that_counts_already_changes_nothing() -> None:
    head = head_after(a_message(), None)
    assert model.after(a_message(), route_of(a_message()), head) is None


def test_a_late_message_in_an_open_conversation_changes_nothing_but_is_not_lost() -> None:
    head = head_after(a_message(5), None)
    assert model.after(a_message(2), route_of(a_message(2)), head) is None


def test_a_message_on_another_channel_adds_a_way_back() -> None:
    head = head_after(a_message(1), None)
    sms = a_message(2, record_id="rec_sms", channel="sms", account_channel="twilio")
    both = head_after(sms, head)
    assert both is not None
    assert set(both.routes) == {RECORD, "rec_sms"}
    assert both.latest_route().record_id == "rec_sms"


def test_a_late_message_on_another_channel_adds_its_way_back_and_keeps_the_time() -> None:
    head = head_after(a_message(5), None)
    both = head_after(a_message(2, record_id="rec_sms"), head)
    assert both is not None
    assert both.last_message_at == after(minutes=5)
    assert both.latest_route().record_id == RECORD


@given(st.permutations(range(1, 6)), st.data())
def test_the_head_is_the_same_in_whatever_order_messages_come(
    order: list[int], data: st.DataObject
) -> None:
    records = data.draw(st.lists(st.sampled_from(["rec_a", "rec_b"]), min_size=6, max_size=6))
    begun = a_conversation(routes={})

    def ended(numbers: list[int]) -> tuple[object, ...]:
        head: Conversation | None = begun
        for number in numbers:
            head = head_after(a_message(number, record_id=records[number]), head)
        assert head is not None
        return head.last_message_at, head.routes, head.state, head.conversation_id

    assert ended(order) == ended(sorted(order))


def test_all_orders_of_three_messages_agree_with_duplicates_among_them() -> None:
    heads = set()
    for order in permutations([1, 2, 2, 3]):
        head: Conversation | None = a_conversation()
        for number in order:
            head = head_after(a_message(number), head)
        assert head is not None
        heads.add((head.last_message_at, tuple(head.routes.values())))
    assert len(heads) == 1


@pytest.mark.parametrize("passed", [timedelta(0), timedelta(hours=1), REOPEN_WINDOW])
def test_a_message_within_the_window_reopens_and_frees_the_agent(passed: timedelta) -> None:
    message = a_message(received_at=NOW + passed, at=NOW + passed)
    opened = model.after(message, route_of(message), RESOLVED)
    assert opened is not None
    assert not opened.began
    assert opened.reopened_from is State.RESOLVED
    assert opened.released == "agent-1"
    again = opened.conversation
    assert again.conversation_id == RESOLVED.conversation_id
    assert (again.state, again.assignee, again.resolved_at) == (State.OPEN, None, None)
    assert again.version == RESOLVED.version + 1


def test_a_message_after_the_window_begins_another_conversation() -> None:
    at = NOW + REOPEN_WINDOW + timedelta(milliseconds=1)
    message = a_message(received_at=at, at=at)
    opened = model.after(message, route_of(message), RESOLVED)
    assert opened is not None
    assert opened.began
    assert opened.conversation.conversation_id != RESOLVED.conversation_id


def test_a_message_wakes_a_snoozed_conversation() -> None:
    snoozed = model.snooze(a_conversation(assignee="agent-1"), after(days=3))
    opened = model.after(a_message(), route_of(a_message()), snoozed)
    assert opened is not None
    assert opened.reopened_from is State.SNOOZED
    assert opened.conversation.snoozed_until is None


def test_our_own_retry_does_not_reopen_what_was_resolved_after_it() -> None:
    counted = a_conversation(
        state=State.RESOLVED, resolved_at=after(minutes=9), last_ingest_id="ing_1"
    )
    assert model.after(a_message(), route_of(a_message()), counted) is None


# -- Commands ----------------------------------------------------------------------------------


def test_resolving_ends_a_snooze_and_keeps_who_had_it() -> None:
    snoozed = model.snooze(a_conversation(assignee="agent-1"), after(days=1))
    resolved = model.resolve(snoozed, after(hours=1))
    assert (resolved.state, resolved.snoozed_until) == (State.RESOLVED, None)
    assert resolved.assignee == "agent-1"


@pytest.mark.parametrize("state", [State.SNOOZED, State.RESOLVED])
def test_only_an_open_conversation_is_snoozed(state: State) -> None:
    with pytest.raises(Conflict):
        model.snooze(a_conversation(state=state), after(days=1))


def test_what_is_resolved_is_not_resolved_again() -> None:
    with pytest.raises(Conflict):
        model.resolve(RESOLVED, NOW)


def test_what_is_open_is_not_opened_again() -> None:
    with pytest.raises(Conflict):
        model.reopen(a_conversation())


def test_reopening_leaves_it_to_routing_who_has_it() -> None:
    again = model.reopen(RESOLVED)
    assert (again.state, again.assignee, again.resolved_at) == (State.OPEN, None, None)


def test_every_command_raises_the_version() -> None:
    head = a_conversation()
    for changed in (model.resolve(head, NOW), model.snooze(head, after(days=1))):
        assert changed.version == head.version + 1
        assert model.reopen(changed).version == head.version + 2


# -- Messages ----------------------------------------------------------------------------------


def test_a_messages_key_is_its_channel_account_and_provider_id() -> None:
    assert model.message_of(a_received(), RECORD, CUSTOMER).key == "whatsapp#main#wamid.1"


def test_a_time_in_the_future_is_replaced_by_the_time_of_receipt() -> None:
    future = a_received(an_event(timestamp=after(days=400)))
    assert model.message_of(future, RECORD, CUSTOMER).at == NOW


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.DELETE, Kind.REACTION, Kind.CALL])
def test_what_is_told_about_a_message_is_stored_beside_it_not_over_it(kind: Kind) -> None:
    told = model.message_of(a_received(an_event(kind=kind)), RECORD, CUSTOMER)
    assert told.key != "whatsapp#main#wamid.1"
    assert told.key == model.message_of(a_received(an_event(kind=kind)), RECORD, CUSTOMER).key


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": after(seconds=1)},
        {"text": "other"},
        {"payload": "thumbs"},
        {"provider_status": "ringing"},
        {"kind": Kind.DELETE},
    ],
)
def test_two_edits_of_one_message_are_two(change: dict[str, object]) -> None:
    edit = a_received(an_event(kind=Kind.EDIT))
    other = a_received(edit.event.model_copy(update=change))
    one, two = (model.message_of(each, RECORD, CUSTOMER) for each in (edit, other))
    assert one.key != two.key


def test_what_has_no_id_at_all_is_told_apart_by_its_arrival() -> None:
    nameless = an_event(provider_message_id=None)
    keys = {
        model.message_of(a_received(nameless, ingest_id=one), RECORD, CUSTOMER).key
        for one in ("ing_1", "ing_1", "ing_2")
    }
    assert keys == {"whatsapp#main#ing_1", "whatsapp#main#ing_2"}


def test_an_edit_is_about_the_message_it_names() -> None:
    by_own_id = model.message_of(a_received(an_event(kind=Kind.EDIT)), RECORD, CUSTOMER)
    by_reference = model.message_of(
        a_received(an_event(kind=Kind.EDIT, provider_message_id="e1", reply_to="wamid.1")),
        RECORD,
        CUSTOMER,
    )
    assert model.target_key(by_own_id) == model.target_key(by_reference) == "whatsapp#main#wamid.1"


def test_messages_sort_by_time_then_id() -> None:
    def at(moment: datetime, own_id: str) -> str:
        return a_message(at=moment, provider_message_id=own_id).position

    assert at(NOW, "b") < at(after(milliseconds=1), "a")
    assert at(NOW, "a") < at(NOW, "b")
