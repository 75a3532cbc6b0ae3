"""Facts that are late: nobody's words go to another customer, whatever is still under way."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.conversations import model
from rapport.conversations.memory import InMemoryConversations, InMemoryMessages
from rapport.conversations.merging import Cause
from rapport.conversations.model import Conversation
from rapport.conversations.service import Stores, receive
from rapport.identity.deciding import evidence_id, explain
from rapport.identity.graph import Component, DecisionKind
from rapport.identity.lookup import load
from rapport.identity.memory import InMemoryGraph
from rapport.identity.model import Record
from rapport.kernel.errors import Transient
from rapport.views.following import ATTEMPTS, follow, lead_on
from tests.builders import a_received, after, an_event
from tests.unit.identity.worlds import World, by_mail, on_whatsapp
from tests.unit.views.test_following import CLOCK, facts, following, live

PHONES = ["+442079460301", "+442079460302", "+442079460303", "+442079460304"]
CAUSE = Cause("evt_led", after(days=2))


def people(world: World, number: int) -> list[Record]:
    return world.hear(*(on_whatsapp(one, minutes=n) for n, one in enumerate(PHONES[:number])))


def writes(world: World, conversations: InMemoryConversations, record: Record, minute: int) -> None:
    """A message, as the function that matches senders brings it to its conversation."""
    now = world.record(record.source).speaking(record.saying)
    at, number = after(minutes=minute), f"{record.record_id}.{minute}"
    event = an_event(provider_message_id=number, from_=record.source.sender, timestamp=at)
    receive(
        a_received(event, ingest_id=f"ing_{number}", received_at=at),
        now.record_id,
        now.customer_id,
        now.saying,
        stores=Stores(InMemoryMessages(), conversations),
        lead_on=leads(world, now, conversations),
    )


def leads(
    world: World, record: Record, conversations: InMemoryConversations
) -> Callable[[Conversation], str]:
    def led(head: Conversation) -> str:
        return lead_on(head, record, CAUSE, graph=world.graph, conversations=conversations)

    return led


def resolves(conversations: InMemoryConversations, customer_id: str) -> None:
    head = conversations.current[customer_id]
    if head.is_live:
        conversations.archive(model.resolve(head, after(hours=2)), head, [])


def parts(world: World, customer_id: str, which: int = 0) -> None:
    links = explain(customer_id, engine=world.engine).links
    world.unmerge(customer_id, evidence=evidence_id(links[which]))


def decides(world: World, *said: tuple[DecisionKind, Record, Record]) -> None:
    """Several decisions at once, on what each of two records said first."""
    asked = world.asked()
    first = {one.record_id: one for part in world.components() for one in part.statements[::-1]}
    decisions = [
        asked.decision(
            number, kind, first[a.record_id].statement_id, first[b.record_id].statement_id
        )
        for number, (kind, a, b) in enumerate(said)
    ]
    world.engine.decide(decisions, [one.component_id for one in world.components()])


def test_who_was_parted_writes_to_their_own_agent_before_the_fact_arrives() -> None:
    """The queue had it five times in bad weather; it lies among the dead letters."""
    world, conversations = World(), InMemoryConversations()
    a, b = people(world, 2)
    writes(world, conversations, a, 1)
    writes(world, conversations, b, 2)
    world.merge(a.customer_id, b.customer_id)
    following(world, conversations, *facts(world))
    parts(world, a.customer_id)
    writes(world, conversations, b, 30)
    assert live(conversations) == {a.customer_id: {a.record_id}, b.customer_id: {b.record_id}}
    told = [one.detail_type.partition(".")[0] for one in conversations.events]
    assert told[-1] == "ConversationReopened"  # it finds an agent of its own
    before = dict(conversations.current)
    following(world, conversations, *facts(world), *facts(world))
    assert conversations.current == before


def test_a_sender_nobody_met_before_writes_to_whoever_they_belong_to() -> None:
    """Their customer's conversation led on to another's, and they were never that one's."""
    world, conversations = World(), InMemoryConversations()
    a, b = people(world, 2)
    writes(world, conversations, a, 1)
    writes(world, conversations, b, 2)
    world.merge(a.customer_id, b.customer_id)
    following(world, conversations, *facts(world))
    parts(world, a.customer_id)
    (again,) = world.hear(by_mail("b@babbage.org", hours=3))
    world.merge(b.customer_id, again.customer_id)
    writes(world, conversations, again, 200)
    held = live(conversations)
    assert held[a.customer_id] == {a.record_id}
    assert again.record_id in held[b.customer_id]


