"""What sixteen at once come to, on the engine that gets transactions right."""

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from rapport.contracts.events import BusEvent
from rapport.contracts.inbound import ReceivedEvent, Status
from rapport.contracts.routing import Presence
from rapport.conversations import service as conversations_service
from rapport.conversations.model import State
from rapport.conversations.service import Stores
from rapport.idempotency.model import Answer
from rapport.identity.deciding import Asked, plan_merge, taken
from rapport.identity.graph import Component
from rapport.identity.hearing import Engine
from rapport.identity.lookup import find_customer
from rapport.identity.matching import Matcher, default_model
from rapport.identity.model import Record
from rapport.identity.ports import Graph
from rapport.identity.rules import Namespace, Rules
from rapport.identity.service import match_sender
from rapport.identity.statements import customers
from rapport.kernel.clock import FixedClock
from rapport.kernel.errors import Conflict, InvalidInput, Transient
from rapport.kernel.ids import RandomIds
from rapport.notifications.model import LedgerEntry, MessageStatus
from rapport.realtime.model import Connection, Ticket, agent
from rapport.routing import service as routing_service
from rapport.routing.model import Waiting
from rapport.routing.service import Desk
from rapport.views.desk import assignee, assigner
from rapport.views.following import follow
from tests.builders import (
    NOW,
    RECORD,
    a_conversation,
    a_message_id,
    a_received,
    a_request,
    a_source,
    a_tracking_call,
    after,
    an_agent,
    an_entry,
    an_event,
    an_identifier,
    an_sms,
    heard,
)
from tests.conformance.conftest import THREADS, AtOnce
from tests.contract.stores.engines import Dynamo

pytestmark = pytest.mark.conformance
IDS = RandomIds()
MATCHER = Matcher(default_model())
Result = TypeVar("Result")
REDELIVERIES = 50
"""How often a queue would bring a message again before we call it lost (in truth: five, but apart;
here all sixteen meet at the same instant, again and again)."""


def redelivered(attempt: Callable[[], Result]) -> Result:
    """What the queue makes of a function that may fail for the moment."""
    for _ in range(REDELIVERIES):
        try:
            return attempt()
        except (Transient, Conflict):
            continue
    raise AssertionError("it never got through")


def an_engine(graph: Graph) -> Engine:
    """Identity as functions run it."""
    return Engine(graph, Rules(), MATCHER, IDS)


def matched(received: ReceivedEvent, graph: Graph) -> Record:
    """The record that the sender gets, however often the queue must bring the event."""
    engine = an_engine(graph)
    record = redelivered(lambda: match_sender(received, graph=graph, engine=lambda: engine))
    assert record is not None
    return record


def components(graph: Graph) -> list[Component]:
    """All of them, after the race."""
    page = graph.scan(None, 1000)
    assert page.cursor is None
    return page.items


def everybody(graph: Graph) -> dict[str, str]:
    """Whose each record is by its component; each statement must be of exactly one customer."""
    found: dict[str, str] = {}
    for component in components(graph):
        whose = customers(component)
        assert sorted(whose) == sorted(one.statement_id for one in component.statements)
        found |= {one.record_id: whose[one.statement_id] for one in component.statements}
        for record in graph.records([one.source for one in component.statements]):
            assert record.customer_id in set(whose.values())
    return found


def test_one_customer_comes_of_one_senders_first_contact(
    engine: Dynamo, at_once: AtOnce[Record]
) -> None:
    graph = engine.identities()

    def contact(number: int) -> Record:
        received = a_received(ingest_id=f"ing_{number}")
        return matched(received, graph)

    assert len({record.record_id for record in at_once(contact)}) == 1
    assert len(everybody(graph)) == 1
    assert sum(item["sk"]["S"] == "RECORD" for item in engine.items()) == 1


