"""Realtime in memory: the twins of `store` and of the sockets, for tests and simulations."""

from collections.abc import Sequence
from datetime import datetime

from rapport.realtime.model import Connection, Owner, Socket, Ticket
from rapport.realtime.ports import Posted


class InMemoryTickets:
    """`Tickets` in a dictionary."""

    def __init__(self) -> None:
        self.tickets: dict[str, Ticket] = {}

    def save(self, digest: str, ticket: Ticket) -> None:
        """Keep a ticket."""
        self.tickets[digest] = ticket

    def use(self, digest: str, now: datetime) -> Ticket | None:
        """Take a ticket away, unless it is over."""
        found = self.tickets.get(digest)
        if found is None or found.expires_at <= now:
            return None
        return self.tickets.pop(digest)


class InMemoryConnections:
    """`Connections` in dictionaries."""

    def __init__(self) -> None:
        self.connections: dict[str, Connection] = {}
        self.sockets: dict[Owner, set[Socket]] = {}

    def open(self, connection: Connection) -> None:
        """Note who is behind a connection."""
        self.connections[connection.connection_id] = connection

    def subscribe(self, connection: Connection, most: int) -> list[Socket] | None:
        """Add it to its owner's sockets, unless there are `most`."""
        found = self.sockets.setdefault(connection.owner, set())
        if len(found) >= most and connection.socket not in found:
            return sorted(found)
        found.add(connection.socket)
        return None

    def get(self, connection_id: str) -> Connection | None:
        """Who is behind a connection."""
        return self.connections.get(connection_id)

    def close(self, connection_id: str) -> Connection | None:
        """Forget a connection."""
        return self.connections.pop(connection_id, None)

    def unsubscribe(self, owner: Owner, sockets: Sequence[Socket]) -> None:
        """Take sockets out of their owner's set."""
        self.sockets.get(owner, set()).difference_update(sockets)

    def of(self, owners: Sequence[Owner]) -> dict[Owner, list[Socket]]:
        """The sockets of several owners."""
        return {owner: sorted(found) for owner in owners if (found := self.sockets.get(owner))}


class InMemorySockets:
    """`Sockets` that keep what each client got; `gone` and `slow` hold those that get nothing."""

    def __init__(self) -> None:
        self.posted: dict[str, list[bytes]] = {}
        self.gone: set[str] = set()
        self.slow: set[str] = set()

    def post(self, connection_id: str, data: bytes) -> Posted:
        """Hand one frame to one client."""
        if connection_id in self.gone:
            return Posted.GONE
        if connection_id in self.slow:
            return Posted.FAILED
        self.posted.setdefault(connection_id, []).append(data)
        return Posted.SENT
