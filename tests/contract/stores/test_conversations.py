"""`Conversations` on every engine."""

from dataclasses import replace
from typing import Any

import pytest

from rapport.conversations import model
from rapport.conversations.model import Conversation, State
from rapport.conversations.ports import Conversations
from rapport.kernel.errors import Conflict, InvalidInput
from rapport.kernel.page import encode_cursor
from tests.builders import CUSTOMER, NOW, RECORD, a_conversation, a_fact, a_message, a_route, after
from tests.contract.stores.engines import Engine

CUSTOMERS = [f"cus_{letter * 26}" for letter in "abcde"]


@pytest.fixture
def conversations(engine: Engine) -> Conversations:
    return engine.conversations()


def opened(conversations: Conversations, **changes: Any) -> Conversation:
    head = a_conversation(**changes)
    conversations.write(head, None, [])
    return head


def everything(
    conversations: Conversations, state: State | None, assignee: str | None, limit: int
) -> list[tuple[str, str]]:
    """All pages of a list."""
    rows, cursor = [], None
    for _ in range(20):
        page = conversations.listed(state, assignee, cursor, limit)
        assert len(page.items) <= limit
        rows += page.items
        cursor = page.cursor
        if cursor is None:
            return rows
    raise AssertionError("the pages never end")


def test_what_is_not_there_is_none(conversations: Conversations) -> None:
    assert conversations.head(CUSTOMER) is None
    assert conversations.get(a_conversation().conversation_id) is None
    assert conversations.past(CUSTOMER, 5) == []
    assert conversations.heads([CUSTOMER]) == []


def test_a_conversation_reads_back_as_it_was_written(conversations: Conversations) -> None:
    head = opened(
        conversations,
        state=State.SNOOZED,
        assignee="agent-1",
        assigned_at=after(minutes=1),
        snoozed_until=after(days=1),
        routes={RECORD: a_route(), "rec_sms": a_route(record_id="rec_sms", channel="sms")},
        version=7,
    )
    assert conversations.head(CUSTOMER) == head
    assert conversations.get(head.conversation_id) == head
    assert conversations.heads([CUSTOMER]) == [head]


# -- Counting a message into an open head ------------------------------------------------------


def test_a_newer_message_counts_without_a_new_version(conversations: Conversations) -> None:
    head = opened(conversations)
    message, route = a_message(5), a_route(last_at=after(minutes=5))
    assert conversations.touch(message, route) == (True, None)
    assert conversations.head(CUSTOMER) == replace(
        head, last_message_at=message.at, last_ingest_id="ing_5", routes={RECORD: route}
    )


def test_a_message_of_the_same_instant_counts(conversations: Conversations) -> None:
    opened(conversations)
    assert conversations.touch(a_message(at=NOW), a_route())[0]


def test_a_message_of_another_record_adds_its_route(conversations: Conversations) -> None:
    opened(conversations)
    sms = a_route(record_id="rec_sms", last_at=after(minutes=5))
    assert conversations.touch(a_message(5, record_id="rec_sms"), sms)[0]
    head = conversations.head(CUSTOMER)
    assert head is not None
    assert set(head.routes) == {RECORD, "rec_sms"}


def test_without_a_head_nothing_counts(conversations: Conversations) -> None:
    assert conversations.touch(a_message(), a_route()) == (False, None)
    assert conversations.head(CUSTOMER) is None


@pytest.mark.parametrize("state", [State.SNOOZED, State.RESOLVED])
def test_what_is_not_open_is_given_back_as_it_is(
    conversations: Conversations, state: State
) -> None:
    head = opened(conversations, state=state)
    assert conversations.touch(a_message(), a_route()) == (False, head)
    assert conversations.head(CUSTOMER) == head


def test_a_late_message_is_not_counted_in_passing(conversations: Conversations) -> None:
    head = opened(conversations, last_message_at=after(minutes=9))
    late = a_route(last_at=after(minutes=5))
    assert conversations.touch(a_message(5), late) == (False, head)


