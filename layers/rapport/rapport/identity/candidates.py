"""Where to look for what a new statement may concern: identifiers and blocking keys."""

from collections.abc import Iterable
from typing import NamedTuple

from rapport.identity.evidence import Fact, read_fact
from rapport.identity.graph import Component, Pair, Statement
from rapport.identity.likeness import keys_of
from rapport.identity.matching import Matcher
from rapport.identity.names import compare_names
from rapport.identity.rules import SENDER, Rules

MOST_BLOCKS = 10
"""Blocking keys of a statement: each is an item read and one written."""


class Keys(NamedTuple):
    """What leads to the components that a statement may concern.

    `identifiers`: namespace and value. `blocks`: short texts that people who may be one share.
    """

    identifiers: tuple[Pair, ...]
    blocks: tuple[str, ...]


def lookup_keys(statement: Statement, rules: Rules, matcher: Matcher) -> Keys:
    """What to look a statement up by; mere claims lead nowhere."""
    fact = read_fact(statement, rules)
    identifiers: Iterable[Pair] = fact.vouched
    blocks = fact.blocks
    if fact.attested:
        identifiers = dict.fromkeys((*fact.vouched, *fact.mentioned))
        blocks = (*blocks, *[f"m:{one}" for one in keys_of(fact, matcher)])[:MOST_BLOCKS]
    # To a sender leads its record.
    return Keys(tuple([one for one in identifiers if one[0] != SENDER]), blocks)


def joining_pairs(statement: Statement, rules: Rules) -> frozenset[Pair]:
    """The identifiers that tie a statement to others: what it vouches for, and the contacts it
    mentions if staff stand behind it.

    Whoever mentions or vouches for the same is looked at together from then on, joined or not: a
    name that comes to light later, in whatever way, may decide.
    """
    return read_fact(statement, rules).ties


def relates(statement: Statement, component: Component, rules: Rules, matcher: Matcher) -> bool:
    """Whether a statement may concern a component by what staff stand behind.

    Shared identifiers that both vouch for are not asked about.
    """
    fact = read_fact(statement, rules)
    others = [read_fact(one, rules) for one in component.statements]
    return any(
        _may_concern(fact, other, matcher) or _may_concern(other, fact, matcher) for other in others
    )


def _may_concern(fact: Fact, other: Fact, matcher: Matcher) -> bool:
    if not fact.attested or fact.name is None:
        return False
    if not set(fact.mentioned).isdisjoint(other.vouched):
        return True
    if not other.attested or other.name is None or compare_names(fact.name, other.name).conflicts:
        return False
    return not (
        set(fact.mentioned).isdisjoint(other.mentioned)
        and set(fact.blocks).isdisjoint(other.blocks)
        and set(keys_of(fact, matcher)).isdisjoint(keys_of(other, matcher))
    )
