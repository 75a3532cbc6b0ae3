"""Find or make the one customer behind a sender."""

from dataclasses import replace
from datetime import datetime

from rapport.contracts.events import Envelope, Metadata, envelope
from rapport.contracts.identity import Identifier, IdentifierAdded, RecordAttached
from rapport.contracts.inbound import ReceivedEvent
from rapport.identity.model import (
    Evidence,
    Record,
    Sender,
    joining,
    merged_traits,
    sender_of,
    strongest,
)
from rapport.identity.ports import Identities
from rapport.kernel.errors import Conflict, Transient
from rapport.kernel.ids import Ids

ATTEMPTS = 4


def match_sender(received: ReceivedEvent, *, identities: Identities, ids: Ids) -> Record | None:
    """The record of who sent `received`, made and joined to its customer if it is new.

    Exactly one customer results however many first contacts race: ownership of each vouched
    identifier is a conditional write. None where the event names nobody. Raises `Transient` when
    other writers kept winning; the queue brings the event again.
    """
    sender = sender_of(received)
    if sender is None:
        return None
    known = identities.find(sender.source)
    if known is not None and not _news(known, sender):
        return known
    for _ in range(ATTEMPTS):
        try:
            return attach_sender(
                sender, received.ingest_id, received.received_at, identities=identities, ids=ids
            )
        except Conflict:
            continue
    raise Transient("Others were attaching the same sender; try again.")


def attach_sender(
    sender: Sender, event_id: str, at: datetime, *, identities: Identities, ids: Ids
) -> Record:
    """Attach `sender` to the customer who owns one of its vouched identifiers, else to a new one.

    `event_id` and `at` go into the evidence. Raises `Conflict` when another write came first.
    """
    vouched = joining(sender.identifiers)
    known, owners = identities.find_surely(sender.source, vouched)
    if known is not None:
        return _extend(known, sender, owners, event_id, at, identities=identities)
    owned = [item for item in vouched if (item.namespace, item.value) in owners]
    joined = owners[owned[0].namespace, owned[0].value] if owned else None
    record = Record(
        record_id=ids.new("rec"),
        customer_id=joined or ids.new("cus"),
        source=sender.source,
        channel=sender.channel,
        created_at=at,
        name=sender.name,
        identifiers=sender.identifiers,
        traits=sender.traits,
        evidence=(
            Evidence(
                rule="shared_identifier" if owned else "first_contact",
                at=at,
                event_id=event_id,
                identifier=owned[0] if owned else None,
            ),
        ),
    )
    fact = RecordAttached(
        record_id=record.record_id,
        customer_id=record.customer_id,
        channel=record.channel,
        created=joined is None,
    )
    identities.attach(
        record,
        [item for item in vouched if item not in owned],
        [envelope(fact, Metadata(event_id=f"{event_id}.attached", occurred_at=at))],
    )
    return record


def _news(known: Record, sender: Sender) -> bool:
    if known.lacks(sender.identifiers):
        return True
    if sender.name and sender.name != known.name:
        return True
    return bool(sender.traits) and merged_traits(known.traits, sender.traits) != known.traits


def _extend(
    known: Record,
    sender: Sender,
    owners: dict[tuple[str, str], str],
    event_id: str,
    at: datetime,
    *,
    identities: Identities,
) -> Record:
    if not _news(known, sender):
        return known
    # An identifier that another customer owns is noted on the record and joins nobody here: what
    # becomes of two existing customers is a merge, with its own evidence and its own undo.
    gained = known.lacks(sender.identifiers)
    claim = [item for item in joining(gained) if (item.namespace, item.value) not in owners]
    record = replace(
        known,
        name=sender.name or known.name,
        identifiers=strongest((*known.identifiers, *gained)),
        traits=merged_traits(known.traits, sender.traits),
    )
    events = [_added(record, item, event_id, at) for item in gained]
    identities.extend(record, known, claim, events)
    return record


def _added(record: Record, item: Identifier, event_id: str, at: datetime) -> Envelope:
    fact = IdentifierAdded(
        record_id=record.record_id,
        customer_id=record.customer_id,
        namespace=item.namespace,
        assurance=item.assurance,
    )
    # The value must not travel on the bus; its place on the record makes the event's id unique.
    place = record.identifiers.index(item)
    return envelope(
        fact,
        Metadata(event_id=f"{event_id}.identifier.{place}.{item.assurance}", occurred_at=at),
    )
