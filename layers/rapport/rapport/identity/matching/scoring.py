"""The match weight of two records, or of two groups of records, in bits."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rapport.identity.matching import levels
from rapport.identity.matching.blocking import blocking_keys
from rapport.identity.matching.features import Features, read_features
from rapport.identity.matching.levels import Outcome, told_by
from rapport.identity.matching.model import Bits, Model, weights_of
from rapport.identity.matching.values import Value

_COMPARERS: dict[str, Callable[[Any, Any], list[Outcome]]] = {
    "whole_name": levels.compare_whole_name,
    "name": levels.compare_name,
    "birth": levels.compare_birth,
    "address": levels.compare_address,
    "email": levels.compare_email,
    "phone": levels.compare_phone,
    "national_id": levels.compare_national_id,
    "gender": levels.compare_gender,
}


def compare(compared: str, a: Value, b: Value) -> list[Outcome]:
    """The levels that two values of one kind reach."""
    comparer = _COMPARERS.get(compared)
    return comparer(a, b) if comparer else levels.compare_text(compared, a, b)  # type: ignore[arg-type]


def outcomes_of(a: Features, b: Features) -> list[Outcome]:
    """The levels that two records reach in all that both tell."""
    found: list[Outcome] = []
    for compared, value in a.values.items():
        other = b.values.get(compared)
        if other is not None:
            found.extend(compare(compared, value, other))
    return found


_SIBLING, _OTHER_DATE, _OTHER_YEAR, _OTHER_NUMBER = 5, 3, 1, 3
"""Levels of `whole_name`, `birth`, `birth_year` and `national_id` from which on they conflict."""

_CACHED_PAIRS = 500_000
_ROUNDING = 1e-6
"""Bits by which a sum may be off: what comes so near is compared to the end."""

_FEW = 2
"""So many groups are compared sooner than it is reckoned what they might weigh."""

_BEST = 0.25
"""How far the best pair of values speaks for two groups; their average speaks for the rest."""


@dataclass(frozen=True, slots=True)
class Score:
    """`weight`: log2 of the odds that both are one person. `parts`: bits by what was compared."""

    weight: float
    parts: Mapping[str, float]


class Group:
    """Records held to be one person: the distinct values they tell, and how often."""

    __slots__ = ("size", "values")

    def __init__(self, members: Iterable[Features] = ()) -> None:
        self.values: dict[str, dict[Value, int]] = {}
        self.size = 0
        for member in members:
            self.add(member)

    def add(self, member: Features) -> None:
        """Take in one record."""
        self.size += 1
        for compared, value in member.values.items():
            counts = self.values.setdefault(compared, {})
            counts[value] = counts.get(value, 0) + 1

    def absorb(self, other: "Group") -> None:
        """Take in all records of another group."""
        self.size += other.size
        for compared, theirs in other.values.items():
            counts = self.values.setdefault(compared, {})
            for value, count in theirs.items():
                counts[value] = counts.get(value, 0) + count


class Matcher:
    """Compares records by one model; keeps what it has compared."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._weights = weights_of(model)
        self._pairs: dict[tuple[str, Value, Value], Bits] = {}
        self._hopes: dict[tuple[str, Value], float] = {}

    def features(self, attributes: Mapping[str, str]) -> Features:
        """Parse a record's raw attributes."""
        return read_features(attributes, self.model.day_first, self.model.across_scripts)

    def keys(self, features: Features) -> tuple[str, ...]:
        """The blocking keys of a record."""
        return blocking_keys(features, self.model.most_keys)

    def score(self, a: Features, b: Features) -> Score:
        """The match weight of two records; what either does not tell weighs nothing."""
        return self.score_groups(Group((a,)), Group((b,)))

    def score_groups(self, a: Group, b: Group) -> Score:
        """The match weight of two groups: each value of one against each of the other."""
        parts: dict[str, float] = {}
        return Score(self._weigh(a, b, {}, math.inf, parts), parts)

    def heaviest(self, mine: Group, others: Mapping[int, Group]) -> int | None:
        """Which of the groups weighs most with this one, of equals that of the smallest number.

        None where none may be one person with it, or none weighs enough. It is the quicker, the
        earlier the heaviest comes: the rest need not be compared to the end.
        """
        hopes: dict[str, float] = {}
        if len(others) > _FEW:
            hopes = {
                compared: max([self.hope(compared, value) for value in values])
                for compared, values in mine.values.items()
            }
        hope = self.model.prior + sum(hopes.values()) + _ROUNDING if hopes else math.inf
        best, best_at = self.model.join, None
        for at, theirs in others.items():
            weight = self._weigh(mine, theirs, hopes, hope - best, {})
            is_best = weight > best or (weight == best and best_at is not None and at < best_at)
            if is_best and not self.vetoes(mine, theirs):
                best, best_at = weight, at
        return best_at

    def _weigh(
        self, a: Group, b: Group, hopes: Mapping[str, float], room: float, parts: dict[str, float]
    ) -> float:
        """The match weight of two groups, and into `parts` what it is made of; minus infinity once
        what speaks against it takes more than `room` from what they were hoped to weigh."""
        relatives = self.model.relatives
        known, values = self._pairs, b.values
        for compared, ours in a.values.items():
            theirs = values.get(compared)
            if theirs:
                if len(ours) == 1 and len(theirs) == 1:
                    (one,), (two,) = ours, theirs
                    pair = (compared, one, two)
                    same, kin = known.get(pair) or self._pair(*pair)
                else:
                    same, kin = self._compare(compared, ours, theirs)
                parts[compared] = same
                relatives += kin
                room += same
            room -= hopes.get(compared, 0.0)
            if room < 0:
                return -math.inf
        return self.model.prior + sum(parts.values()) - _softplus(relatives)

    def vetoes(self, a: Group, b: Group) -> tuple[str, ...]:
        """Why two groups must not be one person, whatever agrees; nothing where they may.

        `name_and_birth_date`: all names conflict and all birth dates differ by more than a slip.
        `twins`: the surname and the birth date agree, the given names conflict. `national_id`: all
        numbers differ by more than two edits.
        """
        if not self.model.vetoes:
            return ()
        names = self._best_level("whole_name", a, b)
        births, years = (self._best_level(one, a, b, "birth") for one in ("birth", "birth_year"))
        found = []
        if names >= _SIBLING and (births >= _OTHER_DATE or (births < 0 and years == _OTHER_YEAR)):
            found.append("name_and_birth_date")
        if names == _SIBLING and births == 0:
            found.append("twins")
        if self._best_level("national_id", a, b) >= _OTHER_NUMBER:
            found.append("national_id")
        return tuple(found)

    def _best_level(self, component: str, a: Group, b: Group, compared: str = "") -> int:
        """The best level any two values reach; -1 where nothing can be compared."""
        compared = compared or component
        reached = [
            level
            for one in a.values.get(compared, ())
            for two in b.values.get(compared, ())
            for found, level, _, _ in compare(compared, one, two)
            if found == component
        ]
        return min(reached, default=-1)

    def _compare(self, compared: str, ours: dict[Value, int], theirs: dict[Value, int]) -> Bits:
        """Every value of one group against each of the other: how often it is told counts."""
        known = self._pairs
        pairs = [(compared, one, two) for one in ours for two in theirs]
        told = [known.get(pair) or self._pair(*pair) for pair in pairs]
        counts = [times * often for times in ours.values() for often in theirs.values()]
        same, kin = [one for one, _ in told], [relative for _, relative in told]
        return _mixed(same, counts), _mixed(kin, counts)

    def _pair(self, compared: str, one: Value, two: Value) -> Bits:
        """What two values that were not compared before tell; it is kept."""
        same = kin = 0.0
        for component, level, text, other in compare(compared, one, two):
            weights = self._weights.get(component)
            if weights is not None:
                told = weights.of(level, text, other)
                same += told[0]
                kin += told[1]
        if len(self._pairs) >= _CACHED_PAIRS:
            self._pairs.clear()
        self._pairs[compared, one, two] = self._pairs[compared, two, one] = same, kin
        return same, kin

    def _most(self, component: str, texts: tuple[str, ...]) -> float:
        """The most that an outcome may tell, where one of these texts agrees or nearly does."""
        weights = self._weights.get(component)
        if weights is None:
            return 0.0
        exact = [weights.of(0, one, one)[0] for one in texts or ("",)]
        return max(weights.below_best, *exact)

    def hope(self, compared: str, value: Value) -> float:
        """The most that any other value may weigh with this one."""
        found = self._hopes.get((compared, value))
        if found is None:
            found = sum([self._most(*told) for told in told_by(compared, value)])
            if len(self._hopes) >= _CACHED_PAIRS:
                self._hopes.clear()
            self._hopes[compared, value] = found
        return found


def _mixed(bits: list[float], counts: list[int]) -> float:
    """What pairs of values tell together, each as often as it is told."""
    total = sum([one * count for one, count in zip(bits, counts, strict=True)])
    return _BEST * max(bits) + (1 - _BEST) * total / sum(counts)


def _softplus(x: float) -> float:
    """log2(1 + 2**x), without overflow."""
    return x if x > 60 else math.log2(1 + 2**x)
