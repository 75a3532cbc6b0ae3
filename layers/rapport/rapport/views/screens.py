"""Messages, answers and conversations as screens are told of them; visitors see the lesser part."""

from datetime import datetime
from typing import Any

from rapport.contracts.content import MediaContent, TemplateContent, TextContent
from rapport.contracts.inbound import Kind
from rapport.contracts.realtime import (
    ConversationFrame,
    File,
    MessageFrame,
    MessageStatusFrame,
)
from rapport.conversations.model import Conversation, Message
from rapport.kernel.clock import iso
from rapport.notifications.model import RANK, LedgerEntry, MessageStatus

OWN_KINDS = frozenset({Kind.MESSAGE, Kind.POSTBACK})
"""What a visitor sees of their own: an edit or deletion shows on the message it is about."""

_TOLD_ELSEWHERE = frozenset({Kind.EDIT, Kind.DELETE})

_ARRIVED = frozenset(
    {MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ, MessageStatus.CLICKED}
)
_DELETED = 10**14


def is_told(message: Message) -> bool:
    """Whether a message has a frame of its own; edits and deletions show on what they change."""
    return message.kind not in _TOLD_ELSEWHERE


def is_visible(entry: LedgerEntry) -> bool:
    """Whether a visitor may see this message of ours: it was sent, and by web chat."""
    return entry.account_channel == "webchat" and entry.status in _ARRIVED


def shown(status: MessageStatus) -> MessageStatus:
    """The status as screens know it: an attempt that goes on is still `queued`."""
    return MessageStatus.QUEUED if status is MessageStatus.SENDING else status


def agent_message(message: Message, conversation_id: str) -> MessageFrame:
    """A customer's message for the agent who has the conversation."""
    return _received(
        message,
        message.key,
        conversation_id=conversation_id,
        customer_id=message.customer_id,
        record_id=message.record_id,
        payload=message.payload,
    )


def visitor_message(message: Message) -> MessageFrame:
    """A visitor's own message; its id is the one that posting it answered."""
    return _received(message, message.provider_message_id)


def agent_answer(entry: LedgerEntry, conversation_id: str) -> MessageFrame:
    """A message of ours for the agent who has the conversation."""
    return _sent(
        entry,
        conversation_id=conversation_id,
        customer_id=entry.customer_id,
        record_id=entry.record_id,
        author=entry.author,
    )


def visitor_answer(entry: LedgerEntry) -> MessageFrame:
    """A message of ours for the visitor it went to."""
    return _sent(entry)


def agent_status(entry: LedgerEntry, conversation_id: str, at: datetime) -> MessageStatusFrame:
    """How far a message of ours has got; `at` is when that was seen."""
    failed = entry.failure if entry.status is MessageStatus.FAILED else None
    return _status(entry, at).model_copy(
        update={"conversation_id": conversation_id, "reason": failed.detail if failed else None}
    )


def visitor_status(entry: LedgerEntry, at: datetime) -> MessageStatusFrame:
    """The same for the visitor: their other windows learn what was read in this one."""
    return _status(entry, at)


def conversation_frame(head: Conversation, at: datetime) -> ConversationFrame:
    """A conversation's state, for the agent who has or had it."""
    return ConversationFrame(
        id=f"{head.conversation_id}.{head.version}",
        at=iso(at),
        conversation_id=head.conversation_id,
        customer_id=head.customer_id,
        rev=head.version,
        state=head.state.value,
        channel=head.latest_route().channel if head.routes else "",
        opened_at=iso(head.opened_at),
        last_message_at=iso(head.last_message_at),
        assignee=head.assignee,
        assigned_at=_text(head.assigned_at),
        snoozed_until=_text(head.snoozed_until),
        resolved_at=_text(head.resolved_at),
    )


def assignment_frame(head: Conversation, at: datetime) -> ConversationFrame:
    """Whose a conversation is now, for who gets it and who had it."""
    return conversation_frame(head, at).model_copy(
        update={"type": "assignment", "id": f"{head.conversation_id}.{head.version}.assignment"}
    )


def _received(message: Message, message_id: str, **more: Any) -> MessageFrame:
    rev = _revision(message)
    return MessageFrame(
        id=f"{message_id}@{rev}" if rev else message_id,
        at=iso(message.at),
        message_id=message_id,
        rev=rev,
        # An echo is what staff wrote in the provider's own app.
        direction="out" if message.kind is Kind.ECHO else "in",
        channel=message.channel,
        kind=message.kind.value,
        text=message.text or None,
        attachments=tuple(
            File.model_validate(each.model_dump(exclude={"url"})) for each in message.attachments
        ),
        reply_to=message.reply_to,
        edited_at=_text(message.edited_at),
        deleted_at=_text(message.deleted_at),
        **more,
    )


def _revision(message: Message) -> int:
    # Each term only ever grows, so the sum tells the newer of two states of one message.
    edited = int(message.edited_at.timestamp() * 1000) if message.edited_at else 0
    return edited + len(message.objects) + (_DELETED if message.deleted_at else 0)


def _sent(entry: LedgerEntry, **more: Any) -> MessageFrame:
    return MessageFrame(
        id=entry.message_id,
        at=iso(entry.created_at),
        message_id=entry.message_id,
        rev=RANK[shown(entry.status)],
        direction="out",
        channel=entry.channel,
        kind=Kind.MESSAGE.value,
        status=shown(entry.status).value,
        reply_to=entry.reply_to,
        **_content(entry),
        **more,
    )


def _content(entry: LedgerEntry) -> dict[str, Any]:
    match entry.content:
        case TextContent(text=text):
            return {"text": text}
        case MediaContent() as media:
            file = File(media_type=media.media_type, url=str(media.url), filename=media.filename)
            return {"text": media.caption, "attachments": (file,)}
        case TemplateContent(name=name):
            return {"template": name}


def _status(entry: LedgerEntry, at: datetime) -> MessageStatusFrame:
    status = shown(entry.status)
    return MessageStatusFrame(
        id=f"{entry.message_id}.{status.value}",
        at=iso(at),
        message_id=entry.message_id,
        rev=RANK[status],
        status=status.value,
    )


def _text(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
