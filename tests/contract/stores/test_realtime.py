"""`Tickets` and `Connections` on every engine."""

import pytest

from rapport.realtime.model import Connection, Ticket, agent, visitor
from rapport.realtime.ports import Connections, Tickets
from tests.builders import NOW, after
from tests.contract.stores.engines import Engine

AGENT, VISITOR = agent("agent-1"), visitor("shop", "vis-1")
TICKET = Ticket(AGENT, after(seconds=30))


@pytest.fixture
def tickets(engine: Engine) -> Tickets:
    return engine.tickets()


@pytest.fixture
def connections(engine: Engine) -> Connections:
    return engine.connections()


def a_connection(number: int = 1, **changes: object) -> Connection:
    fields: dict[str, object] = {
        "connection_id": f"Kz{number}=",
        "owner": AGENT,
        "opened_at": after(minutes=number),
    }
    return Connection(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("ticket", [TICKET, Ticket(VISITOR, after(seconds=30), "anon-7")])
def test_a_ticket_is_used_once(tickets: Tickets, ticket: Ticket) -> None:
    tickets.save("digest", ticket)
    assert tickets.use("digest", NOW) == ticket
    assert tickets.use("digest", NOW) is None


def test_an_unknown_ticket_opens_nothing(tickets: Tickets) -> None:
    assert tickets.use("digest", NOW) is None


@pytest.mark.parametrize(("seconds", "opens"), [(29, True), (30, False), (31, False)])
def test_a_ticket_opens_nothing_when_its_time_is_over(
    tickets: Tickets, seconds: float, opens: bool
) -> None:
    tickets.save("digest", TICKET)
    assert (tickets.use("digest", after(seconds=seconds)) is not None) == opens


def test_a_connection_reads_back_and_is_closed_once(connections: Connections) -> None:
    opened = a_connection(owner=VISITOR, anonymous_id="anon-7")
    assert connections.get(opened.connection_id) is None
    connections.open(opened)
    assert connections.get(opened.connection_id) == opened
    assert connections.close(opened.connection_id) == opened
    assert connections.close(opened.connection_id) is None
    assert connections.get(opened.connection_id) is None


def test_an_owners_sockets_are_found_by_owner(connections: Connections) -> None:
    one, two, theirs = a_connection(1), a_connection(2), a_connection(3, owner=VISITOR)
    for each in (two, one, theirs):
        assert connections.subscribe(each, 20) is None
    found = connections.of([AGENT, VISITOR, agent("nobody")])
    assert found == {AGENT: [one.socket, two.socket], VISITOR: [theirs.socket]}


def test_subscribing_twice_is_once(connections: Connections) -> None:
    for _ in range(2):
        assert connections.subscribe(a_connection(), 1) is None
    assert connections.of([AGENT]) == {AGENT: [a_connection().socket]}


def test_one_socket_too_many_is_refused_and_the_others_are_told(connections: Connections) -> None:
    for number in (1, 2):
        connections.subscribe(a_connection(number), 2)
    assert connections.subscribe(a_connection(3), 2) == [
        a_connection(1).socket,
        a_connection(2).socket,
    ]
    assert len(connections.of([AGENT])[AGENT]) == 2


def test_unsubscribing_twice_is_once_and_the_last_leaves_nothing(connections: Connections) -> None:
    for number in (1, 2):
        connections.subscribe(a_connection(number), 20)
    for _ in range(2):
        connections.unsubscribe(AGENT, [a_connection(1).socket])
    assert connections.of([AGENT]) == {AGENT: [a_connection(2).socket]}
    connections.unsubscribe(AGENT, [a_connection(2).socket, a_connection(9).socket])
    assert connections.of([AGENT]) == {}


@pytest.mark.parametrize("sockets", [[], [a_connection().socket]])
def test_unsubscribing_where_nothing_is_does_nothing(
    connections: Connections, sockets: list[object]
) -> None:
    connections.unsubscribe(AGENT, sockets)  # type: ignore[arg-type]
    assert connections.of([AGENT]) == {}


def test_the_sockets_of_nobody_are_none(connections: Connections) -> None:
    assert connections.of([]) == {}


def test_visitors_of_two_accounts_are_two(connections: Connections) -> None:
    connections.subscribe(a_connection(owner=visitor("a", "vis-1")), 20)
    assert connections.of([visitor("b", "vis-1")]) == {}
