"""What identity needs from storage. A method is one atomic AWS call."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

from rapport.contracts.events import Envelope
from rapport.identity.graph import Component, Review
from rapport.identity.model import Record, Source
from rapport.identity.rules import Rules
from rapport.kernel.page import Page


class Seen(NamedTuple):
    """What a look at a sender and at some keys found.

    `holders`: the components each key names; a key nobody holds is absent.
    """

    record: Record | None
    holders: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Pointer:
    """Where a record stands from now on."""

    source: Source
    customer_id: str
    component_id: str
    said: Mapping[str, str]


class Claim(NamedTuple):
    """A key that names `seen` and is to name `becomes`."""

    seen: frozenset[str]
    becomes: frozenset[str]


class Change(NamedTuple):
    """What one transaction writes.

    `component` replaces the one of its id, whose version was `component.version - 1` (0: none);
    `absorbed` (id → version as read) become pointers to it, as do the new ids `forwards`. `record`
    is new, or replaces `known`. `claims` are keys that must still be as seen; `notes` are keys that
    name the component as well, whoever else they name by now. `reviews` are added to the queue and
    `closed` leave it. `before` is what it was made of, for those who ask what it changes.
    """

    component: Component
    absorbed: Mapping[str, int] = MappingProxyType({})
    forwards: Sequence[str] = ()
    record: Record | None = None
    known: Record | None = None
    pointers: Sequence[Pointer] = ()
    claims: Mapping[str, Claim] = MappingProxyType({})
    notes: Collection[str] = ()
    reviews: Sequence[Review] = ()
    closed: Collection[str] = ()
    events: Sequence[Envelope] = ()
    before: tuple[Component, ...] = ()


class Graph(Protocol):
    """Records by their source, components of what they said, and the keys that lead to those."""

    def find(self, source: Source) -> Record | None:
        """The record of a sender; may miss one that was written a moment ago."""
        ...

    def look_up(self, source: Source | None, keys: Sequence[str]) -> Seen:
        """The record of a sender, and the components that each key names, as of now."""
        ...

    def load(self, component_ids: Collection[str]) -> Mapping[str, Component | str]:
        """Components by id, as of now; an absorbed one gives the id of the one it lies in.

        An id that never was is absent.
        """
        ...

    def save(self, record: Record, known: Record) -> None:
        """Replace what a record says of itself; raises `Conflict` when it is not `known`."""
        ...

    def write(self, change: Change) -> None:
        """Write all of `change` or nothing; raises `Conflict` when something moved meanwhile."""
        ...

    def point(
        self, component: Component, pointers: Sequence[Pointer], forwards: Sequence[str] = ()
    ) -> None:
        """Set where records stand and what else leads to `component` (at most 99 in all).

        Raises `Conflict` when `component` moved on.
        """
        ...

    def records(self, sources: Sequence[Source]) -> list[Record]:
        """The records of these senders, as of now, oldest first; those that exist."""
        ...

    def review(self, review_id: str) -> Review | None:
        """An open review, as of now."""
        ...

    def reviews(self, cursor: str | None, limit: int) -> Page[Review]:
        """A page of the open reviews, latest first."""
        ...

    def close_reviews(self, review_ids: Sequence[str]) -> None:
        """Forget reviews that nothing is uncertain about any more (at most 25)."""
        ...

    def scan(self, cursor: str | None, limit: int) -> Page[Component]:
        """A page of all components, in no order; absorbed ones are left out."""
        ...


class RuleBook(Protocol):
    """The rules in force, and those that were."""

    def current(self) -> Rules | None:
        """The rules in force, as of now; None: nobody has changed the defaults."""
        ...

    def save(self, rules: Rules, over: str | None) -> None:
        """Put `rules` in force over those of version `over` (None: the defaults); they are kept.

        Raises `Conflict` where others are in force by now, or the version was used before.
        """
        ...
