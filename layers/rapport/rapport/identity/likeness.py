"""Join what staff stand behind by all its attributes, weighed: where no rule decides.

Misspelled names with a slip in the birth date, a moved household, records without any contact: each
field says something for or against, in bits, after Fellegi and Sunter (`matching`).
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations

from rapport.identity.evidence import Fact
from rapport.identity.graph import Link
from rapport.identity.groups import AGREE, Groups
from rapport.identity.holders import Holdings
from rapport.identity.matching import Features, Matcher, Score
from rapport.identity.matching.scoring import Group as Told
from rapport.identity.scoping import is_ambiguous, tier_of

_REMEMBERED = 16_384


def join_alike(groups: Groups, holdings: Holdings, matcher: Matcher) -> None:
    """Join those whose weight reaches the rules' `join_bits`, the heaviest first."""
    pairs = sorted(_weighed(groups, matcher), key=lambda one: (-one[0].weight, one[1], one[2]))
    for score, left, right in pairs:
        one, two = groups.of(left), groups.of(right)
        relation = groups.relation(one, two)
        if score.weight < holdings.rules.join_bits or one is two or relation.verdict != AGREE:
            continue
        rivals = [groups.of(index) for pair in pairs for index in pair[1:]]
        if not is_ambiguous(groups, one, two, tier_of(relation), rivals):
            fields = dict(score.parts)
            groups.join(left, right, "probabilistic", score=score.weight, fields=fields)


def review_alike(groups: Groups, holdings: Holdings, matcher: Matcher) -> list[Link]:
    """Those who are too alike to ignore and not enough to join: the best of each two customers."""
    found: dict[tuple[int, int], Link] = {}
    pairs = sorted(_weighed(groups, matcher), key=lambda one: (-one[0].weight, one[1], one[2]))
    for score, left, right in pairs:
        one, two = groups.of(left), groups.of(right)
        key = (min(one.first, two.first), max(one.first, two.first))
        if score.weight >= holdings.rules.review_bits and not groups.conflict(one, two):
            found.setdefault(key, _review(groups, left, right, score))
    return [*found.values()]


@lru_cache(_REMEMBERED)
def keys_of(fact: Fact, matcher: Matcher) -> tuple[str, ...]:
    """The blocking keys of a statement's attributes."""
    return matcher.keys(_features(fact, matcher))


@lru_cache(_REMEMBERED)
def _features(fact: Fact, matcher: Matcher) -> Features:
    return matcher.features(fact.attributes)


def _weighed(groups: Groups, matcher: Matcher) -> Iterable[tuple[Score, int, int]]:
    """Attested statements of different groups, that share a blocking key, and their weight."""
    attested = [index for index, fact in enumerate(groups.facts) if fact.attested]
    if len(attested) < 2:
        return
    keys = {index: set(keys_of(groups.facts[index], matcher)) for index in attested}
    for one, two in combinations(attested, 2):
        if groups.of(one) is groups.of(two) or groups.conflict(groups.of(one), groups.of(two)):
            continue
        if keys[one].isdisjoint(keys[two]):
            continue
        a, b = _features(groups.facts[one], matcher), _features(groups.facts[two], matcher)
        if not matcher.vetoes(Told((a,)), Told((b,))):
            yield matcher.score(a, b), one, two


def _review(groups: Groups, left: int, right: int, score: Score) -> Link:
    one, two = groups.facts[left], groups.facts[right]
    return Link(
        left=one.id,
        right=two.id,
        rule="probabilistic",
        score=score.weight,
        fields=dict(score.parts),
        event_ids=(one.event_id, two.event_id),
    )
