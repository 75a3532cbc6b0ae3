"""Customers from statements: a pure function, so that every merge can be undone and explained.

`resolve` depends on what a component's statements, signals and decisions say and never on the order
in which they came. It goes from the surest to the least sure:

1. what people decided;
2. statements with names that agree, which vouch for the same identifier;
3. statements that staff stand behind: a name that agrees and a second field;
4. statements without a name that vouch for several identifiers, and names that say nothing of one
   another: only where nothing contradicts;
5. statements that staff stand behind, by all attributes weighed;
6. statements without a name from a single identifier: its only holder's, or by time.

An identifier with people whose names conflict is a shared one (or one whose holder changed) and
joins each only to himself. Claims join nobody.
"""

from functools import partial

from rapport.identity.agreement import are_one_person, links_of
from rapport.identity.attestation import join_attested, review_attested
from rapport.identity.candidates import Keys, joining_pairs, lookup_keys, relates
from rapport.identity.evidence import BY_CONTENT, Fact, in_force, read_facts, retracted
from rapport.identity.graph import Component, Decision, DecisionKind, Link, Resolution
from rapport.identity.groups import Groups, is_peaceful
from rapport.identity.holders import Holdings
from rapport.identity.likeness import join_alike, review_alike
from rapport.identity.matching import Matcher
from rapport.identity.rules import Rules
from rapport.identity.scoping import (
    join_bridges,
    join_contested,
    join_named,
    join_nameless,
    join_unlike,
)
from rapport.identity.slips import join_slips

__all__ = ["Keys", "joining_pairs", "lookup_keys", "relates", "resolve"]


_STEPS = (
    join_named,
    join_attested,
    join_slips,
    join_bridges,
    join_named,
    join_unlike,
    join_contested,
    join_named,
    join_attested,
)


def resolve(component: Component, rules: Rules, matcher: Matcher) -> Resolution:
    """The customers that follow from a component's content by these rules.

    A retracted statement is left out of all reckoning, and is a customer of its own.
    """
    if len(component.statements) == 1:
        return Resolution((frozenset((component.statements[0].statement_id,)),))
    decisions = in_force(component.decisions)
    void = retracted(decisions)
    said = component.statements
    if void:
        said = tuple(one for one in said if one.statement_id not in void)
    facts = read_facts(said, rules)
    peaceful = is_peaceful(facts)
    if (
        peaceful
        and not component.decisions
        and not component.signals
        and are_one_person(facts, rules)
    ):
        whole = frozenset([one.statement_id for one in said])
        return Resolution((whole,), partial(links_of, sorted(facts, key=BY_CONTENT), rules))
    facts.sort(key=BY_CONTENT)
    groups = Groups(facts, rules, is_peaceful=peaceful)
    _decide(groups, decisions)
    holdings = Holdings(facts, component.signals, rules)
    _join(groups, holdings, matcher)
    before = 0
    while decisions and groups.count not in (1, before):
        # Whom people joined before anybody knew a name has one by now, on every number of theirs.
        before = groups.count
        for join in (join_named, join_unlike, join_nameless):
            join(groups, holdings)
    return Resolution(
        customers=_customers(groups, facts, void),
        because=groups.links,
        against=tuple(groups.against.values()),
        reviews=_reviews(groups, holdings, matcher),
    )


def _join(groups: Groups, holdings: Holdings, matcher: Matcher) -> None:
    settled: dict[object, int] = {}
    for join in _STEPS:
        # A step that joined nothing joins nothing until another has.
        if groups.count > 1 and settled.get(join) != groups.count:
            join(groups, holdings)
            settled[join] = groups.count
    if groups.count > 1:
        join_alike(groups, holdings, matcher)
        join_nameless(groups, holdings)


def _reviews(groups: Groups, holdings: Holdings, matcher: Matcher) -> tuple[Link, ...]:
    """What a person should decide: each two customers once."""
    if groups.count < 2:
        return ()
    found = [*review_attested(groups, holdings), *review_alike(groups, holdings, matcher)]
    whose = {fact.id: groups.of(index).first for index, fact in enumerate(groups.facts)}
    first = {tuple(sorted((whose[one.left], whose[one.right]))): one for one in reversed(found)}
    return tuple(reversed(first.values()))


def _decide(groups: Groups, decisions: list[Decision]) -> None:
    """What people decided, the latest word on each pair of statements."""
    places = {fact.id: index for index, fact in enumerate(groups.facts)}
    latest: dict[tuple[int, int], Decision] = {}
    for one in decisions:
        left, right = places.get(one.left), places.get(one.right)
        if one.kind is not DecisionKind.RETRACT and left is not None and right is not None:
            latest[min(left, right), max(left, right)] = one
    for (left, right), one in latest.items():
        if one.kind is DecisionKind.APART and left != right:
            groups.keep_apart(left, right)
    for (left, right), one in latest.items():
        if one.kind is DecisionKind.JOIN:
            groups.join(left, right, "decision", decision_id=one.decision_id)


def _customers(
    groups: Groups, facts: list[Fact], void: frozenset[str]
) -> tuple[frozenset[str], ...]:
    found = [frozenset(facts[index].id for index in group.members) for group in groups.all()]
    return (*found, *(frozenset((one,)) for one in sorted(void)))
