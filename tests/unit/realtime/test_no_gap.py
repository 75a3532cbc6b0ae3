"""Whatever interleaves, a client that resumes sees what the tables hold, each thing once.

The push reader lags behind the tables by any amount, sockets come and go, die unnoticed and lose
pushes; the client keeps the newest of what it is told by id and `rev`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.contracts.content import TextContent
from rapport.contracts.inbound import Status
from rapport.conversations.memory import InMemoryConversations, InMemoryMessages
from rapport.conversations.model import Conversation
from rapport.identity.memory import InMemoryGraph
from rapport.identity.model import Source
from rapport.identity.ports import Change as IdentityChange
from rapport.kernel.clock import FixedClock, iso
from rapport.notifications.memory import InMemoryLedger
from rapport.notifications.model import MessageStatus, step
from rapport.realtime.memory import InMemoryConnections, InMemorySockets, InMemoryTickets
from rapport.realtime.model import Owner, agent, visitor
from rapport.realtime.service import Realtime, connect, disconnect, issue_ticket, push
from rapport.views.changes import (
    Change,
    EntryChanged,
    HeadChanged,
    MessageChanged,
    customers_of,
    deliveries,
    heads_of,
)
from rapport.views.replay import Tables
from rapport.views.socket_actions import Switchboard, answer
from tests.builders import (
    CUSTOMER,
    NOW,
    RECORD,
    CountedIds,
    a_component,
    a_conversation,
    a_message,
    a_message_id,
    a_record,
    a_route,
    an_entry,
)

SOURCE = Source("webchat", "main", "vis_1")
WEBCHAT: dict[str, Any] = {"account_channel": "webchat", "channel": "webchat"}


@dataclass
class Client:
    """The documented client: drops known ids, keeps the highest `rev`, asks from its last mark."""

    owner: Owner
    connection_id: str | None = None
    since: str | None = None
    seen: set[str] = field(default_factory=set)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: dict[str, tuple[int, str]] = field(default_factory=dict)
    conversations: dict[str, tuple[int, str | None]] = field(default_factory=dict)

    def hear(self, data: bytes) -> None:
        frame = json.loads(data)
        if frame["type"] == "resumed":
            self.since = frame["at"]
            if "conversations" in frame:
                mine = frame["conversations"]
                self.conversations = {k: v for k, v in self.conversations.items() if k in mine}
            return
        if frame["id"] in self.seen and frame["type"] != "assignment":
            return
        self.seen.add(frame["id"])
        if frame["type"] == "message":
            known = self.messages.get(frame["message_id"])
            if known is None or known["rev"] < frame["rev"]:
                self.messages[frame["message_id"]] = frame
        if "status" in frame:
            rung = (frame["rev"], frame["status"])
            self.statuses[frame["message_id"]] = max(
                self.statuses.get(frame["message_id"], (-1, "")), rung
            )
        if frame["type"] in ("assignment", "conversation"):
            known_rev = self.conversations.get(frame["conversation_id"], (-1, None))[0]
            if frame["rev"] >= known_rev:
                held = (frame["rev"], frame.get("assignee"))
                self.conversations[frame["conversation_id"]] = held


class World:
    """The tables, their streams' backlog, and two clients."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOW)
        self.tables = Tables(
            InMemoryMessages(), InMemoryConversations(), InMemoryLedger(), InMemoryGraph()
        )
        record = a_record(source=SOURCE, channel="webchat", identifiers=())
        self.tables.identities.write(IdentityChange(a_component(), record=record))
        route = a_route(**WEBCHAT, address="vis_1")
        self.head: Conversation = a_conversation(
            routes={RECORD: route}, assignee="agent-1", assigned_at=NOW
        )
        self.tables.conversations.write(self.head, None, [])
        self.sockets = InMemorySockets()
        numbers = iter(range(1, 100_000))
        self.realtime = Realtime(
            InMemoryTickets(),
            InMemoryConnections(),
            self.sockets,
            self.clock,
            lambda _bits: next(numbers),
            workers=1,
        )
        self.board = Switchboard(self.realtime, self.tables, self._no_intake, CountedIds())
        self.backlog: list[Change] = []
        self.agent = Client(agent("agent-1"))
        self.visitor = Client(visitor("main", "vis_1"))
        self.count = 0

    @staticmethod
    def _no_intake() -> Any:
        raise AssertionError("nothing is sent by socket here")

    def next(self) -> int:
        self.count += 1
        self.clock.advance(timedelta(milliseconds=700))
        return self.count

    def customer_writes(self, late_s: int = 0) -> None:
        number, now = self.next(), self.clock.now()
        message = a_message(
            number,
            **WEBCHAT,
            key=f"webchat#main#vis_1:{number}",
            provider_message_id=f"vis_1:{number}",
            at=now - timedelta(seconds=late_s),
            received_at=now,
        )
        self.tables.messages.add(message, [])
        self.backlog.append(MessageChanged(message))

    def customer_edits(self, which: int) -> None:
        store = self.tables.messages
        assert isinstance(store, InMemoryMessages)
        if not store.messages:
            return
        key = sorted(store.messages)[which % len(store.messages)]
        number = self.next()
        store.edit(key, f"edited {number}", self.clock.now())
        self.backlog.append(MessageChanged(store.messages[key]))

    def we_answer(self) -> None:
        number, now = self.next(), self.clock.now()
        entry = an_entry(
            **WEBCHAT,
            message_id=a_message_id(number, now),
            address="vis_1",
            content=TextContent(text=f"Answer {number}"),
            created_at=now,
            conversation_id=self.head.conversation_id,
        )
        self.tables.ledger.enter(entry, [])
        self.backlog.append(EntryChanged(None, entry, now))

    def an_answer_moves(self, which: int, status: Status) -> None:
        ledger = self.tables.ledger
        assert isinstance(ledger, InMemoryLedger)
        if not ledger.entries:
            return
        record_id, message_id = sorted(ledger.entries)[which % len(ledger.entries)]
        old = ledger.entries[record_id, message_id]
        self.next()
        now, rung = self.clock.now(), step(status)
        assert rung is not None
        if old.status is MessageStatus.QUEUED:
            ledger.begin(record_id, message_id)
            taken = ledger.entries[record_id, message_id]
            ledger.end(taken, MessageStatus.SENT, now, provider_message_id=message_id)
        else:
            ledger.climb(record_id, message_id, status, now, to=rung, failure=None, events=[])
        self.backlog.append(EntryChanged(old, ledger.entries[record_id, message_id], now))

    def it_goes_to(self, agent_id: str | None) -> None:
        self.next()
        before = self.head
        self.head = replace(
            before, assignee=agent_id, assigned_at=self.clock.now(), version=before.version + 1
        )
        self.tables.conversations.write(self.head, before, [])
        self.backlog.append(HeadChanged(before, self.head, self.clock.now()))

    def the_reader_pushes(self, how_many: int) -> None:
        batch, self.backlog = self.backlog[:how_many], self.backlog[how_many:]
        heads = heads_of(customers_of(batch), self.tables.conversations)
        push(deliveries(batch, heads), realtime=self.realtime)
        self.deliver()

    def connects(self, client: Client) -> None:
        """A new socket: subscribed in `$connect`; it may miss any push until it resumes."""
        if client.connection_id is not None:
            disconnect(client.connection_id, realtime=self.realtime)
        client.connection_id = f"c{self.next()}"
        ticket, _ = issue_ticket(client.owner, realtime=self.realtime)
        connect(client.connection_id, ticket, realtime=self.realtime)

    def resumes(self, client: Client) -> None:
        if client.connection_id is None:
            return
        body = json.dumps({"action": "resume", "since": client.since})
        answer(client.connection_id, body, board=self.board, failed=raise_it)
        self.deliver()

    def loses_its_socket(self, client: Client) -> None:
        if client.connection_id is not None:
            self.sockets.gone.add(client.connection_id)
            client.connection_id = None

    def deliver(self) -> None:
        for client in (self.agent, self.visitor):
            for data in self.sockets.posted.pop(client.connection_id or "", []):
                client.hear(data)

    def check(self, client: Client) -> None:
        stored = self.tables.messages
        ledger = self.tables.ledger
        assert isinstance(stored, InMemoryMessages)
        assert isinstance(ledger, InMemoryLedger)
        is_agent = client is self.agent
        expected = {
            (one.key if is_agent else one.provider_message_id): one.text
            for one in stored.messages.values()
        }
        statuses = {}
        for entry in ledger.entries.values():
            if is_agent or entry.status is not MessageStatus.QUEUED:
                assert isinstance(entry.content, TextContent)
                expected[entry.message_id] = entry.content.text
                statuses[entry.message_id] = entry.status.value
        assert {key: frame["text"] for key, frame in client.messages.items()} == expected
        assert {key: status for key, (_, status) in client.statuses.items()} == statuses


