"""Join a name that differs by one slip of the pen from another's on the same identifier.

"Choi Ling Ai" and "Choi Ling Lai" may be sisters: as names they conflict, since every syllable is a
likely one. On one telephone, where the former was told once and the latter is who is known there, a
slip is far likelier than a sister whose name is a letter away; told twice, it is a name.
"""

from collections.abc import Sequence

from rapport.identity.evidence import Holding
from rapport.identity.groups import AGREE, Group, Groups
from rapport.identity.holders import Holdings, pair_of
from rapport.identity.names import Name, NameLevel, compare_names, is_slip


def join_slips(groups: Groups, holdings: Holdings) -> None:
    """Join those who told once a name that is a slip of the only one it may be, on the same
    identifier; what staff note as a means of contact counts as the identifier."""
    if groups.is_peaceful:
        return
    for holding, indexes in _told_with(groups, holdings).items():
        named = [one for one in groups.distinct(indexes) if one.names]
        if len(named) < 2:
            continue
        for index in indexes:
            group = groups.of(index)
            if _is_told_once(groups, group):
                _join_to_only_likeness(groups, holding, index, groups.distinct(indexes))


def _told_with(groups: Groups, holdings: Holdings) -> dict[Holding, list[int]]:
    """The facts that vouch for each identifier, or that staff noted with it."""
    found = {one: list(indexes) for one, indexes in holdings.vouching.items()}
    for index, fact in enumerate(groups.facts):
        for pair in fact.mentioned:
            told = found.setdefault(holdings.during(pair, fact.at), [])
            if index not in told:
                told.append(index)
    return {one: sorted(found[one]) for one in sorted(found) if len(found[one]) > 1}


def _is_told_once(groups: Groups, group: Group) -> bool:
    """Whether its only name was given at a single time."""
    told = {groups.facts[one].at for one in group.members if groups.facts[one].name is not None}
    return len(group.names) == 1 and len(told) == 1


def _join_to_only_likeness(
    groups: Groups, holding: Holding, index: int, near: Sequence[Group]
) -> None:
    group = groups.of(index)
    (name,) = group.names
    alike = [one for one in near if one is not group and _is_slip_of(groups, group, name, one)]
    if len(alike) != 1 or _is_known(groups, group, name):
        return
    other = next(one for one in alike[0].members if _tells(groups, one, holding))
    groups.join(other, index, "same_identifier_and_slip", pair_of(holding))


def _tells(groups: Groups, index: int, holding: Holding) -> bool:
    fact = groups.facts[index]
    return pair_of(holding) in fact.vouched or pair_of(holding) in fact.mentioned


def _is_slip_of(groups: Groups, group: Group, name: Name, other: Group) -> bool:
    relation = groups.relation(group, other)
    return (
        relation.verdict != AGREE
        and relation.reason in ("", "name_conflict")
        and any(is_slip(name, one) for one in other.names)
    )


def _is_known(groups: Groups, group: Group, name: Name) -> bool:
    """Whether somebody else here bears the name as it stands."""
    return any(
        compare_names(name, one).level <= NameLevel.NICKNAME
        for other in groups.all()
        if other is not group
        for one in other.names
    )
