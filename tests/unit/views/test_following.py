"""Facts of merges, late, twice, in any order: records and conversations end where people are."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.contracts.events import BusEvent, Envelope
from rapport.conversations.memory import InMemoryConversations, InMemoryMessages
from rapport.conversations.service import Stores, receive
from rapport.identity.changes import ROOM
from rapport.identity.deciding import evidence_id, explain
from rapport.identity.hearing import MAX_STATEMENTS
from rapport.identity.lookup import find_customer
from rapport.identity.model import Record
from rapport.identity.rules import Rules
from rapport.identity.statements import customers
from rapport.kernel.clock import FixedClock
from rapport.views.following import follow
from tests.builders import a_received, after, an_event
from tests.unit.identity.worlds import (
    BOB_PHONE,
    World,
    by_mail,
    mail,
    on_web,
    on_whatsapp,
    phone,
    user,
)

CLOCK = FixedClock(after(days=2))


def as_fact(envelope: Envelope) -> BusEvent:
    return BusEvent.model_validate(
        {
            "id": envelope.metadata.event_id,
            "detail-type": envelope.detail_type,
            "source": "rapport",
            "time": "2026-11-20T12:00:00Z",
            "detail": {
                "metadata": envelope.metadata.model_dump(mode="json"),
                "data": envelope.data,
            },
        }
    )


def facts(world: World) -> list[BusEvent]:
    return [as_fact(one) for one in world.graph.events if one.detail_type.startswith("Customers")]


def following(
    world: World, conversations: InMemoryConversations, *told: BusEvent
) -> InMemoryConversations:
    for fact in told:
        follow(fact, graph=world.graph, conversations=conversations, clock=CLOCK)
    return conversations


def writes(
    conversations: InMemoryConversations, record: Record, minute: int, customer_id: str = ""
) -> None:
    at = after(minutes=minute)
    number = f"{record.record_id}.{minute}"
    event = an_event(provider_message_id=number, from_=record.source.sender, timestamp=at)
    received = a_received(event, ingest_id=f"ing_{number}", received_at=at)
    stores = Stores(InMemoryMessages(), conversations)
    receive(received, record.record_id, customer_id or record.customer_id, stores=stores)


def live(conversations: InMemoryConversations) -> dict[str, set[str]]:
    return {
        customer_id: set(head.routes)
        for customer_id, head in conversations.current.items()
        if head.is_live
    }


def test_the_conversations_of_those_who_merged_are_one() -> None:
    world, conversations = World(), InMemoryConversations()
    a, b = world.hear(on_whatsapp(), by_mail(hours=1))
    writes(conversations, a, 1)
    writes(conversations, b, 2)
    world.hear(on_web("u1", phone(), mail(), hours=2))
    following(world, conversations, *facts(world))
    assert live(conversations) == {a.customer_id: {a.record_id, b.record_id}}


def test_an_unmerge_gives_each_their_conversation_back() -> None:
    world, conversations = World(), InMemoryConversations()
    a, b = world.hear(on_whatsapp(), on_whatsapp(BOB_PHONE, hours=1))
    writes(conversations, a, 1)
    writes(conversations, b, 2)
    world.merge(a.customer_id, b.customer_id)
    following(world, conversations, *facts(world))
    writes(conversations, b, 30, a.customer_id)
    (link,) = explain(a.customer_id, engine=world.engine).links
    world.unmerge(a.customer_id, evidence=evidence_id(link))
    following(world, conversations, *facts(world)[1:])
    assert live(conversations) == {a.customer_id: {a.record_id}, b.customer_id: {b.record_id}}
    assert conversations.current[b.customer_id].last_message_at == after(minutes=30)


def test_a_fact_that_has_been_overtaken_does_what_is_true_now() -> None:
    world, conversations = World(), InMemoryConversations()
    a, b = world.hear(on_whatsapp(), on_whatsapp(BOB_PHONE, hours=1))
    writes(conversations, a, 1)
    writes(conversations, b, 2)
    world.merge(a.customer_id, b.customer_id)
    (link,) = explain(a.customer_id, engine=world.engine).links
    world.unmerge(a.customer_id, evidence=evidence_id(link))
    before = dict(conversations.current)
    following(world, conversations, *facts(world))
    assert conversations.current == before


def test_who_received_words_of_another_and_then_became_one_with_them_goes_on() -> None:
    """The customer told to be restored and the rest may be one by the time the fact arrives."""
    world, conversations = World(), InMemoryConversations()
    a, b = world.hear(on_whatsapp(), on_whatsapp(BOB_PHONE, hours=1))
    writes(conversations, a, 1)
    fact = as_fact(
        Envelope.model_validate(
            {
                "detail_type": "CustomersUnmerged.v1",
                "metadata": {"event_id": "evt_1", "occurred_at": after()},
                "data": {
                    "component_id": a.component_id,
                    "customer_id": b.customer_id,
                    "restored": [a.customer_id],
                },
            }
        )
    )
    world.merge(a.customer_id, b.customer_id)
    following(world, conversations, *facts(world), fact, fact)
    assert live(conversations) == {a.customer_id: {a.record_id}}


@pytest.mark.parametrize("detail_type", ["RecordAttached.v1", "CustomersMerged.v2"])
def test_other_facts_pass(detail_type: str) -> None:
    world, conversations = World(), InMemoryConversations()
    _, b = world.hear(on_whatsapp(), by_mail(hours=1))
    writes(conversations, b, 1)
    world.hear(on_web("u1", phone(), mail(), hours=2))
    before = dict(conversations.current)
    fact = facts(world)[0].model_copy(update={"detail_type": detail_type})
    following(world, conversations, fact)
    assert conversations.current == before


def test_a_fact_about_nobody_passes() -> None:
    world, conversations = World(), InMemoryConversations()
    world.hear(on_whatsapp(), by_mail(hours=1), on_web("u1", phone(), mail(), hours=2))
    (fact,) = facts(world)
    following(World(), conversations, fact)
    assert conversations.current == {}


def test_more_records_than_a_transaction_moves_follow_the_fact() -> None:
    world, conversations = (
        World(rules=Rules(version="many-1", namespaces=())),
        InMemoryConversations(),
    )
    world.hear(*(on_web(f"a{n}", user("a"), minutes=n) for n in range(5)))
    world.hear(*(on_web(f"b{n}", user("b"), minutes=60 + n) for n in range(ROOM + 20)))
    world.hear(on_web("both", user("a"), user("b"), hours=9))
    (component,) = world.components()
    assert len(component.statements) < MAX_STATEMENTS
    behind = {one.customer_id for one in world.graph.found.values()}
    assert len(behind) == 2  # one transaction could not move them all
    following(world, conversations, *facts(world))
    assert {one.customer_id for one in world.graph.found.values()} == set(
        customers(component).values()
    )
    world.check()


STEPS = st.lists(
    st.tuples(st.sampled_from(["merge", "unmerge", "write", "follow"]), st.integers(0, 2)),
    max_size=12,
)


@settings(max_examples=120, deadline=None)
@given(STEPS, st.randoms(use_true_random=False))
def test_whatever_happens_and_however_late_the_facts_nobodys_words_are_lost(
    steps: list[tuple[str, int]], chance: Any
) -> None:
    """Once every fact was followed (twice, shuffled), each record's last words lie in the one live
    conversation of the customer whose they are, and in nobody else's."""
    world, conversations = World(), InMemoryConversations()
    phones = ["+442079460301", "+442079460302", "+442079460303"]
    records = world.hear(*(on_whatsapp(one, minutes=n) for n, one in enumerate(phones)))
    followed, latest = 0, {}
    for minute, (step, which) in enumerate(steps, start=10):
        one, other = records[which], records[(which + 1) % 3]
        customer_id = world.customer(one)
        match step:
            case "merge" if customer_id != world.customer(other):
                world.merge(customer_id, world.customer(other))
            case "unmerge":
                links = explain(customer_id, engine=world.engine).links
                if links:
                    world.unmerge(customer_id, evidence=evidence_id(chance.choice(links)))
            case "write":
                writes(conversations, one, minute, customer_id)
                latest[one.record_id] = after(minutes=minute)
            case "follow":
                told = facts(world)
                following(world, conversations, *told[followed : followed + 1])
                followed = min(followed + 1, len(told))
    rest = facts(world) * 2
    chance.shuffle(rest)
    following(world, conversations, *rest)
    world.check()
    for record in records:
        if record.record_id not in latest:
            continue
        customer = find_customer(world.customer(record), graph=world.graph)
        head = conversations.head(customer.customer_id)
        assert head is not None
        assert head.is_live
        assert head.routes[record.record_id].last_at == latest[record.record_id]
    whose = {one.record_id: world.customer(one) for one in records}
    for customer_id, held in live(conversations).items():
        assert {whose[record_id] for record_id in held} == {customer_id}
