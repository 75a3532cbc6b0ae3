"""Statements and components: what is the same, what belongs together, what ids follow from it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter

from rapport.identity.graph import Component, Decision, Pair, Signal, Statement, customer_of_oldest
from rapport.identity.model import Sender, digest_of

_HEARD = attrgetter("heard_at")
_TOLD = attrgetter("at", "statement_id")

MAX_SAID = 8
"""How many of its latest statements a record remembers; an older one is found in the component."""


def digest_heard(sender: Sender, at: datetime) -> str:
    """The digest of what `sender` says at that time."""
    return digest_of(sender.identifiers, sender.attributes, sender.attestation, at)


def digest_said(statement: Statement) -> str:
    """The digest of a statement that was heard."""
    return statement.digest


def component_of(statement_id: str) -> str:
    """The id of the component that a statement founds."""
    return f"cmp_{statement_id[4:]}"


def customer_of(statement_ids: Iterable[str]) -> str:
    """The id of the customer of these statements: that of the oldest, so that it outlives a merge
    and comes back with an unmerge."""
    return customer_of_oldest(min(statement_ids))


def home_of(customer_id: str) -> str:
    """The component to look for a customer in: itself or what it was absorbed by."""
    return f"cmp_{customer_id[4:]}"


def customers(component: Component) -> Mapping[str, str]:
    """The customer of each statement, as resolved last."""
    return component.whose


def united(component_id: str, parts: Sequence[Component]) -> Component:
    """One component of several, not resolved yet."""
    statements: tuple[Statement, ...] = ()
    signals: tuple[Signal, ...] = ()
    decisions: tuple[Decision, ...] = ()
    for part in parts:
        statements += part.statements
        signals += part.signals
        decisions += part.decisions
    if signals:
        signals = tuple(dict.fromkeys(signals))
    if decisions:
        decisions = tuple(dict.fromkeys(decisions))
    return Component(component_id, statements, signals, decisions)


def standing_of(component: Component, record_id: str) -> tuple[str, dict[str, str]]:
    """The customer of a record (of several, that of its latest statement), and its latest
    statements by digest, with whose each of them is."""
    own = _own(component, record_id)
    return _owner(component, own), _said(component, own)


def owner_of(component: Component, record_id: str) -> str:
    """The customer of a record: of several, that of its latest statement."""
    return _owner(component, _own(component, record_id))


def said_by(component: Component, record_id: str) -> dict[str, str]:
    """The latest statements of a record by digest, and whose each of them is."""
    return _said(component, _own(component, record_id))


def _own(component: Component, record_id: str) -> list[Statement]:
    """The statements of a record, in the order in which they were heard."""
    own = [one for one in component.statements if one.record_id == record_id]
    if len(own) > 1:
        own.sort(key=_HEARD)
    return own


def _owner(component: Component, own: Sequence[Statement]) -> str:
    latest = own[0] if len(own) == 1 else max(own, key=_TOLD)
    return customers(component)[latest.statement_id]


def _said(component: Component, own: Sequence[Statement]) -> dict[str, str]:
    whose = customers(component)
    return {one.digest: whose[one.statement_id] for one in own[-MAX_SAID:]}


def identifier_key(pair: Pair) -> str:
    """`phone#+14155550100`: the key of an identifier."""
    return "#".join(pair)


def claim_key(pair: Pair) -> str:
    """`?phone#+14155550100`: the key of an identifier that is claimed, for searches."""
    return f"?{'#'.join(pair)}"


def block_key(block: str) -> str:
    """`~…`: a blocking key, apart from those of identifiers."""
    return f"~{block}"