def test_a_route_is_not_set_back(conversations: Conversations) -> None:
    head = opened(conversations, routes={RECORD: a_route(last_at=after(minutes=9))})
    early = a_route(last_at=after(minutes=5))
    assert conversations.touch(a_message(5), early) == (False, head)


# -- Replacing what was read -------------------------------------------------------------------


def test_a_first_head_is_written_once(conversations: Conversations) -> None:
    head = opened(conversations)
    with pytest.raises(Conflict):
        conversations.write(a_conversation(assignee="b"), None, [])
    assert conversations.head(CUSTOMER) == head


def test_a_head_is_replaced_by_who_read_it_last(conversations: Conversations) -> None:
    head = opened(conversations)
    changed = replace(head, assignee="agent-1", version=2)
    conversations.write(changed, head, [])
    assert conversations.head(CUSTOMER) == changed


def test_a_head_that_a_command_changed_since_is_a_conflict(conversations: Conversations) -> None:
    head = opened(conversations)
    changed = replace(head, assignee="agent-1", version=2)
    conversations.write(changed, head, [])
    with pytest.raises(Conflict):
        conversations.write(replace(head, assignee="agent-2", version=2), head, [])
    assert conversations.head(CUSTOMER) == changed


def test_a_head_that_a_message_changed_since_is_a_conflict(conversations: Conversations) -> None:
    head = opened(conversations)
    conversations.touch(a_message(5), a_route(last_at=after(minutes=5)))
    with pytest.raises(Conflict):
        conversations.write(replace(head, version=2), head, [])


def test_replacing_what_is_not_there_is_a_conflict(conversations: Conversations) -> None:
    with pytest.raises(Conflict):
        conversations.write(a_conversation(version=2), a_conversation(), [])
    assert conversations.head(CUSTOMER) is None


# -- The archive -------------------------------------------------------------------------------


def resolved(conversations: Conversations, **changes: Any) -> Conversation:
    head = opened(conversations, **changes)
    done = model.resolve(head, after(minutes=5))
    conversations.archive(done, head, [])
    return done


def test_a_resolved_head_stays_the_head_and_lies_in_the_archive(
    conversations: Conversations,
) -> None:
    done = resolved(conversations)
    assert conversations.head(CUSTOMER) == done
    assert conversations.past(CUSTOMER, 5) == [done]


def test_archiving_what_has_changed_since_is_a_conflict_and_archives_nothing(
    conversations: Conversations,
) -> None:
    head = opened(conversations)
    conversations.touch(a_message(5), a_route(last_at=after(minutes=5)))
    with pytest.raises(Conflict):
        conversations.archive(model.resolve(head, NOW), head, [])
    assert conversations.past(CUSTOMER, 5) == []


def test_an_archived_conversation_is_found_when_another_has_begun(
    conversations: Conversations,
) -> None:
    first = resolved(conversations)
    second = a_conversation(opened_at=after(days=3))
    conversations.write(second, first, [])
    assert conversations.get(first.conversation_id) == first
    assert conversations.get(second.conversation_id) == second


def test_a_reopened_conversation_is_found_as_it_is_now(conversations: Conversations) -> None:
    done = resolved(conversations)
    again = model.reopen(done)
    conversations.write(again, done, [])
    assert conversations.get(done.conversation_id) == again


def test_past_conversations_come_latest_first_and_no_more_than_asked(
    conversations: Conversations,
) -> None:
    before, archive = None, []
    for day in range(3):
        head = a_conversation(opened_at=after(days=day))
        conversations.write(head, before, [])
        before = model.resolve(head, after(days=day, minutes=1))
        conversations.archive(before, head, [])
        archive.append(before)
    assert conversations.past(CUSTOMER, 9) == archive[::-1]
    assert conversations.past(CUSTOMER, 2) == archive[:0:-1]


