"""Resolve, snooze and reopen at a caller's wish: a repeated wish finds itself granted."""

from datetime import datetime

from rapport.conversations import service
from rapport.conversations.model import Conversation, State
from rapport.conversations.ports import Conversations
from rapport.idempotency.model import Seed


def resolve(
    head: Conversation,
    seen: datetime | None,
    seed: Seed,
    at: datetime,
    *,
    conversations: Conversations,
) -> Conversation:
    """`head` resolved; raises `Conflict` where it is already, or the customer wrote after `seen`.

    Where an earlier attempt of the same request died, what it has done is the answer.
    """
    if seed.is_repeat and head.state is State.RESOLVED:
        return head
    return service.resolve(head.conversation_id, at, seen=seen, conversations=conversations)


def snooze(
    head: Conversation, until: datetime, seed: Seed, at: datetime, *, conversations: Conversations
) -> Conversation:
    """`head` resting until `until`; raises `Conflict` unless it is open."""
    if seed.is_repeat and head.state is State.SNOOZED and head.snoozed_until == until:
        return head
    return service.snooze(head.conversation_id, until, at, conversations=conversations)


def reopen(
    head: Conversation, seed: Seed, at: datetime, *, conversations: Conversations
) -> Conversation:
    """`head` open again; raises `Conflict` where it is open."""
    if seed.is_repeat and head.state is State.OPEN:
        return head
    return service.reopen(head.conversation_id, at, conversations=conversations)
