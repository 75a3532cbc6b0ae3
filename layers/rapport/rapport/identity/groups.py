"""Groups of statements on their way to being customers: joined one by one, unless something vetoes.

A join names the rule it rests on. A veto holds between everything that either side was joined with:
two names in conflict, two identifiers of which a person has one, a decision that they are two.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from rapport.identity.evidence import Fact
from rapport.identity.graph import Link, Pair
from rapport.identity.names import Name, NameLevel, NameMatch, compare_names, is_slip
from rapport.identity.rules import Rules

AGREE, UNKNOWN, CONFLICT = 0, 1, 2

_SURE = 0.85
"""From this similarity on, a name is another one's, and not merely the same initial."""


class Relation(NamedTuple):
    """What the names and identifiers of two groups say: `verdict`, how well, and why not."""

    verdict: int
    level: NameLevel
    similarity: float
    reason: str = ""


_MANY_NAMES = 40
"""More are seldom told before the latest came, and too many to look at one inside another."""

_STRANGERS = Relation(UNKNOWN, NameLevel.UNKNOWN, 0.0)

_Join = tuple[int, int, str, Pair | None, float | None, dict[str, float] | None, str]
"""Two facts, the rule, and by what: what a `Link` is made of, for who asks."""


@dataclass(slots=True, eq=False)
class Group:
    """Statements held to be one person: `members` by index, and what they tell together.

    `apart` are members that people keep it apart from; `shown` is what it vouches for.
    """

    members: list[int]
    names: dict[Name, None]
    exclusive: set[Pair]
    shown: set[Pair]
    apart: set[int]

    @property
    def first(self) -> int:
        """The oldest member: it stands for the group where an order is needed."""
        return self.members[0]


