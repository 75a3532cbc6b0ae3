"""Let agents and visitors open sockets, and push frames to them without waiting for the dead."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapport.kernel.clock import Clock
from rapport.kernel.errors import RapportError, Transient, Unauthenticated
from rapport.kernel.ids import encode as base32
from rapport.realtime.model import (
    MAX_SOCKETS,
    TICKET_LIFE,
    Connection,
    Delivery,
    Owner,
    Socket,
    Ticket,
    encode,
    ticket_hash,
    unique,
)
from rapport.realtime.ports import Connections, Posted, Sockets, Tickets

OWNERS_A_READ = 100
PUSH_BUDGET = timedelta(seconds=8)
"""How long one batch may push: what is late by then is what the clients' next `resume` brings."""

TICKET_BITS, TICKET_CHARS = 200, 40


class TooManySockets(RapportError):
    """The agent or visitor has as many sockets open as they may."""

    code = "too_many_connections"


@dataclass(frozen=True)
class Realtime:
    """What realtime works with. `workers`: sockets pushed to at a time; 1 needs no threads."""

    tickets: Tickets
    connections: Connections
    sockets: Sockets
    clock: Clock
    randbits: Callable[[int], int]
    workers: int = 8


@dataclass(frozen=True)
class PushReport:
    """How many frames were taken, and how many sockets were gone or dropped their frames."""

    sent: int = 0
    gone: int = 0
    failed: int = 0


def issue_ticket(
    owner: Owner, *, anonymous_id: str | None = None, realtime: Realtime
) -> tuple[str, datetime]:
    """A new ticket for one socket of `owner`, and when it ends. One write; its hash is stored."""
    secret = f"tkt_{base32(realtime.randbits(TICKET_BITS), TICKET_CHARS)}"
    expires_at = realtime.clock.now() + TICKET_LIFE
    realtime.tickets.save(ticket_hash(secret), Ticket(owner, expires_at, anonymous_id))
    return secret, expires_at


def connect(connection_id: str, ticket: str, *, realtime: Realtime) -> Connection:
    """Use a ticket for a connection; from here on pushes go to it.

    Raises `Unauthenticated` for one that is unknown, used or over, `TooManySockets`. Dies on the
    way: the ticket is spent, the client is refused and asks for another.
    """
    now = realtime.clock.now()
    used = realtime.tickets.use(ticket_hash(ticket), now)
    if used is None:
        raise Unauthenticated("The ticket is unknown, used or over: ask for a new one.")
    connection = Connection(connection_id, used.owner, now, used.anonymous_id)
    realtime.connections.open(connection)
    _subscribe(connection, now, realtime)
    return connection


def _subscribe(connection: Connection, now: datetime, realtime: Realtime) -> None:
    found = realtime.connections.subscribe(connection, MAX_SOCKETS)
    if found is None:
        return
    over = [socket for socket in found if socket.is_over(now)]
    realtime.connections.unsubscribe(connection.owner, over)
    if not over or realtime.connections.subscribe(connection, MAX_SOCKETS) is not None:
        realtime.connections.close(connection.connection_id)
        raise TooManySockets(f"At most {MAX_SOCKETS} connections at a time.")


def disconnect(connection_id: str, *, realtime: Realtime) -> None:
    """Forget a connection. Dies between the two: the next push finds it gone."""
    closed = realtime.connections.close(connection_id)
    if closed is not None:
        realtime.connections.unsubscribe(closed.owner, [closed.socket])


def behind(connection_id: str, *, realtime: Realtime) -> Connection:
    """Who is behind a connection; raises `Unauthenticated` where nobody is, or no longer."""
    found = realtime.connections.get(connection_id)
    if found is None or found.expires_at <= realtime.clock.now():
        raise Unauthenticated("This connection is over: open a new one.")
    return found


def push(deliveries: Sequence[Delivery], *, realtime: Realtime) -> PushReport:
    """Push each frame to all sockets of its owner, in order for each socket, sockets side by side.

    A socket that fails once gets nothing more of this batch: it must not hold up the others, and
    its client's next `resume` brings what it missed. Raises only what reading the sockets raises.
    """
    wanted = unique(deliveries)
    sockets = _open_sockets(list(dict.fromkeys(one.owner for one in wanted)), realtime)
    frames: dict[Owner, list[bytes]] = defaultdict(list)
    for one in wanted:
        if one.owner in sockets:
            frames[one.owner].append(encode(one.frame))
    work = [(owner, socket) for owner, found in sockets.items() for socket in found]
    deadline = realtime.clock.now() + PUSH_BUDGET

    def one_socket(place: tuple[Owner, Socket]) -> tuple[int, Posted]:
        owner, socket = place
        return _post_all(socket, frames[owner], deadline, realtime)

    outcomes = _side_by_side(one_socket, work, realtime.workers)
    _forget_gone(work, outcomes, realtime)
    return PushReport(
        sent=sum(sent for sent, _ in outcomes),
        gone=sum(how is Posted.GONE for _, how in outcomes),
        failed=sum(how is Posted.FAILED for _, how in outcomes),
    )


def _open_sockets(owners: list[Owner], realtime: Realtime) -> Mapping[Owner, list[Socket]]:
    now = realtime.clock.now()
    found: dict[Owner, list[Socket]] = {}
    for start in range(0, len(owners), OWNERS_A_READ):
        found |= realtime.connections.of(owners[start : start + OWNERS_A_READ])
    return {
        owner: [socket for socket in sockets if not socket.is_over(now)]
        for owner, sockets in found.items()
    }


def _post_all(
    socket: Socket, frames: Sequence[bytes], deadline: datetime, realtime: Realtime
) -> tuple[int, Posted]:
    for sent, data in enumerate(frames):
        if realtime.clock.now() > deadline:
            return sent, Posted.FAILED
        posted = realtime.sockets.post(socket.connection_id, data)
        if posted is not Posted.SENT:
            return sent, posted
    return len(frames), Posted.SENT


def _side_by_side(
    function: Callable[[tuple[Owner, Socket]], tuple[int, Posted]],
    work: Sequence[tuple[Owner, Socket]],
    workers: int,
) -> list[tuple[int, Posted]]:
    if workers == 1 or len(work) < 2:
        return [function(one) for one in work]
    with ThreadPoolExecutor(min(workers, len(work))) as pool:
        return list(pool.map(function, work))


def _forget_gone(
    work: Sequence[tuple[Owner, Socket]],
    outcomes: Sequence[tuple[int, Posted]],
    realtime: Realtime,
) -> None:
    now = realtime.clock.now()
    gone: dict[Owner, list[Socket]] = defaultdict(list)
    for (owner, socket), (_, how) in zip(work, outcomes, strict=True):
        # One that is only just opening is called gone as well: it stays, its `resume` catches up.
        if how is Posted.GONE and not socket.may_be_opening(now):
            gone[owner].append(socket)
    for owner, sockets in gone.items():
        try:
            realtime.connections.unsubscribe(owner, sockets)
        except Transient:
            continue  # the next push finds them gone again
