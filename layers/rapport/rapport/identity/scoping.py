"""Join what vouches for the same identifier, on a shared one each only to its own person."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import pairwise

from rapport.identity.evidence import Holding
from rapport.identity.graph import Pair
from rapport.identity.groups import AGREE, CONFLICT, Group, Groups, Relation
from rapport.identity.holders import Holdings, pair_of
from rapport.identity.names import Name, NameLevel

_TIERS = (0, 0, 1, 2, 3, 4, 5, 6)
"""Levels of agreement of names that differ enough to decide between two people."""

Candidate = tuple[int, float, int, int, Holding]
"""A join that names speak for: tier, minus similarity, the two oldest members, and by what."""


def join_named(groups: Groups, holdings: Holdings) -> None:
    """Join those whose names agree and who vouch for the same identifier, the best first."""
    for holding in holdings.shared:
        _join_same_name(groups, holdings, holding)
    while True:
        candidates = sorted(set(_candidates(groups, holdings)))
        if not sum(_join_candidate(groups, holdings, one) for one in candidates):
            return


def join_unlike(groups: Groups, holdings: Holdings) -> None:
    """Join people whose names say nothing of one another, where all on an identifier may be one."""
    for holding in holdings.shared:
        if holdings.is_crowded(groups, holding):
            continue
        holders = holdings.holders(groups, holding)
        if len(holders) < 2:
            continue
        if groups.are_compatible(holders):
            _join_all(groups, holders, holding)
        else:
            _note_conflicts(groups, holders, holding)
            _join_with_only_match(groups, holders, holding)


def join_bridges(groups: Groups, holdings: Holdings) -> None:
    """Join statements without a name that vouch for several identifiers, where all holders of these
    may be one person."""
    _join_bridges(groups, holdings, contested=False)


def join_contested(groups: Groups, holdings: Holdings) -> None:
    """Join those whose identifiers' holders are not one person to who claimed what is proven here,
    or was just there, or holds the proven address."""
    _join_bridges(groups, holdings, contested=True)


def _join_bridges(groups: Groups, holdings: Holdings, *, contested: bool) -> None:
    bridges = holdings.bridges
    joined = bool(bridges)
    while joined:
        joined = False
        for index in bridges:
            held = holdings.of[index]
            met = [one for one in held if not holdings.is_crowded(groups, one)] or [held[0]]
            near = [g for g in _met(groups, holdings, met) if g is not groups.of(index)]
            if near and groups.are_compatible([groups.of(index), *near]):
                joined |= _join_to(groups, holdings, index, near, "same_identifier")
            elif contested and near:
                joined |= _join_contested(groups, holdings, index, near)


def join_nameless(groups: Groups, holdings: Holdings) -> None:
    """Join what has neither name nor second identifier: to the only holder, or by time."""
    if not holdings.loose:
        return
    for holding in holdings.shared:
        loose = _loose(groups, holdings, holding)
        if not loose:
            continue
        holders = holdings.holders(groups, holding)
        if holdings.is_crowded(groups, holding):
            continue
        if not holders:
            for index in loose[1:]:
                _join_if_possible(groups, loose[0], index, "same_identifier", holding)
        elif len(holders) == 1:
            for index in loose:
                at = _nearest(groups, holdings, holders[0], holding, index)
                _join_if_possible(groups, at, index, "same_identifier", holding)
        else:
            _join_by_time(groups, holdings, holding, loose, holders)


def _loose(groups: Groups, holdings: Holdings, holding: Holding) -> list[int]:
    """What vouches for an identifier and stands alone, or with others that tell as little, which
    people joined it with: one statement of each."""
    found: dict[int, int] = {}
    for index in holdings.vouching[holding]:
        if index in holdings.loose:
            members = groups.of(index).members
            if holdings.loose.issuperset(members):
                found.setdefault(members[0], index)
    return [*found.values()]


def _join_same_name(groups: Groups, holdings: Holdings, holding: Holding) -> None:
    """The very same name on the same identifier needs no comparison with others."""
    first: dict[Name, int] = {}
    for index in holdings.vouching[holding]:
        name = groups.facts[index].name
        if name is not None:
            known = first.setdefault(name, index)
            if known != index:
                _join_if_possible(groups, known, index, "same_identifier", holding)


def _candidates(groups: Groups, holdings: Holdings) -> Iterable[Candidate]:
    for holding in holdings.shared:
        named = [one for one in groups.distinct(holdings.vouching[holding]) if one.names]
        for place, one in enumerate(named):
            for two in named[place + 1 :]:
                relation = groups.relation(one, two)
                if relation.verdict == AGREE:
                    tier = _TIERS[relation.level]
                    yield tier, -relation.similarity, one.first, two.first, holding


def _join_candidate(groups: Groups, holdings: Holdings, candidate: Candidate) -> bool:
    tier, _, left, right, holding = candidate
    one, two = groups.of(left), groups.of(right)
    if one is two or groups.relation(one, two).verdict != AGREE:
        return False
    others = groups.distinct(holdings.vouching[holding])
    if is_ambiguous(groups, one, two, tier, others):
        groups.refuse(left, right, "ambiguous", pair_of(holding))
        return False
    left, right = _pair_on(holdings, holding, one, two)
    return groups.join(left, right, "same_identifier_and_name", pair_of(holding))


def is_ambiguous(
    groups: Groups, one: Group, two: Group, tier: int, others: Sequence[Group]
) -> bool:
    """Whether either fits a third about as well, who cannot be the other: "M. Moore", say."""
    if groups.is_peaceful:
        return False
    for other in others:
        if other is one or other is two or not other.names:
            continue
        for a, b in ((one, two), (two, one)):
            relation = groups.relation(a, other)
            if (
                relation.verdict == AGREE
                and _TIERS[relation.level] <= tier
                and groups.conflict(b, other)
            ):
                return True
    return False


def tier_of(relation: Relation) -> int:
    """How well names agree, in steps that differ enough to decide between two people."""
    return _TIERS[relation.level]


def _join_all(groups: Groups, holders: Sequence[Group], holding: Holding) -> None:
    first = holders[0].first
    for other in holders[1:]:
        _join_if_possible(groups, first, other.first, "same_identifier", holding)


def _join_with_only_match(groups: Groups, holders: Sequence[Group], holding: Holding) -> None:
    """On a shared identifier, one who conflicts with all holders but one is that one."""
    for one in holders:
        group = groups.of(one.first)
        fit = [
            other
            for other in groups.distinct(two.first for two in holders)
            if other is not group and not groups.conflict(group, other)
        ]
        if len(fit) == 1 and group.names and fit[0].names:
            relation = groups.relation(group, fit[0])
            if relation.level <= NameLevel.PARTIAL:
                _join_if_possible(groups, group.first, fit[0].first, "only_match", holding)


def _note_conflicts(groups: Groups, holders: Sequence[Group], holding: Holding) -> None:
    for place, one in enumerate(holders):
        for two in holders[place + 1 :]:
            relation = groups.relation(one, two)
            if relation.verdict == CONFLICT:
                groups.refuse(one.first, two.first, relation.reason, pair_of(holding))


def _met(groups: Groups, holdings: Holdings, held: Iterable[Holding]) -> list[Group]:
    found = {one.first: one for holding in held for one in holdings.holders(groups, holding)}
    return [found[first] for first in sorted(found)]


def _join_to(
    groups: Groups,
    holdings: Holdings,
    index: int,
    near: Sequence[Group],
    rule: str,
) -> bool:
    joined = False
    for holding in holdings.of[index]:
        for group in near:
            for member in group.members:
                if holding in holdings.of[member]:
                    joined |= groups.join(member, index, rule, pair_of(holding))
                    break
    return joined


def _join_contested(groups: Groups, holdings: Holdings, index: int, near: Sequence[Group]) -> bool:
    if len(groups.of(index).members) > 1:
        return False
    near = [one for one in near if not groups.conflict(groups.of(index), one)]
    for chosen in (
        _claimants(groups, index, near),
        _present(groups, holdings, index, near),
        _proven(groups, holdings, index, near),
    ):
        if chosen and groups.are_compatible(chosen):
            return _join_to(groups, holdings, index, chosen, "proven_claim")
    return False


def _claimants(groups: Groups, index: int, near: Sequence[Group]) -> list[Group]:
    """Those who, from one identifier of this statement, claimed what it proves of another."""
    proven = set(groups.facts[index].vouched)
    return [
        group
        for group in near
        if any(
            not proven.isdisjoint(groups.facts[m].vouched)
            and len(proven.intersection(groups.facts[m].claimed)) > 1
            for m in group.members
        )
    ]


def _present(groups: Groups, holdings: Holdings, index: int, near: Sequence[Group]) -> list[Group]:
    """Those who used the same device within the hours around this statement."""
    fact = groups.facts[index]
    volatile = [one for one in holdings.of[index] if holdings.rules.namespace(one[1]).holds_one]
    within = timedelta(days=holdings.rules.near_days)
    return [
        group
        for group in near
        if any(
            abs(groups.facts[m].at - fact.at) <= within
            for m in group.members
            for one in volatile
            if one in holdings.of[m]
        )
    ]


def _proven(groups: Groups, holdings: Holdings, index: int, near: Sequence[Group]) -> list[Group]:
    """The holders of what the person proved to hold, whoever's device it was."""
    proven = [one for one in holdings.of[index] if not holdings.rules.namespace(one[1]).holds_one]
    met = {one.first for one in _met(groups, holdings, proven)}
    return [group for group in near if group.first in met]