class Groups:
    """All groups of one component; facts are told by their index in an order of content.

    `count` is how many there are. `is_peaceful`: nothing any fact says contradicts another's.
    """

    def __init__(self, facts: Sequence[Fact], rules: Rules, *, is_peaceful: bool) -> None:
        self.facts = facts
        self._joined: list[_Join] = []
        self.against: dict[tuple[str, str, str], Link] = {}
        self.count = len(facts)
        self.is_peaceful = is_peaceful
        self._rules = rules
        self._of = [_alone(index, fact) for index, fact in enumerate(facts)]
        self._known: dict[tuple[int, int, int, int], Relation] = {}

    def of(self, index: int) -> Group:
        """The group that a fact is in."""
        return self._of[index]

    def all(self) -> list[Group]:
        """Every group, by its oldest member."""
        return [group for index, group in enumerate(self._of) if group.members[0] == index]

    def distinct(self, indexes: Iterable[int]) -> list[Group]:
        """The groups these facts are in, each once, by their oldest members."""
        found = {self._of[index].members[0]: self._of[index] for index in indexes}
        return [found[first] for first in sorted(found)] if len(found) > 1 else [*found.values()]

    def keep_apart(self, left: int, right: int) -> None:
        """Never join these two, nor what they are joined with."""
        self.is_peaceful = False
        self._of[left].apart.add(right)
        self._of[right].apart.add(left)

    def relation(self, a: Group, b: Group) -> Relation:
        """What speaks for and against a and b being one person, identifiers shared aside."""
        if not (a.names and b.names) and not (a.exclusive and b.exclusive) and not a.apart:
            return _STRANGERS
        key = (a.members[0], len(a.members), b.members[0], len(b.members))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._relate(a, b)
        return found

    def conflict(self, a: Group, b: Group) -> bool:
        """Whether they cannot be one person."""
        return not self.is_peaceful and self.relation(a, b).verdict == CONFLICT

    def are_compatible(self, groups: Sequence[Group]) -> bool:
        """Whether all of them may be one person."""
        return self.is_peaceful or not any(
            self.conflict(a, b) for index, a in enumerate(groups) for b in groups[index + 1 :]
        )

    def join(
        self,
        left: int,
        right: int,
        rule: str,
        identifier: Pair | None = None,
        *,
        score: float | None = None,
        fields: dict[str, float] | None = None,
        decision_id: str = "",
    ) -> bool:
        """Make the groups of two facts one; False where they were, or a limit forbids it."""
        a, b = self._of[left], self._of[right]
        if a is b:
            return False
        if not decision_id and self._exceeds(a, b):
            self.refuse(left, right, "limit", identifier)
            return False
        if b.members[0] < a.members[0]:
            a, b = b, a
        self._joined.append((left, right, rule, identifier, score, fields, decision_id))
        self.count -= 1
        for index in b.members:
            self._of[index] = a
        a.members = sorted(a.members + b.members)
        a.names.update(b.names)
        a.exclusive |= b.exclusive
        a.apart |= b.apart
        a.shown |= b.shown
        return True

    def refuse(self, left: int, right: int, reason: str, identifier: Pair | None = None) -> None:
        """Note what spoke against a join that something spoke for."""
        one, two = sorted((self.facts[left].id, self.facts[right].id))
        key = (reason, one, two)
        if key not in self.against:
            self.against[key] = self._link((left, right, reason, identifier, None, None, ""))

    def links(self) -> tuple[Link, ...]:
        """The joins so far, as evidence."""
        return tuple(map(self._link, self._joined))

    def _link(self, join: _Join) -> Link:
        left, right, rule, identifier, score, fields, decision_id = join
        one, two = self.facts[min(left, right)], self.facts[max(left, right)]
        return Link(
            left=one.id,
            right=two.id,
            rule=rule,
            identifier=identifier,
            score=score,
            fields=fields or {},
            event_ids=(one.event_id, two.event_id),
            decision_id=decision_id,
        )

    def _relate(self, a: Group, b: Group) -> Relation:
        if (
            a.apart
            and b.apart
            and (not a.apart.isdisjoint(b.members) or not b.apart.isdisjoint(a.members))
        ):
            return Relation(CONFLICT, NameLevel.CONFLICT, 0.0, "decision")
        if a.exclusive and b.exclusive and _are_two(a.exclusive, b.exclusive):
            return Relation(CONFLICT, NameLevel.CONFLICT, 0.0, "two_exclusive_identifiers")
        return _compare(tuple(a.names), tuple(b.names))

    def _exceeds(self, a: Group, b: Group) -> bool:
        """Whether together they would show more identifiers of a type than a person has."""
        if len(a.members) + len(b.members) <= self._rules.smallest_limit:
            return False
        if not may_exceed(a.shown | b.shown, self._rules):
            return False
        facts = [self.facts[index] for index in (*a.members, *b.members)]
        shown: dict[str, dict[str, list[Fact]]] = {}
        for fact in facts:
            for namespace, value in fact.vouched:
                shown.setdefault(namespace, {}).setdefault(value, []).append(fact)
        return any(self._is_over(namespace, values) for namespace, values in shown.items())

    def _is_over(self, namespace: str, values: dict[str, list[Fact]]) -> bool:
        rule = self._rules.namespace(namespace)
        if rule.limit is None or len(values) <= rule.limit:
            return False
        if rule.window_days is None:
            return True
        window = timedelta(days=rule.window_days)
        firsts = sorted(min(fact.at for fact in facts) for facts in values.values())
        return any(
            late - early <= window
            for early, late in zip(firsts, firsts[rule.limit :], strict=False)
        )


def is_peaceful(facts: Sequence[Fact]) -> bool:
    """Whether no two of them speak against one another, so that nothing need be vetoed."""
    exclusive: dict[str, str] = {}
    names: dict[Name, None] = {}
    latest: Name | None = None
    for fact in facts:
        if fact.name is not None and fact.name is not latest:
            latest = fact.name
            names[latest] = None
        if fact.exclusive:
            for namespace, value in fact.exclusive:
                if exclusive.setdefault(namespace, value) != value:
                    return False
    return len(names) < 2 or _are_peaceful(tuple(names))