# -- Lists -------------------------------------------------------------------------------------


def listing(conversations: Conversations) -> list[Conversation]:
    """Five customers' conversations, opened minute by minute in the reverse order of names."""
    made = [
        opened(conversations, customer_id=customer, opened_at=after(minutes=-number))
        for number, customer in enumerate(CUSTOMERS)
    ]
    return made[::-1]


@pytest.mark.parametrize("limit", [1, 2, 5, 50])
def test_open_conversations_are_listed_oldest_first_in_pages(
    conversations: Conversations, limit: int
) -> None:
    heads = listing(conversations)
    assert everything(conversations, None, None, limit) == [
        (head.customer_id, head.conversation_id) for head in heads
    ]


def test_each_state_has_its_list_and_what_is_resolved_has_none(
    conversations: Conversations,
) -> None:
    one, two, *_ = listing(conversations)
    snoozed = model.snooze(one, after(days=1))
    conversations.write(snoozed, one, [])
    conversations.archive(model.resolve(two, NOW), two, [])
    assert everything(conversations, State.SNOOZED, None, 5) == [
        (one.customer_id, one.conversation_id)
    ]
    assert len(everything(conversations, State.OPEN, None, 5)) == 3
    assert everything(conversations, State.RESOLVED, None, 5) == []


def test_an_agents_list_holds_what_is_theirs_and_not_resolved(
    conversations: Conversations,
) -> None:
    one, two, three, *_ = listing(conversations)
    for head, agent in ((one, "a"), (two, "a"), (three, "b")):
        conversations.write(replace(head, assignee=agent, version=2), head, [])
    held = replace(one, assignee="a", version=2)
    conversations.archive(model.resolve(held, NOW), held, [])
    assert everything(conversations, None, "a", 5) == [(two.customer_id, two.conversation_id)]
    assert everything(conversations, None, "nobody", 5) == []


@pytest.mark.parametrize(
    "position", [5, "x", {"pk": "CUSTOMER#x"}, ["a"], ["", ""], [1, 2], ["a", "b", "c"]]
)
def test_a_cursor_of_somebody_elses_making_is_refused(
    conversations: Conversations, position: object
) -> None:
    with pytest.raises(InvalidInput):
        conversations.listed(None, None, encode_cursor(position), 5)


def test_a_cursor_leads_nowhere_but_into_its_own_list(conversations: Conversations) -> None:
    one, *_ = listing(conversations)
    conversations.write(replace(one, assignee="a", version=2), one, [])
    cursor = encode_cursor([one.customer_id, "0"])
    page = conversations.listed(None, "b", cursor, 5)
    assert page.items == []


def test_several_heads_are_read_at_once_each_once(conversations: Conversations) -> None:
    heads = listing(conversations)
    asked = [*CUSTOMERS, CUSTOMERS[0], "cus_unknown"]
    found = sorted(conversations.heads(asked), key=lambda head: head.position)
    assert found == heads


def test_the_heads_of_nobody_are_none(conversations: Conversations) -> None:
    assert conversations.heads([]) == []


def test_the_events_of_a_change_ride_on_it(engine: Engine, conversations: Conversations) -> None:
    head = a_conversation()
    conversations.write(head, None, [a_fact("evt_1")])
    assert a_fact("evt_1") in engine.told()
    conversations.archive(model.resolve(head, NOW), head, [a_fact("evt_2")])
    told = [event.metadata.event_id for event in engine.told()]
    assert told.count("evt_2") == 1


def test_a_change_that_failed_tells_nothing(engine: Engine, conversations: Conversations) -> None:
    head = opened(conversations)
    with pytest.raises(Conflict):
        conversations.write(head, None, [a_fact()])
    with pytest.raises(Conflict):
        conversations.archive(model.resolve(head, NOW), replace(head, version=9), [a_fact()])
    assert engine.told() == []
