"""Who may open a socket, and that nobody waits for a dead one."""

from datetime import timedelta

import pytest

from rapport.contracts.realtime import MessageFrame, PongFrame
from rapport.kernel.clock import FixedClock
from rapport.kernel.errors import Transient, Unauthenticated
from rapport.realtime.memory import InMemoryConnections, InMemorySockets, InMemoryTickets
from rapport.realtime.model import (
    CONNECTION_LIFE,
    MAX_FRAME_BYTES,
    MAX_SOCKETS,
    OPENING,
    TICKET_LIFE,
    Delivery,
    Owner,
    agent,
    encode,
    visitor,
)
from rapport.realtime.ports import Posted
from rapport.realtime.service import (
    PUSH_BUDGET,
    PushReport,
    Realtime,
    TooManySockets,
    behind,
    connect,
    disconnect,
    issue_ticket,
    push,
)
from tests.builders import NOW

ADA = agent("agent-1")


class Setup:
    def __init__(self, workers: int = 1) -> None:
        self.clock = FixedClock(NOW)
        self.tickets = InMemoryTickets()
        self.connections = InMemoryConnections()
        self.sockets = InMemorySockets()
        self.numbers = iter(range(1, 10_000))
        self.realtime = Realtime(
            tickets=self.tickets,
            connections=self.connections,
            sockets=self.sockets,
            clock=self.clock,
            randbits=lambda _bits: next(self.numbers),
            workers=workers,
        )

    def opened(self, connection_id: str, owner: Owner = ADA) -> str:
        ticket, _ = issue_ticket(owner, realtime=self.realtime)
        connect(connection_id, ticket, realtime=self.realtime)
        return connection_id

    def told(self, *frames: int, owner: Owner = ADA) -> PushReport:
        deliveries = [Delivery(owner, pong(number)) for number in frames]
        return push(deliveries, realtime=self.realtime)

    def got(self, connection_id: str) -> list[str]:
        return [data.decode() for data in self.sockets.posted.get(connection_id, [])]


def pong(number: int) -> PongFrame:
    return PongFrame(id=f"p{number}", at="2026-11-20T12:00:00.000Z")


def test_a_ticket_opens_one_socket() -> None:
    setup = Setup()
    ticket, expires_at = issue_ticket(ADA, realtime=setup.realtime)
    assert expires_at == NOW + TICKET_LIFE
    assert connect("c1", ticket, realtime=setup.realtime).owner == ADA
    with pytest.raises(Unauthenticated):
        connect("c2", ticket, realtime=setup.realtime)


def test_a_ticket_is_over_after_thirty_seconds() -> None:
    setup = Setup()
    ticket, _ = issue_ticket(ADA, realtime=setup.realtime)
    setup.clock.advance(TICKET_LIFE)
    with pytest.raises(Unauthenticated):
        connect("c1", ticket, realtime=setup.realtime)


@pytest.mark.parametrize("ticket", ["", "tkt_unknown", "ﬁ", "x" * 10_000])
def test_an_unknown_ticket_opens_nothing(ticket: str) -> None:
    setup = Setup()
    with pytest.raises(Unauthenticated):
        connect("c1", ticket, realtime=setup.realtime)


def test_what_is_stored_of_a_ticket_opens_nothing() -> None:
    setup = Setup()
    ticket, _ = issue_ticket(ADA, realtime=setup.realtime)
    (stored,) = setup.tickets.tickets
    assert ticket not in stored
    with pytest.raises(Unauthenticated):
        connect("c1", stored, realtime=setup.realtime)


def test_a_push_reaches_every_socket_of_its_owner_and_no_other() -> None:
    setup = Setup()
    setup.opened("c1")
    setup.opened("c2")
    setup.opened("v1", visitor("shop", "vis_1"))
    setup.opened("v2", visitor("other", "vis_1"))
    assert setup.told(1).sent == 2
    assert setup.told(2, owner=visitor("shop", "vis_1")).sent == 1
    assert setup.got("c1") == setup.got("c2")
    assert '"p2"' in setup.got("v1")[0]
    assert setup.got("v2") == []


def test_nothing_is_read_or_pushed_for_nobody() -> None:
    setup = Setup()
    assert setup.told(1) == PushReport()
    assert push([], realtime=setup.realtime) == PushReport()


