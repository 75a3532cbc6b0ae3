"""Statements and components: what is the same, what belongs together, what ids follow from it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain

from rapport.identity.graph import Component, Pair, Resolution, Statement, customer_of_oldest
from rapport.identity.model import Sender, digest_of

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


def united(component_id: str, parts: Sequence[Component], version: int = 0) -> Component:
    """One component of several, not resolved yet."""
    return Component(
        component_id=component_id,
        statements=tuple(chain.from_iterable([part.statements for part in parts])),
        signals=tuple(dict.fromkeys(chain.from_iterable([part.signals for part in parts]))),
        decisions=tuple(dict.fromkeys(chain.from_iterable([part.decisions for part in parts]))),
        version=version,
    )


def resolved(component: Component, resolution: Resolution) -> Component:
    """`component` with its customers."""
    return Component(
        component.component_id,
        component.statements,
        component.signals,
        component.decisions,
        component.version,
        resolution.customers,
    )


def said_by(component: Component, record_id: str) -> dict[str, str]:
    """The latest statements of a record by digest, and whose each of them is."""
    whose = customers(component)
    own = [one for one in component.statements if one.record_id == record_id]
    own.sort(key=lambda one: one.heard_at)
    return {digest_said(one): whose[one.statement_id] for one in own[-MAX_SAID:]}


def identifier_key(pair: Pair) -> str:
    """`phone#+14155550100`: the key of an identifier."""
    return f"{pair[0]}#{pair[1]}"


def claim_key(pair: Pair) -> str:
    """`?phone#+14155550100`: the key of an identifier that is claimed, for searches."""
    return f"?{identifier_key(pair)}"


def block_key(block: str) -> str:
    """`~…`: a blocking key, apart from those of identifiers."""
    return f"~{block}"
