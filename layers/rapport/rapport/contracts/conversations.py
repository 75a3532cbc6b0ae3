"""Facts about conversations and their messages."""

from datetime import datetime
from typing import ClassVar

from rapport.contracts.events import Audience, Data


class MessageReceived(Data):
    """A customer's message was stored: find it by record and time, where `ingest_id` names it.

    Neither its text is told nor the provider's id, which at some providers holds the phone number.
    """

    detail_type: ClassVar[str] = "MessageReceived.v1"

    ingest_id: str
    at: datetime
    record_id: str
    customer_id: str
    channel: str
    kind: str
    has_attachments: bool


class ConversationOpened(Data):
    """A customer has begun a conversation; nobody has it yet."""

    detail_type: ClassVar[str] = "ConversationOpened.v1"

    conversation_id: str
    customer_id: str
    channel: str
    opened_at: datetime


class ConversationReopened(Data):
    """A customer wrote into a resolved or snoozed conversation, or its snooze ended."""

    detail_type: ClassVar[str] = "ConversationReopened.v1"

    conversation_id: str
    customer_id: str
    opened_at: datetime
    previous_assignee: str | None = None


class ConversationAssigned(Data):
    """An agent has the conversation now."""

    detail_type: ClassVar[str] = "ConversationAssigned.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    conversation_id: str
    customer_id: str
    agent_id: str


class ConversationResolved(Data):
    """An agent has closed the conversation; `agent_id` is whose capacity that frees."""

    detail_type: ClassVar[str] = "ConversationResolved.v1"

    conversation_id: str
    customer_id: str
    agent_id: str | None = None


class ConversationSnoozed(Data):
    """The conversation rests until `until` or the customer's next message."""

    detail_type: ClassVar[str] = "ConversationSnoozed.v1"

    conversation_id: str
    customer_id: str
    until: datetime
    agent_id: str | None = None
