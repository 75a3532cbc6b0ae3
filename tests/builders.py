"""One builder an entity: a plausible one, and whatever a test wants different about it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from rapport.activity.model import TrackedEvent
from rapport.channels.base import Account, Request
from rapport.contracts.content import TextContent
from rapport.contracts.events import Envelope, Metadata
from rapport.contracts.identity import Assurance, Identifier
from rapport.contracts.inbound import InboundEvent, Kind, ReceivedEvent, Status
from rapport.contracts.routing import Presence
from rapport.conversations.model import Conversation, Message, Route, State, conversation_id
from rapport.idempotency.model import Request as IdempotentRequest
from rapport.identity.graph import (
    Component,
    Decision,
    DecisionKind,
    Link,
    Review,
    Signal,
    Statement,
)
from rapport.identity.model import Attestation, Heard, Record, Sender, Source
from rapport.identity.statements import digest_said
from rapport.kernel.ids import RandomIds, time_prefix
from rapport.notifications.model import LedgerEntry
from rapport.routing.model import Agent, Snoozed, Waiting

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PHONE = "+14155550100"
CUSTOMER = "cus_01k9aaaaaaaaaaaaaaaaaaaaaa"
RECORD = "rec_01k9aaaaaaaaaaaaaaaaaaaaaa"
STATEMENT = "stm_01k9aaaaaaaaaaaaaaaaaaaaaa"
COMPONENT = "cmp_01k9aaaaaaaaaaaaaaaaaaaaaa"


def after(**passed: float) -> datetime:
    """An instant after `NOW`: `after(minutes=3)`; negative numbers lie before it."""
    return NOW + timedelta(**passed)


class CountedIds:
    """Ids in the order they were asked for, of the real layout: `cus_…0001`, `rec_…0002`."""

    def __init__(self, first: int = 1) -> None:
        self._numbers: Iterator[int] = count(first)
        self._ids = RandomIds(_Clock(), lambda _bits: next(self._numbers))

    def new(self, prefix: str) -> str:
        """The next id."""
        return self._ids.new(prefix)


class _Clock:
    def now(self) -> datetime:
        return NOW


def an_identifier(
    namespace: str = "phone", value: str = PHONE, assurance: Assurance = Assurance.CHANNEL
) -> Identifier:
    """A vouched phone number."""
    return Identifier(namespace=namespace, value=value, assurance=assurance)


def a_claim(namespace: str = "email", value: str = "ada@example.com") -> Identifier:
    """An e-mail address that somebody typed."""
    return an_identifier(namespace, value, Assurance.CLAIMED)


def a_source(sender: str = "14155550100", channel: str = "whatsapp") -> Source:
    """A sender on account `main`."""
    return Source(channel, "main", sender)


def a_record(**changes: Any) -> Record:
    """A WhatsApp sender's record, as `a_statement` makes it."""
    made = Record(
        record_id=RECORD,
        customer_id=CUSTOMER,
        component_id=COMPONENT,
        source=a_source(),
        channel="whatsapp",
        created_at=NOW,
        name="Ada",
        identifiers=(an_identifier(),),
        said={digest_said(a_statement()): CUSTOMER},
    )
    return replace(made, **changes)


def a_statement(**changes: Any) -> Statement:
    """What a WhatsApp sender said first."""
    made = Statement(
        statement_id=STATEMENT,
        record_id=RECORD,
        source=a_source(),
        channel="whatsapp",
        at=NOW,
        heard_at=NOW,
        event_id="ing_1",
        identifiers=(an_identifier(),),
        attributes={"full_name": "Ada"},
        attestation=Attestation.SELF,
    )
    return replace(made, **changes)


def a_component(*statements: Statement, **changes: Any) -> Component:
    """The component of `a_statement`, one customer, written once."""
    held = statements or (a_statement(),)
    made = Component(
        component_id=COMPONENT,
        statements=held,
        version=1,
        customers=(frozenset(one.statement_id for one in held),),
    )
    return replace(made, **changes)


def a_decision(kind: DecisionKind = DecisionKind.APART, **changes: Any) -> Decision:
    """A supervisor's decision about two statements."""
    made = Decision("dec_1", kind, NOW, "boss", STATEMENT, "stm_2", "They told us.")
    return replace(made, **changes)


