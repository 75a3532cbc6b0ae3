"""Who is behind a socket, how they prove it, and how a frame is spelled. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from rapport.contracts.realtime import Frame, MessageFrame

TICKET_LIFE = timedelta(seconds=30)
CONNECTION_LIFE = timedelta(hours=2)
"""API Gateway ends every WebSocket connection after two hours."""

OPENING = timedelta(seconds=30)
"""Until `$connect` has answered, API Gateway calls a connection gone that is not yet open."""

MAX_SOCKETS = 20
"""Per agent or visitor: a stranger who opens more must not make every push dearer."""

OVERLAP = timedelta(minutes=10)
"""How much further back than asked a replay goes: what was received then may be stored only now,
since the inbound queue brings a failed message five times, 90 seconds apart."""

LONGEST_REPLAY = timedelta(days=1)
MAX_FRAME_BYTES = 100_000
"""API Gateway refuses more than 128 KB; the rest is room for what surrounds the text."""


class OwnerKind(StrEnum):
    """Whose socket it is."""

    AGENT = "agent"
    VISITOR = "visitor"


@dataclass(frozen=True)
class Owner:
    """An agent (`id` is the agent's), or a visitor of one web chat account."""

    kind: OwnerKind
    id: str
    account: str = ""

    @property
    def key(self) -> str:
        """`AGENT#agt_1`, `VISITOR#shop#vis_1`."""
        if self.kind is OwnerKind.AGENT:
            return f"AGENT#{self.id}"
        return f"VISITOR#{self.account}#{self.id}"


def agent(agent_id: str) -> Owner:
    """The owner of an agent's sockets."""
    return Owner(OwnerKind.AGENT, agent_id)


def visitor(account: str, visitor_id: str) -> Owner:
    """The owner of a visitor's sockets."""
    return Owner(OwnerKind.VISITOR, visitor_id, account)


@dataclass(frozen=True)
class Ticket:
    """The right to open one socket. `anonymous_id` goes along into a visitor's messages."""

    owner: Owner
    expires_at: datetime
    anonymous_id: str | None = None


@dataclass(frozen=True)
class Connection:
    """One open socket and who is behind it."""

    connection_id: str
    owner: Owner
    opened_at: datetime
    anonymous_id: str | None = None

    @property
    def expires_at(self) -> datetime:
        """When API Gateway will have closed it."""
        return self.opened_at + CONNECTION_LIFE

    @property
    def socket(self) -> "Socket":
        """What its owner's item holds of it."""
        return Socket(int(self.opened_at.timestamp()), self.connection_id)


@dataclass(frozen=True, order=True)
class Socket:
    """A connection among its owner's, with its age (`opened_at` in epoch seconds)."""

    opened_at: int
    connection_id: str

    @property
    def text(self) -> str:
        """`1795406400#Kz6AKcXhIAMCJqA=`."""
        return f"{self.opened_at}#{self.connection_id}"

    def is_over(self, now: datetime) -> bool:
        """Whether API Gateway has closed it for certain."""
        return now.timestamp() >= self.opened_at + CONNECTION_LIFE.total_seconds()

    def may_be_opening(self, now: datetime) -> bool:
        """Whether "gone" may mean "not yet open"."""
        return now.timestamp() < self.opened_at + OPENING.total_seconds()


def parse_socket(text: str) -> Socket:
    """The socket that `Socket.text` spelled."""
    opened_at, _, connection_id = text.partition("#")
    return Socket(int(opened_at), connection_id)


@dataclass(frozen=True)
class Delivery:
    """One frame for all sockets of one owner."""

    owner: Owner
    frame: Frame


def ticket_hash(ticket: str) -> str:
    """What is stored of a ticket: nobody can open a socket with what lies in the table."""
    return sha256(ticket.encode()).hexdigest()


def encode(frame: Frame) -> bytes:
    """A frame as it is sent; a text that no frame can hold is left out and marked `truncated`."""
    data = _spell(frame)
    if len(data) <= MAX_FRAME_BYTES or not isinstance(frame, MessageFrame):
        return data
    short = frame.model_copy(
        update={"text": None, "payload": None, "attachments": (), "truncated": True}
    )
    return _spell(short)


def _spell(frame: Frame) -> bytes:
    fields = frame.model_dump(mode="json", exclude_none=True)
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def replay_from(since: datetime | None, now: datetime) -> tuple[datetime, bool]:
    """From when to replay, and whether that is all of it.

    `OVERLAP` before `since`: our clocks differ, an index may have lagged, a queue have retried.
    """
    wanted = (since or now).astimezone(UTC) - OVERLAP
    earliest = now - LONGEST_REPLAY
    return (wanted, True) if wanted >= earliest else (earliest, False)


def unique(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Each frame once per owner, in order: the first telling of an id stands."""
    seen: set[tuple[str, str]] = set()
    kept: list[Delivery] = []
    for one in deliveries:
        mark = (one.owner.key, one.frame.id)
        if mark not in seen:
            seen.add(mark)
            kept.append(one)
    return kept
