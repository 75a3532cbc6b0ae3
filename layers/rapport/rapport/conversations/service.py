"""Put each message into its customer's one open conversation; resolve, snooze and reopen it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rapport.contracts.conversations import (
    ConversationAssigned,
    ConversationOpened,
    ConversationReopened,
    ConversationResolved,
    ConversationSnoozed,
    MessageReceived,
)
from rapport.contracts.events import Data, Envelope, Metadata, envelope
from rapport.contracts.inbound import Kind, ReceivedEvent
from rapport.conversations import model
from rapport.conversations.model import (
    OPENING,
    Conversation,
    Message,
    Opened,
    Route,
    State,
    message_of,
    target_key,
)
from rapport.conversations.ports import Conversations, Messages
from rapport.kernel.errors import Conflict, InvalidInput, NotFound, Transient

ATTEMPTS = 4


@dataclass(frozen=True)
class Stores:
    """The two ports that receiving needs."""

    messages: Messages
    conversations: Conversations


LeadOn = Callable[[Conversation], str]
"""Of a conversation that leads on: the customer to whose the message belongs that came to it."""


def as_it_says(head: Conversation) -> str:
    """Where `head` leads on to; itself where it does not."""
    return head.merged_into or head.customer_id


def receive(
    received: ReceivedEvent,
    record_id: str,
    customer_id: str,
    said: str = "",
    *,
    stores: Stores,
    lead_on: LeadOn = as_it_says,
) -> None:
    """Store what `received` says and bring its customer's conversation up to date.

    `said` tells what the sender says of themselves (identity's digest of it). `lead_on` is asked
    where the customer's conversation went on in another's: they may have come apart since.

    Twice is once: the message is a conditional write on its natural key. A provider's duplicate
    ends there; our own retry (same `ingest_id`) goes on to the conversation, since it may have died
    in between. Late is in place: readers sort by the provider's time.
    """
    message = message_of(received, record_id, customer_id, said)
    wants_answer = message.kind in OPENING and not received.event.is_ours
    stored = stores.messages.add(message, _message_events(message) if wants_answer else [])
    if stored is not None and stored.ingest_id != message.ingest_id:
        return
    _apply(message, stores.messages)
    if wants_answer:
        _open(message, _route(received, message), stores.conversations, lead_on)


def _apply(message: Message, messages: Messages) -> None:
    if message.kind is Kind.EDIT:
        messages.edit(target_key(message), message.text, message.at)
    elif message.kind is Kind.DELETE:
        messages.erase(target_key(message), message.at)


def _open(message: Message, route: Route, conversations: Conversations, lead_on: LeadOn) -> None:
    done, head = conversations.touch(message, route)
    for _ in range(ATTEMPTS):
        if head is not None and head.merged_into is not None:
            # The customer turned out to be another one meanwhile; there the conversation goes on.
            message = replace(message, customer_id=lead_on(head))
            done, head = conversations.touch(message, route)
            continue
        opened = None if done else model.after(message, route, head)
        if opened is None:
            return
        try:
            conversations.write(opened.conversation, head, _opening_events(message, opened, head))
            return
        except Conflict:
            head = conversations.head(message.customer_id)
    raise Transient("The conversation kept changing; try again.")


def _route(received: ReceivedEvent, message: Message) -> Route:
    return Route(
        record_id=message.record_id,
        account_channel=message.account_channel,
        account=message.account,
        channel=message.channel,
        address=received.event.customer_address or "",
        last_at=message.at,
    )


def _message_events(message: Message) -> list[Envelope]:
    fact = MessageReceived(
        ingest_id=message.ingest_id,
        at=message.at,
        record_id=message.record_id,
        customer_id=message.customer_id,
        channel=message.channel,
        kind=message.kind.value,
        has_attachments=bool(message.attachments),
    )
    return [_event(fact, f"{message.ingest_id}.received", message.received_at)]


def _opening_events(
    message: Message, opened: Opened, head: Conversation | None
) -> Sequence[Envelope]:
    after = opened.conversation
    fact: Data
    if opened.began:
        fact = ConversationOpened(
            conversation_id=after.conversation_id,
            customer_id=after.customer_id,
            channel=message.channel,
            opened_at=after.opened_at,
        )
    elif opened.reopened_from is not None:
        fact = _reopened(after, head)
    else:
        return []
    return [_event(fact, f"{message.ingest_id}.opened", message.received_at)]


def assign(
    conversation_id: str, agent_id: str, at: datetime, *, conversations: Conversations
) -> bool:
    """Give an open conversation to `agent_id`; False where it is another's, or not open.

    Assigning it again to the same agent changes nothing and is True.
    """

    def change(head: Conversation) -> tuple[Conversation, Data] | None:
        if head.state is not State.OPEN or head.assignee is not None:
            return None
        fact = ConversationAssigned(
            conversation_id=conversation_id, customer_id=head.customer_id, agent_id=agent_id
        )
        version = head.version + 1
        return replace(head, assignee=agent_id, assigned_at=at, version=version), fact

    head = _change(conversation_id, at, change, conversations=conversations)
    return head.state is State.OPEN and head.assignee == agent_id


def resolve(
    conversation_id: str,
    at: datetime,
    *,
    seen: datetime | None,
    conversations: Conversations,
) -> Conversation:
    """Resolve a conversation; its agent's capacity is freed by the event.

    `seen` is the time of the newest message that the caller saw: a newer one raises `Conflict`, so
    that nobody's message is closed unread.
    """

    def change(head: Conversation) -> tuple[Conversation, Data]:
        if seen is not None and head.last_message_at > seen:
            raise Conflict("The customer has written again: read it before you resolve.")
        fact = ConversationResolved(
            conversation_id=conversation_id, customer_id=head.customer_id, agent_id=head.assignee
        )
        return model.resolve(head, at), fact

    return _change(conversation_id, at, change, conversations=conversations)


def snooze(
    conversation_id: str, until: datetime, at: datetime, *, conversations: Conversations
) -> Conversation:
    """Let a conversation rest until `until` (later than `at`) or the customer's next message."""
    if until <= at:
        raise InvalidInput("Give a time in the future.", field="until")

    def change(head: Conversation) -> tuple[Conversation, Data]:
        fact = ConversationSnoozed(
            conversation_id=conversation_id,
            customer_id=head.customer_id,
            until=until,
            agent_id=head.assignee,
        )
        return model.snooze(head, until), fact

    return _change(conversation_id, at, change, conversations=conversations)


def reopen(conversation_id: str, at: datetime, *, conversations: Conversations) -> Conversation:
    """Open a resolved or snoozed conversation again; routing finds it an agent."""

    def change(head: Conversation) -> tuple[Conversation, Data]:
        return model.reopen(head), _reopened(head, head)

    return _change(conversation_id, at, change, conversations=conversations)


def get_head(conversation_id: str, *, conversations: Conversations) -> Conversation:
    """A conversation by its id; raises `NotFound`."""
    found = conversations.get(conversation_id)
    if found is None:
        raise NotFound("There is no such conversation.")
    return found


def _change(
    conversation_id: str,
    at: datetime,
    change: Callable[[Conversation], tuple[Conversation, Data] | None],
    *,
    conversations: Conversations,
) -> Conversation:
    """Read, change, write on condition; again where another write came between."""
    for _ in range(ATTEMPTS):
        head = get_head(conversation_id, conversations=conversations)
        changed = change(head)
        if changed is None:
            return head
        after, fact = changed
        events = [_event(fact, f"{conversation_id}.{after.version}", at)]
        try:
            if after.state is State.RESOLVED:
                conversations.archive(after, head, events)
            else:
                conversations.write(after, head, events)
            return after
        except Conflict:
            continue
    raise Conflict("The conversation kept changing; read it again.")


def _reopened(after: Conversation, before: Conversation | None) -> ConversationReopened:
    return ConversationReopened(
        conversation_id=after.conversation_id,
        customer_id=after.customer_id,
        opened_at=after.opened_at,
        previous_assignee=before.assignee if before else None,
    )


def _event(fact: Data, event_id: str, at: datetime) -> Envelope:
    return envelope(fact, Metadata(event_id=event_id, occurred_at=at))
