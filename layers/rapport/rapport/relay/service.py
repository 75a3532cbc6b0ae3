"""Publish each event that rides on an item, at least once, in the item's order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from rapport.contracts.events import Envelope
from rapport.contracts.notifications import MessageQueued, OutboundOrder
from rapport.contracts.otp import CodeOrder, CodeOrdered
from rapport.contracts.queues import Queue, QueueEntry
from rapport.kernel.errors import Transient

T = TypeVar("T")
BATCH = 10
TRIES = 3


class Bus(Protocol):
    """Where facts go."""

    def publish(self, events: Sequence[Envelope]) -> list[Envelope]:
        """Publish at most ten; those that were not taken."""
        ...


MEDIUM = {
    "whatsapp": "chat",
    "messenger": "chat",
    "line": "chat",
    "telegram": "chat",
    "webchat": "chat",
    "sms": "sms",
    "mms": "sms",
    "email": "email",
}
"""The outbound queue of each channel: a slow medium must not hold up the others."""

OTP = "otp"
"""The outbound queue of one-time codes: somebody waits for each of them."""


@dataclass(frozen=True)
class Outlets:
    """The bus, and the outbound queue of each medium."""

    bus: Bus
    outbound: Mapping[str, Queue]


def publish(events: Sequence[Envelope], *, outlets: Outlets) -> None:
    """Send `events` where they belong; raises `Transient` when an outlet did not take them all.

    Published twice is the consumers' to bear: orders by the queue's de-duplication and the ledger's
    condition, facts by conditional writes.
    """
    codes = [event for event in events if event.detail_type == CodeOrdered.detail_type]
    orders = [event for event in events if event.detail_type == MessageQueued.detail_type]
    facts = [event for event in events if event not in codes and event not in orders]
    for codes_at_once in _batches([_code(one) for one in codes]):
        _insist(codes_at_once, outlets.outbound[OTP].send)
    for batch in _batches(facts):
        _insist(batch, outlets.bus.publish)
    by_medium: dict[str, list[QueueEntry]] = {}
    for order in orders:
        medium = MEDIUM.get(str(order.data["channel"]), "chat")
        by_medium.setdefault(medium, []).append(_entry(order))
    for medium, entries in by_medium.items():
        for group in _batches(entries):
            _insist(group, outlets.outbound[medium].send)


def _batches(items: Sequence[T]) -> list[list[T]]:
    return [list(items[start : start + BATCH]) for start in range(0, len(items), BATCH)]


def _insist(items: list[T], give: Callable[[Sequence[T]], list[T]]) -> None:
    """Both outlets take a batch in part: what they left is given again, then the batch fails."""
    left = items
    for _ in range(TRIES):
        left = give(left)
        if not left:
            return
    raise Transient("An outlet did not take every event.")


def _entry(order: Envelope) -> QueueEntry:
    body = OutboundOrder.model_validate(order.data)
    # Group by recipient: their messages leave in order, and a slow one holds up only itself.
    return QueueEntry(body.model_dump_json(), body.record_id, body.message_id)


def _code(order: Envelope) -> QueueEntry:
    # Codes need no order among each other, and each is sent once by the state of its verification.
    return QueueEntry(CodeOrder.model_validate(order.data).model_dump_json())
