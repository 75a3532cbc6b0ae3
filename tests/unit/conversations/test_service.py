"""Every message in its customer's one open conversation, whatever repeats, races or dies."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.contracts.events import Envelope
from rapport.contracts.inbound import Attachment, Kind, ReceivedEvent
from rapport.conversations import service
from rapport.conversations.memory import InMemoryConversations, InMemoryMessages
from rapport.conversations.model import Conversation, Message, Route, State, message_of
from rapport.conversations.service import ATTEMPTS, Stores
from rapport.kernel.errors import Conflict, InvalidInput, NotFound, Transient
from tests.builders import CUSTOMER, NOW, RECORD, a_received, after, an_event

KEY = "whatsapp#main#wamid.1"


class World:
    """Messages and conversations in memory, and one customer who writes."""

    def __init__(self, conversations: InMemoryConversations | None = None) -> None:
        self.messages = InMemoryMessages()
        self.conversations = conversations or InMemoryConversations()
        self.stores = Stores(self.messages, self.conversations)

    def receive(self, received: ReceivedEvent, record_id: str = RECORD) -> None:
        service.receive(received, record_id, CUSTOMER, stores=self.stores)

    @property
    def head(self) -> Conversation:
        return self.conversations.current[CUSTOMER]

    def facts(self) -> list[str]:
        events: list[Envelope] = [*self.messages.events, *self.conversations.events]
        return [event.detail_type.partition(".")[0] for event in events]

    def resolve(self, at: datetime, seen: datetime | None = None) -> Conversation:
        identity = self.head.conversation_id
        return service.resolve(identity, at, seen=seen, conversations=self.conversations)


def text(number: int = 1, minutes: float | None = None, **changes: Any) -> ReceivedEvent:
    """Message `number`, `minutes` after `NOW`."""
    at = after(minutes=number if minutes is None else minutes)
    event = an_event(provider_message_id=f"wamid.{number}", timestamp=at, **changes)
    return a_received(event, ingest_id=f"ing_{number}", received_at=at)


def told(kind: Kind, minutes: float, **changes: Any) -> ReceivedEvent:
    """Something told about message 1."""
    at = after(minutes=minutes)
    event = an_event(**({"kind": kind, "timestamp": at} | changes))
    return a_received(event, ingest_id=f"ing_{kind}_{minutes}", received_at=at)


class Interrupted(InMemoryConversations):
    """Conversations where something happens right before our write, `times` times."""

    def __init__(self, meanwhile: Callable[["Interrupted"], None], times: int = 1) -> None:
        super().__init__()
        self._meanwhile, self.left = meanwhile, times

    def write(self, head: Conversation, before: Conversation | None, events: Any) -> None:
        if self.left:
            self.left -= 1
            self._meanwhile(self)
        super().write(head, before, events)


def test_a_first_message_opens_a_conversation_and_two_facts_say_so() -> None:
    world = World()
    world.receive(text())
    assert world.head.state is State.OPEN
    assert world.facts() == ["MessageReceived", "ConversationOpened"]


def test_no_fact_tells_what_was_said() -> None:
    world = World()
    world.receive(text(text="my secret"))
    assert "secret" not in str([*world.messages.events, *world.conversations.events])


def test_messages_of_every_channel_are_in_one_conversation() -> None:
    world = World()
    world.receive(text(1))
    world.receive(text(2, channel="sms", provider="twilio"), "rec_sms")
    assert len(world.conversations.current) == 1
    assert set(world.head.routes) == {RECORD, "rec_sms"}
    assert world.facts().count("ConversationOpened") == 1


def test_a_providers_duplicate_changes_nothing() -> None:
    world = World()
    world.receive(text())
    before = (world.head, world.facts())
    world.receive(text().model_copy(update={"ingest_id": "ing_again"}))
    assert (world.head, world.facts()) == before


def test_a_providers_duplicate_after_a_resolution_reopens_nothing() -> None:
    world = World()
    world.receive(text())
    world.resolve(after(minutes=5))
    world.receive(text().model_copy(update={"ingest_id": "ing_again"}))
    assert world.head.state is State.RESOLVED


def test_our_own_retry_after_a_death_in_between_opens_the_conversation() -> None:
    world = World()
    message = message_of(text(), RECORD, CUSTOMER)
    world.messages.add(message, [])  # and here the function died
    world.receive(text())
    assert world.head.state is State.OPEN


def test_our_own_retry_of_what_was_done_changes_nothing() -> None:
    world = World()
    world.receive(text())
    before = (world.head, world.facts())
    world.receive(text())
    assert (world.head, world.facts()) == before


def test_the_known_conversation_costs_one_write() -> None:
    world = World()
    world.receive(text(1))
    world.receive(text(2))
    assert world.head.last_message_at == after(minutes=2)
    assert world.head.version == 1  # counted in passing: no command, no conflict for the agent


def test_late_messages_take_their_place_in_time() -> None:
    world = World()
    for number in (1, 3, 2):
        world.receive(text(number))
    found = world.messages.of_record(RECORD, before=None, after=None, limit=10)
    assert [message.provider_message_id for message in found] == ["wamid.3", "wamid.2", "wamid.1"]
    assert world.head.last_message_at == after(minutes=3)


@given(st.permutations([1, 2, 3, 4, 1, 3]))
def test_any_order_with_any_duplicates_ends_the_same(order: list[int]) -> None:
    world = World()
    for number in order:
        world.receive(text(number))
    assert len(world.messages.messages) == 4
    assert len(world.conversations.current) == 1
    assert world.head.last_message_at == after(minutes=4)
    assert world.facts().count("ConversationOpened") == 1
    assert world.facts().count("MessageReceived") == 4


def test_a_message_within_a_day_of_the_resolution_reopens() -> None:
    world = World()
    world.receive(text(1))
    first = world.head.conversation_id
    world.resolve(after(minutes=5))
    world.receive(text(2, minutes=60))
    assert (world.head.conversation_id, world.head.state) == (first, State.OPEN)
    assert world.facts()[-1] == "ConversationReopened"


def test_a_message_days_after_the_resolution_begins_another_and_the_old_stays_in_the_archive() -> (
    None
):
    world = World()
    world.receive(text(1))
    first = world.head.conversation_id
    world.resolve(after(minutes=5))
    world.receive(text(2, minutes=3 * 24 * 60))
    assert world.head.conversation_id != first
    assert [one.conversation_id for one in world.conversations.past(CUSTOMER, 10)] == [first]


@pytest.mark.parametrize("kind", [Kind.REACTION, Kind.EDIT, Kind.DELETE, Kind.ECHO])
def test_what_wants_no_answer_opens_nothing(kind: Kind) -> None:
    world = World()
    world.receive(told(kind, 1))
    assert not world.conversations.current
    assert not world.facts()


def test_a_call_that_we_placed_opens_nothing_and_is_no_message_received() -> None:
    world = World()
    placed = {"direction": "outbound-api"}
    world.receive(told(Kind.CALL, 1, channel="voice", provider="twilio", extra=placed))
    assert not world.conversations.current
    assert not world.facts()


def test_attachments_are_told_so_that_they_are_fetched() -> None:
    world = World()
    world.receive(text(attachments=(Attachment(url="https://cdn.example.org/1.jpg"),)))
    assert world.messages.events[0].data["has_attachments"] is True


# -- Edits and deletions -----------------------------------------------------------------------


def test_an_edit_replaces_the_text() -> None:
    world = World()
    world.receive(text())
    world.receive(told(Kind.EDIT, 2, text="mended"))
    edited = world.messages.messages[KEY]
    assert (edited.text, edited.edited_at) == ("mended", after(minutes=2))


def test_the_later_edit_stands_in_whatever_order_edits_come() -> None:
    world = World()
    world.receive(text())
    world.receive(told(Kind.EDIT, 5, text="last"))
    world.receive(told(Kind.EDIT, 2, text="first"))
    assert world.messages.messages[KEY].text == "last"


def test_a_deletion_removes_what_was_said_for_good() -> None:
    world = World()
    world.receive(text(attachments=(Attachment(url="https://cdn.example.org/1.jpg"),)))
    world.receive(told(Kind.DELETE, 2, text=None))
    world.receive(told(Kind.EDIT, 9, text="back again"))
    erased = world.messages.messages[KEY]
    assert (erased.text, erased.attachments, erased.deleted_at) == (None, (), after(minutes=2))


def test_a_deletion_that_comes_first_leaves_a_tombstone_that_stays() -> None:
    world = World()
    world.receive(told(Kind.DELETE, 2, text=None))
    world.receive(text())
    assert world.messages.messages[KEY].text is None
    assert not world.conversations.current


# -- Races -------------------------------------------------------------------------------------


def test_two_first_messages_at_once_share_one_conversation() -> None:
    def other_channel(conversations: Interrupted) -> None:
        stores = Stores(InMemoryMessages(), conversations)
        received = text(2, channel="sms", provider="twilio")
        service.receive(received, "rec_sms", CUSTOMER, stores=stores)

    conversations = Interrupted(other_channel)
    world = World(conversations)
    world.receive(text(1))
    assert set(world.head.routes) == {RECORD, "rec_sms"}
    opened = [fact for fact in world.facts() if fact == "ConversationOpened"]
    assert len(opened) == 1


def test_a_message_that_meets_a_resolution_reopens_rather_than_vanishes() -> None:
    world = World()
    world.receive(text(1))

    class ResolvedMeanwhile(InMemoryConversations):
        def touch(self, message: Message, route: Route) -> tuple[bool, Conversation | None]:
            if self.current[CUSTOMER].state is State.OPEN:
                identity = self.current[CUSTOMER].conversation_id
                service.resolve(identity, after(minutes=2), seen=None, conversations=self)
            return super().touch(message, route)

    racing = ResolvedMeanwhile()
    racing.current = world.conversations.current
    World(racing).receive(text(2))
    assert racing.current[CUSTOMER].state is State.OPEN


def test_a_conversation_that_keeps_changing_gives_the_message_back_to_the_queue() -> None:
    def conflict(_conversations: Interrupted) -> None:
        raise Conflict("Somebody else again.")

    conversations = Interrupted(conflict, times=ATTEMPTS)
    with pytest.raises(Transient):
        World(conversations).receive(text())


# -- Commands ----------------------------------------------------------------------------------


def opened_world() -> tuple[World, str]:
    world = World()
    world.receive(text(1))
    return world, world.head.conversation_id


def test_assigning_gives_it_to_one_agent_and_only_once() -> None:
    world, identity = opened_world()

    def assign(agent_id: str) -> bool:
        return service.assign(identity, agent_id, NOW, conversations=world.conversations)

    assert [assign("a"), assign("a"), assign("b")] == [True, True, False]
    assert world.head.assignee == "a"
    assert world.facts().count("ConversationAssigned") == 1


def test_what_is_resolved_is_assigned_to_nobody() -> None:
    world, identity = opened_world()
    world.resolve(after(minutes=2))
    assert not service.assign(identity, "a", NOW, conversations=world.conversations)


def test_assigning_survives_a_message_in_between() -> None:
    def one_more(conversations: Interrupted) -> None:
        head = conversations.current[CUSTOMER]
        route = next(iter(head.routes.values()))
        message = message_of(text(2), RECORD, CUSTOMER)
        assert conversations.touch(message, Route(**{**route.__dict__, "last_at": message.at}))[0]

    conversations = Interrupted(one_more, times=0)
    world = World(conversations)
    world.receive(text(1))
    conversations.left = 1
    assert service.assign(world.head.conversation_id, "a", NOW, conversations=conversations)
    assert (world.head.assignee, world.head.last_message_at) == ("a", after(minutes=2))


def test_resolving_what_the_agent_has_read_archives_it_and_frees_them() -> None:
    world, identity = opened_world()
    service.assign(identity, "a", NOW, conversations=world.conversations)
    world.resolve(after(minutes=2), seen=after(minutes=1))
    assert world.conversations.archived[identity].state is State.RESOLVED
    assert world.conversations.events[-1].data["agent_id"] == "a"


def test_nobodys_message_is_resolved_unread() -> None:
    world, _ = opened_world()
    world.receive(text(2))
    with pytest.raises(Conflict):
        world.resolve(after(minutes=3), seen=after(minutes=1))
    assert world.head.state is State.OPEN


def test_resolving_twice_is_a_conflict() -> None:
    world, _ = opened_world()
    world.resolve(after(minutes=2))
    with pytest.raises(Conflict):
        world.resolve(after(minutes=3))


def test_a_snooze_lies_in_the_future() -> None:
    world, identity = opened_world()
    with pytest.raises(InvalidInput) as refused:
        service.snooze(identity, NOW, NOW, conversations=world.conversations)
    assert refused.value.field == "until"


def test_a_snoozed_conversation_opens_with_the_next_message_and_remembers_who_had_it() -> None:
    world, identity = opened_world()
    service.assign(identity, "a", NOW, conversations=world.conversations)
    service.snooze(identity, after(days=2), NOW, conversations=world.conversations)
    world.receive(text(2))
    assert (world.head.state, world.head.assignee) == (State.OPEN, None)
    assert world.conversations.events[-1].data["previous_assignee"] == "a"


def test_a_resolved_conversation_is_opened_again_by_hand() -> None:
    world, identity = opened_world()
    world.resolve(after(minutes=2))
    service.reopen(identity, after(minutes=3), conversations=world.conversations)
    assert world.head.state is State.OPEN


def test_what_does_not_exist_is_not_found() -> None:
    world, _ = opened_world()
    unknown = "cnv_01k9zzzzzzzzzzzzzzzzzzzzzz0000000000"
    with pytest.raises(NotFound):
        service.reopen(unknown, NOW, conversations=world.conversations)


def test_every_fact_of_a_conversation_has_an_id_of_its_own() -> None:
    world, identity = opened_world()
    for minute in (2, 4, 6):
        world.resolve(after(minutes=minute))
        service.reopen(identity, after(minutes=minute + 1), conversations=world.conversations)
    ids = [event.metadata.event_id for event in world.conversations.events]
    assert len(set(ids)) == len(ids) == 7
