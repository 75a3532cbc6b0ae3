"""What realtime needs. A method is one atomic AWS call."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from rapport.realtime.model import Connection, Owner, Socket, Ticket


class Tickets(Protocol):
    """Tickets by the hash of their secret."""

    def save(self, digest: str, ticket: Ticket) -> None:
        """Keep a ticket until it is used or over."""
        ...

    def use(self, digest: str, now: datetime) -> Ticket | None:
        """Take a ticket away: whoever gets it is the only one. None: unknown, used or over."""
        ...


class Connections(Protocol):
    """Open sockets, by connection and by owner, always read as of now."""

    def open(self, connection: Connection) -> None:
        """Note who is behind a connection."""
        ...

    def subscribe(self, connection: Connection, most: int) -> list[Socket] | None:
        """Add it to its owner's sockets; the sockets found instead where there are `most`."""
        ...

    def get(self, connection_id: str) -> Connection | None:
        """Who is behind a connection."""
        ...

    def close(self, connection_id: str) -> Connection | None:
        """Forget a connection, and give what was known of it."""
        ...

    def unsubscribe(self, owner: Owner, sockets: Sequence[Socket]) -> None:
        """Take sockets out of their owner's set. Twice is once."""
        ...

    def of(self, owners: Sequence[Owner]) -> dict[Owner, list[Socket]]:
        """The sockets of several owners (at most 100)."""
        ...


class Posted(StrEnum):
    """How one push ended. `failed`: too slow, refused or unreachable."""

    SENT = "sent"
    GONE = "gone"
    FAILED = "failed"


class Sockets(Protocol):
    """The sending side of the WebSocket API, bounded in time, without retries."""

    def post(self, connection_id: str, data: bytes) -> Posted:
        """Push one frame to one socket. Never raises for what a socket can do."""
        ...