def _join_by_time(
    groups: Groups,
    holdings: Holdings,
    holding: Holding,
    loose: Sequence[int],
    holders: Sequence[Group],
) -> None:
    """Of several holders, the only one who was there about then; else it stays alone."""
    spans = [_times(groups, holdings, group, holding) for group in holders]
    for index in loose:
        chosen = _principal(spans, holdings.rules.principal_times)
        if chosen is None:
            chosen = _holder_at(groups, index, spans, holdings.rules.near_days)
        if chosen is not None:
            at = _nearest(groups, holdings, holders[chosen], holding, index)
            _join_if_possible(groups, at, index, "tenure", holding)


def _principal(spans: Sequence[Sequence[float]], times: float) -> int | None:
    """The holder who was there so many times as often as all others together."""
    total = sum(map(len, spans))
    most = max(range(len(spans)), key=lambda one: len(spans[one]))
    return most if len(spans[most]) >= times * (total - len(spans[most])) else None


def _holder_at(
    groups: Groups, index: int, spans: Sequence[Sequence[float]], near_days: float
) -> int | None:
    at = groups.facts[index].at.timestamp()
    order = sorted(range(len(spans)), key=lambda one: spans[one][0])
    followed = pairwise(order)
    if all(spans[a][-1] < spans[b][0] for a, b in followed) and all(
        len(span) > 1 for span in spans
    ):
        inside = [one for one in order if spans[one][0] <= at <= spans[one][-1]]
        if at > spans[order[-1]][-1]:
            inside = [order[-1]]
        if at < spans[order[0]][0]:
            inside = [order[0]]
        if len(inside) == 1:
            return inside[0]
    reach = near_days * 86_400
    near = [one for one, span in enumerate(spans) if any(abs(t - at) <= reach for t in span)]
    return near[0] if len(near) == 1 else None


