"""Statements and components: what is the same, what belongs together, what ids follow from it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b

from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.graph import Component, Pair, Resolution, Statement
from rapport.identity.model import Attestation, Sender

NAMES = ("full_name", "given_name", "surname", "local_name", "display_name")
"""The attributes that name somebody."""

MAX_SAID = 8
"""How many of its latest statements a record remembers; an older one is found in the component."""


def digest_of(
    identifiers: Iterable[Identifier],
    attributes: Mapping[str, str],
    attestation: Attestation,
    at: datetime,
) -> str:
    """What a source says, in ten characters: the same content of one source is one statement.

    What names nobody counts anew each calendar month (UTC), where a platform vouches for the
    sender: who holds a number may change. A sender nobody vouches for is not told apart by time,
    since nothing would bring the months together again.
    """
    identifiers = tuple(identifiers)
    parts = [f"{one.namespace}={one.value}={one.assurance}={one.method}" for one in identifiers]
    parts.sort()
    parts += sorted(f"{key}={value}" for key, value in attributes.items())
    parts.append(attestation)
    is_vouched = any(one.assurance is not Assurance.CLAIMED for one in identifiers)
    if is_vouched and not any(attributes.get(name) for name in NAMES):
        month = at.astimezone(UTC)
        parts.append(f"{month.year}-{month.month}")
    return blake2b("\n".join(parts).encode(), digest_size=5).hexdigest()


def digest_heard(sender: Sender, at: datetime) -> str:
    """The digest of what `sender` says at that time."""
    return digest_of(sender.identifiers, sender.attributes, sender.attestation, at)


def digest_said(statement: Statement) -> str:
    """The digest of a statement that was heard."""
    return digest_of(
        statement.identifiers, statement.attributes, statement.attestation, statement.at
    )


def component_of(statement_id: str) -> str:
    """The id of the component that a statement founds."""
    return f"cmp_{statement_id[4:]}"


def customer_of(statement_ids: Iterable[str]) -> str:
    """The id of the customer of these statements: that of the oldest, so that it outlives a merge
    and comes back with an unmerge."""
    return f"cus_{min(statement_ids)[4:]}"


def home_of(customer_id: str) -> str:
    """The component to look for a customer in: itself or what it was absorbed by."""
    return f"cmp_{customer_id[4:]}"


def customers(component: Component) -> dict[str, str]:
    """The customer of each statement, as resolved last."""
    return {
        statement_id: customer_id
        for members in component.customers
        for customer_id in [customer_of(members)]
        for statement_id in members
    }


def united(component_id: str, parts: Iterable[Component]) -> Component:
    """One component of several, not resolved yet."""
    parts = list(parts)
    return Component(
        component_id=component_id,
        statements=tuple(one for part in parts for one in part.statements),
        signals=tuple(dict.fromkeys(one for part in parts for one in part.signals)),
        decisions=tuple(dict.fromkeys(one for part in parts for one in part.decisions)),
    )


def resolved(component: Component, resolution: Resolution) -> Component:
    """`component` with its customers."""
    return replace(component, customers=resolution.customers)


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
