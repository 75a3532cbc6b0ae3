"""One customer in one call: who they are and how sure, their story, their open conversation.

Whatever is shown has passed `identity.disclosure`: the caller, and what the sender they talk to has
proven, decide how much of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rapport.activity.model import TrackedEvent
from rapport.activity.ports import Activities
from rapport.contracts.api.customers import (
    ActivityView,
    CustomerMatch,
    CustomerMatches,
    CustomerView,
    SightQuery,
    SummaryView,
    TimelineEntry,
    TimelinePage,
    TimelineQuery,
)
from rapport.contracts.caller import Caller
from rapport.contracts.identity import Assurance
from rapport.contracts.inbound import Kind
from rapport.conversations.model import Conversation, State
from rapport.conversations.ports import Conversations
from rapport.identity.disclosure import (
    Grant,
    Sight,
    Talk,
    disclosed,
    grant,
    same_sender,
    sender_level,
    sight,
)
from rapport.identity.lookup import Customer, find_customer, holders, is_theirs, records_of
from rapport.identity.mentions import is_account
from rapport.identity.model import HOLDERS, Record
from rapport.identity.ports import Graph
from rapport.identity.profile import Profile, profile_of
from rapport.identity.rules import Rules
from rapport.identity.statements import customers
from rapport.kernel.errors import NotFound
from rapport.views.messages import conversation_view
from rapport.views.permissions import may_read_words
from rapport.views.profiles import (
    claims_view,
    disclosure_view,
    identifier_views,
    name_of,
    record_views,
    trait_view,
)
from rapport.views.registration import normalised
from rapport.views.summary import summarise
from rapport.views.timeline import Words, timeline

SUMMED_UP = 100
"""How many of a record's latest tracked events a summary reads: one query."""

SUMMED_UP_FIELDS = ("orders", "purchases", "devices", "places")

ACCOUNT_EVENTS = frozenset({Kind.IDENTIFY, Kind.GROUP, Kind.ALIAS})
"""Tracked calls whose properties are traits."""


@dataclass(frozen=True)
class CustomerSources:
    """Where a customer's parts lie, and by which rules one value of several is shown."""

    identities: Graph
    conversations: Conversations
    activities: Activities
    words: Words
    rules: Callable[[], Rules] = Rules


@dataclass(frozen=True)
class _Dossier:
    """Everything there is of a customer, and what of it the caller may see."""

    customer: Customer
    records: Sequence[Record]
    head: Conversation | None
    allowed: Grant


def show_customer(
    customer_id: str, query: SightQuery, caller: Caller, *, sources: CustomerSources
) -> CustomerView:
    """Profile, summary, first page of the timeline, open conversation.

    Raises `NotFound`, also for a `record_id` of somebody else, and `Forbidden` for an agent who
    gives a reason to open a colleague's customer.
    """
    dossier = _open(customer_id, query, caller, sources)
    records, allowed = dossier.records, dossier.allowed
    whole = profile_of(dossier.customer.statements, records, sources.rules().profile)
    profile = disclosed(whole, allowed)
    live = _live(dossier.head)
    return CustomerView(
        customer_id=dossier.customer.customer_id,
        name=name_of(profile.facts),
        traits=[trait_view(one, allowed) for one in profile.facts],
        identifiers=identifier_views(records, allowed),
        claims=claims_view(profile, records, allowed),
        records=record_views(records, profile, allowed),
        conversation=conversation_view(live) if live else None,
        summary=_summary(dossier, profile, sources),
        timeline=_timeline(dossier, TimelineQuery(), caller, sources),
        disclosure=disclosure_view(whole, allowed),
    )


def show_timeline(
    customer_id: str, query: TimelineQuery, caller: Caller, *, sources: CustomerSources
) -> TimelinePage:
    """A page of a customer's timeline; raises as `show_customer`."""
    dossier = _open(customer_id, query, caller, sources)
    return _timeline(dossier, query, caller, sources)


def search(
    namespace: str, value: str, caller: Caller, *, sources: CustomerSources
) -> CustomerMatches:
    """Everyone who holds an identifier, surest first; claims are labelled as such."""
    identities, rules = sources.identities, sources.rules().profile
    wanted = normalised(namespace, value, Assurance.CLAIMED, "value").pair
    allowed = grant(caller, None, reason=None, may_open=False)
    items = []
    for customer, assurance in holders(wanted, graph=identities)[:HOLDERS]:
        records = records_of(customer, graph=identities)
        profile = disclosed(profile_of(customer.statements, records, rules), allowed)
        items.append(
            CustomerMatch(
                customer_id=customer.customer_id,
                match=assurance,
                name=name_of(profile.facts),
                claimed_name=None if name_of(profile.facts) else name_of(profile.claims),
                records=record_views(records, profile, allowed, wanted),
            )
        )
    return CustomerMatches(items=items)