def _times(groups: Groups, holdings: Holdings, group: Group, holding: Holding) -> list[float]:
    """When they were there; the same said twice is there once."""
    return sorted(
        {groups.facts[m].at.timestamp() for m in group.members if holding in holdings.of[m]}
    )


def _nearest(groups: Groups, holdings: Holdings, group: Group, holding: Holding, index: int) -> int:
    at = groups.facts[index].at
    on_it = [m for m in group.members if holding in holdings.of[m]]
    return min(on_it, key=lambda m: (abs(groups.facts[m].at - at), m))


def _pair_on(holdings: Holdings, holding: Holding, one: Group, two: Group) -> tuple[int, int]:
    left = next(m for m in one.members if holding in holdings.of[m])
    return left, next(m for m in two.members if holding in holdings.of[m])


def _join_if_possible(groups: Groups, left: int, right: int, rule: str, holding: Holding) -> None:
    one, two = groups.of(left), groups.of(right)
    if one is two:
        return
    relation = groups.relation(one, two)
    if relation.verdict == CONFLICT:
        groups.refuse(left, right, relation.reason, pair_of(holding))
    else:
        groups.join(left, right, rule, pair_of(holding))


def pairs_of(held: Iterable[Holding]) -> set[Pair]:
    """The identifiers themselves."""
    return {pair_of(one) for one in held}