def may_exceed(pairs: Collection[Pair], rules: Rules) -> bool:
    """Whether there are more identifiers of a type than its limit, windows aside."""
    if len(pairs) <= rules.smallest_limit:
        return False
    shown = Counter([namespace for namespace, _ in pairs])
    return any(
        (limit := rules.namespace(namespace).limit) is not None and count > limit
        for namespace, count in shown.items()
    )


@lru_cache(16_384)
def _are_peaceful(names: tuple[Name, ...]) -> bool:
    if len(names) > _MANY_NAMES:
        return not any(compare_names(one, two).conflicts for one, two in combinations(names, 2))
    *others, latest = names
    if any(compare_names(latest, one).conflicts for one in others):
        return False
    # The others were compared before the latest came, as a rule, and are remembered.
    return len(others) < 2 or _are_peaceful(tuple(others))


def _alone(index: int, fact: Fact) -> Group:
    names = {fact.name: None} if fact.name is not None else {}
    return Group([index], names, set(fact.exclusive), set(fact.shown), set())


def _are_two(a: set[Pair], b: set[Pair]) -> bool:
    """Whether they have different values of an identifier of which a person has one."""
    shared = {namespace for namespace, _ in a & b}
    ours = {namespace for namespace, _ in a} - shared
    return any(namespace in ours for namespace, _ in b)


@lru_cache(16_384)
def _compare(ours: tuple[Name, ...], theirs: tuple[Name, ...]) -> Relation:
    """Every name against every name: the best agreement, unless some conflict."""
    if len(ours) == 1 and len(theirs) == 1:
        return _relation(compare_names(*ours, *theirs))
    best: NameMatch | None = None
    best_rank = _rank(_STRANGERS)
    conflicts: list[tuple[Name, Name, NameLevel]] = []
    sure: set[Name] = set()
    for one in ours:
        for two in theirs:
            match = compare_names(one, two)
            if match.conflicts:
                conflicts.append((one, two, match.level))
                continue
            rank = (AGREE if match.agrees else UNKNOWN, match.level, -match.similarity)
            if rank < best_rank:
                best, best_rank = match, rank
            if match.level <= NameLevel.TYPO and match.similarity >= _SURE:
                sure |= {one, two}
    # "Tmi Lee" is a slip for "Tim Lee", who is also "Timothy Lee": that the last two differ in more
    # than a slip is explained by the name between them.
    worst = [
        level
        for one, two, level in conflicts
        if one not in sure
        and two not in sure
        and not _is_misspelled(one, ours, two)
        and not _is_misspelled(two, theirs, one)
    ]
    if worst:
        return Relation(CONFLICT, max(worst), 0.0, "name_conflict")
    return _relation(best) if best else _STRANGERS


def _relation(match: NameMatch) -> Relation:
    """What two names alone say."""
    if match.conflicts:
        return Relation(CONFLICT, match.level, 0.0, "name_conflict")
    found = Relation(AGREE if match.agrees else UNKNOWN, match.level, match.similarity)
    return found if _rank(found) < _rank(_STRANGERS) else _STRANGERS


def _is_misspelled(name: Name, own: Iterable[Name], other: Name) -> bool:
    """Whether a name is a misspelling of one in its own group that `other` does not contradict, or
    a letter away from one there that agrees with `other`. Han characters misspell no letters."""
    if name.has_han:
        return False
    for one in own:
        if one is not name:
            match = compare_names(one, other)
            if match.agrees and is_slip(name, one):
                return True
            if (
                not match.conflicts
                and (one.is_clean or not name.is_clean)
                and compare_names(name, one).level is NameLevel.TYPO
            ):
                return True
    return False


def _rank(relation: Relation) -> tuple[int, int, float]:
    return relation.verdict, relation.level, -relation.similarity
