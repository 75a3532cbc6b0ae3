"""Join what staff stand behind: a name that agrees, and a second field that does.

One field is never enough. Twins have birth date, address and surname in common, and families a
telephone: so the names decide, and where two people fit alike, a person does.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations

from rapport.identity.addresses import is_same_address
from rapport.identity.evidence import Fact, Holding
from rapport.identity.graph import Link, Pair
from rapport.identity.groups import AGREE, CONFLICT, Group, Groups, Relation
from rapport.identity.holders import Holdings
from rapport.identity.matching.levels import compare_birth
from rapport.identity.matching.values import BirthValue
from rapport.identity.names import Name, NameLevel
from rapport.identity.scoping import is_ambiguous, tier_of

NAME_BITS = (14.0, 13.0, 9.0, 8.0, 5.0, 0.0, 0.0, 0.0)
"""By level of the names: what their agreement tells, where something else led us to compare."""

CONTACT_BITS, _ADDRESS_BITS, _BIRTH_BITS = 12.0, 9.0, 11.0
_OTHER_BIRTH = 3
"""From this level on (`matching.levels`), two birth dates are no slip of the pen."""

_CLEARLY_LESS = 6.0
"""Bits by which one proposal must outweigh another to be no rival of it."""

Proposal = tuple[float, int, int]
"""Minus the bits, and two facts by index."""


def join_attested(groups: Groups, holdings: Holdings) -> None:
    """Join by name and second field, the surest first."""
    if not any(fact.attested for fact in groups.facts):
        return
    _join_repeated(groups, holdings)
    joined = groups.count > 1
    while joined:
        proposals = sorted(_proposals(groups, holdings))
        joined = sum(_consider(groups, one, proposals, holdings) for one in proposals) > 0


def _join_repeated(groups: Groups, holdings: Holdings) -> None:
    """The very same name with the very same contact, staff standing behind both."""
    first: dict[tuple[Name | None, Holding], int] = {}
    for index, fact in enumerate(groups.facts):
        for pair in fact.mentioned:
            key = (fact.name, holdings.during(pair, fact.at))
            known = first.setdefault(key, index)
            one, two = groups.of(known), groups.of(index)
            if (
                one is not two
                and fact.name
                and fact.name.is_whole
                and not groups.conflict(one, two)
            ):
                bits = CONTACT_BITS + NAME_BITS[NameLevel.EXACT]
                rule = "attested_name_and_second_field"
                groups.join(known, index, rule, pair, score=bits, fields={"contact": CONTACT_BITS})


def review_attested(groups: Groups, holdings: Holdings) -> list[Link]:
    """What is too uncertain to join and too likely to ignore: the best of each two customers."""
    if not any(fact.attested for fact in groups.facts):
        return []
    reviews: dict[tuple[int, int], Link] = {}
    for _, left, right in sorted(_proposals(groups, holdings)):
        one, two = groups.of(left), groups.of(right)
        pair = (min(one.first, two.first), max(one.first, two.first))
        fields = _fields(groups, left, right)
        bits = sum(fields.values()) + NAME_BITS[groups.relation(one, two).level]
        if pair not in reviews and bits >= holdings.rules.review_bits:
            reviews[pair] = _review(groups, left, right, bits, fields)
    return [*reviews.values()]


def _proposals(groups: Groups, holdings: Holdings) -> Iterable[Proposal]:
    for indexes in _buckets(groups, holdings):
        for one, two in combinations(_one_of_each(groups, indexes), 2):
            if groups.of(one) is groups.of(two):
                continue
            relation = groups.relation(groups.of(one), groups.of(two))
            if relation.verdict != CONFLICT:
                bits = sum(_fields(groups, one, two).values())
                if bits > 0:
                    yield -(bits + NAME_BITS[relation.level]), one, two


def _buckets(groups: Groups, holdings: Holdings) -> list[list[int]]:
    """Facts that have a second field in common: what contact, birth date or address."""
    buckets: dict[str, list[int]] = {}
    attested = [index for index, fact in enumerate(groups.facts) if fact.attested]
    for index in attested:
        fact = groups.facts[index]
        for block in fact.blocks:
            buckets.setdefault(block, []).append(index)
        for pair in fact.mentioned:
            holding = holdings.during(pair, fact.at)
            key = f"{pair[0]} {pair[1]} {holding[3]}"
            bucket = buckets.setdefault(key, [])
            if not bucket:
                bucket.extend(holdings.vouching.get(holding, ()))
            if index not in bucket:
                bucket.append(index)
    return [one for one in buckets.values() if len(one) > 1]


def _one_of_each(groups: Groups, indexes: Iterable[int]) -> list[int]:
    """A fact of each group that has a name: the same in any order."""
    found: dict[tuple[int, bool], int] = {}
    for index in indexes:
        group = groups.of(index)
        if group.names:
            found.setdefault((group.first, groups.facts[index].attested), index)
    return sorted(found.values())


def second_fields(one: Fact, two: Fact) -> dict[str, float]:
    """What, beside the names, two attested statements have in common, in bits by field.

    A birth date that is plainly another one outweighs all the rest.
    """
    fields: dict[str, float] = {}
    if one.birth and two.birth:
        fields["birth"] = _birth_bits(one.birth, two.birth)
    if one.address and two.address and is_same_address(one.address, two.address):
        fields["address"] = _ADDRESS_BITS
    if not set(one.mentioned).isdisjoint(two.mentioned):
        fields["contact"] = CONTACT_BITS
    return fields


def _birth_bits(one: BirthValue, two: BirthValue) -> float:
    if not (one.is_complete and two.is_complete):
        return 0.0 if one.year == two.year else -CONTACT_BITS
    _, level, _, _ = compare_birth(one, two)[0]
    if level == 0:
        return _BIRTH_BITS
    return _BIRTH_BITS - 4 if level < _OTHER_BIRTH else -CONTACT_BITS


def _consider(
    groups: Groups, proposal: Proposal, proposals: Sequence[Proposal], holdings: Holdings
) -> bool:
    _, left, right = proposal
    one, two = groups.of(left), groups.of(right)
    relation = groups.relation(one, two)
    if one is two or relation.verdict == CONFLICT:
        return False
    fields = _fields(groups, left, right)
    bits = sum(fields.values()) + NAME_BITS[relation.level]
    if bits < holdings.rules.join_bits:
        return False
    if fields.get("birth", 0.0) < 0 and relation.level >= NameLevel.PARTIAL:
        return False  # Of another age, and of the same surname at most: their parent.
    if not _is_certain(relation, fields) and not _is_sole(groups, relation, left, right):
        return False
    if not groups.is_peaceful:
        rivals = _rivals(groups, proposals, one, two, bits)
        if is_ambiguous(groups, one, two, tier_of(relation), rivals):
            return False
    rule = "attested_name_and_second_field"
    return groups.join(left, right, rule, _contact(groups, left, right), score=bits, fields=fields)


def _is_certain(relation: Relation, fields: dict[str, float]) -> bool:
    """Whether the fields are enough for how well the names agree.

    A given name alone needs the same contact; an initial more than a household's address. Names
    that say nothing of each other ("Peter Lai", 黎文軒) need the contact and the birth date too.
    """
    if relation.verdict != AGREE:
        return {"contact", "birth"} <= fields.keys() and fields["birth"] >= _BIRTH_BITS
    if relation.level >= NameLevel.PARTIAL:
        return "contact" in fields
    return bool(fields) and (relation.similarity > 0.8 or set(fields) != {"address"})


def _is_sole(groups: Groups, relation: Relation, left: int, right: int) -> bool:
    """Whether a surname that agrees ("Kevin Ho", 何業朗) is enough: on a contact which nobody else
    was ever named with. Names that say nothing of each other ("Kevin", 何業朗) need the contact
    told more than once: a wrong number is keyed once."""
    contact = _contact(groups, left, right)
    if contact is None or relation.level not in (NameLevel.PARTIAL, NameLevel.UNKNOWN):
        return False
    if relation.level is NameLevel.UNKNOWN and not _is_confirmed(groups, contact, left, right):
        return False
    named = (
        index
        for index, fact in enumerate(groups.facts)
        if fact.name is not None and (contact in fact.mentioned or contact in fact.vouched)
    )
    return groups.are_compatible(groups.distinct(named))


def _is_confirmed(groups: Groups, contact: Pair, left: int, right: int) -> bool:
    """Whether staff noted the contact for one of these people at two times."""
    return any(
        len({groups.facts[m].at for m in groups.of(one).members
             if contact in groups.facts[m].mentioned}) > 1
        for one in (left, right)
    )  # fmt: skip


def _fields(groups: Groups, left: int, right: int) -> dict[str, float]:
    one, two = groups.facts[left], groups.facts[right]
    fields = second_fields(one, two) if one.attested and two.attested else {}
    if _contact(groups, left, right):
        fields["contact"] = CONTACT_BITS
    return fields


def _contact(groups: Groups, left: int, right: int) -> Pair | None:
    one, two = groups.facts[left], groups.facts[right]
    if one.ties.isdisjoint(two.ties):
        return None
    mentioned = {*one.mentioned, *two.mentioned}
    return min(one.ties & two.ties & mentioned, default=None)


def _rivals(
    groups: Groups, proposals: Iterable[Proposal], one: Group, two: Group, bits: float
) -> list[Group]:
    """Whoever else either was proposed for with about as much to say for it."""
    found: dict[int, Group] = {}
    for minus, left, right in proposals:
        if -minus < bits - _CLEARLY_LESS:
            break
        a, b = groups.of(left), groups.of(right)
        if a in (one, two) or b in (one, two):
            found[a.first], found[b.first] = a, b
    return [group for group in found.values() if group is not one and group is not two]


def _review(groups: Groups, left: int, right: int, bits: float, fields: dict[str, float]) -> Link:
    one, two = groups.facts[left], groups.facts[right]
    return Link(
        left=one.id,
        right=two.id,
        rule="attested_name_and_second_field",
        identifier=_contact(groups, left, right),
        score=bits,
        fields=fields,
        event_ids=(one.event_id, two.event_id),
    )
