"""What a client missed, read from the tables: the same frames, under the same ids, as pushed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapport.contracts.realtime import Frame, MessageFrame, ResumedFrame
from rapport.conversations.model import Conversation, Message, State
from rapport.conversations.ports import Conversations, Messages
from rapport.identity.model import Record, Source
from rapport.identity.ports import Graph
from rapport.kernel.clock import iso
from rapport.kernel.page import Page
from rapport.notifications.model import LedgerEntry, MessageStatus
from rapport.notifications.ports import Ledger
from rapport.realtime.model import replay_from
from rapport.views.changes import is_of
from rapport.views.screens import (
    OWN_KINDS,
    agent_answer,
    agent_message,
    agent_status,
    assignment_frame,
    is_told,
    is_visible,
    shown,
    visitor_answer,
    visitor_message,
    visitor_status,
)

REACH = timedelta(days=1)
"""How far before the replayed time a message may lie that was only now received, edited or read."""

MOST = 200
MOST_CONVERSATIONS = 50


@dataclass(frozen=True)
class Tables:
    """The stores that screens are fed from."""

    messages: Messages
    conversations: Conversations
    ledger: Ledger
    identities: Graph


@dataclass(frozen=True)
class _Read:
    """What was found of one record, and whether that is all of it."""

    messages: list[Message]
    entries: list[LedgerEntry]
    complete: bool


def replay_agent(
    agent_id: str, since: datetime | None, now: datetime, *, tables: Tables
) -> Iterator[Frame]:
    """The agent's conversations, what happened in them, and `resumed` with the next `since`."""
    start, complete = replay_from(since, now)
    heads, all_listed = _heads(agent_id, tables)
    complete = complete and all_listed
    for head in heads:
        yield assignment_frame(head, head.assigned_at or head.opened_at)
        for record_id in head.routes:
            read = _read(record_id, start, tables)
            complete = complete and read.complete
            for message in read.messages:
                if is_told(message) and _is_new(message, start):
                    yield agent_message(message, head.conversation_id)
            for entry in read.entries:
                if is_of(entry, head):
                    yield from _agent_entry(entry, head, start)
    yield ResumedFrame(
        id=f"resumed.{iso(now)}",
        at=iso(now),
        complete=complete,
        conversations=tuple(head.conversation_id for head in heads),
    )


def replay_visitor(
    source: Source, since: datetime | None, now: datetime, *, tables: Tables
) -> Iterator[Frame]:
    """What happened on the visitor's own record, and `resumed` with the next `since`."""
    start, complete = replay_from(since, now)
    record = record_of(source, tables)
    if record is not None:
        read = _read(record.record_id, start, tables)
        complete = complete and read.complete
        for message in read.messages:
            if message.kind in OWN_KINDS and _is_new(message, start):
                yield visitor_message(message)
        for entry in read.entries:
            if is_visible(entry):
                yield from _visitor_entry(entry, start)
    yield ResumedFrame(id=f"resumed.{iso(now)}", at=iso(now), complete=complete)


def history(
    source: Source,
    *,
    after: datetime | None,
    before: datetime | None,
    limit: int,
    tables: Tables,
) -> Page[MessageFrame]:
    """The latest `limit` messages of a visitor's own record from `after` to `before`, in order.

    The cursor is the `before` of the messages that come before these, None where there are none.
    Nobody's record but that of `source`: a shared customer opens nothing.
    """
    record = record_of(source, tables)
    if record is None:
        return Page([])
    messages = tables.messages.of_record(
        record.record_id, before=before, after=after, limit=limit + 1
    )
    entries = tables.ledger.of_record(record.record_id, before=before, after=after, limit=limit + 1)
    frames = [visitor_message(one) for one in messages if one.kind in OWN_KINDS]
    frames += [visitor_answer(one) for one in entries if is_visible(one)]
    frames.sort(key=lambda frame: (frame.at, frame.message_id))
    cut = _common_start(messages, entries, limit)
    kept = [frame for frame in frames if cut is None or frame.at >= iso(cut)][-limit:]
    has_more = cut is not None or len(kept) < len(frames)
    # A moment later than the oldest, since several may share it: the client drops what it knows.
    oldest = datetime.fromisoformat(kept[0].at) + timedelta(milliseconds=1) if kept else cut
    return Page(kept, iso(oldest) if has_more and oldest else None)


def record_of(source: Source, tables: Tables) -> Record | None:
    """The record of a sender, as of now."""
    return tables.identities.look_up(source, []).record


def _common_start(
    messages: list[Message], entries: list[LedgerEntry], limit: int
) -> datetime | None:
    """From where on both lists hold everything; None where they hold all there is."""
    starts = []
    if len(messages) > limit:
        starts.append(messages[-1].at)
    if len(entries) > limit:
        starts.append(entries[-1].created_at)
    return max(starts, default=None)


def _heads(agent_id: str, tables: Tables) -> tuple[list[Conversation], bool]:
    page = tables.conversations.listed(None, agent_id, None, MOST_CONVERSATIONS)
    customers = list(dict.fromkeys(customer_id for customer_id, _ in page.items))
    heads = tables.conversations.heads(customers) if customers else []
    # The index lags, the heads do not: only what is the agent's now is told.
    mine = [
        head for head in heads if head.assignee == agent_id and head.state is not State.RESOLVED
    ]
    return mine, page.cursor is None


def _read(record_id: str, start: datetime, tables: Tables) -> _Read:
    after = start - REACH
    messages = tables.messages.of_record(record_id, before=None, after=after, limit=MOST)
    entries = tables.ledger.of_record(record_id, before=None, after=after, limit=MOST)
    # Latest first in the store; a client reads them in order.
    complete = len(messages) < MOST and len(entries) < MOST
    return _Read(messages[::-1], entries[::-1], complete)


def _is_new(message: Message, start: datetime) -> bool:
    changed = (message.received_at, message.edited_at, message.deleted_at)
    return any(moment is not None and moment >= start for moment in changed)


def _agent_entry(entry: LedgerEntry, head: Conversation, start: datetime) -> Iterator[Frame]:
    if entry.created_at >= start:
        yield agent_answer(entry, head.conversation_id)
    if shown(entry.status) is not MessageStatus.QUEUED and _has_moved(entry, start):
        yield agent_status(entry, head.conversation_id, _moved_at(entry))


def _visitor_entry(entry: LedgerEntry, start: datetime) -> Iterator[Frame]:
    if _has_moved(entry, start):
        # It may have been sent only now, so it goes along with its status.
        yield visitor_answer(entry)
        if entry.status is not MessageStatus.SENT:
            yield visitor_status(entry, _moved_at(entry))


def _has_moved(entry: LedgerEntry, start: datetime) -> bool:
    # A failure or an unknown outcome has no time of its own: it is told again, and dropped.
    timeless = entry.status in (MessageStatus.FAILED, MessageStatus.UNKNOWN)
    return timeless or _moved_at(entry) >= start


def _moved_at(entry: LedgerEntry) -> datetime:
    return max(
        [entry.created_at, *entry.receipts.values(), *([entry.sent_at] if entry.sent_at else [])]
    )
