"""Try other rules on stored evidence before they count, then apply just that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapport.identity.changes import moves
from rapport.identity.hearing import Engine
from rapport.identity.ports import Change
from rapport.identity.rules import Rules
from rapport.kernel.page import Page


@dataclass(frozen=True)
class Difference:
    """What rules change for customers that touch: who merges into whom, who comes apart."""

    component_id: str
    merged: Sequence[tuple[str, str]]
    restored: Sequence[tuple[str, str]]


def differences(
    rules: Rules, cursor: str | None, limit: int, *, engine: Engine
) -> Page[Difference]:
    """A page of what `rules` would change; nothing is written. An empty page may have a cursor."""
    trial = replace(engine, rules=rules)
    page = engine.graph.scan(cursor, limit)
    changes = [
        change
        for one in page.items
        if one.statements
        for change in [trial.reconsidered(one)]
        if change.component.component_id == one.component_id  # told once, by the one that goes on
    ]
    return Page([one for one in map(difference, changes) if one], page.cursor)


def apply_rules(cursor: str | None, limit: int, *, engine: Engine) -> Page[Difference]:
    """Apply the engine's rules to a page of what was resolved by others; twice is once."""
    page = engine.graph.scan(cursor, limit)
    changes = [engine.reconsider(one.component_id) for one in page.items if one.statements]
    return Page([one for one in map(difference, changes) if one], page.cursor)


def difference(change: Change) -> Difference | None:
    """Who merges into whom and who comes apart by a change; None where nobody does."""
    merged, apart = moves(change.before, change.component)
    if not merged and not apart:
        return None
    return Difference(change.component.component_id, merged, apart)