def raise_it(error: Exception) -> None:
    raise error


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("writes"), st.sampled_from([0, 5, 90, 3600])),
        st.tuples(st.just("edits"), st.integers(0, 9)),
        st.tuples(st.just("answers")),
        st.tuples(
            st.just("moves"),
            st.integers(0, 9),
            st.sampled_from([Status.SENT, Status.DELIVERED, Status.READ]),
        ),
        st.tuples(st.just("pushes"), st.integers(1, 5)),
        st.tuples(st.just("connects"), st.booleans()),
        st.tuples(st.just("resumes"), st.booleans()),
        st.tuples(st.just("loses"), st.booleans()),
        st.tuples(st.just("waits"), st.integers(1, 900)),
    ),
    max_size=40,
)


def play(world: World, steps: list[tuple[Any, ...]]) -> None:
    for name, *rest in steps:
        client = world.agent if rest and rest[0] is True else world.visitor
        match name:
            case "connects":
                world.connects(client)
            case "resumes":
                world.resumes(client)
            case "loses":
                world.loses_its_socket(client)
            case "waits":
                world.clock.advance(timedelta(seconds=rest[0]))
            case _:
                happens: dict[str, Callable[..., None]] = {
                    "writes": world.customer_writes,
                    "edits": world.customer_edits,
                    "answers": world.we_answer,
                    "moves": world.an_answer_moves,
                    "pushes": world.the_reader_pushes,
                }
                happens[name](*rest)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_a_client_that_resumes_sees_exactly_what_the_tables_hold(
    steps: list[tuple[Any, ...]],
) -> None:
    world = World()
    clients = (world.agent, world.visitor)
    for client in clients:  # both begin with what is there
        world.connects(client)
        world.resumes(client)
    play(world, steps)
    for client in clients:
        world.connects(client)
        world.resumes(client)
    for client in clients:
        world.check(client)
    world.the_reader_pushes(10_000)  # the backlog tells it all again, late
    for client in clients:
        world.check(client)


