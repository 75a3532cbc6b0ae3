"""Who holds an identifier: the statements that vouch for it, by tenure."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime

from rapport.identity.evidence import Fact, Holding
from rapport.identity.graph import Pair, Signal
from rapport.identity.groups import Group, Groups
from rapport.identity.rules import Rules

DEACTIVATED = "phone_deactivated"
"""The signal that ends a tenure; a ported number stays its holder's."""

_LEAST_LETTERS = 5
"""In a mailbox's name: fewer are initials, which many share."""


class Holdings:
    """Which facts vouch for which identifiers, an identifier given up counting anew.

    `loose` are the facts without a name and with at most one identifier: they say nothing of whose
    they are. `bridges` have no name and several; `shared` identifiers several facts.
    """

    def __init__(self, facts: Sequence[Fact], signals: Iterable[Signal], rules: Rules) -> None:
        self.rules = rules
        self.facts = facts
        self._ends = _ends(signals)
        self.vouching: dict[Holding, list[int]] = {}
        self.of: list[tuple[Holding, ...]] = []
        for index, fact in enumerate(facts):
            held = fact.held
            if self._ends:
                held = tuple(self.during(pair, fact.at) for pair in fact.vouched)
            self.of.append(held)
            for one in held:
                self.vouching.setdefault(one, []).append(index)
        self.loose = {
            index
            for index, fact in enumerate(facts)
            if fact.name is None and len(self.of[index]) < 2
        }
        self.bridges = [
            index for index, fact in enumerate(facts) if fact.name is None and len(fact.vouched) > 1
        ]
        self.shared = sorted([one for one, found in self.vouching.items() if len(found) > 1])
        self._singles: dict[Holding, list[list[int]]] = {}
        if any(fact.alone for fact in facts):
            self._singles = {one: found for one in self.shared if (found := self._single(one))}

    def during(self, pair: Pair, at: datetime) -> Holding:
        """The tenure of an identifier at that time."""
        ends = self._ends.get(pair) if self._ends else None
        tenure = bisect_right(ends, at) if ends else 0
        return self.rules.namespace(pair[0]).priority, pair[0], pair[1], tenure

    def holders(self, groups: Groups, holding: Holding) -> list[Group]:
        """The groups that hold an identifier, apart from those nothing else is known of."""
        return [
            group
            for group in groups.distinct(self.vouching.get(holding, ()))
            if group.names or not self.loose.issuperset(group.members)
        ]

    def is_crowded(self, groups: Groups, holding: Holding) -> bool:
        """Whether people were on it with several of what it has a single one of at a time."""
        singles = self._singles.get(holding)
        return singles is not None and any(len(groups.distinct(one)) > 1 for one in singles)

    def _single(self, holding: Holding) -> list[list[int]]:
        """A fact for each value that goes with this identifier, where there should be one value."""
        with_it: dict[str, dict[str, int]] = {}
        for index in self.vouching[holding]:
            for device, (namespace, value) in self.facts[index].alone:
                if device == pair_of(holding):
                    whose = _name_in(value) if namespace == "email" else value
                    with_it.setdefault(namespace, {}).setdefault(whose, index)
        return [[*values.values()] for values in with_it.values() if len(values) > 1]


def _name_in(address: str) -> str:
    """Whose an e-mail address is by the name in it: ada.king@mail.hk and adaking84@post.hk are one
    person's as a rule, where one device saw both."""
    letters = "".join(filter(str.isalpha, address.partition("@")[0]))
    return letters if len(letters) >= _LEAST_LETTERS else address


def pair_of(holding: Holding) -> Pair:
    """The identifier itself."""
    return holding[1], holding[2]


def _ends(signals: Iterable[Signal]) -> dict[Pair, list[datetime]]:
    ends: dict[Pair, set[datetime]] = {}
    for signal in signals:
        if signal.kind == DEACTIVATED:
            ends.setdefault((signal.namespace, signal.value), set()).add(signal.at)
    return {pair: sorted(times) for pair, times in ends.items()}
