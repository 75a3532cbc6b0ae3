"""Conversations of customers who turn out to be one person, or two: one goes on, none is lost."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.contracts.events import Envelope
from rapport.conversations.memory import InMemoryConversations, InMemoryMessages
from rapport.conversations.merging import ATTEMPTS, Cause, merge, unmerge
from rapport.conversations.model import Conversation, State
from rapport.conversations.service import Stores, receive, reopen
from rapport.kernel.errors import Conflict, Transient
from tests.builders import a_conversation, a_received, a_route, after, an_event

OLD, YOUNG = "cus_01k9aaaaaaaaaaaaaaaaaaaaaa", "cus_01k9bbbbbbbbbbbbbbbbbbbbbb"
CAUSE = Cause("evt_merged", after(hours=1))
STATES = st.sampled_from([None, State.OPEN, State.SNOOZED, State.RESOLVED])


class Dead(Exception):
    """The function was killed."""


class Interrupted(InMemoryConversations):
    """Conversations where something happens before the write of that number."""

    def __init__(self, at: int, happens: Callable[[InMemoryConversations], None]) -> None:
        super().__init__()
        self._at, self._happens, self._writes = at, happens, 0

    def write(
        self, head: Conversation, before: Conversation | None, events: Sequence[Envelope]
    ) -> None:
        self._writes += 1
        if self._writes == self._at:
            self._happens(self)
        super().write(head, before, events)


def killed(_: InMemoryConversations) -> None:
    raise Dead


def a_head(customer_id: str, record: str, minute: int = 0, **changes: Any) -> Conversation:
    at = after(minutes=minute)
    route = a_route(record_id=record, address=record, last_at=at)
    head = a_conversation(customer_id, opened_at=at, routes={record: route})
    return replace(head, last_ingest_id=f"ing_{record}", **changes)


def in_state(head: Conversation, state: State) -> Conversation:
    match state:
        case State.SNOOZED:
            return replace(head, state=state, snoozed_until=after(days=3), assignee="agent-1")
        case State.RESOLVED:
            return replace(head, state=state, resolved_at=after(minutes=30))
        case _:
            return head


def holding(
    *heads: Conversation, store: InMemoryConversations | None = None
) -> InMemoryConversations:
    made = store or InMemoryConversations()
    made.current.update({head.customer_id: head for head in heads})
    return made


def both(store: InMemoryConversations | None = None) -> InMemoryConversations:
    """An older customer on record `r1`, who has an agent, and a younger one on record `r2`."""
    older = a_head(OLD, "r1", 1, assignee="agent-1", assigned_at=after(minutes=2))
    younger = a_head(YOUNG, "r2", 5, assignee="agent-2", assigned_at=after(minutes=6))
    return holding(older, younger, store=store)


def the_head(conversations: InMemoryConversations, customer_id: str) -> Conversation:
    head = conversations.head(customer_id)
    assert head is not None
    return head


def told(conversations: InMemoryConversations) -> list[tuple[str, Any, Any]]:
    return [
        (one.detail_type.partition(".")[0], one.data["customer_id"], one.data.get("agent_id"))
        for one in conversations.events
    ]


def a_text(record: str, minute: int, number: int = 1) -> Any:
    at = after(minutes=minute)
    event = an_event(provider_message_id=f"wamid.{record}.{number}", from_=record, timestamp=at)
    return a_received(event, ingest_id=f"ing_{record}_{number}", received_at=at)


def lands(record: str, customer_id: str, minute: int) -> Callable[[InMemoryConversations], None]:
    """A message that was matched with that customer and gets to its conversation now."""

    def land(conversations: InMemoryConversations) -> None:
        plain = InMemoryConversations()
        plain.__dict__ = {**conversations.__dict__, "_at": 0}  # the same state, uninterrupted
        stores = Stores(InMemoryMessages(), plain)
        receive(a_text(record, minute), record, customer_id, stores=stores)

    return land


# -- Two become one ----------------------------------------------------------------------------


def test_the_older_conversation_goes_on_and_the_younger_is_closed_into_it() -> None:
    conversations = both()
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    goes_on, closed = the_head(conversations, OLD), the_head(conversations, YOUNG)
    assert (goes_on.state, goes_on.assignee, set(goes_on.routes)) == (
        State.OPEN,
        "agent-1",
        {"r1", "r2"},
    )
    assert (goes_on.opened_at, goes_on.last_message_at) == (after(minutes=1), after(minutes=5))
    assert (closed.state, closed.merged_into, closed.resolved_at) == (
        State.RESOLVED,
        OLD,
        CAUSE.at,
    )
    # The agent of the younger has room again; the older one's goes on with it.
    assert told(conversations) == [("ConversationResolved", YOUNG, "agent-2")]
    assert conversations.get(closed.conversation_id) == closed
    assert conversations.past(YOUNG, 5) == [closed]


def test_the_conversation_began_when_the_first_of_both_did() -> None:
    conversations = holding(a_head(OLD, "r1", 9), a_head(YOUNG, "r2", 5))
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    goes_on = the_head(conversations, OLD)
    assert (goes_on.opened_at, goes_on.last_message_at) == (after(minutes=5), after(minutes=9))


def test_the_latest_way_to_a_record_that_both_know_is_kept() -> None:
    stale = a_head(OLD, "r1", 1)
    conversations = holding(stale, a_head(YOUNG, "r1", 7))
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    assert the_head(conversations, OLD).routes["r1"].last_at == after(minutes=7)


def test_who_waits_in_the_younger_conversation_is_found_an_agent_in_the_older_ones_name() -> None:
    resolved = in_state(a_head(OLD, "r1", 1), State.RESOLVED)
    conversations = holding(resolved, a_head(YOUNG, "r2", 5))
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    goes_on = the_head(conversations, OLD)
    assert (goes_on.state, goes_on.assignee, set(goes_on.routes)) == (State.OPEN, None, {"r2"})
    assert goes_on.version > resolved.version
    assert told(conversations) == [
        ("ConversationReopened", OLD, None),
        ("ConversationResolved", YOUNG, None),
    ]
    assert conversations.get(goes_on.conversation_id) == goes_on


def test_an_open_conversation_wakes_the_snoozed_one_that_it_becomes() -> None:
    snoozed = in_state(a_head(OLD, "r1", 1), State.SNOOZED)
    conversations = holding(snoozed, a_head(YOUNG, "r2", 5))
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    goes_on = the_head(conversations, OLD)
    assert (goes_on.state, goes_on.snoozed_until, goes_on.assignee) == (State.OPEN, None, None)
    assert ("ConversationReopened", OLD, None) in told(conversations)


def test_a_snoozed_conversation_does_not_disturb_an_open_one() -> None:
    conversations = holding(
        a_head(OLD, "r1", 1, assignee="agent-1"), in_state(a_head(YOUNG, "r2", 5), State.SNOOZED)
    )
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    assert the_head(conversations, OLD).assignee == "agent-1"
    assert told(conversations) == [("ConversationResolved", YOUNG, "agent-1")]


def test_a_resolved_conversation_adds_nothing_to_the_one_that_goes_on() -> None:
    older = a_head(OLD, "r1", 1)
    conversations = holding(older, in_state(a_head(YOUNG, "r2", 5), State.RESOLVED))
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    assert the_head(conversations, OLD) == older
    assert the_head(conversations, YOUNG).merged_into == OLD
    assert told(conversations) == []


@given(STATES, STATES)
def test_merging_twice_is_merging_once(older: State | None, younger: State | None) -> None:
    heads = [
        in_state(a_head(customer, record, minute), state)
        for customer, record, minute, state in ((OLD, "r1", 1, older), (YOUNG, "r2", 5, younger))
        if state is not None
    ]
    conversations = holding(*heads)
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    once = dict(conversations.current), list(conversations.events)
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    assert (conversations.current, conversations.events) == once
    # Whoever waited for an answer still does, in the one conversation there is.
    live = [head for head in conversations.current.values() if head.is_live]
    expected = {state for state in (older, younger) if state in (State.OPEN, State.SNOOZED)}
    assert [head.customer_id for head in live] == ([OLD] if expected else [])
    if State.OPEN in expected:
        assert live[0].state is State.OPEN
    # A snooze is told by the id of its conversation: under another one it ends.
    elif State.SNOOZED in expected:
        assert live[0].state is (State.OPEN if older is not State.SNOOZED else State.SNOOZED)


@given(STATES, STATES, st.integers(1, 3))
def test_a_merge_that_dies_at_any_write_and_comes_again_is_a_merge(
    older: State | None, younger: State | None, at: int
) -> None:
    heads = [
        in_state(a_head(customer, record, minute), state)
        for customer, record, minute, state in ((OLD, "r1", 1, older), (YOUNG, "r2", 5, younger))
        if state is not None
    ]
    whole, dying = holding(*heads), holding(*heads, store=Interrupted(at, killed))
    merge(OLD, YOUNG, CAUSE, conversations=whole)
    try:
        merge(OLD, YOUNG, CAUSE, conversations=dying)
    except Dead:
        merge(OLD, YOUNG, CAUSE, conversations=dying)
    assert dying.current == whole.current
    assert dying.events == whole.events


def test_who_was_merged_before_goes_on_where_the_other_does() -> None:
    oldest = "cus_01k90000000000000000000000"
    conversations = both()
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    merge(oldest, OLD, CAUSE, conversations=conversations)
    merge(oldest, YOUNG, CAUSE, conversations=conversations)
    assert set(the_head(conversations, oldest).routes) == {"r1", "r2"}
    assert the_head(conversations, OLD).merged_into == oldest
    assert the_head(conversations, YOUNG).merged_into == oldest
    assert the_head(conversations, YOUNG).merged_state is State.OPEN


def test_who_never_wins_gives_the_fact_back_to_the_queue() -> None:
    class NeverWins(InMemoryConversations):
        tried = 0

        def write(self, *_args: Any) -> None:
            self.tried += 1
            raise Conflict("Another write came first.")

    conversations = NeverWins()
    holding(a_head(OLD, "r1"), a_head(YOUNG, "r2", 5), store=conversations)
    with pytest.raises(Transient):
        merge(OLD, YOUNG, CAUSE, conversations=conversations)
    with pytest.raises(Transient):
        unmerge(YOUNG, OLD, {"r1"}, CAUSE, conversations=conversations)
    assert conversations.tried == 2 * ATTEMPTS


def test_nobody_reopens_a_conversation_that_goes_on_elsewhere() -> None:
    conversations = both()
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    closed = the_head(conversations, YOUNG).conversation_id
    with pytest.raises(Conflict):
        reopen(closed, after(hours=2), conversations=conversations)


# -- Messages that are on their way meanwhile --------------------------------------------------


@pytest.mark.parametrize("at", [1, 2])
def test_a_message_that_lands_while_two_merge_is_in_the_one_conversation(at: int) -> None:
    conversations = both(Interrupted(at, lands("r2", YOUNG, 20)))
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    goes_on = the_head(conversations, OLD)
    assert goes_on.last_message_at == after(minutes=20)
    assert goes_on.routes["r2"].last_at == after(minutes=20)
    assert [one.customer_id for one in conversations.current.values() if one.is_live] == [OLD]


@pytest.mark.parametrize("state", [State.OPEN, State.SNOOZED, State.RESOLVED, None])
def test_a_message_that_was_matched_with_the_younger_lands_in_the_older_conversation(
    state: State | None,
) -> None:
    conversations = holding(a_head(YOUNG, "r2", 5))
    if state is not None:
        holding(in_state(a_head(OLD, "r1", 1), state), store=conversations)
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    lands("r2", YOUNG, 70)(conversations)
    goes_on = the_head(conversations, OLD)
    assert (goes_on.state, goes_on.last_message_at) == (State.OPEN, after(minutes=70))
    assert not the_head(conversations, YOUNG).is_live


def test_the_first_message_of_one_who_was_merged_lands_in_the_older_conversation() -> None:
    conversations = holding(a_head(OLD, "r1", 1))
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    lands("r2", YOUNG, 70)(conversations)
    goes_on = the_head(conversations, OLD)
    assert set(goes_on.routes) == {"r1", "r2"}
    assert not the_head(conversations, YOUNG).is_live


def test_neither_having_written_a_late_first_message_opens_the_older_conversation() -> None:
    conversations = InMemoryConversations()
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    lands("r2", YOUNG, 70)(conversations)
    assert the_head(conversations, OLD).is_live
    assert not the_head(conversations, YOUNG).is_live
    assert told(conversations) == [("ConversationOpened", OLD, None)]


def test_a_message_that_comes_again_after_a_merge_counts_once() -> None:
    conversations = both()
    messages = InMemoryMessages()
    stores = Stores(messages, conversations)
    receive(a_text("r2", 20), "r2", YOUNG, stores=stores)
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    before = dict(conversations.current)
    receive(a_text("r2", 20), "r2", YOUNG, stores=stores)
    assert conversations.current == before


# -- One becomes two again ---------------------------------------------------------------------


def test_an_unmerge_gives_each_what_was_said_on_their_records() -> None:
    conversations = both()
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    lands("r2", OLD, 70)(conversations)
    unmerge(YOUNG, OLD, {"r2"}, Cause("evt_apart", after(hours=2)), conversations=conversations)
    older, younger = the_head(conversations, OLD), the_head(conversations, YOUNG)
    assert (older.state, set(older.routes), older.assignee) == (State.OPEN, {"r1"}, "agent-1")
    assert older.last_message_at == after(minutes=1)
    assert (younger.state, younger.merged_into) == (State.OPEN, None)
    assert younger.routes["r2"].last_at == younger.last_message_at == after(minutes=70)
    assert told(conversations)[-1] == ("ConversationReopened", YOUNG, None)


def test_an_unmerge_gives_back_the_state_that_the_merge_found() -> None:
    older, younger = a_head(OLD, "r1", 1), in_state(a_head(YOUNG, "r2", 5), State.RESOLVED)
    conversations = holding(older, younger)
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    unmerge(YOUNG, OLD, {"r2"}, CAUSE, conversations=conversations)
    back = the_head(conversations, YOUNG)
    assert replace(back, version=younger.version) == younger
    assert the_head(conversations, OLD) == older


def test_a_conversation_that_began_after_the_merge_goes_with_the_record_it_is_on() -> None:
    conversations = InMemoryConversations()
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    lands("r2", OLD, 70)(conversations)
    unmerge(YOUNG, OLD, {"r2"}, Cause("evt_apart", after(hours=2)), conversations=conversations)
    older, younger = the_head(conversations, OLD), the_head(conversations, YOUNG)
    assert (older.state, younger.state) == (State.RESOLVED, State.OPEN)
    assert younger.opened_at == younger.last_message_at == after(minutes=70)
    assert conversations.get(younger.conversation_id) == younger
    assert told(conversations)[1:] == [
        ("ConversationReopened", YOUNG, None),
        ("ConversationResolved", OLD, None),
    ]


def test_one_who_never_wrote_begins_anew_after_an_unmerge() -> None:
    conversations = holding(a_head(OLD, "r1", 1))
    merge(OLD, YOUNG, CAUSE, conversations=conversations)
    unmerge(YOUNG, OLD, {"r2"}, CAUSE, conversations=conversations)
    lands("r2", YOUNG, 70)(conversations)
    younger = the_head(conversations, YOUNG)
    assert (younger.state, younger.opened_at) == (State.OPEN, after(minutes=70))
    assert told(conversations) == [("ConversationOpened", YOUNG, None)]
    assert set(the_head(conversations, OLD).routes) == {"r1"}


@pytest.mark.parametrize("state", [State.OPEN, State.RESOLVED])
def test_who_has_left_is_not_reached_by_whoever_opens_the_conversation_again(state: State) -> None:
    """It began after the merge, only they wrote in it, and it was resolved an hour ago."""
    only = in_state(a_head(OLD, "r2", 1), state)
    conversations = holding(only)
    unmerge(YOUNG, OLD, {"r2"}, CAUSE, conversations=conversations)
    assert the_head(conversations, OLD).routes == {}
    assert conversations.archived[only.conversation_id].routes == {}
    lands("r1", OLD, 90)(conversations)
    assert the_head(conversations, OLD).is_live
    assert set(the_head(conversations, OLD).routes) == {"r1"}


def test_of_a_resolved_conversation_each_has_what_was_said_on_their_records() -> None:
    """The younger wrote only after they had become one: their part is found in their archive."""
    whole = in_state(a_head(OLD, "r1", 1), State.RESOLVED)
    later = a_route(record_id="r2", address="r2", last_at=after(minutes=9))
    whole = replace(whole, routes={**whole.routes, "r2": later}, last_message_at=later.last_at)
    conversations = holding(whole)
    for _ in range(2):
        unmerge(YOUNG, OLD, {"r2"}, CAUSE, conversations=conversations)
        (theirs,) = conversations.past(YOUNG, 10)
        (rest,) = conversations.past(OLD, 10)
        assert (set(theirs.routes), theirs.last_message_at) == ({"r2"}, after(minutes=9))
        assert (set(rest.routes), rest.last_message_at) == ({"r1"}, after(minutes=1))
        assert theirs.resolved_at == rest.resolved_at == whole.resolved_at
        assert conversations.events == []


def test_what_was_said_later_than_ones_own_conversation_was_resolved_is_within_it() -> None:
    whole = in_state(a_head(OLD, "r2", 40, resolved_at=after(minutes=50)), State.OPEN)
    whole = replace(whole, state=State.RESOLVED)
    own = in_state(a_head(YOUNG, "r3", 5), State.RESOLVED)
    conversations = holding(whole, own)
    unmerge(YOUNG, OLD, {"r2", "r3"}, CAUSE, conversations=conversations)
    theirs = the_head(conversations, YOUNG)
    assert (set(theirs.routes), theirs.state) == ({"r2", "r3"}, State.RESOLVED)
    assert theirs.resolved_at == after(minutes=50)


def test_what_was_resolved_and_goes_on_with_what_was_said_elsewhere_waits_for_an_agent() -> None:
    own = in_state(a_head(YOUNG, "r3", 5, assignee="agent-2"), State.RESOLVED)
    conversations = holding(a_head(OLD, "r2", 40, assignee="agent-1"), own)
    unmerge(YOUNG, OLD, {"r2", "r3"}, CAUSE, conversations=conversations)
    theirs = the_head(conversations, YOUNG)
    assert (set(theirs.routes), theirs.state) == ({"r2", "r3"}, State.OPEN)
    assert (theirs.assignee, theirs.assigned_at) == (None, None)
    assert ("ConversationReopened", YOUNG, None) in told(conversations)


def test_an_unmerge_of_those_who_never_merged_changes_nothing() -> None:
    conversations = both()
    before = dict(conversations.current)
    unmerge(YOUNG, OLD, {"r2"}, CAUSE, conversations=conversations)
    assert conversations.current == before
    unmerge(YOUNG, "cus_nobody", {"r2"}, CAUSE, conversations=conversations)
    assert conversations.current == before


@given(STATES, STATES, st.booleans(), st.integers(1, 3))
def test_an_unmerge_that_dies_at_any_write_and_comes_again_is_an_unmerge(
    older: State | None, younger: State | None, wrote_since: bool, at: int
) -> None:
    heads = [
        in_state(a_head(customer, record, minute), state)
        for customer, record, minute, state in ((OLD, "r1", 1, older), (YOUNG, "r2", 5, younger))
        if state is not None
    ]

    def merged() -> InMemoryConversations:
        made = holding(*heads)
        merge(OLD, YOUNG, CAUSE, conversations=made)
        if wrote_since:
            lands("r2", OLD, 70)(made)
        return made

    whole, apart = merged(), Cause("evt_apart", after(hours=2))
    unmerge(YOUNG, OLD, {"r2"}, apart, conversations=whole)
    dying = Interrupted(at, killed)
    dying.__dict__ |= {
        key: value for key, value in merged().__dict__.items() if not key.startswith("_")
    }
    for _ in range(2):
        try:
            unmerge(YOUNG, OLD, {"r2"}, apart, conversations=dying)
        except Dead:
            continue

    def shown(store: InMemoryConversations) -> dict[str, Conversation]:
        return {key: replace(head, version=0) for key, head in store.current.items()}

    assert shown(dying) == shown(whole)
    assert dying.events == whole.events
    live = {head.customer_id for head in whole.current.values() if head.is_live}
    waiting = (State.OPEN, State.SNOOZED)
    assert (YOUNG in live) == (younger in waiting or wrote_since)
    # What the younger's words opened again stays open: an agent looks once too often.
    reopened = older is State.RESOLVED and wrote_since and younger not in waiting
    assert (OLD in live) == (older in waiting or reopened)


@given(st.lists(st.tuples(st.sampled_from("mux"), st.integers(1, 30)), max_size=8))
def test_whatever_happens_nothing_that_waits_for_an_answer_is_lost(
    steps: list[tuple[str, int]],
) -> None:
    """Every record's latest message lies in a live conversation of its customer by then."""
    conversations = both()
    is_one, latest = False, {"r1": 1, "r2": 5}
    for number, (step, minute) in enumerate(steps):
        cause = Cause(f"evt_{number}", after(hours=1, minutes=number))
        if step == "m" and not is_one:
            merge(OLD, YOUNG, cause, conversations=conversations)
            is_one = True
        elif step == "u" and is_one:
            unmerge(YOUNG, OLD, {"r2"}, cause, conversations=conversations)
            is_one = False
        elif step == "x":
            latest["r2"] = max(latest["r2"], minute)
            at = after(minutes=minute)
            event = an_event(provider_message_id=f"w{number}", from_="r2", timestamp=at)
            received = a_received(event, ingest_id=f"ing_x{number}", received_at=at)
            stores = Stores(InMemoryMessages(), conversations)
            receive(received, "r2", OLD if is_one else YOUNG, stores=stores)
    for record, customer_id in (("r1", OLD), ("r2", OLD if is_one else YOUNG)):
        head = the_head(conversations, customer_id)
        assert head.is_live
        assert head.routes[record].last_at == after(minutes=latest[record])
    live = [head for head in conversations.current.values() if head.is_live]
    assert len(live) == (1 if is_one else 2)
