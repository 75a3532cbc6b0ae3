"""What a change of a component means for records, and which facts it makes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rapport.contracts.events import Data, Envelope, Metadata, envelope
from rapport.contracts.identity import (
    CustomersMerged,
    CustomersUnmerged,
    IdentifierAdded,
    RecordAttached,
)
from rapport.identity.graph import Component, Link, Review
from rapport.identity.model import Record, Source
from rapport.identity.ports import Change, Pointer
from rapport.identity.statements import customers, home_of, standing_of

MAX_REVIEWS = 5
"""Of one change: more uncertain pairs than that are one uncertainty seen from many sides."""

ROOM = 95
"""Actions in one transaction (DynamoDB takes 100). What does not fit follows the facts below: see
`repointed` and `forwards_of`."""


def fitted(change: Change) -> Change:
    """`change` without those ids and pointers that one transaction has no room for."""
    if not change.forwards and not change.pointers:
        return change
    taken = 1 + len(change.absorbed) + len(change.claims) + len(change.notes)
    taken += len(change.reviews) + len(change.closed) + (change.record is not None)
    room = max(0, ROOM - taken)
    if len(change.forwards) + len(change.pointers) <= room:
        return change
    # A new customer's way home comes first: where nobody merged, no fact follows.
    forwards = change.forwards[:room]
    return change._replace(forwards=forwards, pointers=change.pointers[: room - len(forwards)])


def consequences(
    component: Component, before: Sequence[Component], event_id: str, at: datetime
) -> tuple[Sequence[str], Sequence[Pointer], Sequence[Envelope]]:
    """What else is due once `before` has become `component`.

    Ids that lead to it from now on, records whose customer changed, and the facts of that.
    """
    if not before and len(component.statements) < 2:
        return (), (), ()
    was, now = _were(before), customers(component)
    forwards = forwards_of(component, before) if {*now.values()} - {*was.values()} else ()
    if was.items() <= now.items():
        return forwards, (), ()
    return forwards, pointers_to(component, before), merges_of(component, before, event_id, at)


def pointers_to(
    component: Component, before: Sequence[Component], but: Source | None = None
) -> list[Pointer]:
    """The records whose customer changed, and where they stand now."""
    was, now = _were(before), customers(component)
    if was.items() <= now.items():
        return []
    moved = {
        one.source: one.record_id
        for one in component.statements
        if one.statement_id in was and was[one.statement_id] != now[one.statement_id]
    }
    moved.pop(but, None)  # type: ignore[arg-type]
    return [_pointer(component, source, record_id) for source, record_id in moved.items()]


def repointed(component: Component) -> list[Pointer]:
    """Where every record of a component stands."""
    sources = {one.source: one.record_id for one in component.statements}
    return [_pointer(component, source, record_id) for source, record_id in sources.items()]


def _pointer(component: Component, source: Source, record_id: str) -> Pointer:
    owner, said = standing_of(component, record_id)
    return Pointer(source, owner, component.component_id, said)


def forwards_of(component: Component, before: Sequence[Component]) -> list[str]:
    """The components to look for its new customers in that do not exist yet, newest first."""
    fresh = set(customers(component).values()).difference(_were(before).values())
    if not fresh:
        return []
    ids = {home_of(one) for one in fresh}
    known_ids = {component.component_id, *(one.component_id for one in before)}
    return sorted(ids - known_ids, reverse=True)


def moves(
    before: Sequence[Component], after: Component
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Who merged (customer, into whom), and who came apart (customer, from whom)."""
    was, now = _were(before), customers(after)
    if was.items() <= now.items():
        return [], []
    standing = set(now.values())
    changed = {(old, now[one]) for one, old in was.items() if now[one] != old}
    merged = sorted((old, new) for old, new in changed if old not in standing)
    apart = sorted((new, old) for old, new in changed if old in standing)
    return merged, apart


def _were(before: Sequence[Component]) -> Mapping[str, str]:
    """The customer of each statement before a change."""
    if len(before) == 1:
        return customers(before[0])
    return {key: value for part in before for key, value in customers(part).items()}


def merges_of(
    component: Component, before: Sequence[Component], event_id: str, at: datetime
) -> list[Envelope]:
    """The facts that customers were merged, or came apart."""
    merged, apart = moves(before, component)
    if not merged and not apart:
        return []
    home = component.component_id
    facts: list[Data] = [
        CustomersMerged(component_id=home, customer_id=into, merged=gone)
        for into, gone in _by_second(merged)
    ]
    facts += [
        CustomersUnmerged(component_id=home, customer_id=rest, restored=back)
        for rest, back in _by_second(apart)
    ]
    return [
        _event(fact, f"{event_id}.customers.{component.version}.{number}", at)
        for number, fact in enumerate(facts)
    ]


def _by_second(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for first, second in pairs:
        found.setdefault(second, []).append(first)
    return sorted(found.items())


def reviews_of(
    uncertain: Iterable[Link], parts: Iterable[Component], whole: Component, at: datetime
) -> list[Review]:
    """Uncertain pairs, as they lie in the queue: each once, and with the components they are in."""
    where = {one.statement_id: part.component_id for part in parts for one in part.statements}
    where |= {one.statement_id: whole.component_id for one in whole.statements}
    found = [Review(link, where[link.left], where[link.right], at) for link in uncertain]
    return [*{one.review_id: one for one in found}.values()][:MAX_REVIEWS]


def record_events(
    record: Record, known: Record | None, event_id: str, at: datetime, *, created: bool
) -> list[Envelope]:
    """The facts that a record was attached, or gained identifiers.

    On a record we know, another customer may begin to speak, who is attached too.
    """
    if known is None or created:
        attached = RecordAttached(
            record_id=record.record_id,
            customer_id=record.customer_id,
            channel=record.channel,
            created=created,
        )
        return [_event(attached, f"{event_id}.attached", at)]
    # The value must not travel on the bus; its place on the record makes the event's id unique.
    return [
        _event(
            IdentifierAdded(
                record_id=record.record_id,
                customer_id=record.customer_id,
                namespace=item.namespace,
                assurance=item.assurance,
            ),
            f"{event_id}.identifier.{place}.{item.assurance}",
            at,
        )
        for place, item in enumerate(record.identifiers)
        if item not in known.identifiers and item in known.lacks([item])
    ]


def _event(fact: Data, event_id: str, at: datetime) -> Envelope:
    return envelope(fact, Metadata(event_id=event_id, occurred_at=at))