def test_one_customer_comes_of_the_same_phone_by_whatsapp_and_sms(
    engine: Dynamo, at_once: AtOnce[Record]
) -> None:
    graph = engine.identities()

    def contact(number: int) -> Record:
        received = a_received(ingest_id=f"ing_{number}") if number % 2 else an_sms()
        return matched(received.model_copy(update={"account": f"account-{number // 2}"}), graph)

    records = at_once(contact)
    assert len({record.record_id for record in records}) == THREADS
    whose = everybody(graph)
    assert len(whose) == THREADS
    assert len(set(whose.values())) == 1
    assert len(components(graph)) == 1


def test_sixteen_strangers_are_sixteen_customers(engine: Dynamo, at_once: AtOnce[Record]) -> None:
    graph = engine.identities()

    def contact(number: int) -> Record:
        return matched(an_sms(f"+141555501{number:02}"), graph)

    assert len({record.customer_id for record in at_once(contact)}) == THREADS
    assert len(set(everybody(graph).values())) == THREADS


def test_no_identifier_is_lost_when_a_record_gains_sixteen_at_once(
    engine: Dynamo, at_once: AtOnce[Record]
) -> None:
    graph = engine.identities()
    matched(a_tracking_call(anonymousId="anon-7"), graph)

    def identify(number: int) -> Record:
        call = a_tracking_call(anonymousId="anon-7", traits={"email": f"{number}@lovelace.org"})
        return matched(call, graph)

    known = at_once(identify)[0]
    (record,) = graph.records([known.source])
    assert len(record.identifiers) == 1 + THREADS
    (component,) = components(graph)
    assert len(component.statements) == 1 + THREADS


def test_a_chain_of_proofs_at_once_makes_one_customer_of_all(
    engine: Dynamo, at_once: AtOnce[Record]
) -> None:
    """Each login proves two neighbouring ids: whichever comes last, all hang together."""
    graph = engine.identities()
    rules = Rules(version="chains-1", other=Namespace(name="", priority=5))
    engine_of_chains = Engine(graph, rules, MATCHER, IDS)

    def login(number: int) -> Record:
        found = heard(
            a_source(f"session-{number}", "segment"),
            an_identifier("shop_id", f"{number}"),
            an_identifier("shop_id", f"{(number + 1) % THREADS}"),
            event_id=f"ing_{number}",
        )
        return redelivered(lambda: engine_of_chains.hear(found))

    at_once(login)
    assert len(components(graph)) == 1
    assert len(set(everybody(graph).values())) == 1


def test_two_customers_who_are_each_joined_to_the_other_at_once_are_one(
    engine: Dynamo, at_once: AtOnce[Any]
) -> None:
    graph = engine.identities()
    ada, bob = matched(an_sms(), graph), matched(an_sms("+14155550199"), graph)

    def join(number: int) -> None:
        one, other = (ada, bob) if number % 2 else (bob, ada)
        asked = Asked("boss", NOW, "", f"{number:026d}")

        def attempt() -> None:
            try:
                plan = plan_merge(
                    one.customer_id, other.customer_id, asked, engine=an_engine(graph)
                )
            except InvalidInput:  # they are one by now
                return
            taken(plan, engine=an_engine(graph))

        redelivered(attempt)

    at_once(join)
    oldest = min(ada.customer_id, bob.customer_id)
    assert set(everybody(graph).values()) == {oldest}
    assert {one.customer_id for one in graph.records([ada.source, bob.source])} == {oldest}
    for customer_id in (ada.customer_id, bob.customer_id):
        assert find_customer(customer_id, graph=graph).customer_id == oldest


