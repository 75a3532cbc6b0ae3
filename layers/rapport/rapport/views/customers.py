"""One customer in one call: who they are and how sure, their story, their open conversation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapport.activity.ports import Activities
from rapport.contracts.api.customers import (
    CustomerMatch,
    CustomerMatches,
    CustomerView,
    IdentifierView,
    RecordView,
    TimelinePage,
    TimelineQuery,
    TraitView,
)
from rapport.contracts.caller import Caller
from rapport.contracts.identity import Assurance, Identifier
from rapport.conversations.model import Conversation, State
from rapport.conversations.ports import Conversations
from rapport.identity.model import Record, strongest
from rapport.identity.ports import Identities
from rapport.kernel.errors import NotFound
from rapport.views.messages import conversation_view
from rapport.views.permissions import may_read_words
from rapport.views.registration import REGISTERED, normalised
from rapport.views.timeline import Words, timeline


@dataclass(frozen=True)
class CustomerSources:
    """Where a customer's parts lie."""

    identities: Identities
    conversations: Conversations
    activities: Activities
    words: Words


def show_customer(customer_id: str, caller: Caller, *, sources: CustomerSources) -> CustomerView:
    """Profile, first page of the timeline, open conversation; raises `NotFound`."""
    records = _records(customer_id, sources.identities)
    head = sources.conversations.head(customer_id)
    is_live = head is not None and head.state is not State.RESOLVED
    return CustomerView(
        customer_id=customer_id,
        name=_name(records),
        traits=_traits(records),
        identifiers=[
            identifier_view(item)
            for item in strongest([item for record in records for item in record.identifiers])
        ],
        records=[record_view(record) for record in records],
        conversation=conversation_view(head) if head and is_live else None,
        timeline=_timeline(records, head, caller, TimelineQuery(), sources),
    )


def show_timeline(
    customer_id: str, query: TimelineQuery, caller: Caller, *, sources: CustomerSources
) -> TimelinePage:
    """A page of a customer's timeline; raises `NotFound`."""
    records = _records(customer_id, sources.identities)
    head = sources.conversations.head(customer_id)
    return _timeline(records, head, caller, query, sources)


def search(namespace: str, value: str, *, identities: Identities) -> CustomerMatches:
    """Everyone who holds an identifier, its owner first; claims are labelled as such."""
    wanted = normalised(namespace, value, Assurance.CLAIMED, "value")
    matches = []
    for customer_id in identities.holders(wanted):
        records = identities.records_of(customer_id)
        held = _held(records, wanted)
        if held is not None:
            matches.append(
                CustomerMatch(
                    customer_id=customer_id,
                    match=held,
                    name=_name(records),
                    records=[record_view(record) for record in records],
                )
            )
    return CustomerMatches(items=matches)


def record_view(record: Record) -> RecordView:
    """What one source said, without its spelling of the person."""
    return RecordView(
        record_id=record.record_id,
        channel=record.channel,
        account=record.source.account,
        name=record.name,
        identifiers=[identifier_view(item) for item in record.identifiers],
        created_at=record.created_at,
    )


def identifier_view(item: Identifier) -> IdentifierView:
    """An identifier with its assurance."""
    return IdentifierView(namespace=item.namespace, value=item.value, assurance=item.assurance)


def _records(customer_id: str, identities: Identities) -> list[Record]:
    records = identities.records_of(customer_id)
    if not records:
        raise NotFound("There is no such customer.")
    return records


def _timeline(
    records: Sequence[Record],
    head: Conversation | None,
    caller: Caller,
    query: TimelineQuery,
    sources: CustomerSources,
) -> TimelinePage:
    return timeline(
        [record.record_id for record in records],
        query,
        words=sources.words,
        activities=sources.activities,
        is_withheld=not may_read_words(caller, head),
    )


def _held(records: Iterable[Record], wanted: Identifier) -> Assurance | None:
    found = [
        item.assurance
        for record in records
        for item in record.identifiers
        if (item.namespace, item.value) == (wanted.namespace, wanted.value)
    ]
    return max(found, key=lambda assurance: assurance.rank, default=None)


def _name(records: Sequence[Record]) -> str | None:
    """What the business calls them, else what their latest record does."""
    named = [record for record in records if record.name]
    best = max(
        named,
        key=lambda record: (record.channel == REGISTERED, record.created_at),
        default=None,
    )
    return best.name if best else None


def _traits(records: Iterable[Record]) -> list[TraitView]:
    return [
        TraitView(
            key=key,
            value=value,
            assurance=_trust(record),
            channel=record.channel,
            record_id=record.record_id,
        )
        for record in records
        for key, value in sorted(record.traits.items())
    ]


def _trust(record: Record) -> Assurance:
    """What a registering application says is as sure as what it knows the person by."""
    if record.channel != REGISTERED:
        return Assurance.CLAIMED
    return max(
        (item.assurance for item in record.identifiers),
        key=lambda assurance: assurance.rank,
        default=Assurance.CLAIMED,
    )
