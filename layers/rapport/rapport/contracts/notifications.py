"""Facts about what we send, and the order to send it."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from rapport.contracts.events import Audience, Data


class OutboundOrder(BaseModel):
    """What an outbound queue carries: ids alone. The ledger holds the address and the words."""

    model_config = ConfigDict(frozen=True)

    record_id: str
    message_id: str


class MessageQueued(Data):
    """A message was entered into the ledger and is due; the relay queues it for dispatch."""

    detail_type: ClassVar[str] = "MessageQueued.v1"
    audience: ClassVar[Audience] = Audience.RELAY

    record_id: str
    message_id: str
    channel: str


class MessageSent(Data):
    """The provider took the message."""

    detail_type: ClassVar[str] = "MessageSent.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    record_id: str
    message_id: str
    channel: str


class MessageFailed(Data):
    """The message will not be delivered; `error_class` says why."""

    detail_type: ClassVar[str] = "MessageFailed.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    record_id: str
    message_id: str
    channel: str
    error_class: str


class MessageOutcomeUnknown(Data):
    """The provider may or may not have taken the message; a receipt may still tell."""

    detail_type: ClassVar[str] = "MessageOutcomeUnknown.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    record_id: str
    message_id: str
    channel: str


class MessageStatusChanged(Data):
    """A receipt moved the message up the ladder."""

    detail_type: ClassVar[str] = "MessageStatusChanged.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    record_id: str
    message_id: str
    channel: str
    status: str
