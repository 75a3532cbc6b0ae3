"""The usual component: a single person, whom nothing contradicts, recognised without weighing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rapport.identity.attestation import CONTACT_BITS, NAME_BITS
from rapport.identity.evidence import Fact
from rapport.identity.graph import Link, Pair
from rapport.identity.groups import may_exceed
from rapport.identity.names import Name, NameLevel, compare_names
from rapport.identity.rules import Rules

_CONTACT_AND_NAME = CONTACT_BITS + NAME_BITS[NameLevel.PARTIAL]
"""What the same contact beside a name that agrees weighs at least."""


def are_one_person(facts: Sequence[Fact], rules: Rules) -> bool:
    """Whether facts that do not contradict one another are plainly one person's.

    What the steps of `resolution` would find: with nothing against it, whoever vouches for the
    same identifier is one, and so is whose name agrees where staff noted the same contact.
    """
    if not facts or _is_crowded(facts):
        return False
    shown = _shown_by_one(facts)
    if shown is None and rules.join_bits <= _CONTACT_AND_NAME:
        shown = _shown_by_one(facts, by_contact=True)
    if shown is None:
        return False
    return len(facts) <= rules.smallest_limit or not may_exceed(shown, rules)


def links_of(facts: Sequence[Fact], rules: Rules) -> tuple[Link, ...]:
    """The links between facts that do not contradict one another, enough to span each person."""
    person = list(range(len(facts)))
    links: list[Link] = []
    first: dict[Pair, int] = {}
    for index, fact in enumerate(facts):
        for pair in fact.vouched:
            known = first.setdefault(pair, index)
            if person[known] != person[index]:
                _unite(person, known, index)
                links.append(_link(facts[known], fact, "same_identifier", pair))
    if len(links) < len(facts) - 1 and rules.join_bits <= _CONTACT_AND_NAME:
        for one, two, pair in _same_contacts(facts):
            if person[one] != person[two] and _agree(facts[one], facts[two]):
                _unite(person, one, two)
                links.append(_attested(facts[one], facts[two], pair))
    return tuple(links)


def _shown_by_one(facts: Sequence[Fact], *, by_contact: bool = False) -> set[Pair] | None:
    """What all vouch for together, where that leads from one to all others, or does so with the
    contacts beside names that agree; else None."""
    reached = set(facts[0].shown)
    told: dict[Pair, set[Name]] = {}
    if by_contact:
        if not any(fact.mentioned for fact in facts):
            return None
        _tell(facts[0], told)
    rest = facts[1:]
    while rest:
        beyond = []
        for fact in rest:
            if reached.isdisjoint(fact.shown) and not (by_contact and _is_told(fact, told)):
                beyond.append(fact)
                continue
            reached |= fact.shown
            if by_contact:
                _tell(fact, told)
        if len(beyond) == len(rest):
            return None
        rest = beyond
    return reached


def _tell(fact: Fact, told: dict[Pair, set[Name]]) -> None:
    if fact.name is not None:
        for pair in fact.ties:
            told.setdefault(pair, set()).add(fact.name)


def _is_told(fact: Fact, told: Mapping[Pair, Iterable[Name]]) -> bool:
    """Whether one whose name agrees was told with the same contact."""
    return fact.name is not None and any(
        compare_names(fact.name, name).agrees for pair in fact.ties for name in told.get(pair, ())
    )


def _same_contacts(facts: Sequence[Fact]) -> Iterator[tuple[int, int, Pair]]:
    """Facts with a name by index, and the contact that staff noted of the first."""
    told: dict[Pair, list[int]] = {}
    for index, fact in enumerate(facts):
        if fact.name is not None:
            for pair in fact.ties:
                told.setdefault(pair, []).append(index)
    for one, fact in enumerate(facts):
        for pair in fact.mentioned:
            for two in told[pair]:
                yield one, two, pair


def _agree(one: Fact, two: Fact) -> bool:
    return (
        one.name is not None and two.name is not None and compare_names(one.name, two.name).agrees
    )


def _attested(one: Fact, two: Fact, pair: Pair) -> Link:
    level = compare_names(one.name, two.name).level if one.name and two.name else NameLevel.UNKNOWN
    link = _link(one, two, "attested_name_and_second_field", pair)
    bits = CONTACT_BITS + NAME_BITS[level]
    return link._replace(score=bits, fields={"contact": CONTACT_BITS})


def _link(one: Fact, two: Fact, rule: str, pair: Pair) -> Link:
    return Link(one.id, two.id, rule, pair, event_ids=(one.event_id, two.event_id))


def _is_crowded(facts: Sequence[Fact]) -> bool:
    """Whether several of what a device goes with one of were on the same device."""
    seen: dict[tuple[Pair, str], Pair] = {}
    for alone in [one.alone for one in facts if one.alone]:
        for device, other in alone:
            if seen.setdefault((device, other[0]), other) != other:
                return True
    return False


def _unite(person: list[int], one: int, two: int) -> None:
    """Make one person of two, who goes by the first of its facts."""
    kept, gone = sorted((person[one], person[two]))
    for index in range(gone, len(person)):
        if person[index] == gone:
            person[index] = kept
