"""Conversations and messages over HTTP."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from rapport.contracts.api.base import Body, PageQuery, Text, View, examples
from rapport.contracts.content import Content

MessageId = Annotated[str, Field(min_length=1, max_length=1500)]


class AttachmentView(View):
    """A file of a message; `is_stored` says whether its link can be asked for."""

    index: int
    media_type: str | None = None
    content_type: str | None = None
    filename: str | None = None
    size: int | None = None
    is_stored: bool


class FailureView(View):
    """Why a message was not sent or not delivered."""

    error_class: str
    code: str
    detail: str


class MessageView(View):
    """One message. Outbound ones carry `content`, `status` and, if they failed, why."""

    message_id: str
    ref: str = Field(description="The message in an address: `…/messages/{ref}`.")
    direction: Literal["inbound", "outbound"]
    kind: str
    channel: str
    account: str
    record_id: str
    at: datetime = Field(description="The provider's time; for ours, when it was entered.")
    provider_message_id: str | None = None
    text: str | None = None
    payload: str | None = None
    content: Content | None = None
    attachments: list[AttachmentView] = Field(default_factory=list)
    reply_to: str | None = Field(
        default=None, description="The `provider_message_id` of the message answered."
    )
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    author: str | None = None
    status: str | None = None
    failure: FailureView | None = None
    sent_at: datetime | None = None
    receipts: dict[str, datetime] | None = None
    is_withheld: bool = Field(
        default=False, description="You may know that it exists, but not what it says."
    )


class MessagePage(View):
    """Latest first. A page may hold fewer messages than asked for and still have a cursor."""

    items: list[MessageView]
    cursor: str | None = None


class RouteView(View):
    """Where the customer wrote: a reply may go to any of these records."""

    record_id: str
    channel: str
    account: str
    last_at: datetime


class ConversationView(View):
    """A conversation of one customer over all channels."""

    conversation_id: str
    customer_id: str
    state: str
    opened_at: datetime
    last_message_at: datetime
    assignee: str | None = None
    assigned_at: datetime | None = None
    snoozed_until: datetime | None = None
    resolved_at: datetime | None = None
    routes: list[RouteView]


class ConversationPage(View):
    """Longest open first. A page may hold fewer than asked for and still have a cursor."""

    items: list[ConversationView]
    cursor: str | None = None


class ConversationQuery(PageQuery):
    """Which conversations: of an agent, or in a state; resolved ones are found by customer."""

    state: Literal["open", "snoozed"] | None = None
    assignee: Text | None = Field(
        default=None, description="`me` or an agent's id; agents see their own and unassigned ones."
    )


class MessageQuery(PageQuery):
    """Which page of a conversation's messages."""


class Reply(Body):
    """What to say. Without `record_id` it goes where the customer wrote last."""

    model_config = examples(
        {"content": {"type": "text", "text": "Your order left today."}},
        {
            "content": {
                "type": "template",
                "name": "order_update",
                "language": "en",
                "parameters": ["4711"],
            }
        },
    )

    content: Content
    record_id: Text | None = None
    reply_to: MessageId | None = Field(
        default=None, description="The `message_id` of the message to quote, of the same record."
    )


class Accepted(View):
    """The message is in the ledger and will be sent; its `status` tells how that goes."""

    message: MessageView


class Resolution(Body):
    """`seen`: the `at` of the newest message you saw; a newer one refuses the resolution."""

    seen: AwareDatetime | None = None


class Snooze(Body):
    """Until when the conversation rests, or the customer writes."""

    model_config = examples({"until": "2026-12-01T09:00:00Z"})

    until: AwareDatetime


class AttachmentLink(View):
    """A link that needs no token, for five minutes."""

    url: str
    expires_at: datetime
