"""What the tables' streams tell, and which screens that concerns."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from rapport.aws.dynamo import from_item
from rapport.contracts.content import Content
from rapport.contracts.realtime import PresenceFrame
from rapport.conversations.items import conversation_from, message_from
from rapport.conversations.model import Conversation, Message, State
from rapport.conversations.ports import Conversations
from rapport.kernel.clock import iso
from rapport.kernel.json import loads
from rapport.notifications.items import entry_from
from rapport.notifications.model import LedgerEntry, MessageStatus
from rapport.realtime.model import Delivery, Owner, agent, visitor
from rapport.views.screens import (
    OWN_KINDS,
    agent_answer,
    agent_message,
    agent_status,
    assignment_frame,
    conversation_frame,
    is_told,
    is_visible,
    shown,
    visitor_answer,
    visitor_message,
    visitor_status,
)


@dataclass(frozen=True)
class MessageChanged:
    """A customer's message is new, or was edited, erased, or got its files."""

    message: Message


@dataclass(frozen=True)
class EntryChanged:
    """A message of ours is new, or has got further."""

    old: LedgerEntry | None
    new: LedgerEntry
    at: datetime


@dataclass(frozen=True)
class HeadChanged:
    """A customer's conversation has changed, or another one has taken its place."""

    old: Conversation | None
    new: Conversation
    at: datetime


@dataclass(frozen=True)
class PresenceChanged:
    """An agent came or went; `event_id` is the same however often it is told."""

    agent_id: str
    presence: str
    event_id: str
    at: datetime


Change = MessageChanged | EntryChanged | HeadChanged | PresenceChanged
CUSTOMERS_A_READ = 100
Image = Mapping[str, Any] | None
_CONTENT: TypeAdapter[Content] = TypeAdapter(Content)


def read_changes(
    records: Iterable[Mapping[str, Any]], unreadable: Callable[[Exception], None]
) -> list[Change]:
    """The changes in a batch of stream records, in order; deletions tell nothing.

    An item that we cannot read goes to `unreadable` and holds up nobody else's screen.
    """
    found: list[Change] = []
    for record in records:
        try:
            change = _read(record["dynamodb"])
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            unreadable(error)
            continue
        if change is not None:
            found.append(change)
    return found


def _read(change: Mapping[str, Any]) -> Change | None:
    if "NewImage" not in change:
        return None
    new = from_item(change["NewImage"])
    old = from_item(change["OldImage"]) if "OldImage" in change else None
    at = _moment(change.get("ApproximateCreationDateTime"))
    pk, sk = str(new["pk"]), str(new["sk"])
    if sk == "MESSAGE" and pk.startswith("MESSAGE#"):
        return MessageChanged(message_from(new))
    if sk == "CONVERSATION" and pk.startswith("CUSTOMER#"):
        return HeadChanged(conversation_from(old) if old else None, conversation_from(new), at)
    if sk.startswith("MESSAGE#") and pk.startswith("RECORD#"):
        return EntryChanged(entry_from(old) if old else None, entry_from(new), at)
    if sk.startswith("AGENT#") and pk.startswith("QUEUE#"):
        return _presence(old, new, at)
    return None


def _presence(old: Image, new: Mapping[str, Any], at: datetime) -> PresenceChanged | None:
    if old and old.get("presence") == new["presence"]:
        return None
    events = loads(new.get("events") or "[]")
    event_id = events[-1]["metadata"]["event_id"] if events else f"{new['sk']}.{iso(at)}"
    return PresenceChanged(str(new["sk"]).removeprefix("AGENT#"), new["presence"], event_id, at)


def _moment(epoch: object) -> datetime:
    return datetime.fromtimestamp(float(epoch) if isinstance(epoch, int | float) else 0, UTC)


def customers_of(changes: Sequence[Change]) -> list[str]:
    """The customers whose conversation's assignee must be known, each once."""
    found: dict[str, None] = {}
    for change in changes:
        if isinstance(change, MessageChanged):
            found[change.message.customer_id] = None
        elif isinstance(change, EntryChanged):
            found[change.new.customer_id] = None
    return [customer for customer in found if customer]


def heads_of(customers: Sequence[str], conversations: Conversations) -> dict[str, Conversation]:
    """The conversation of each customer as of now: one read for a hundred."""
    found: list[Conversation] = []
    for start in range(0, len(customers), CUSTOMERS_A_READ):
        found += conversations.heads(customers[start : start + CUSTOMERS_A_READ])
    return {head.customer_id: head for head in found}


def deliveries(changes: Sequence[Change], heads: Mapping[str, Conversation]) -> list[Delivery]:
    """Who is told what about `changes`; `heads` are the conversations of `customers_of`, as of now.

    Nobody is told of a conversation that nobody has: whoever is given it reads it whole.
    """
    return [one for change in changes for one in _of(change, heads)]


def _of(change: Change, heads: Mapping[str, Conversation]) -> Iterator[Delivery]:
    match change:
        case MessageChanged(message):
            head = heads.get(message.customer_id)
            assignee = _assignee(head)
            if head and assignee and is_told(message):
                yield Delivery(assignee, agent_message(message, head.conversation_id))
            if message.account_channel == "webchat" and message.kind in OWN_KINDS:
                # The visitor's other windows show it too; the one that sent it drops it by its id.
                yield Delivery(_writer(message), visitor_message(message))
        case EntryChanged():
            yield from _entry(change, heads.get(change.new.customer_id))
        case HeadChanged():
            yield from _head(change)
        case PresenceChanged(agent_id, presence, event_id, at):
            frame = PresenceFrame(id=event_id, at=iso(at), agent_id=agent_id, presence=presence)
            yield Delivery(agent(agent_id), frame)


def _writer(message: Message) -> Owner:
    """The visitor who wrote it: web chat's message ids begin with theirs."""
    return visitor(message.account, message.provider_message_id.partition(":")[0])


def _entry(change: EntryChanged, head: Conversation | None) -> Iterator[Delivery]:
    old, new, at = change.old, change.new, change.at
    moved = old is not None and shown(old.status) is not shown(new.status)
    assignee = _assignee(head)
    if assignee and head and is_of(new, head):
        if old is None:
            yield Delivery(assignee, agent_answer(new, head.conversation_id))
        if moved and shown(new.status) is not MessageStatus.QUEUED:
            yield Delivery(assignee, agent_status(new, head.conversation_id, at))
    if not is_visible(new):
        return
    owner = visitor(new.account, new.address)
    if old is None or not is_visible(old):
        yield Delivery(owner, visitor_answer(new))
    elif moved:
        yield Delivery(owner, visitor_status(new, at))


def is_of(entry: LedgerEntry, head: Conversation) -> bool:
    """Whether a message of ours belongs to what is said in a conversation."""
    return entry.conversation_id == head.conversation_id or entry.record_id in head.routes


def _head(change: HeadChanged) -> Iterator[Delivery]:
    old, new, at = change.old, change.new, change.at
    if old is not None and old.conversation_id != new.conversation_id:
        old = None  # another conversation began; whoever had the one before was told its end
    if old is not None and old.version == new.version:
        return
    before = _holder(old)
    now = _holder(new)
    for owner in dict.fromkeys(one for one in (before, now) if one):
        if before != now:
            yield Delivery(owner, assignment_frame(new, at))
        if old is not None and old.state is not new.state:
            yield Delivery(owner, conversation_frame(new, at))


def _holder(head: Conversation | None) -> Owner | None:
    return agent(head.assignee) if head and head.assignee else None


def _assignee(head: Conversation | None) -> Owner | None:
    return _holder(head) if head and head.state is not State.RESOLVED else None
