"""A customer's timeline and a conversation's messages: what they said, what we said, what they did.

Composed of identity's records, the conversations' messages, the ledger and the tracked events: one
query a record and list, whatever the length of the story.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from rapport.activity.model import TrackedEvent
from rapport.activity.ports import Activities
from rapport.contracts.api.conversations import MessagePage, MessageQuery, MessageView
from rapport.contracts.api.customers import (
    ActivityView,
    TimelineEntry,
    TimelinePage,
    TimelineQuery,
)
from rapport.contracts.inbound import Kind
from rapport.conversations.model import Conversation, Message
from rapport.conversations.ports import Messages
from rapport.notifications.model import LedgerEntry
from rapport.notifications.ports import Ledger
from rapport.views.merging import Read, Row, merge
from rapport.views.messages import entry_view, message_view

APPLIED = frozenset({Kind.EDIT, Kind.DELETE})
"""What shows in the message it is about, not as one of its own."""

LATENESS = timedelta(days=7)
"""How long after it was written a message may reach us: providers try for days."""

ROUNDS = 4
"""How often an empty page is skipped in one call."""


Entry = Message | LedgerEntry | TrackedEvent


@dataclass(frozen=True)
class Words:
    """Where what was said lies."""

    messages: Messages
    ledger: Ledger


def timeline(
    record_ids: Sequence[str],
    query: TimelineQuery,
    *,
    words: Words,
    activities: Activities,
    is_withheld: bool,
    is_own: Callable[[Entry], bool] = lambda _: True,
) -> TimelinePage:
    """Everything of some records, latest first; of records that several people share, `is_own`."""
    reads = [
        read
        for record_id in record_ids
        for read in (
            partial(_inbound, words.messages, record_id, None),
            partial(_outbound, words.ledger, record_id, None),
            partial(_tracked, activities, record_id),
        )
    ]
    page = merge(reads, query.cursor, query.limit)
    rows = _shown([row for row in page.items if is_own(row.value)], words.ledger)
    return TimelinePage(
        items=[_entry(row, is_withheld=is_withheld) for row in rows], cursor=page.cursor
    )


def conversation_messages(
    conversation: Conversation, query: MessageQuery, *, words: Words
) -> MessagePage:
    """A conversation's messages on all channels, latest first.

    A conversation is an interval of arrival; messages are ordered by the provider's time.
    """
    after = conversation.opened_at - LATENESS
    reads: list[Read] = []
    for record_id in conversation.routes:
        reads.append(partial(_inbound, words.messages, record_id, after))
        reads.append(partial(_outbound, words.ledger, record_id, conversation.opened_at))
    cursor = query.cursor
    for _ in range(ROUNDS):
        page = merge(reads, cursor, query.limit)
        cursor = page.cursor
        within = [row for row in page.items if _is_within(row.value, conversation)]
        items = [_view(row.value) for row in _shown(within, words.ledger)]
        if items or cursor is None:
            break
    return MessagePage(items=items, cursor=cursor)


def _is_within(value: Message | LedgerEntry, conversation: Conversation) -> bool:
    arrived = value.received_at if isinstance(value, Message) else value.created_at
    end = conversation.resolved_at
    return arrived >= conversation.opened_at and (end is None or arrived <= end)


def _inbound(
    messages: Messages, record_id: str, after: datetime | None, before: datetime | None, limit: int
) -> list[Row]:
    found = messages.of_record(record_id, before=before, after=after, limit=limit)
    return [Row(message.position, record_id, message) for message in found]


def _outbound(
    ledger: Ledger, record_id: str, after: datetime | None, before: datetime | None, limit: int
) -> list[Row]:
    found = ledger.of_record(record_id, before=before, after=after, limit=limit)
    return [Row(entry.message_id.partition("_")[2], record_id, entry) for entry in found]


def _tracked(
    activities: Activities, record_id: str, before: datetime | None, limit: int
) -> list[Row]:
    found = activities.of_record(record_id, before=before, limit=limit)
    return [Row(event.position, record_id, event) for event in found]


def _shown(rows: Iterable[Row], ledger: Ledger) -> list[Row]:
    """Without edits and deletions, which show in their message, and echoes of our own messages."""
    rows = list(rows)
    ours = {_provider_place(row.value) for row in rows if isinstance(row.value, LedgerEntry)}
    return [row for row in rows if not _is_hidden(row.value, ours, ledger.find)]


Find = Callable[[str, str, str], tuple[str, str] | None]
Place = tuple[str, str, str]


def _is_hidden(value: object, ours: set[Place], find: Find) -> bool:
    if not isinstance(value, Message):
        return False
    if value.kind is not Kind.ECHO:
        return value.kind in APPLIED
    place = _provider_place(value)
    return place in ours or find(*place) is not None


def _provider_place(value: Message | LedgerEntry) -> Place:
    return value.account_channel, value.account, value.provider_message_id or ""


def _entry(row: Row, *, is_withheld: bool) -> TimelineEntry:
    value = row.value
    if isinstance(value, TrackedEvent):
        return TimelineEntry(at=value.at, activity=_activity(value))
    view = _view(value, is_withheld=is_withheld)
    return TimelineEntry(at=view.at, message=view)


def _view(value: Message | LedgerEntry, *, is_withheld: bool = False) -> MessageView:
    if isinstance(value, Message):
        return message_view(value, is_withheld=is_withheld)
    return entry_view(value, is_withheld=is_withheld)


def _activity(event: TrackedEvent) -> ActivityView:
    return ActivityView(
        activity_id=event.key,
        record_id=event.record_id,
        kind=event.kind,
        at=event.at,
        name=event.name,
        properties=event.properties,
    )
