"""Routing and conversations together: from a message to one agent, and on."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.contracts.events import BusEvent, Detail, Envelope
from rapport.contracts.routing import Presence
from rapport.conversations import service as conversations_service
from rapport.conversations.memory import InMemoryConversations, InMemoryMessages
from rapport.conversations.model import Conversation, State, conversation_id
from rapport.conversations.service import Stores
from rapport.kernel.clock import FixedClock
from rapport.routing import service as routing_service
from rapport.routing.memory import InMemoryRouting
from rapport.routing.service import Desk
from rapport.views.desk import assignee, assigner, on_fact, wake
from tests.builders import NOW, CountedIds, a_fact, a_received, after, an_agent, an_event


class House:
    """Conversations and routing, and a bus that brings each fact when told."""

    def __init__(self) -> None:
        self.messages = InMemoryMessages()
        self.conversations = InMemoryConversations()
        self.routing = InMemoryRouting()
        self.clock = FixedClock(NOW)
        self.desk = Desk(
            self.routing, assigner(self.conversations), assignee(self.conversations), self.clock
        )
        self.brought = 0

    def write(self, customer: str = "cus_a", number: int = 1) -> None:
        at = self.clock.now()
        event = an_event(provider_message_id=f"wamid.{customer}.{number}", timestamp=at)
        received = a_received(event, ingest_id=f"ing_{customer}_{number}", received_at=at)
        stores = Stores(self.messages, self.conversations)
        conversations_service.receive(received, f"rec_{customer}", customer, stores=stores)

    def facts(self) -> list[Envelope]:
        return [*self.conversations.events, *self.routing.events]

    def bring(self, event: Envelope) -> None:
        detail = Detail(metadata=event.metadata, data=event.data)
        on_fact(BusEvent(detail_type=event.detail_type, detail=detail), desk=self.desk)

    def bring_all(self) -> None:
        """Bring each fact that was not brought yet, those that follow included."""
        while self.brought < len(self.conversations.events):
            event = self.conversations.events[self.brought]
            self.brought += 1
            self.bring(event)

    def head(self, customer: str = "cus_a") -> Conversation:
        return self.conversations.current[customer]

    def resolve(self, customer: str = "cus_a") -> None:
        identity = self.head(customer).conversation_id
        conversations_service.resolve(
            identity, self.clock.now(), seen=None, conversations=self.conversations
        )

    def snooze(self, until: datetime) -> None:
        identity = self.head().conversation_id
        conversations_service.snooze(
            identity, until, self.clock.now(), conversations=self.conversations
        )

    def sweep(self) -> int:
        return routing_service.sweep(desk=self.desk, reopen=wake(self.conversations))

    def active(self, agent_id: str = "agent-1") -> frozenset[str]:
        return self.routing.agents[agent_id].active


@pytest.fixture
def house() -> House:
    made = House()
    made.routing.save_agent(an_agent(), [])
    return made


def test_a_message_reaches_the_agent_who_is_there(house: House) -> None:
    house.write()
    house.bring_all()
    assert house.head().assignee == "agent-1"
    assert house.active() == {house.head().conversation_id}


def test_every_fact_brought_five_times_assigns_once(house: House) -> None:
    house.write()
    for _ in range(5):
        house.brought = 0
        house.bring_all()
    told = [event.detail_type for event in house.conversations.events]
    assert told.count("ConversationAssigned.v1") == 1
    assert len(house.active()) == 1


def test_resolving_frees_the_agent_for_who_waits(house: House) -> None:
    for customer in ("cus_a", "cus_b", "cus_c"):
        house.write(customer)
        house.clock.advance(after(seconds=1) - NOW)
    house.bring_all()
    assert house.head("cus_c").assignee is None
    house.resolve("cus_b")
    house.bring_all()
    assert house.head("cus_c").assignee == "agent-1"
    assert len(house.active()) == 2


def test_a_resolution_brought_after_the_reopening_keeps_the_place(house: House) -> None:
    house.write()
    house.bring_all()
    house.resolve()
    house.write(number=2)
    resolved, reopened = house.conversations.events[-2:]
    for event in (reopened, resolved, resolved):
        house.bring(event)
    assert house.head().assignee == "agent-1"
    assert house.active() == {house.head().conversation_id}


def test_a_snoozed_conversation_comes_back_to_its_agent_at_its_time(house: House) -> None:
    house.write()
    house.bring_all()
    house.snooze(after(hours=1))
    house.bring_all()
    assert house.active() == frozenset()
    assert house.sweep() == 0
    house.clock.at = after(hours=1)
    assert house.sweep() == 1
    house.bring_all()
    assert (house.head().state, house.head().assignee) == (State.OPEN, "agent-1")
    assert house.sweep() == 0


def test_a_snooze_that_a_message_ended_wakes_nothing(house: House) -> None:
    house.write()
    house.bring_all()
    house.snooze(after(hours=1))
    house.bring_all()
    house.write(number=2)
    house.bring_all()
    house.resolve()
    house.clock.at = after(hours=2)
    house.sweep()
    assert house.head().state is State.RESOLVED


def test_a_snooze_told_after_the_message_that_ended_it_takes_nobodys_place(house: House) -> None:
    house.write()
    house.bring_all()
    house.snooze(after(hours=1))
    house.write(number=2)
    snoozed, reopened = house.conversations.events[-2:]
    house.bring(reopened)
    house.bring(snoozed)
    assert house.head().assignee == "agent-1"
    assert house.active() == {house.head().conversation_id}


def test_who_comes_online_is_given_what_waits(house: House) -> None:
    house.routing.set_presence("agent-1", Presence.OFFLINE, [])
    house.write()
    house.bring_all()
    assert house.head().assignee is None
    routing_service.set_presence(
        "agent-1", Presence.ONLINE, routing=house.routing, ids=CountedIds(), clock=house.clock
    )
    house.bring(house.routing.events[-1])
    assert house.head().assignee == "agent-1"


def test_who_leaves_is_given_nothing_by_the_fact(house: House) -> None:
    routing_service.set_presence(
        "agent-1", Presence.AWAY, routing=house.routing, ids=CountedIds(), clock=house.clock
    )
    house.write()
    house.bring(house.routing.events[-1])
    house.bring_all()
    assert house.head().assignee is None


def test_a_fact_that_routing_does_not_know_passes(house: House) -> None:
    house.bring(a_fact(detail_type="SomethingElse.v1"))


def test_nobody_has_a_conversation_that_is_not_open(house: House) -> None:
    who = assignee(house.conversations)
    house.write()
    house.bring_all()
    identity = house.head().conversation_id
    assert who(identity) == "agent-1"
    house.resolve()
    assert who(identity) is None
    assert who(conversation_id("cus_01k9zzzzzzzzzzzzzzzzzzzzzz", NOW)) is None


@given(st.data())
def test_in_whatever_order_the_facts_of_a_day_come_and_repeat_nothing_is_lost(
    data: st.DataObject,
) -> None:
    house = House()
    house.routing.save_agent(an_agent(capacity=2), [])
    customers = ["cus_a", "cus_b", "cus_c"]
    for number in range(1, 9):
        customer = data.draw(st.sampled_from(customers))
        head = house.conversations.current.get(customer)
        if head and head.state is State.OPEN and data.draw(st.booleans()):
            house.resolve(customer)
        else:
            house.write(customer, number)
        house.clock.advance(after(seconds=30) - NOW)
        if data.draw(st.booleans()) and house.conversations.events:
            house.bring(data.draw(st.sampled_from(house.conversations.events)))
    left = [*house.conversations.events]
    for event in data.draw(st.permutations(left)):
        house.bring(event)
    for _ in range(3):
        house.sweep()
    heads = house.conversations.current.values()
    agent = house.routing.agents["agent-1"]
    live = [one for one in heads if one.state is State.OPEN]
    assert sum(one.assignee == "agent-1" for one in live) == min(len(live), 2)
    assert agent.active == {one.conversation_id for one in live if one.assignee}
