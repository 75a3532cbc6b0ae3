"""The ledger's entry for one message, and the ladder its status climbs. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rapport.contracts.content import Content
from rapport.contracts.inbound import Status


class MessageStatus(StrEnum):
    """Where a message we send has got to. `sending`: an attempt has begun and not yet ended."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    CLICKED = "clicked"


RANK = {
    MessageStatus.QUEUED: 0,
    MessageStatus.SENDING: 1,
    MessageStatus.UNKNOWN: 2,
    MessageStatus.SENT: 3,
    # A failure told after a delivery is noted, not applied: the message did arrive.
    MessageStatus.FAILED: 4,
    MessageStatus.DELIVERED: 5,
    MessageStatus.READ: 6,
    MessageStatus.CLICKED: 7,
}
"""The ladder: receipts come out of order and skip steps, so the status is their max."""

_RECEIPTS = {
    Status.SENT: MessageStatus.SENT,
    Status.DELIVERED: MessageStatus.DELIVERED,
    Status.READ: MessageStatus.READ,
    Status.CLICKED: MessageStatus.CLICKED,
    Status.FAILED: MessageStatus.FAILED,
    Status.BOUNCED: MessageStatus.FAILED,
    # A complaint proves that the message arrived.
    Status.COMPLAINED: MessageStatus.DELIVERED,
}


def step(status: Status) -> MessageStatus | None:
    """The rung a receipt leads to; None where it is noted only (queued, deferred, unknown)."""
    return _RECEIPTS.get(status)


@dataclass(frozen=True)
class Failure:
    """Why a message was not sent or not delivered, for people: class, provider's code, sentence."""

    error_class: str
    code: str
    detail: str


@dataclass(frozen=True)
class LedgerEntry:
    """One message we send, before, while and after it leaves.

    `record_id` is the recipient's record, `address` the provider's spelling of them. `receipts`
    holds the first time of each status told by the provider.
    """

    message_id: str
    record_id: str
    customer_id: str
    account_channel: str
    account: str
    channel: str
    address: str
    content: Content
    created_at: datetime
    status: MessageStatus = MessageStatus.QUEUED
    conversation_id: str | None = None
    author: str | None = None
    reply_to: str | None = None
    last_inbound_at: datetime | None = None
    attempts: int = 0
    provider_message_id: str | None = None
    sent_at: datetime | None = None
    failure: Failure | None = None
    receipts: dict[str, datetime] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """What a provider gives back in its callbacks: where the ledger keeps this entry."""
        return reference(self.record_id, self.message_id)


def reference(record_id: str, message_id: str) -> str:
    """`rec_….msg_…`: finds the entry without an index."""
    return f"{record_id}.{message_id}"


def parse_reference(text: str) -> tuple[str, str] | None:
    """(record id, message id) of a reference of ours; None for any other text."""
    record_id, dot, message_id = text.partition(".")
    if dot and record_id.startswith("rec_") and message_id.startswith("msg_"):
        return record_id, message_id
    return None