@settings(max_examples=75, deadline=None)
@given(STEPS, STEPS)
def test_a_client_that_subscribed_and_resumed_needs_no_second_resume(
    before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]
) -> None:
    world = World()
    clients = (world.agent, world.visitor)
    for client in clients:
        world.connects(client)
        world.resumes(client)
    play(world, before)
    for client in clients:
        world.connects(client)  # from here on it is subscribed; pushes may come before the replay
    quiet = [one for one in after if one[0] not in ("connects", "loses", "resumes", "waits")]
    half = len(quiet) // 2
    play(world, quiet[:half])
    for client in clients:
        world.resumes(client)
    play(world, quiet[half:])
    world.the_reader_pushes(10_000)
    for client in clients:
        world.check(client)


@given(st.lists(st.sampled_from(["agent-1", "agent-2", None, "push", "resume"]), max_size=20))
@settings(max_examples=75, deadline=None)
def test_an_agent_ends_up_with_the_conversations_that_are_theirs(moves: list[str | None]) -> None:
    world = World()
    world.connects(world.agent)
    world.resumes(world.agent)
    for move in moves:
        if move == "push":
            world.the_reader_pushes(1)
        elif move == "resume":
            world.resumes(world.agent)
        else:
            world.it_goes_to(move)
    world.the_reader_pushes(10_000)
    held = {key for key, (_, who) in world.agent.conversations.items() if who == "agent-1"}
    expected = {world.head.conversation_id} if world.head.assignee == "agent-1" else set()
    assert held == expected
    world.connects(world.agent)
    world.resumes(world.agent)
    assert set(world.agent.conversations) == expected


def test_a_visitor_learns_nothing_that_is_the_agents() -> None:
    world = World()
    world.connects(world.visitor)
    world.customer_writes()
    world.we_answer()
    world.an_answer_moves(0, Status.SENT)
    world.the_reader_pushes(9)
    world.resumes(world.visitor)
    told = json.dumps(list(world.visitor.messages.values()))
    assert "Answer" in told
    for secret in ("agent-1", CUSTOMER, RECORD, world.head.conversation_id):
        assert secret not in told


def test_what_is_only_queued_is_not_shown_to_the_visitor() -> None:
    world = World()
    world.connects(world.visitor)
    world.we_answer()
    world.the_reader_pushes(1)
    world.resumes(world.visitor)
    assert world.visitor.messages == {}


def test_a_replay_of_more_than_a_day_says_that_it_is_not_complete() -> None:
    world = World()
    world.visitor.since = iso(NOW - timedelta(days=2))
    world.connects(world.visitor)
    body = json.dumps({"action": "resume", "since": world.visitor.since})
    assert world.visitor.connection_id is not None
    answer(world.visitor.connection_id, body, board=world.board, failed=raise_it)
    (data,) = world.sockets.posted[world.visitor.connection_id]
    assert json.loads(data)["complete"] is False
