"""Senders and their records: what a source says of itself, and what we keep of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from rapport.contracts.identity import Assurance, Identifier
from rapport.kernel.json import dumps

MAX_IDENTIFIERS = 20
"""Per record; more than that is a broken or hostile source (Segment allows five a namespace)."""

MAX_TRAITS_BYTES = 32 * 1024
"""Of a record's traits as JSON (Segment's limit for one call): an item may not grow without end."""

NAMES = ("full_name", "given_name", "surname", "local_name", "display_name")
"""The attributes that name somebody."""

HOLDERS = 20
"""How many customers a search by one identifier names."""


class Attestation(StrEnum):
    """Who stands behind a statement's attributes (name, birth date, address …)."""

    NONE = "none"
    SELF = "self"  # typed by the person, proves nothing
    AGENT = "agent"  # keyed by staff in the person's presence
    KBA = "kba"  # the caller passed knowledge-based questions
    IMPORT = "import"  # a system of record of the business

    @property
    def is_staff(self) -> bool:
        """Whether the business stands behind them."""
        return self in _OF_STAFF


_OF_STAFF = frozenset((Attestation.AGENT, Attestation.KBA, Attestation.IMPORT))


class Source(NamedTuple):
    """Where a record comes from: one sender on one account of one channel. Unique."""

    channel: str
    account: str
    sender: str


@dataclass(frozen=True)
class Record:
    """One sender on one account of one channel, as the business sees them; see also `graph`.

    `customer_id` is whose it is; `said` tells, by digest, what it said lately and whose each of
    that is: of a shared telephone several customers may write. `name`, `identifiers` and `traits`
    are what it says of itself now.
    """

    record_id: str
    customer_id: str
    component_id: str
    source: Source
    channel: str
    created_at: datetime
    name: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    traits: Mapping[str, object] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    saying: str = ""
    """The digest of what it says in the event at hand; never stored."""

    # Of all that an event takes, fields set one by one past the guard of a frozen class took 5 %.
    def __init__(  # noqa: PLR0917 - as a dataclass has it
        self,
        record_id: str,
        customer_id: str,
        component_id: str,
        source: Source,
        channel: str,
        created_at: datetime,
        name: str | None = None,
        identifiers: tuple[Identifier, ...] = (),
        traits: Mapping[str, object] | None = None,
        said: Mapping[str, str] | None = None,
        saying: str = "",
    ) -> None:
        self.__dict__.update(
            record_id=record_id,
            customer_id=customer_id,
            component_id=component_id,
            source=source,
            channel=channel,
            created_at=created_at,
            name=name,
            identifiers=identifiers,
            traits={} if traits is None else traits,
            said={} if said is None else said,
            saying=saying,
        )

    def speaking(self, digest: str) -> "Record":
        """The same, saying what `digest` stands for, with the customer whose that is."""
        return self.changed(customer_id=self.said[digest], saying=digest)

    def changed(self, **changes: object) -> "Record":
        """The same but for these fields (`dataclasses.replace`, many times as fast)."""
        other = object.__new__(Record)
        object.__setattr__(other, "__dict__", vars(self) | changes)
        return other

    def lacks(self, identifiers: Iterable[Identifier]) -> tuple[Identifier, ...]:
        """Those of `identifiers` that this record would gain: new, or at a higher assurance.

        A full record gains only what is stronger than something it holds.
        """
        known = {(one.namespace, one.value): one.assurance.rank for one in self.identifiers}
        new = [
            one
            for one in identifiers
            if known.get((one.namespace, one.value), -1) < one.assurance.rank
        ]
        if len(self.identifiers) + len(new) <= MAX_IDENTIFIERS:
            return tuple(new)
        kept = strongest((*self.identifiers, *new))
        return tuple([one for one in new if one in kept])


@dataclass(frozen=True)
class Sender:
    """The person behind an event as its source describes them."""

    source: Source
    channel: str
    identifiers: tuple[Identifier, ...]
    name: str | None = None
    traits: dict[str, object] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    attestation: Attestation = Attestation.NONE


@dataclass(frozen=True, slots=True)
class Heard:
    """Something a source said: who, when by its clock (`at`) and by ours, in which event."""

    sender: Sender
    at: datetime
    heard_at: datetime
    event_id: str


def digest_of(
    identifiers: Sequence[Identifier],
    attributes: Mapping[str, str],
    attestation: Attestation,
    at: datetime,
) -> str:
    """What a source says, in ten characters: the same content of one source is one statement.

    What names nobody counts anew each calendar month (UTC), where a platform vouches for the
    sender: who holds a number may change. A sender nobody vouches for is not told apart by time,
    since nothing would bring the months together again.
    """
    parts = ["=".join((i.namespace, i.value, i.assurance, i.method)) for i in identifiers]
    parts.sort()
    if attributes:
        parts += sorted(["=".join(told) for told in attributes.items()])
    parts.append(attestation)
    is_named = attributes and any(attributes.get(name) for name in NAMES)
    if not is_named and any(one.assurance is not Assurance.CLAIMED for one in identifiers):
        month = at.astimezone(UTC)
        parts.append(f"{month.year}-{month.month}")
    return blake2b("\n".join(parts).encode(), digest_size=5).hexdigest()


def strongest(identifiers: Sequence[Identifier]) -> tuple[Identifier, ...]:
    """One entry per namespace and value, at its highest assurance.

    Over `MAX_IDENTIFIERS` the weakest go, of equals the latest.
    """
    best: dict[tuple[str, str], Identifier] = {}
    for item in identifiers:
        pair = (item.namespace, item.value)
        known = best.get(pair)
        if known is None or known.assurance.rank < item.assurance.rank:
            best[pair] = item
    if len(best) <= MAX_IDENTIFIERS:
        return tuple(best.values())
    return tuple(sorted(best.values(), key=lambda item: -item.assurance.rank)[:MAX_IDENTIFIERS])


def merged_traits(known: Mapping[str, object], news: Mapping[str, object]) -> dict[str, object]:
    """`news` over `known`; over `MAX_TRAITS_BYTES` the oldest are dropped."""
    merged = {**known, **news}
    if not news:
        return merged  # what is known was measured when it was news
    if len(dumps(merged)) <= MAX_TRAITS_BYTES:
        return merged
    kept: dict[str, object] = {}
    room = MAX_TRAITS_BYTES
    for name in [*news, *(name for name in reversed([*known]) if name not in news)]:
        room -= len(dumps({name: merged[name]}))
        if room >= 0:
            kept[name] = merged[name]
    return kept


def has_news(known: Record, sender: Sender) -> bool:
    """Whether `sender` says of itself what its record does not show yet."""
    if sender.name and sender.name != known.name:
        return True
    return bool(sender.traits) and merged_traits(known.traits, sender.traits) != known.traits