def test_who_was_led_on_and_moved_further_goes_straight_to_where_they_are() -> None:
    world, conversations = World(), InMemoryConversations()
    a, b, c = people(world, 3)
    for minute, one in enumerate((a, b, c), start=1):
        writes(world, conversations, one, minute)
    world.merge(b.customer_id, c.customer_id)
    following(world, conversations, *facts(world))
    parts(world, b.customer_id)
    world.merge(a.customer_id, c.customer_id)
    head = conversations.current[c.customer_id]
    assert head.merged_into == b.customer_id
    assert leads(world, c, conversations)(head) == a.customer_id


def test_who_comes_apart_as_the_rest_merges_with_another_has_their_conversation_back() -> None:
    """Then no fact says `unmerged`: the customer they came from is no more."""
    world, conversations = World(), InMemoryConversations()
    old, a, b = people(world, 3)
    for minute, one in enumerate((old, a, b), start=1):
        writes(world, conversations, one, minute)
    resolves(conversations, b.customer_id)
    world.merge(a.customer_id, b.customer_id)
    following(world, conversations, *facts(world))
    known = len(facts(world))
    decides(world, (DecisionKind.APART, a, b), (DecisionKind.JOIN, old, a))
    told = facts(world)[known:]
    assert {one.detail_type for one in told} == {"CustomersMerged.v1"}
    following(world, conversations, *told)
    assert conversations.current[b.customer_id].merged_into is None
    assert live(conversations) == {old.customer_id: {old.record_id, a.record_id}}


def test_whoever_is_not_the_one_who_goes_on_takes_along_what_is_theirs() -> None:
    """One customer becomes two others' at once: the first fact parts what the second is about."""
    world, conversations = World(), InMemoryConversations()
    old, a, b = people(world, 3)
    writes(world, conversations, old, 1)
    writes(world, conversations, a, 2)
    world.merge(a.customer_id, b.customer_id)
    following(world, conversations, *facts(world))
    writes(world, conversations, b, 3)
    assert live(conversations)[a.customer_id] == {a.record_id, b.record_id}
    known = len(facts(world))
    decides(world, (DecisionKind.APART, a, b), (DecisionKind.JOIN, old, a))
    (first,) = [
        one for one in facts(world)[known:] if one.detail.data["customer_id"] == old.customer_id
    ]
    following(world, conversations, first)
    assert live(conversations) == {
        old.customer_id: {old.record_id, a.record_id},
        b.customer_id: {b.record_id},
    }


def test_a_record_of_several_others_is_nobody_elses_to_answer() -> None:
    """Two speak on one record, and neither is any more who wrote there last."""
    world, conversations = World(), InMemoryConversations()
    (old,) = people(world, 1)
    said = world.hear(*(on_whatsapp(PHONES[1], name=one, hours=1) for one in ("Ada", "Bob")))
    first, second = [one for part in world.components() for one in part.statements][1:]
    ids = [one.component_id for one in world.components()]
    kinds = (DecisionKind.APART, DecisionKind.JOIN, DecisionKind.APART)
    (founder,) = world.graph.components[old.component_id].statements  # type: ignore[union-attr]
    sides = ((first, second), (founder, second), (founder, second))
    decisions = [
        world.asked().decision(0, kind, one.statement_id, other.statement_id)
        for kind, (one, other) in zip(kinds, sides, strict=True)
    ]
    world.engine.decide(decisions[:2], ids)
    writes(world, conversations, said[1], 5)
    assert live(conversations) == {old.customer_id: {said[1].record_id}}
    world.engine.decide(decisions[2:], ids)
    following(world, conversations, *facts(world))
    assert said[1].record_id not in conversations.current[old.customer_id].routes
    (theirs,) = live(conversations)
    assert theirs == world.customer(said[1])


class Moving(InMemoryGraph):
    """A graph in which others get on right after each look at components."""

    def __init__(self) -> None:
        super().__init__()
        self.then: list[Callable[[], None]] = []

    def load(self, component_ids: Collection[str]) -> Mapping[str, Component | str]:
        found = super().load(component_ids)
        if self.then:
            (now, *later), self.then = self.then, []  # what they look at themselves is no look
            now()
            self.then = later
        return found


