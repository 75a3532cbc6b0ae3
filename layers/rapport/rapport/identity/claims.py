"""Keys that lead to components: by which names, which of them count, and how a change moves them.

An identifier that somebody vouches for leads to whom it may join; a mere claim is found by a search
and leads nowhere else, so that claiming a number often keeps nobody from its holder.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rapport.identity.graph import Component, Statement
from rapport.identity.ports import Change, Claim, Seen
from rapport.identity.resolution import Keys
from rapport.identity.statements import block_key, claim_key, identifier_key

MAX_HOLDERS = 40
"""How many components a key names; a key that more share says nothing about any of them."""


_NOBODY: frozenset[str] = frozenset()


class Names(NamedTuple):
    """A statement's keys: `leading` to what it may concern, and those of what it `claimed`."""

    leading: tuple[str, ...]
    claimed: tuple[str, ...] = ()

    @property
    def all(self) -> list[str]:
        """Those to look up."""
        return [*self.leading, *self.claimed]


def names_of(keys: Keys, statement: Statement | None = None) -> Names:
    """The names behind `keys`, and those of what `statement` claims besides."""
    leading = tuple(map(identifier_key, keys.identifiers))
    if keys.blocks:
        leading += tuple(map(block_key, keys.blocks))
    if statement is None:
        return Names(leading)
    told = [(one.namespace, one.value) for one in statement.identifiers]
    claimed = [one for one in told if one not in keys.identifiers]
    return Names(leading, tuple(map(claim_key, dict.fromkeys(claimed))) if claimed else ())


def candidates(names: Iterable[str], seen: Seen) -> set[str]:
    """The components that these keys and the sender's own record lead to."""
    found = {seen.record.component_id} if seen.record else set()
    for name in names:
        held = seen.holders.get(name, _NOBODY)
        if len(held) < MAX_HOLDERS:  # one that is full names nobody
            found |= held
    return found


def claims_of(
    names: Names, seen: Seen, found: Mapping[str, Component], change: Change
) -> tuple[dict[str, Claim], list[str]]:
    """How each key changes so that it names the component. A full key stays as it is."""
    home = change.component.component_id
    claims: dict[str, Claim] = {}
    notes = []
    alone = frozenset((home,))
    for name in names.leading:
        held = seen.holders.get(name, _NOBODY)
        if held == alone:
            continue
        becomes = alone
        if held:
            now = {found[one].component_id for one in held if one in found}
            becomes = frozenset((now - change.absorbed.keys()) | alone)
        if held == becomes or len(held) >= MAX_HOLDERS:
            continue
        if name.startswith("~") and becomes == held | {home}:
            notes.append(name)
        else:
            claims[name] = Claim(held, becomes)
    notes += [one for one in names.claimed if _lacks(one, home, seen)]
    return claims, notes


def joined(names: Names, component_id: str, seen: Seen, change: Change) -> dict[str, Claim]:
    """How the keys change that lead to a component by other rules than those it was heard by."""
    home = change.component.component_id
    return {
        name: Claim(held, held | {home})
        for name in names.leading
        for held in [seen.holders.get(name, frozenset())]
        if home not in held and _lacks(name, component_id, seen)
    }


def _lacks(name: str, component_id: str, seen: Seen) -> bool:
    """Whether a key has room for a component that it does not name."""
    held = seen.holders.get(name, _NOBODY)
    return component_id not in held and len(held) < MAX_HOLDERS
