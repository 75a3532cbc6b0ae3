"""The usual component: a single person, whom nothing contradicts, recognised without weighing."""

from collections.abc import Sequence

from rapport.identity.attestation import CONTACT_BITS, NAME_BITS
from rapport.identity.evidence import Fact
from rapport.identity.graph import Link, Pair
from rapport.identity.groups import is_peaceful, may_exceed
from rapport.identity.names import NameLevel, compare_names
from rapport.identity.rules import Rules


def one_person(facts: Sequence[Fact], rules: Rules) -> tuple[Link, ...] | None:
    """The links that make all facts one person; None where that takes a closer look.

    It gives what the steps of `resolution` would: with nothing against it, whoever vouches for the
    same identifier is one, and so is whose name agrees where staff noted the same contact.
    """
    if len(facts) > rules.smallest_limit and may_exceed(facts, rules):
        return None
    if _is_crowded(facts) or not is_peaceful(facts):
        return None
    person = list(range(len(facts)))
    links: list[Link] = []
    first: dict[Pair, int] = {}
    for index, fact in enumerate(facts):
        for pair in fact.vouched:
            known = first.setdefault(pair, index)
            if person[known] != person[index]:
                _unite(person, known, index)
                links.append(_link(facts[known], fact, "same_identifier", pair))
    if (
        len(links) < len(facts) - 1
        and rules.join_bits <= CONTACT_BITS + NAME_BITS[NameLevel.PARTIAL]
    ):
        _join_contacts(facts, person, links)
    return tuple(links) if len(links) == len(facts) - 1 else None


def _join_contacts(facts: Sequence[Fact], person: list[int], links: list[Link]) -> None:
    told: dict[Pair, list[int]] = {}
    for index, fact in enumerate(facts):
        if fact.name is not None:
            for pair in fact.ties:
                told.setdefault(pair, []).append(index)
    for one, fact in enumerate(facts):
        for pair in fact.mentioned:
            for two in told[pair]:
                if person[one] != person[two] and _agree(fact, facts[two]):
                    _unite(person, one, two)
                    links.append(_attested(fact, facts[two], pair))


def _agree(one: Fact, two: Fact) -> bool:
    return (
        one.name is not None and two.name is not None and compare_names(one.name, two.name).agrees
    )


def _attested(one: Fact, two: Fact, pair: Pair) -> Link:
    level = compare_names(one.name, two.name).level if one.name and two.name else NameLevel.UNKNOWN
    link = _link(one, two, "attested_name_and_second_field", pair)
    bits = CONTACT_BITS + NAME_BITS[level]
    return Link(
        link.left, link.right, link.rule, pair, bits, {"contact": CONTACT_BITS}, link.event_ids
    )


def _link(one: Fact, two: Fact, rule: str, pair: Pair) -> Link:
    events = (one.statement.event_id, two.statement.event_id)
    return Link(one.id, two.id, rule, pair, event_ids=events)


def _is_crowded(facts: Sequence[Fact]) -> bool:
    """Whether several of what a device goes with one of were on the same device."""
    seen: dict[tuple[Pair, str], Pair] = {}
    for fact in facts:
        for device, other in fact.alone:
            if seen.setdefault((device, other[0]), other) != other:
                return True
    return False


def _unite(person: list[int], one: int, two: int) -> None:
    """Make one person of two, who goes by the first of its facts."""
    kept, gone = sorted((person[one], person[two]))
    for index in range(gone, len(person)):
        if person[index] == gone:
            person[index] = kept
