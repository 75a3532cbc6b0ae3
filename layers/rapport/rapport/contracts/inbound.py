"""The canonical event: what any provider's webhook says, in one vocabulary."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Kind(StrEnum):
    """What happened. Names and meanings are the same for every provider."""

    MESSAGE = "message"
    POSTBACK = "postback"
    REACTION = "reaction"
    EDIT = "edit"
    DELETE = "delete"
    RECEIPT = "receipt"
    ECHO = "echo"
    MEMBERSHIP = "membership"
    CALL = "call"
    IDENTIFY = "identify"
    TRACK = "track"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    ALIAS = "alias"
    OTHER = "other"


CONVERSATIONAL = frozenset(
    {Kind.MESSAGE, Kind.POSTBACK, Kind.REACTION, Kind.EDIT, Kind.DELETE, Kind.CALL}
)
TRACKED = frozenset({Kind.IDENTIFY, Kind.TRACK, Kind.PAGE, Kind.SCREEN, Kind.GROUP, Kind.ALIAS})


class Status(StrEnum):
    """Where a message we sent has got to; the ladder is in `notifications.model`."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    CLICKED = "clicked"
    FAILED = "failed"
    BOUNCED = "bounced"
    DEFERRED = "deferred"
    COMPLAINED = "complained"
    UNKNOWN = "unknown"


class Attachment(BaseModel):
    """One media object as the provider refers to it; its bytes are fetched later, if at all."""

    model_config = ConfigDict(frozen=True)

    media_type: str | None = None
    content_type: str | None = None
    filename: str | None = None
    size: int | None = None
    url: str | None = None
    provider_media_id: str | None = None
    sha256: str | None = None


class InboundEvent(BaseModel):
    """One canonical event. `from_` and `to` are the provider's identifiers verbatim.

    For a message `from_` is the end user and `to` our account; for a receipt `from_` is our account
    and `to` the end user. `timestamp` is when it happened (UTC), None where the payload does not
    say. `provider_message_id` is the message's own id and the key of de-duplication.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    kind: Kind
    channel: str
    provider: str
    provider_message_id: str | None = None
    provider_event_id: str | None = None
    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    timestamp: datetime | None = None
    status: Status | None = None
    provider_status: str | None = None
    error_code: str | None = None
    error_detail: str | None = None
    reply_to: str | None = None
    payload: str | None = None
    sender_name: str | None = None
    sender_ids: dict[str, str] = Field(default_factory=dict)
    extra: dict[str, Any] = Field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        """Whether our side said or did it: an echo, or the progress of a call that we placed."""
        placed = str(self.extra.get("direction") or "").startswith("outbound")
        return self.kind is Kind.ECHO or (self.kind is Kind.CALL and placed)

    @property
    def customer_address(self) -> str | None:
        """The provider's identifier of the customer, whichever side they are on."""
        return self.to if self.is_ours else self.from_


class ReceivedEvent(BaseModel):
    """A canonical event as it lies on the inbound queue, with what ingest knows about it.

    `account_channel` and `account` are the segments of the webhook's address (`twilio`, `main`).
    `ingest_id` is new for each arrival and the same for every redelivery by our own queue: it tells
    our own retry from the provider's. `received_at` is when the webhook reached us.
    `trusted`: the account's document says that this source authenticates its users itself.
    """

    model_config = ConfigDict(frozen=True)

    ingest_id: str
    account_channel: str
    account: str
    received_at: datetime
    event: InboundEvent
    trusted: bool = False


def object_key(ingest_id: str) -> str:
    """Where an event lies that is too large for a queue."""
    return f"inbound/{ingest_id}.json"