def test_a_fact_that_is_overtaken_while_it_is_followed_is_followed_anew() -> None:
    """They merge again, and that is followed, between our look at them and our writes."""
    graph = Moving()
    world, conversations = World(graph), InMemoryConversations()
    a, b = people(world, 2)
    writes(world, conversations, a, 1)
    writes(world, conversations, b, 2)
    world.merge(a.customer_id, b.customer_id)
    following(world, conversations, *facts(world))
    parts(world, a.customer_id)
    merged, apart = facts(world)

    def merges_again() -> None:
        world.merge(a.customer_id, b.customer_id)
        following(world, conversations, facts(world)[-1])

    graph.then = [merges_again]
    following(world, conversations, apart)
    assert live(conversations) == {a.customer_id: {a.record_id, b.record_id}}
    assert conversations.current[b.customer_id].merged_into == a.customer_id
    assert merged.detail.data["merged"] == [b.customer_id]


def test_customers_who_never_stand_still_are_looked_at_later() -> None:
    graph = Moving()
    world, conversations = World(graph), InMemoryConversations()
    a, b = people(world, 2)
    world.merge(a.customer_id, b.customer_id)
    (fact,) = facts(world)

    def changes(number: int) -> None:
        world.hear(on_whatsapp(PHONES[0], name=f"Ada {number}"))

    graph.then = [partial(changes, number) for number in range(2 * ATTEMPTS)]
    with pytest.raises(Transient):
        follow(fact, graph=graph, conversations=conversations, clock=CLOCK)


def hearing(conversations: InMemoryConversations, record: Record, minute: int) -> set[str]:
    """Into whose live conversations a message went."""
    return {
        customer_id
        for customer_id, head in conversations.current.items()
        if head.is_live
        and record.record_id in head.routes
        and head.routes[record.record_id].last_at == after(minutes=minute)
    }


def assert_followed(
    world: World, conversations: InMemoryConversations, records: list[Record]
) -> None:
    """All conversations are where their customers are."""
    whose = {one.record_id: world.customer(one) for one in records}
    for head in conversations.current.values():
        is_standing = head.customer_id in whose.values()
        assert head.merged_into is None or not is_standing
        if head.is_live:
            assert {whose[record_id] for record_id in head.routes} == {head.customer_id}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["merge", "part", "both", "write", "resolve", "follow", "follow"]),
        st.integers(0, 3),
        st.integers(1, 3),
    ),
    max_size=20,
)


@settings(max_examples=200, deadline=None)
@given(STEPS, st.randoms(use_true_random=False))
def test_whatever_is_not_followed_yet_words_go_to_whose_they_are(
    steps: list[tuple[str, int, int]], chance: Any
) -> None:
    """What is said is in the live conversation of its customer at once, and in nobody else's.

    Once every fact was followed, late and shuffled, all conversations are where customers are.
    """
    world, conversations = World(), InMemoryConversations()
    records = people(world, 4)
    followed: set[int] = set()
    for minute, one in enumerate(records):
        writes(world, conversations, one, minute)
    for minute, (step, which, far) in enumerate(steps, start=10):
        one, other = records[which], records[(which + far) % 4]
        customer_id = world.customer(one)
        match step:
            case "merge" if customer_id != world.customer(other):
                world.merge(customer_id, world.customer(other))
            case "part" if explain(customer_id, engine=world.engine).links:
                parts(world, customer_id)
            case "both" if customer_id != world.customer(other):
                third = records[(which + far + 1) % 4]
                kinds = (DecisionKind.APART, one, third), (DecisionKind.JOIN, one, other)
                decides(world, *kinds) if third is not one else None
            case "write":
                writes(world, conversations, one, minute)
                assert hearing(conversations, one, minute) == {customer_id}
            case "resolve" if customer_id in conversations.current:
                resolves(conversations, customer_id)
            case "follow":
                left = [n for n in range(len(facts(world))) if n not in followed]
                told = [chance.choice(left)] if left else []
                following(world, conversations, *(facts(world)[n] for n in told))
                followed |= {*told}
    rest = facts(world) * 2
    chance.shuffle(rest)
    following(world, conversations, *rest)
    world.check()
    assert_followed(world, conversations, records)


def test_components_come_in_the_order_of_their_ids_however_they_were_asked_for() -> None:
    """So that what is made of several is the same, byte for byte, in whatever process."""
    world = World()
    founded = [one.component_id for one in world.hear(*(on_whatsapp(one) for one in PHONES))]
    for asked in (founded, founded[::-1], set(founded), founded[2:] + founded[:2]):
        assert list(load(asked, graph=world.graph)) == sorted(founded)
