"""Conversations in memory: the twin of `store`, for tests and simulations."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rapport.contracts.events import Envelope
from rapport.contracts.inbound import Kind
from rapport.conversations.keys import place_of
from rapport.conversations.model import Conversation, Message, Route, State
from rapport.kernel.errors import Conflict
from rapport.kernel.ids import time_prefix
from rapport.kernel.page import Page, encode_cursor


class InMemoryMessages:
    """`Messages` in a dictionary; `events` collects what would ride on the items."""

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self.events: list[Envelope] = []

    def add(self, message: Message, events: Sequence[Envelope]) -> Message | None:
        """Store a message, or give the one stored before."""
        if message.key in self.messages:
            return self.messages[message.key]
        self.messages[message.key] = message
        self.events.extend(events)
        return None

    def get(self, key: str) -> Message | None:
        """The message under `key`."""
        return self.messages.get(key)

    def of_record(
        self, record_id: str, *, before: datetime | None, after: datetime | None, limit: int
    ) -> list[Message]:
        """Latest first, from `after` to `before`."""
        found = [
            message
            for message in self.messages.values()
            if message.record_id == record_id
            and (before is None or message.position < time_prefix(before))
            and (after is None or message.position >= time_prefix(after))
        ]
        return sorted(found, key=lambda message: message.position, reverse=True)[:limit]

    def edit(self, key: str, text: str | None, at: datetime) -> None:
        """Give a message another text, unless it is absent, erased, or was edited later."""
        known = self.messages.get(key)
        if known is None or known.deleted_at or (known.edited_at and known.edited_at >= at):
            return
        self.messages[key] = replace(known, text=text or "", edited_at=at)

    def erase(self, key: str, at: datetime) -> None:
        """Remove what was said for good, or leave a tombstone."""
        known = self.messages.get(key) or _tombstone(key, at)
        self.messages[key] = replace(
            known,
            text=None,
            payload=None,
            attachments=(),
            extra={},
            deleted_at=known.deleted_at or at,
        )

    def keep_object(self, key: str, index: int, object_key: str) -> None:
        """Note where attachment `index` is stored."""
        known = self.messages.get(key)
        if known is not None and known.attachments:
            objects = {**known.objects, str(index): object_key}
            self.messages[key] = replace(known, objects=objects)


class InMemoryConversations:
    """`Conversations` in dictionaries."""

    def __init__(self) -> None:
        self.current: dict[str, Conversation] = {}
        self.archived: dict[str, Conversation] = {}
        self.events: list[Envelope] = []

    def touch(self, message: Message, route: Route) -> tuple[bool, Conversation | None]:
        """Count `message` into an open head, if it is the newest."""
        head = self.current.get(message.customer_id)
        known = head.routes.get(route.record_id) if head else None
        if (
            head is None
            or head.state is not State.OPEN
            or head.last_message_at > message.at
            or (known is not None and known.last_at > route.last_at)
        ):
            return False, head
        self.current[message.customer_id] = replace(
            head,
            last_message_at=message.at,
            last_ingest_id=message.ingest_id,
            routes={**head.routes, route.record_id: route},
        )
        return True, None

    def write(
        self, head: Conversation, before: Conversation | None, events: Sequence[Envelope]
    ) -> None:
        """Replace the head that was read as `before`, or raise `Conflict`."""
        known = self.current.get(head.customer_id)
        if _mark(known) != _mark(before):
            raise Conflict("The conversation has changed meanwhile.")
        self.current[head.customer_id] = head
        self.events.extend(events)

    def archive(
        self, head: Conversation, before: Conversation | None, events: Sequence[Envelope]
    ) -> None:
        """Write a resolved head and its copy, or raise `Conflict`."""
        self.write(head, before, events)
        self.archived[head.conversation_id] = head

    def head(self, customer_id: str) -> Conversation | None:
        """The customer's latest conversation."""
        return self.current.get(customer_id)

    def get(self, conversation_id: str) -> Conversation | None:
        """A conversation by its id, the latest or an archived one."""
        for head in self.current.values():
            if head.conversation_id == conversation_id:
                return head
        return self.archived.get(conversation_id)

    def past(self, customer_id: str, limit: int) -> list[Conversation]:
        """A customer's resolved conversations, latest first."""
        found = [one for one in self.archived.values() if one.customer_id == customer_id]
        return sorted(found, key=lambda one: one.conversation_id, reverse=True)[:limit]

    def listed(
        self, state: State | None, assignee: str | None, cursor: str | None, limit: int
    ) -> Page[tuple[str, str]]:
        """Those not resolved: of an agent, or all in `state`; oldest first."""
        wanted = state or State.OPEN
        start = place_of(cursor)
        found = sorted(
            (head.position, head.conversation_id, head.customer_id)
            for head in self.current.values()
            if head.state is not State.RESOLVED
            and (head.assignee == assignee if assignee else head.state is wanted)
            and (start is None or head.position > start[1])
        )
        page = found[:limit]
        more = len(found) > limit
        return Page(
            [(customer_id, conversation_id) for _, conversation_id, customer_id in page],
            encode_cursor((page[-1][2], page[-1][0])) if more else None,
        )

    def heads(self, customer_ids: Sequence[str]) -> list[Conversation]:
        """The heads of several customers."""
        return [self.current[one] for one in dict.fromkeys(customer_ids) if one in self.current]


def _mark(head: Conversation | None) -> tuple[int, str] | None:
    return (head.version, head.last_ingest_id) if head else None


def _tombstone(key: str, at: datetime) -> Message:
    return Message(
        key=key,
        record_id="",
        customer_id="",
        account_channel="",
        account="",
        channel="",
        kind=Kind.DELETE,
        at=at,
        received_at=at,
        ingest_id="",
        provider_message_id="",
        deleted_at=at,
    )
