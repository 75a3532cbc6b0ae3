"""Records one by one: the engine in memory, for data on files and for measuring.

As online: a record's blocking keys give the groups that may concern it; the one that weighs most
takes it in, and the group that results is compared anew with what its keys lead to.
"""

from collections.abc import Iterable, Iterator

from rapport.identity.matching.features import Features
from rapport.identity.matching.scoring import Group, Matcher

HOLDERS = 40
"""Groups a blocking key may lead to; beyond, it says too little and is ignored."""

WEAK = frozenset("gudymv")
"""Kinds of keys that strangers often share: one of them is too little, where there are many."""

MANY = 12
"""Keys that make a record one with many."""

CANDIDATES = 30
"""Groups a record is compared with: those that share most and rarest keys with it."""


class Linker:
    """Persons found so far; each added record joins one, makes one, or brings some together."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._groups: dict[int, Group] = {}
        self._members: dict[int, list[str]] = {}
        self._by_key: dict[str, set[int] | None] = {}
        self._keys: dict[int, set[str]] = {}
        self._next = 0

    def add(self, record_id: str, record: Features) -> int:
        """Place a record; the number of its person, which may later join another."""
        keys = self._matcher.keys(record)
        near = self._near(keys)
        here = self._next
        self._next += 1
        self._groups[here] = Group((record,))
        self._members[here] = [record_id]
        self._keys[here] = set()
        self._hold(here, keys)
        while (best_at := self._best(here, sorted(near, key=lambda at: -near[at]))) is not None:
            here, gone = min(here, best_at), max(here, best_at)
            self._join(here, gone)
            # What the group has learned may bring it near to others than the record alone was.
            near |= self._near(tuple(self._keys[here]), len(self._members[here]))
            near = {at: told for at, told in near.items() if at != here and at in self._groups}
        return here

    def _best(self, here: int, near: Iterable[int]) -> int | None:
        """The group that weighs most with this one, if it is enough to join."""
        groups = self._groups
        return self._matcher.heaviest(groups[here], {at: groups[at] for at in near})

    def _near(self, keys: tuple[str, ...], records: int = 1) -> dict[int, float]:
        """The groups that may concern who has these keys, and how much they share with each."""
        shared: dict[int, float] = {}
        weak = 0.0 if len(keys) < MANY * records else 1.0
        for key in keys:
            holders = self._by_key.get(key)
            if holders:
                told = 1.0 if key[0] in WEAK else 2.0
                told += 1 / len(holders)
                for at in holders:
                    shared[at] = shared.get(at, 0.0) + told
        near = {at: told for at, told in shared.items() if told > weak + 1}
        if len(near) <= CANDIDATES:
            return near
        most = sorted(near, key=lambda at: (-shared[at], at))[:CANDIDATES]
        return {at: near[at] for at in most}

    def _hold(self, at: int, keys: tuple[str, ...]) -> None:
        for key in keys:
            holders = self._by_key.setdefault(key, set())
            if holders is None:
                continue
            holders.add(at)
            self._keys[at].add(key)
            if len(holders) > HOLDERS:
                self._by_key[key] = None

    def _join(self, kept: int, gone: int) -> None:
        self._groups[kept].absorb(self._groups.pop(gone))
        self._members[kept].extend(self._members.pop(gone))
        for key in self._keys.pop(gone):
            holders = self._by_key.get(key)
            if holders is not None:
                holders.discard(gone)
                holders.add(kept)
                self._keys[kept].add(key)

    def persons(self) -> Iterator[list[str]]:
        """The records of each person."""
        return iter(self._members.values())