def _open(
    customer_id: str, query: SightQuery, caller: Caller, sources: CustomerSources
) -> _Dossier:
    customer = find_customer(customer_id, graph=sources.identities)
    records = records_of(customer, graph=sources.identities)
    head = sources.conversations.head(customer.customer_id)
    talk = _talk(query.record_id, customer, records, head, caller)
    may_open = may_read_words(caller, head)
    allowed = grant(caller, talk, reason=query.reason, may_open=may_open)
    return _Dossier(customer, records, head, allowed)


def _talk(
    record_id: str | None,
    customer: Customer,
    records: Sequence[Record],
    head: Conversation | None,
    caller: Caller,
) -> Talk | None:
    """Whom the caller talks to: whom they name, else who wrote last in their conversation."""
    by_id = {one.record_id: one for one in records}
    live = _live(head)
    routes = [one for one in live.routes.values() if one.record_id in by_id] if live else []
    last = max(routes, key=lambda one: (one.last_at, one.record_id), default=None)
    has_it = live is not None and (caller.is_manager or live.assignee == caller.subject)
    if record_id is None:
        if last is None or live is None or live.assignee != caller.subject:
            return None
        record_id = last.record_id
    record = by_id.get(record_id)
    if record is None:
        raise NotFound("This customer has no such record.")
    whose = customers(customer.component)

    def level(one: Record) -> Assurance:
        return sender_level(one, is_shared=_is_shared(one, customer, whose))

    is_live = any(one.record_id == record_id for one in routes)
    proven = [level(record)]
    if last is not None and not is_live:  # naming somebody who is not there raises nothing
        proven.append(level(by_id[last.record_id]))
    return Talk(
        record_id=record_id,
        level=min(proven, key=lambda one: one.rank),
        own=same_sender(record, records, is_shared=_is_shared(record, customer, whose)),
        is_live=is_live,
        is_callers=has_it,
    )


def _is_shared(record: Record, customer: Customer, whose: Mapping[str, str]) -> bool:
    """Whether somebody else than this customer writes from the same sender."""
    return any(
        one.record_id == record.record_id and whose[one.statement_id] != customer.customer_id
        for one in customer.component.statements
    )


def _live(head: Conversation | None) -> Conversation | None:
    return head if head is not None and head.state is not State.RESOLVED else None


def _summary(dossier: _Dossier, profile: Profile, sources: CustomerSources) -> SummaryView:
    """Of what may be seen; records of other senders than tracked ones have no events."""
    events: list[TrackedEvent] = []
    is_partial = False
    for record in dossier.records:
        if not record.source.sender.startswith(("user:", "anonymous:")):
            continue
        fields = (sight(one, record.record_id, dossier.allowed) for one in SUMMED_UP_FIELDS)
        if Sight.FULL in fields:
            found = sources.activities.of_record(record.record_id, before=None, limit=SUMMED_UP)
            is_partial = is_partial or len(found) == SUMMED_UP
            events += found
    accounts = frozenset(
        one.record_id for one in dossier.records if is_account(one.source.sender, one.identifiers)
    )
    return summarise(events, profile, dossier.allowed, accounts=accounts, is_partial=is_partial)


def _timeline(
    dossier: _Dossier, query: TimelineQuery, caller: Caller, sources: CustomerSources
) -> TimelinePage:
    seen = [
        one.record_id
        for one in dossier.records
        if sight("messages", one.record_id, dossier.allowed) is Sight.FULL
    ]
    page = timeline(
        seen,
        query,
        words=sources.words,
        activities=sources.activities,
        is_withheld=not may_read_words(caller, dossier.head),
        is_own=lambda entry: is_theirs(
            dossier.customer,
            entry.record_id,
            getattr(entry, "said", ""),
            getattr(entry, "customer_id", ""),
        ),
    )
    items = [_entry(one, dossier.allowed) for one in page.items]
    return page.model_copy(update={"items": [one for one in items if one is not None]})


def _entry(entry: TimelineEntry, allowed: Grant) -> TimelineEntry | None:
    """An entry without what may not be seen of an activity."""
    activity = entry.activity
    if activity is None:
        return entry
    if sight("activity", activity.record_id, allowed) is not Sight.FULL:
        return None
    is_account_event = activity.kind in ACCOUNT_EVENTS
    if is_account_event and sight("account_events", activity.record_id, allowed) is not Sight.FULL:
        return entry.model_copy(update={"activity": _without_traits(activity)})
    return entry


def _without_traits(activity: ActivityView) -> ActivityView:
    return activity.model_copy(update={"properties": {}, "name": None})
