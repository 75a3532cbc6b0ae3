"""Messages and conversations, and how one follows from the other. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from rapport.contracts.inbound import Attachment, Kind, ReceivedEvent, object_key
from rapport.kernel.clock import believable
from rapport.kernel.errors import Conflict
from rapport.kernel.ids import TIME_CHARS, time_prefix
from rapport.kernel.json import dumps

REOPEN_WINDOW = timedelta(days=1)
"""A message within this time of a resolution reopens the conversation; later ones begin another."""

MAX_TEXT_BYTES, MAX_EXTRA_BYTES, MAX_ATTACHMENTS_BYTES = 100_000, 50_000, 100_000
"""What a message keeps: its item ends at 400 KB. The whole event stays with the objects."""

OPENING = frozenset({Kind.MESSAGE, Kind.POSTBACK, Kind.CALL})
"""What a customer says or does that wants an answer; reactions, edits and deletions do not."""


class State(StrEnum):
    """Where a conversation is in its life."""

    OPEN = "open"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Message:
    """One message as it is stored. `key` is `channel#account#provider id` of its source.

    `at` is the provider's time where believable, else the time of receipt. `record_id` says whose
    it is: messages belong to records, customers are made of records; where several people share a
    record (a family's telephone), `said`, identity's digest of how the sender named themselves,
    tells them apart.
    """

    key: str
    record_id: str
    customer_id: str
    account_channel: str
    account: str
    channel: str
    kind: Kind
    at: datetime
    received_at: datetime
    ingest_id: str
    provider_message_id: str
    text: str | None = None
    payload: str | None = None
    reply_to: str | None = None
    attachments: tuple[Attachment, ...] = ()
    objects: dict[str, str] = field(default_factory=dict)
    extra: dict[str, object] = field(default_factory=dict)
    said: str = ""
    edited_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def position(self) -> str:
        """Sorts messages of a record: time, then id where times are equal."""
        return f"{time_prefix(self.at)}#{self.provider_message_id}"


@dataclass(frozen=True)
class Route:
    """How to reach the customer where they last wrote on this record."""

    record_id: str
    account_channel: str
    account: str
    channel: str
    address: str
    last_at: datetime


@dataclass(frozen=True)
class Conversation:
    """A customer's latest conversation: the head, kept beside the archive of those resolved."""

    conversation_id: str
    customer_id: str
    state: State
    opened_at: datetime
    last_message_at: datetime
    last_ingest_id: str
    version: int
    routes: dict[str, Route] = field(default_factory=dict)
    assignee: str | None = None
    assigned_at: datetime | None = None
    snoozed_until: datetime | None = None
    resolved_at: datetime | None = None
    merged_into: str | None = None
    """The customer in whose conversation this one goes on: both turned out to be one person."""
    merged_state: State | None = None
    """The state it had then, to which an unmerge brings it back."""

    @property
    def is_live(self) -> bool:
        """Whether it is not resolved."""
        return self.state is not State.RESOLVED

    @property
    def position(self) -> str:
        """Sorts conversations by when they were opened."""
        return f"{time_prefix(self.opened_at)}#{self.conversation_id}"

    def latest_route(self) -> Route:
        """Where the customer wrote last."""
        return max(self.routes.values(), key=lambda route: (route.last_at, route.record_id))


def message_of(
    received: ReceivedEvent, record_id: str, customer_id: str, said: str = ""
) -> Message:
    """The message that `received` carries, as its customer's record holds it."""
    event = received.event
    own_id = _own_id(received)
    return Message(
        key=f"{received.account_channel}#{received.account}#{own_id}",
        record_id=record_id,
        customer_id=customer_id,
        account_channel=received.account_channel,
        account=received.account,
        channel=event.channel,
        kind=event.kind,
        at=believable(event.timestamp, received.received_at),
        received_at=received.received_at,
        ingest_id=received.ingest_id,
        provider_message_id=event.provider_message_id or own_id,
        text=_cut(event.text),
        payload=_cut(event.payload),
        reply_to=event.reply_to,
        attachments=_kept(event.attachments),
        extra=_bounded(received),
        said=said,
    )


def _cut(text: str | None) -> str | None:
    if text is None or len(text.encode()) <= MAX_TEXT_BYTES:
        return text
    return text.encode()[:MAX_TEXT_BYTES].decode(errors="ignore")


def _kept(attachments: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    room = MAX_ATTACHMENTS_BYTES
    for number, attachment in enumerate(attachments):
        room -= len(attachment.model_dump_json(exclude_defaults=True))
        if room < 0:
            return attachments[:number]
    return attachments


def _bounded(received: ReceivedEvent) -> dict[str, object]:
    """The provider's facts, and where the whole event lies if something of it had to be cut."""
    event = received.event
    facts = dict(event.extra)
    is_cut = (
        _cut(event.text) != event.text
        or _cut(event.payload) != event.payload
        or _kept(event.attachments) != event.attachments
    )
    if len(dumps(facts)) > MAX_EXTRA_BYTES:
        facts, is_cut = {}, True
    return facts | {"whole_event": object_key(received.ingest_id)} if is_cut else facts


def target_key(message: Message) -> str:
    """The key of the message that an edit, a deletion or a reaction is about."""
    target = message.reply_to or message.provider_message_id
    return f"{message.account_channel}#{message.account}#{target}"


def _own_id(received: ReceivedEvent) -> str:
    """What makes this arrival unique at its source, however often it is delivered.

    A message has an id of its own. An edit, a reaction or a call's progress is told under the id of
    what it is about: there the kind, time, status and content tell one from the next.
    """
    event = received.event
    if event.kind in {Kind.MESSAGE, Kind.ECHO} and event.provider_message_id:
        return event.provider_message_id
    about = event.provider_message_id or event.reply_to or event.provider_event_id
    if about is None:
        return received.ingest_id
    content = f"{event.provider_status}|{event.text}|{event.payload}"
    digest = sha256(content.encode()).hexdigest()[:12]
    moment = time_prefix(event.timestamp) if event.timestamp else ""
    return f"{about}#{event.kind}#{moment}#{digest}"


def conversation_id(customer_id: str, opened_at: datetime) -> str:
    """`cnv_` + the customer's 26 characters + ten of time: retries agree, and it finds its head."""
    return f"cnv_{customer_id.removeprefix('cus_')}{time_prefix(opened_at)}"


def customer_of(conversation: str) -> str:
    """The customer in whose partition a conversation was opened."""
    return f"cus_{conversation.removeprefix('cnv_')[:-TIME_CHARS]}"


@dataclass(frozen=True)
class Opened:
    """What a message did to its customer's conversation: the new head, and whether it began."""

    conversation: Conversation
    began: bool
    reopened_from: State | None = None
    released: str | None = None


def after(message: Message, route: Route, head: Conversation | None) -> Opened | None:
    """The head once `message` counts; None where it counts already.

    No head, or one resolved longer ago than `REOPEN_WINDOW`: a new conversation. Snoozed or
    resolved: open again, with its assignee until routing says otherwise. Open: `max()` of what it
    has seen, so that order does not matter.
    """
    if head is None or _over(head, message):
        return Opened(_new(message, route), began=True)
    if head.state is State.OPEN:
        return _opened_already(head, message, route)
    if head.last_ingest_id == message.ingest_id:
        return None
    reopened = replace(
        _merged(head, message, route),
        state=State.OPEN,
        snoozed_until=None,
        resolved_at=None,
        assignee=None,
        assigned_at=None,
        version=head.version + 1,
    )
    return Opened(reopened, began=False, reopened_from=head.state, released=head.assignee)


def _opened_already(head: Conversation, message: Message, route: Route) -> Opened | None:
    if _counts(head, message, route):
        return None
    return Opened(_merged(head, message, route), began=False)


def _over(head: Conversation, message: Message) -> bool:
    return (
        head.state is State.RESOLVED
        and head.resolved_at is not None
        and message.received_at - head.resolved_at > REOPEN_WINDOW
    )


def _counts(head: Conversation, message: Message, route: Route) -> bool:
    known = head.routes.get(route.record_id)
    return (
        known is not None and known.last_at >= route.last_at and head.last_message_at >= message.at
    )


def _merged(head: Conversation, message: Message, route: Route) -> Conversation:
    known = head.routes.get(route.record_id)
    newest = route if known is None or known.last_at < route.last_at else known
    return replace(
        head,
        routes={**head.routes, route.record_id: newest},
        last_message_at=max(head.last_message_at, message.at),
        last_ingest_id=message.ingest_id,
    )


def _new(message: Message, route: Route) -> Conversation:
    return Conversation(
        conversation_id=conversation_id(message.customer_id, message.received_at),
        customer_id=message.customer_id,
        state=State.OPEN,
        opened_at=message.received_at,
        last_message_at=message.at,
        last_ingest_id=message.ingest_id,
        version=1,
        routes={route.record_id: route},
    )


def resolve(head: Conversation, at: datetime) -> Conversation:
    """`head` resolved; raises `Conflict` where it is already."""
    if head.state is State.RESOLVED:
        raise Conflict("The conversation is resolved already.")
    return replace(
        head, state=State.RESOLVED, resolved_at=at, snoozed_until=None, version=head.version + 1
    )


def snooze(head: Conversation, until: datetime) -> Conversation:
    """`head` snoozed; raises `Conflict` unless it is open."""
    if head.state is not State.OPEN:
        raise Conflict(f"Only an open conversation can be snoozed; this one is {head.state}.")
    return replace(head, state=State.SNOOZED, snoozed_until=until, version=head.version + 1)


def reopen(head: Conversation) -> Conversation:
    """`head` open again and unassigned; raises `Conflict` where it is open."""
    if head.state is State.OPEN:
        raise Conflict("The conversation is open already.")
    if head.merged_into is not None:
        raise Conflict("Two customers turned out to be one: it goes on in their conversation.")
    return replace(
        head,
        state=State.OPEN,
        snoozed_until=None,
        resolved_at=None,
        assignee=None,
        assigned_at=None,
        version=head.version + 1,
    )