def a_signal(**changes: Any) -> Signal:
    """A carrier's word that a number has no holder any more."""
    return replace(Signal("phone_deactivated", "phone", PHONE, NOW, "sig_1"), **changes)


def a_review(number: int = 1, **changes: Any) -> Review:
    """An uncertain pair of statements of two components."""
    link = Link(
        f"stm_{number:026}",
        f"stm_{number + 1:026}",
        "probabilistic",
        score=7.5,
        fields={"name": 9.25, "address": -1.75},
    )
    made = Review(link, f"cmp_{number:026}", f"cmp_{number + 1:026}", after(minutes=number))
    return replace(made, **changes)


def heard(
    source: Source | None = None,
    *identifiers: Identifier,
    name: str | None = None,
    at: datetime = NOW,
    event_id: str = "",
    **changes: Any,
) -> Heard:
    """Something that a sender (a WhatsApp number) said about itself at that time."""
    source = source or a_source()
    sender = Sender(
        source=source,
        channel=source.channel,
        identifiers=identifiers,
        name=name,
        attributes={"full_name": name} if name else {},
        attestation=Attestation.SELF if name else Attestation.NONE,
    )
    return Heard(replace(sender, **changes), at, at, event_id or f"ing_{at.isoformat()}")


def an_event(**changes: Any) -> InboundEvent:
    """A WhatsApp text; `from_` as the field is called."""
    fields: dict[str, Any] = {
        "kind": Kind.MESSAGE,
        "channel": "whatsapp",
        "provider": "whatsapp",
        "provider_message_id": "wamid.1",
        "from_": "14155550100",
        "to": "204811",
        "text": "Hello",
        "timestamp": NOW,
        "sender_ids": {"phone": PHONE},
    }
    return InboundEvent(**(fields | changes))


def a_received(event: InboundEvent | None = None, **changes: Any) -> ReceivedEvent:
    """The event as it lies on the inbound queue of account `whatsapp/main`."""
    event = event or an_event()
    fields: dict[str, Any] = {
        "ingest_id": "ing_1",
        "account_channel": event.provider,
        "account": "main",
        "received_at": NOW,
        "event": event,
    }
    return ReceivedEvent(**(fields | changes))


def an_sms(sender: str = PHONE, **changes: Any) -> ReceivedEvent:
    """A text by Twilio."""
    fields = {
        "channel": "sms",
        "provider": "twilio",
        "from_": sender,
        "provider_message_id": "SM1",
        "sender_ids": {"phone": sender} if sender.startswith("+") else {},
    }
    return a_received(an_event(**(fields | changes)))


def a_mail(sender: str = "ada@example.com", *, dmarc: bool = True) -> ReceivedEvent:
    """A mail by SES; one that passes DMARC is vouched for."""
    return a_received(
        an_event(
            channel="email",
            provider="ses",
            from_=sender,
            provider_message_id="<1@example.com>",
            sender_ids={"email": sender} if dmarc else {},
        )
    )


def a_tracking_call(
    kind: Kind = Kind.TRACK, *, trusted: bool = False, **extra: Any
) -> ReceivedEvent:
    """A Segment call; `extra` holds `userId`, `anonymousId`, `traits`, `properties`…"""
    event = an_event(
        kind=kind,
        channel="segment",
        provider="segment",
        from_=None,
        to=None,
        text=None,
        provider_message_id="seg-1",
        sender_ids={},
        extra=extra,
    )
    return a_received(event, account="default", trusted=trusted)


def a_receipt(status: Status = Status.DELIVERED, **changes: Any) -> ReceivedEvent:
    """WhatsApp's word on message `wamid.out`."""
    fields = {
        "kind": Kind.RECEIPT,
        "status": status,
        "provider_message_id": "wamid.out",
        "from_": "204811",
        "to": "14155550100",
        "text": None,
    }
    return a_received(an_event(**(fields | changes)))


def a_message(number: int = 1, **changes: Any) -> Message:
    """Message `number`, that many minutes after `NOW`."""
    at = after(minutes=number)
    made = Message(
        key=f"whatsapp#main#wamid.{number}",
        record_id=RECORD,
        customer_id=CUSTOMER,
        account_channel="whatsapp",
        account="main",
        channel="whatsapp",
        kind=Kind.MESSAGE,
        at=at,
        received_at=at,
        ingest_id=f"ing_{number}",
        provider_message_id=f"wamid.{number}",
        text=f"Message {number}",
    )
    return replace(made, **changes)