def test_what_is_heard_while_two_merge_and_part_is_not_lost(
    engine: Dynamo, at_once: AtOnce[Any]
) -> None:
    graph = engine.identities()
    ada, bob = matched(an_sms(), graph), matched(an_sms("+14155550199"), graph)

    def act(number: int) -> None:
        if number == 0:
            asked = Asked("boss", NOW, "", f"{number:026d}")
            plan = plan_merge(ada.customer_id, bob.customer_id, asked, engine=an_engine(graph))
            redelivered(lambda: taken(plan, engine=an_engine(graph)))
            return
        source = (ada if number % 2 else bob).source
        known = an_identifier(value=source.sender)
        found = heard(source, known, name=f"Ada {chr(64 + number)}", event_id=f"ing_{number}")
        redelivered(lambda: an_engine(graph).hear(found))

    at_once(act)
    (component,) = components(graph)
    assert len(component.statements) == 2 + THREADS - 1
    assert len(component.decisions) == 1
    assert find_customer(bob.customer_id, graph=graph).customer_id == (
        find_customer(ada.customer_id, graph=graph).customer_id
    )


def test_no_message_is_lost_that_lands_while_its_customer_is_merged(
    engine: Dynamo, at_once: AtOnce[None]
) -> None:
    graph, conversations = engine.identities(), engine.conversations()
    stores = Stores(engine.messages(), conversations)
    ada, bob = matched(an_sms(), graph), matched(an_sms("+14155550199"), graph)
    asked = Asked("boss", NOW, "", "0" * 26)
    plan = plan_merge(ada.customer_id, bob.customer_id, asked, engine=an_engine(graph))
    clock = FixedClock(after(hours=1))

    def act(number: int) -> None:
        if number == 0:
            redelivered(lambda: taken(plan, engine=an_engine(graph)))
            fact = next(one for one in engine.told() if one.detail_type.startswith("CustomersM"))
            detail = {"metadata": fact.metadata.model_dump(mode="json"), "data": fact.data}
            told = BusEvent.model_validate(
                {"id": "1", "detail-type": fact.detail_type, "source": "rapport", "detail": detail}
            )
            redelivered(lambda: follow(told, graph=graph, conversations=conversations, clock=clock))
            return
        record = ada if number % 2 else bob
        at = after(seconds=number)
        event = an_event(
            channel="sms",
            from_=record.source.sender,
            provider_message_id=f"SM{number}",
            timestamp=at,
        )
        received = a_received(event, ingest_id=f"ing_{number}", received_at=at)
        # Each was matched a moment ago, and lands under the customer of then.
        redelivered(
            lambda: conversations_service.receive(
                received, record.record_id, record.customer_id, stores=stores
            )
        )

    at_once(act)
    whole = find_customer(ada.customer_id, graph=graph).customer_id
    heads = conversations.heads([ada.customer_id, bob.customer_id])
    (live,) = (head for head in heads if head.is_live)
    assert live.customer_id == whole
    assert {key: route.last_at for key, route in live.routes.items()} == {
        ada.record_id: after(seconds=THREADS - 1),
        bob.record_id: after(seconds=THREADS - 2),
    }


def test_one_message_and_one_conversation_come_of_sixteen_duplicates(
    engine: Dynamo, at_once: AtOnce[None]
) -> None:
    stores = Stores(engine.messages(), engine.conversations())

    def deliver(number: int) -> None:
        received = a_received(ingest_id=f"ing_{number % 5}")
        redelivered(lambda: conversations_service.receive(received, RECORD, "cus_a", stores=stores))

    at_once(deliver)
    told = Counter(event.detail_type for event in engine.told())
    assert told == {"MessageReceived.v1": 1, "ConversationOpened.v1": 1}
    assert len(stores.messages.of_record(RECORD, before=None, after=None, limit=50)) == 1


def test_one_conversation_comes_of_sixteen_messages_and_none_is_lost(
    engine: Dynamo, at_once: AtOnce[None]
) -> None:
    stores = Stores(engine.messages(), engine.conversations())

    def text(number: int) -> ReceivedEvent:
        at = after(seconds=number)
        event = an_event(provider_message_id=f"wamid.{number}", timestamp=at)
        return a_received(event, ingest_id=f"ing_{number}", received_at=at)

    def deliver(number: int) -> None:
        record_id = f"rec_{number % 4}"
        redelivered(
            lambda: conversations_service.receive(text(number), record_id, "cus_a", stores=stores)
        )

    at_once(deliver)
    head = stores.conversations.head("cus_a")
    assert head is not None
    assert set(head.routes) == {f"rec_{number}" for number in range(4)}
    assert head.last_message_at == after(seconds=THREADS - 1)
    latest = {f"rec_{number % 4}": after(seconds=number) for number in range(THREADS)}
    assert {key: route.last_at for key, route in head.routes.items()} == latest


