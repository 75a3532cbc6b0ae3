"""Messages as the API shows them: one shape for what came in and what we sent."""

import base64
import binascii

from rapport.contracts.api.conversations import (
    AttachmentView,
    ConversationView,
    FailureView,
    MessageView,
    RouteView,
)
from rapport.contracts.inbound import Kind
from rapport.conversations.model import Conversation, Message
from rapport.kernel.errors import NotFound
from rapport.notifications.model import LedgerEntry, MessageStatus

INBOUND = "in_"


def ref_of(key: str) -> str:
    """A customer's message in an address: its key, in characters that a path can hold."""
    return INBOUND + base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_of(ref: str) -> str:
    """The key behind `ref_of`; raises `NotFound` for anything else."""
    text = ref.removeprefix(INBOUND)
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        key = ""
    if not key or ref_of(key) != ref:
        raise NotFound("There is no such message.")
    return key


def message_view(message: Message, *, is_withheld: bool = False) -> MessageView:
    """A customer's message; `is_withheld` leaves out what it says."""
    return MessageView(
        message_id=message.key,
        ref=ref_of(message.key),
        # An echo is what staff wrote in the provider's own app.
        direction="outbound" if message.kind is Kind.ECHO else "inbound",
        kind=message.kind.value,
        channel=message.channel,
        account=message.account,
        record_id=message.record_id,
        at=message.at,
        provider_message_id=message.provider_message_id,
        text=None if is_withheld else message.text,
        payload=None if is_withheld else message.payload,
        attachments=[] if is_withheld else _attachments(message),
        reply_to=message.reply_to,
        edited_at=message.edited_at,
        deleted_at=message.deleted_at,
        is_withheld=is_withheld,
    )


def _attachments(message: Message) -> list[AttachmentView]:
    return [
        AttachmentView(
            index=index,
            media_type=each.media_type,
            content_type=each.content_type,
            filename=each.filename,
            size=each.size,
            is_stored=str(index) in message.objects,
        )
        for index, each in enumerate(message.attachments)
    ]


def entry_view(entry: LedgerEntry, *, is_withheld: bool = False) -> MessageView:
    """A message of ours with what became of it; `is_withheld` leaves out what it says."""
    return MessageView(
        message_id=entry.message_id,
        ref=entry.message_id,
        direction="outbound",
        kind="message",
        channel=entry.channel,
        account=entry.account,
        record_id=entry.record_id,
        at=entry.created_at,
        provider_message_id=entry.provider_message_id,
        content=None if is_withheld else entry.content,
        reply_to=entry.reply_to,
        author=entry.author,
        status=_status(entry.status).value,
        failure=_failure(entry),
        sent_at=entry.sent_at,
        receipts=entry.receipts or None,
        is_withheld=is_withheld,
    )


def _status(status: MessageStatus) -> MessageStatus:
    """To people an attempt that goes on is still queued."""
    return MessageStatus.QUEUED if status is MessageStatus.SENDING else status


def _failure(entry: LedgerEntry) -> FailureView | None:
    if entry.failure is None:
        return None
    failure = entry.failure
    return FailureView(error_class=failure.error_class, code=failure.code, detail=failure.detail)


def conversation_view(conversation: Conversation) -> ConversationView:
    """A conversation, without the customer's addresses."""
    return ConversationView(
        conversation_id=conversation.conversation_id,
        customer_id=conversation.customer_id,
        state=conversation.state.value,
        opened_at=conversation.opened_at,
        last_message_at=conversation.last_message_at,
        assignee=conversation.assignee,
        assigned_at=conversation.assigned_at,
        snoozed_until=conversation.snoozed_until,
        resolved_at=conversation.resolved_at,
        routes=[
            RouteView(
                record_id=route.record_id,
                channel=route.channel,
                account=route.account,
                last_at=route.last_at,
            )
            for route in conversation.routes.values()
        ],
    )