def a_route(**changes: Any) -> Route:
    """The way back to the sender of `a_message`."""
    made = Route(
        record_id=RECORD,
        account_channel="whatsapp",
        account="main",
        channel="whatsapp",
        address="14155550100",
        last_at=NOW,
    )
    return replace(made, **changes)


def a_conversation(customer_id: str = CUSTOMER, **changes: Any) -> Conversation:
    """An open conversation that nobody has yet."""
    opened_at = changes.get("opened_at", NOW)
    made = Conversation(
        conversation_id=conversation_id(customer_id, opened_at),
        customer_id=customer_id,
        state=State.OPEN,
        opened_at=opened_at,
        last_message_at=opened_at,
        last_ingest_id="ing_0",
        version=1,
        routes={RECORD: a_route(last_at=opened_at)},
    )
    return replace(made, **changes)


def a_message_id(number: int = 1, at: datetime = NOW) -> str:
    """The id of a message that was entered at `at`."""
    return f"msg_{time_prefix(at)}{number:016d}"


def an_entry(number: int = 1, **changes: Any) -> LedgerEntry:
    """A queued answer by WhatsApp."""
    made = LedgerEntry(
        message_id=a_message_id(number, changes.get("created_at", NOW)),
        record_id=RECORD,
        customer_id=CUSTOMER,
        account_channel="whatsapp",
        account="main",
        channel="whatsapp",
        address="14155550100",
        content=TextContent(text="How can I help?"),
        created_at=NOW,
        author="agent-1",
        last_inbound_at=NOW,
    )
    return replace(made, **changes)


def an_agent(agent_id: str = "agent-1", **changes: Any) -> Agent:
    """An agent who is there, with room for two."""
    made = Agent(agent_id, f"Name of {agent_id}", capacity=2, presence=Presence.ONLINE)
    return replace(made, **changes)


def a_waiting(number: int = 1, **changes: Any) -> Waiting:
    """Conversation `cnv_number`, that many minutes after `NOW`."""
    return replace(Waiting(after(minutes=number), f"cnv_{number}"), **changes)


def a_snoozed(number: int = 1, **changes: Any) -> Snoozed:
    """Conversation `cnv_number`, until that many minutes after `NOW`."""
    return replace(Snoozed(after(minutes=number), f"cnv_{number}"), **changes)


def a_tracked_event(number: int = 1, **changes: Any) -> TrackedEvent:
    """A page view, `number` minutes after `NOW`."""
    made = TrackedEvent(
        key=f"segment#default#seg-{number}",
        record_id=RECORD,
        kind="page",
        at=after(minutes=number),
        received_at=after(minutes=number),
        name="Shoes",
        properties={"path": "/shoes", "price": 19.5, "tags": ["a", None]},
        context={"locale": "en-GB"},
    )
    return replace(made, **changes)


def a_request(key: str = "k1", **changes: Any) -> IdempotentRequest:
    """A request of the API under its idempotency key."""
    made = IdempotentRequest(
        key=key,
        fingerprint="f1",
        seed_id="req_1",
        started_at=NOW,
        claimed_until=after(seconds=30),
    )
    return replace(made, **changes)


def a_fact(event_id: str = "evt_1", detail_type: str = "AgentPresenceChanged.v1") -> Envelope:
    """An envelope as it rides on an item."""
    return Envelope(
        detail_type=detail_type,
        metadata=Metadata(event_id=event_id, occurred_at=NOW),
        data={"agent_id": "agent-1", "presence": "online"},
    )


def an_account(channel: str = "whatsapp", **document: Any) -> Account:
    """An account `main` of `channel`."""
    return Account(channel, "main", document)


def a_webhook(body: bytes = b"{}", **changes: Any) -> Request:
    """A request to `/webhooks/whatsapp/main`."""
    fields: dict[str, Any] = {
        "method": "POST",
        "url": "https://hooks.example.org/webhooks/whatsapp/main",
        "headers": (("content-type", "application/json"),),
        "body": body,
        "received_at": NOW,
    }
    return Request(**(fields | changes))