def test_one_of_sixteen_agents_gets_the_conversation(engine: Dynamo, at_once: AtOnce[bool]) -> None:
    conversations = engine.conversations()
    head = a_conversation()
    conversations.write(head, None, [])

    def assign(number: int) -> bool:
        return bool(
            redelivered(
                lambda: conversations_service.assign(
                    head.conversation_id, f"agent-{number}", NOW, conversations=conversations
                )
            )
        )

    assert Counter(at_once(assign)) == {True: 1, False: THREADS - 1}


def test_a_message_and_a_resolution_at_once_leave_nothing_unread_and_closed(
    engine: Dynamo, at_once: AtOnce[None]
) -> None:
    stores = Stores(engine.messages(), engine.conversations())
    conversations_service.receive(a_received(), RECORD, "cus_a", stores=stores)
    head = stores.conversations.head("cus_a")
    assert head is not None

    def act(number: int) -> None:
        at = after(seconds=number)
        if number % 2:
            try:
                conversations_service.resolve(
                    head.conversation_id, at, seen=NOW, conversations=stores.conversations
                )
            except Conflict:
                return
        else:
            event = an_event(provider_message_id=f"wamid.{number}x", timestamp=after(seconds=60))
            received = a_received(event, ingest_id=f"ing_{number}x", received_at=after(seconds=60))
            redelivered(
                lambda: conversations_service.receive(received, RECORD, "cus_a", stores=stores)
            )

    at_once(act)
    now = stores.conversations.head("cus_a")
    assert now is not None
    assert now.state is State.OPEN


@pytest.mark.parametrize("capacity", [1, 3])
def test_sixteen_conversations_fill_the_places_there_are_and_the_rest_waits(
    engine: Dynamo, at_once: AtOnce[None], capacity: int
) -> None:
    routing, conversations = engine.routing(), engine.conversations()
    desk = Desk(routing, assigner(conversations), assignee(conversations), FixedClock(NOW))
    for number in range(3):
        routing.save_agent(an_agent(f"agent-{number}", capacity=capacity), [])
    heads = [
        a_conversation(f"cus_{number:026}", opened_at=after(seconds=number))
        for number in range(THREADS)
    ]
    for head in heads:
        conversations.write(head, None, [])

    def opened(number: int) -> None:
        head = heads[number]
        waiting = Waiting(head.opened_at, head.conversation_id)
        redelivered(lambda: routing_service.route(waiting, desk=desk))

    at_once(opened)
    routing_service.sweep(desk=desk, reopen=lambda _conversation, _until: None)
    queue = routing.queue()
    assert [len(agent.active) for agent in queue.agents] == [capacity] * 3
    assigned = [one.assignee for one in conversations.heads([h.customer_id for h in heads])]
    assert Counter(filter(None, assigned)) == {f"agent-{n}": capacity for n in range(3)}
    assert len(queue.waiting) == THREADS - 3 * capacity


def test_an_agent_who_frees_while_sixteen_open_leaves_nobody_waiting_for_an_idle_agent(
    engine: Dynamo, at_once: AtOnce[None]
) -> None:
    routing, conversations = engine.routing(), engine.conversations()
    desk = Desk(routing, assigner(conversations), assignee(conversations), FixedClock(NOW))
    routing.save_agent(an_agent(capacity=THREADS, presence=Presence.OFFLINE), [])
    heads = [a_conversation(f"cus_{number:026}") for number in range(THREADS - 1)]
    for head in heads:
        conversations.write(head, None, [])

    def act(number: int) -> None:
        if number == THREADS - 1:
            routing.set_presence("agent-1", Presence.ONLINE, [])
            redelivered(lambda: routing_service.serve_waiting(desk=desk))
            return
        waiting = Waiting(heads[number].opened_at, heads[number].conversation_id)
        redelivered(lambda: routing_service.route(waiting, desk=desk))

    at_once(act)  # no sweep: those who met must have seen each other
    assert routing.queue().waiting == ()
    assert len(routing.queue().agents[0].active) == THREADS - 1


