"""Records one by one: the engine in memory, for data on files and for measuring.

As online: a record's blocking keys give the groups that may concern it; the one that weighs most
takes it in, and the group that results is compared anew with what its keys lead to.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from heapq import nlargest
from itertools import chain

from rapport.identity.matching.features import Features
from rapport.identity.matching.levels import texts_of
from rapport.identity.matching.scoring import Group, Matcher

HOLDERS = 40
"""Groups a blocking key may lead to; beyond, it says too little and is ignored."""

WEAK = frozenset("gudymv")
"""Kinds of keys that strangers often share: one of them is too little, where there are many."""

MANY = 12
"""Keys that make a record one with many."""

CANDIDATES = 40
"""Groups considered for a record: those that share most keys with it."""

COMPARED = 6
"""Groups a record is compared with: those of the candidates that tell most of the very same."""


class _Person:
    """Records that are one person, and the keys that lead there."""

    __slots__ = ("_texts", "group", "keys", "members")

    def __init__(self, record_id: str, record: Features, keys: Collection[str]) -> None:
        self.members = [record_id]
        self.group = Group((record,))
        self.keys = set(keys)
        self._texts: set[tuple[str, str]] | None = None

    @property
    def texts(self) -> set[tuple[str, str]]:
        """All that was told, word for word: reckoned for those who have many candidates."""
        if self._texts is None:
            values = self.group.values.items()
            self._texts = {
                text for told, them in values for one in them for text in texts_of(told, one)
            }
        return self._texts

    def absorb(self, other: "_Person") -> None:
        self.members += other.members
        self.group.absorb(other.group)
        self.keys |= other.keys
        self._texts = None


class Linker:
    """Persons found so far; each added record joins one, makes one, or brings some together."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._persons: dict[int, _Person] = {}
        self._by_key: dict[str, set[int] | None] = {}
        self._next = 0

    def add(self, record_id: str, record: Features) -> int:
        """Place a record; the number of its person, which may later join another."""
        keys = self._matcher.keys(record)
        near = self._near(keys)
        here = self._next
        self._next += 1
        self._persons[here] = _Person(record_id, record, keys)
        self._hold(here, keys)
        while near and (best_at := self._best(here, near)) is not None:
            here, gone = min(here, best_at), max(here, best_at)
            self._join(here, gone)
            # What the group has learned may bring it near to others than the record alone was.
            person = self._persons[here]
            near |= self._near(person.keys, len(person.members))
            near = {at: told for at, told in near.items() if at != here and at in self._persons}
        return here

    def _best(self, here: int, near: Mapping[int, int]) -> int | None:
        """The group that weighs most with this one, if it is enough to join."""
        persons = self._persons
        mine = persons[here]
        if len(near) > COMPARED:
            alike = {at: len(mine.texts & persons[at].texts) for at in near}
            order = nlargest(COMPARED, near, key=lambda at: (alike[at], near[at], -at))
        else:
            order = sorted(near, key=lambda at: (-near[at], at)) if len(near) > 1 else [*near]
        return self._matcher.heaviest(mine.group, {at: persons[at].group for at in order})

    def _near(self, keys: Collection[str], records: int = 1) -> dict[int, int]:
        """The groups that may concern who has these keys, and how much they share with each: a
        weak key counts once, another twice."""
        found: list[set[int]] = []
        for key in keys:
            holders = self._by_key.get(key)
            if holders:
                found.append(holders)
                if key[0] not in WEAK:
                    found.append(holders)
        shared = Counter(chain.from_iterable(found))
        near = (
            shared
            if len(keys) < MANY * records
            else {at: told for at, told in shared.items() if told > 1}
        )
        if len(near) <= CANDIDATES:
            return {**near}
        return {at: near[at] for at in nlargest(CANDIDATES, near, key=lambda at: (near[at], -at))}

    def _hold(self, at: int, keys: Collection[str]) -> None:
        by_key = self._by_key
        for key in keys:
            holders = by_key.get(key, _NOBODY)
            if holders is _NOBODY:
                by_key[key] = {at}
            elif holders is not None:
                holders.add(at)
                if len(holders) > HOLDERS:
                    by_key[key] = None

    def _join(self, kept: int, gone: int) -> None:
        other = self._persons.pop(gone)
        self._persons[kept].absorb(other)
        for key in other.keys:
            holders = self._by_key[key]
            if holders is not None:
                holders.discard(gone)
                holders.add(kept)

    def persons(self) -> Iterator[list[str]]:
        """The records of each person."""
        return (one.members for one in self._persons.values())


_NOBODY: set[int] = set()
