"""Identity in memory: the twin of `store`, for tests, trials and simulations."""

from collections.abc import Collection, Mapping, Sequence

from rapport.contracts.events import Envelope
from rapport.identity.graph import Component, Review
from rapport.identity.keys import (
    component_key,
    item_place,
    review_place,
)
from rapport.identity.model import Record, Source
from rapport.identity.ports import Change, Pointer, Seen
from rapport.identity.rules import Rules
from rapport.kernel.errors import Conflict
from rapport.kernel.page import Page, encode_cursor

ACTIONS = 100
"""In one transaction (DynamoDB's limit, as is one action an item)."""


class InMemoryGraph:
    """`Graph` in dictionaries; `events` collects what would ride on the items."""

    def __init__(self) -> None:
        self.found: dict[Source, Record] = {}
        self.components: dict[str, Component | str] = {}
        self.holders: dict[str, frozenset[str]] = {}
        self.waiting: dict[str, Review] = {}
        self.events: list[Envelope] = []

    def find(self, source: Source) -> Record | None:
        """The record of a sender."""
        return self.found.get(source)

    def look_up(self, source: Source | None, keys: Sequence[str]) -> Seen:
        """The record of a sender, and who holds each key."""
        held = {key: self.holders[key] for key in keys if key in self.holders}
        return Seen(self.found.get(source) if source else None, held)

    def load(self, component_ids: Collection[str]) -> Mapping[str, Component | str]:
        """Components, or where they went."""
        return {one: self.components[one] for one in component_ids if one in self.components}

    def save(self, record: Record, known: Record) -> None:
        """Replace what a record says of itself, or raise `Conflict`."""
        stored = self.found.get(known.source)
        if stored is None or _standing(stored) != _standing(known):
            raise Conflict("Another write came first.")
        self.found[known.source] = stored.changed(
            name=record.name,
            identifiers=record.identifiers,
            traits=record.traits,
            said=record.said,
        )

    def write(self, change: Change) -> None:
        """Write all of it, or raise `Conflict`."""
        spoke = [change.record.source] if change.record else []
        _check_actions(
            [change.component.component_id, *change.absorbed, *change.forwards],
            [*spoke, *[one.source for one in change.pointers]] if change.pointers else spoke,
            [*change.claims, *change.notes],
            [*[one.review_id for one in change.reviews], *change.closed],
        )
        if not self._is_current(change):
            raise Conflict("Another write came first.")
        home = change.component.component_id
        self.components[home] = change.component
        for moved in (*change.absorbed, *change.forwards):
            self.components[moved] = home
        if change.record is not None:
            self.found[change.record.source] = change.record
        for pointer in change.pointers:
            self._point(pointer)
        for key, claim in change.claims.items():
            self.holders[key] = claim.becomes
        for key in change.notes:
            self.holders[key] = self.holders.get(key, frozenset()) | {home}
        for review in change.reviews:
            self.waiting[review.review_id] = review
        for review_id in change.closed:
            self.waiting.pop(review_id, None)
        self.events.extend(change.events)

    def point(
        self, component: Component, pointers: Sequence[Pointer], forwards: Sequence[str] = ()
    ) -> None:
        """Set where records stand, or raise `Conflict`."""
        _check_actions([component.component_id, *forwards], [one.source for one in pointers])
        stored = self.components.get(component.component_id)
        is_current = isinstance(stored, Component) and stored.version == component.version
        if not is_current or any(one.source not in self.found for one in pointers):
            raise Conflict("Another write came first.")
        for pointer in pointers:
            self._point(pointer)
        for moved in forwards:
            self.components[moved] = component.component_id

    def records(self, sources: Sequence[Source]) -> list[Record]:
        """The records of these senders, oldest first."""
        records = [self.found[one] for one in dict.fromkeys(sources) if one in self.found]
        return sorted(records, key=lambda record: (record.created_at, record.record_id))

    def review(self, review_id: str) -> Review | None:
        """An open review."""
        return self.waiting.get(review_id)

    def reviews(self, cursor: str | None, limit: int) -> Page[Review]:
        """A page of the open reviews, latest first."""
        start = review_place(cursor) or "~"
        ids = sorted((one for one in self.waiting if one < start), reverse=True)
        page = [self.waiting[one] for one in ids[:limit]]
        return Page(page, encode_cursor(ids[limit - 1]) if len(ids) > limit else None)

    def close_reviews(self, review_ids: Sequence[str]) -> None:
        """Forget reviews."""
        _check_actions(review_ids)
        for review_id in review_ids:
            self.waiting.pop(review_id, None)

    def scan(self, cursor: str | None, limit: int) -> Page[Component]:
        """A page of all components."""
        start = item_place(cursor)
        ids = sorted(one for one in self.components if not start or component_key(one) > start)
        found = [self.components[one] for one in ids[:limit]]
        more = encode_cursor(component_key(ids[limit - 1])) if len(ids) > limit else None
        return Page([one for one in found if isinstance(one, Component)], more)

    def _is_current(self, change: Change) -> bool:
        home = self.components.get(change.component.component_id)
        if _version(home) != change.component.version - 1:
            return False
        for one, version in change.absorbed.items():
            if one not in self.components or _version(self.components[one]) != version:
                return False
        for key, claim in change.claims.items():
            if self.holders.get(key, frozenset()) != claim.seen:
                return False
        if any(one.source not in self.found for one in change.pointers):
            return False
        if change.record is None:
            return True
        stored_record = self.found.get(change.record.source)
        if stored_record is change.known:
            return True
        if stored_record is None or change.known is None:
            return False
        return _content(stored_record) == _content(change.known)

    def _point(self, pointer: Pointer) -> None:
        self.found[pointer.source] = self.found[pointer.source].changed(
            customer_id=pointer.customer_id,
            component_id=pointer.component_id,
            said=pointer.said,
        )


def _version(stored: Component | str | None) -> int:
    """0 where there is none yet; none that a caller may name where it was absorbed."""
    if isinstance(stored, str):
        return -1
    return stored.version if stored else 0


def _content(record: Record) -> tuple[object, ...]:
    return record.name, record.identifiers, record.traits


def _standing(record: Record) -> tuple[object, ...]:
    return *_content(record), record.said, record.customer_id


def _check_actions(*places: Collection[str | Source]) -> None:
    """DynamoDB refuses these whatever is stored, so a caller must never ask for them.

    `places` are the items of one kind, one for each action.
    """
    actions = items = 0
    for one in places:
        actions += len(one)
        items += len(set(one))
    if actions > ACTIONS or items < actions:
        raise ValueError("A transaction takes at most 100 actions, one an item.")


class InMemoryRuleBook:
    """`RuleBook` in memory."""

    def __init__(self) -> None:
        self.kept: list[Rules] = []

    def current(self) -> Rules | None:
        """The rules saved last."""
        return self.kept[-1] if self.kept else None

    def save(self, rules: Rules, over: str | None) -> None:
        """Put rules in force, or raise `Conflict`."""
        known = self.current()
        if (known.version if known else None) != over:
            raise Conflict("Other rules are in force by now.")
        if any(one.version == rules.version for one in self.kept):
            raise Conflict("That version was used before.")
        self.kept.append(rules)