def test_one_of_sixteen_attempts_begins(
    engine: Dynamo, at_once: AtOnce[tuple[bool, LedgerEntry | None]]
) -> None:
    ledger = engine.ledger()
    ledger.enter(an_entry(), [])
    begun = at_once(lambda _number: ledger.begin(RECORD, a_message_id()))
    assert Counter(taken for taken, _ in begun) == {True: 1, False: THREADS - 1}
    entry = ledger.get(RECORD, a_message_id())
    assert entry is not None
    assert entry.attempts == 1


def test_one_of_sixteen_ends_ends_the_attempt(engine: Dynamo, at_once: AtOnce[bool]) -> None:
    ledger = engine.ledger()
    ledger.enter(an_entry(), [])
    _, entry = ledger.begin(RECORD, a_message_id())
    assert entry is not None

    def end(number: int) -> bool:
        return ledger.end(entry, MessageStatus.SENT, NOW, provider_message_id=f"wamid.{number}")

    assert Counter(at_once(end)) == {True: 1, False: THREADS - 1}


def test_receipts_at_once_leave_the_highest_rung(engine: Dynamo, at_once: AtOnce[Any]) -> None:
    ledger = engine.ledger()
    ledger.enter(an_entry(status=MessageStatus.SENT), [])
    rungs = [
        (Status.DELIVERED, MessageStatus.DELIVERED),
        (Status.READ, MessageStatus.READ),
        (Status.FAILED, MessageStatus.FAILED),
        (Status.SENT, MessageStatus.SENT),
    ]

    def tell(number: int) -> Any:
        told, to = rungs[number % 4]
        return ledger.climb(RECORD, a_message_id(), told, NOW, to=to, failure=None, events=[])

    at_once(tell)
    entry = ledger.get(RECORD, a_message_id())
    assert entry is not None
    assert entry.status is MessageStatus.READ


def test_one_of_sixteen_requests_of_a_key_is_worked_on(
    engine: Dynamo, at_once: AtOnce[Any]
) -> None:
    requests = engine.requests()
    claimed = at_once(lambda number: requests.claim(a_request(seed_id=f"req_{number}")))
    (winner,) = {one.seed_id for one in claimed if one is not None}
    assert sum(one is None for one in claimed) == 1
    taken = at_once(lambda number: requests.retake(a_request(seed_id=winner), after(days=number)))
    assert Counter(taken) == {True: 1, False: THREADS - 1}


def test_one_of_sixteen_answers_is_kept(engine: Dynamo, at_once: AtOnce[Any]) -> None:
    requests = engine.requests()
    requests.claim(a_request())
    at_once(lambda number: requests.complete(a_request(), Answer(200, str(number))))
    kept = {requests.claim(a_request(seed_id="req_x")) for _ in range(3)}
    assert len(kept) == 1


def test_one_of_sixteen_uses_of_a_ticket_opens_a_socket(
    engine: Dynamo, at_once: AtOnce[Any]
) -> None:

    tickets = engine.tickets()
    tickets.save("digest", Ticket(agent("agent-1"), after(seconds=30)))
    used = at_once(lambda _number: tickets.use("digest", NOW))
    assert sum(one is not None for one in used) == 1


def test_an_owner_has_no_more_sockets_than_the_most(engine: Dynamo, at_once: AtOnce[Any]) -> None:

    connections = engine.connections()
    owner = agent("agent-1")
    at_once(lambda number: connections.subscribe(Connection(f"c{number}", owner, NOW), 5))
    assert len(connections.of([owner])[owner]) == 5
