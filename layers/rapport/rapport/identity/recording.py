"""What is kept of a sender as of now: its record, brought up to date by what it says."""

from collections.abc import Mapping

from rapport.identity.graph import Component, Statement
from rapport.identity.model import Record, Sender, merged_traits, strongest
from rapport.identity.statements import MAX_SAID, customers, standing_of


def record_of(
    known: Record | None, statement: Statement, digest: str, sender: Sender, component: Component
) -> Record:
    """The record of who made `statement`, which lies in `component` by now."""
    customer_id = customers(component)[statement.statement_id]
    if known is not None:
        owner, said = standing_of(component, statement.record_id)
        said[digest] = customer_id
        home = component.component_id
        return updated(known, sender, said, customer_id=owner, component_id=home)
    return Record(
        record_id=statement.record_id,
        customer_id=customer_id,
        component_id=component.component_id,
        source=sender.source,
        channel=sender.channel,
        created_at=statement.heard_at,
        name=sender.name,
        identifiers=sender.identifiers,
        traits=sender.traits,
        said={digest: customer_id},
    )


def retold(known: Record, sender: Sender, digest: str, customer_id: str) -> Record:
    """A record once its sender said something that it had said before; whose that is."""
    earlier = {one: whose for one, whose in known.said.items() if one != digest}
    return updated(known, sender, {**earlier, digest: customer_id})


def updated(known: Record, sender: Sender, said: Mapping[str, str], **standing: str) -> Record:
    """A record with what its sender says of itself, and where it stands if that changed."""
    news = known.lacks(sender.identifiers)
    return known.changed(
        **standing,
        name=sender.name or known.name,
        identifiers=strongest((*known.identifiers, *news)) if news else known.identifiers,
        traits=merged_traits(known.traits, sender.traits),
        said=_latest(said),
    )


def _latest(said: Mapping[str, str]) -> dict[str, str]:
    return dict(said if len(said) <= MAX_SAID else [*said.items()][-MAX_SAID:])