def test_a_socket_that_is_gone_is_forgotten_and_the_others_are_served() -> None:
    setup = Setup()
    setup.opened("dead")
    setup.opened("alive")
    setup.clock.advance(OPENING)
    setup.sockets.gone.add("dead")
    assert setup.told(1, 2) == PushReport(sent=2, gone=1)
    assert [one.connection_id for one in setup.connections.of([ADA])[ADA]] == ["alive"]


def test_a_socket_that_is_only_opening_is_called_gone_and_kept() -> None:
    setup = Setup()
    setup.opened("new")
    setup.sockets.gone.add("new")
    assert setup.told(1).gone == 1
    setup.sockets.gone.clear()
    assert setup.told(2).sent == 1


def test_a_slow_socket_gets_nothing_more_of_the_batch_and_stays() -> None:
    setup = Setup()
    setup.opened("slow")
    setup.opened("fine")
    setup.sockets.slow.add("slow")
    assert setup.told(1, 2, 3) == PushReport(sent=3, failed=1)
    assert len(setup.connections.of([ADA])[ADA]) == 2


def test_a_batch_ends_in_time_whatever_its_sockets_do() -> None:
    setup = Setup()

    class Dragging(InMemorySockets):
        def post(self, connection_id: str, data: bytes) -> Posted:
            setup.clock.advance(timedelta(seconds=3))
            return super().post(connection_id, data)

    for number in range(10):
        setup.opened(f"c{number}")
    dragging = Dragging()
    realtime = Realtime(
        setup.tickets, setup.connections, dragging, setup.clock, lambda _bits: 1, workers=1
    )
    report = push([Delivery(ADA, pong(1))], realtime=realtime)
    assert (report.sent, report.failed) == (3, 7)
    assert setup.clock.now() - NOW <= PUSH_BUDGET + timedelta(seconds=3)


def test_sockets_are_pushed_to_side_by_side_and_each_in_order() -> None:
    setup = Setup(workers=8)
    for number in range(20):
        setup.opened(f"c{number}")
    assert setup.told(1, 2, 3).sent == 60
    for number in range(20):
        assert [text.split('"id":"')[1][:2] for text in setup.got(f"c{number}")] == [
            "p1",
            "p2",
            "p3",
        ]


def test_the_same_frame_twice_in_a_batch_is_pushed_once() -> None:
    setup = Setup()
    setup.opened("c1")
    assert setup.told(1, 1, 2).sent == 2


def test_forgetting_a_gone_socket_may_fail_without_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = Setup()
    setup.opened("dead")
    setup.clock.advance(OPENING)
    setup.sockets.gone.add("dead")

    def throttled(*_args: object) -> None:
        raise Transient("busy")

    monkeypatch.setattr(setup.connections, "unsubscribe", throttled)
    assert setup.told(1).gone == 1


def test_a_closed_connection_is_nobody() -> None:
    setup = Setup()
    setup.opened("c1")
    disconnect("c1", realtime=setup.realtime)
    disconnect("c1", realtime=setup.realtime)
    assert setup.told(1) == PushReport()
    with pytest.raises(Unauthenticated):
        behind("c1", realtime=setup.realtime)


def test_a_connection_is_over_after_two_hours() -> None:
    setup = Setup()
    setup.opened("c1")
    setup.clock.advance(CONNECTION_LIFE)
    assert setup.told(1) == PushReport()
    with pytest.raises(Unauthenticated):
        behind("c1", realtime=setup.realtime)


def test_nobody_opens_sockets_without_end() -> None:
    setup = Setup()
    for number in range(MAX_SOCKETS):
        setup.opened(f"c{number}")
    with pytest.raises(TooManySockets):
        setup.opened("one-more")
    assert setup.connections.get("one-more") is None
    setup.clock.advance(CONNECTION_LIFE)
    setup.opened("later")
    assert len(setup.connections.of([ADA])[ADA]) == 1


def test_a_text_too_long_for_a_frame_is_left_out_and_said_to_be() -> None:
    frame = MessageFrame(
        id="m",
        at="",
        message_id="m",
        rev=0,
        direction="out",
        channel="email",
        kind="message",
        text="語" * 50_000,
    )
    data = encode(frame)
    assert len(data) < MAX_FRAME_BYTES
    assert b'"truncated":true' in data
    assert '"語"' in encode(frame.model_copy(update={"text": "語"})).decode()
