"""The evidence graph: what sources said, what was decided, and what follows from it.

A `Statement` is what one source said about a person. Statements that may concern one another lie in
one `Component`; `resolution.resolve` turns a component into customers, and is a pure function: the
same statements and decisions give the same customers, in whatever order they came. So a merge can
be undone exactly, identity is known as of any time, and other rules can be tried first.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from rapport.contracts.identity import Identifier
from rapport.identity.model import Attestation, Source, digest_of

Pair = tuple[str, str]
"""Namespace and value of an identifier; or two statement ids, the smaller first."""


@dataclass(frozen=True)
class Statement:
    """What one source said about a person; said again, it is the same statement.

    `statement_id` is `stm_` and 26 characters that sort by the time we first heard it. `at` is when
    it was first said by the source's clock, `heard_at` when it first reached us. `attributes` are
    raw texts by attribute name (see `ATTRIBUTES`). `event_id` is the event that brought it.
    `record_id` follows from the source and is not compared.
    """

    statement_id: str
    record_id: str = field(compare=False)
    source: Source
    channel: str
    at: datetime
    heard_at: datetime
    event_id: str
    identifiers: tuple[Identifier, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    attestation: Attestation = Attestation.NONE
    read: ClassVar[Any] = None
    """What `evidence.read_fact` made of one last, which is kept beside its fields."""

    # Of all that an event takes, fields set one by one past the guard of a frozen class took 5 %.
    def __init__(  # noqa: PLR0917 - as a dataclass has it
        self,
        statement_id: str,
        record_id: str,
        source: Source,
        channel: str,
        at: datetime,
        heard_at: datetime,
        event_id: str,
        identifiers: tuple[Identifier, ...] = (),
        attributes: Mapping[str, str] | None = None,
        attestation: Attestation = Attestation.NONE,
    ) -> None:
        self.__dict__.update(
            statement_id=statement_id,
            record_id=record_id,
            source=source,
            channel=channel,
            at=at,
            heard_at=heard_at,
            event_id=event_id,
            identifiers=identifiers,
            attributes={} if attributes is None else attributes,
            attestation=attestation,
        )

    def __hash__(self) -> int:
        return hash(self.statement_id)

    @cached_property
    def digest(self) -> str:
        """What was said, in short: see `digest_of`."""
        return digest_of(self.identifiers, self.attributes, self.attestation, self.at)

    def on_record(self, record_id: str) -> "Statement":
        """The same, on that record; of what was read of it, nothing rests on that."""
        other = object.__new__(Statement)
        object.__setattr__(other, "__dict__", vars(self) | {"record_id": record_id})
        return other


ATTRIBUTES = (
    "full_name",
    "given_name",
    "middle_name",
    "surname",
    "local_name",
    "display_name",
    "date_of_birth",
    "birth_year",
    "birth_month",
    "birth_day",
    "gender",
    "address",
    "street_number",
    "street",
    "unit",
    "city",
    "postcode",
    "region",
    "country",
    "email",
    "phone",
    "national_id",
    "occupation",
    "birth_place",
)
"""The attributes that identify; anything else is a trait and takes no part in matching.

`email`, `phone` and `national_id` here are weak: a column of somebody's table, nothing proven.
"""


@dataclass(frozen=True, slots=True)
class Signal:
    """What a carrier or registry says of an identifier: `phone_deactivated` ends its tenure,
    `phone_ported` only makes one-time codes sent to it prove less."""

    kind: str
    namespace: str
    value: str
    at: datetime
    event_id: str


class DecisionKind(StrEnum):
    """What a person decided about two statements, or about one."""

    JOIN = "join"  # they are one person
    APART = "apart"  # they are two persons: a cannot-link
    RETRACT = "retract"  # `left` was never true of this person; `right` is unused


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision, appended and never changed; `withdraws` names one it takes back."""

    decision_id: str
    kind: DecisionKind
    at: datetime
    by: str
    left: str
    right: str = ""
    reason: str = ""
    withdraws: str = ""

    @property
    def sides(self) -> tuple[str, ...]:
        """The statements that it is about."""
        return (self.left, self.right) if self.right else (self.left,)


@dataclass(frozen=True)
class Component:
    """Statements that may concern one another, with all that was decided and signalled of them."""

    component_id: str
    statements: tuple[Statement, ...] = ()
    signals: tuple[Signal, ...] = ()
    decisions: tuple[Decision, ...] = ()
    version: int = 0
    customers: tuple[frozenset[str], ...] = ()
    """As resolved when it was last written; `resolve` does not look at it."""

    def __init__(  # noqa: PLR0917 - as a dataclass has it
        self,
        component_id: str,
        statements: tuple[Statement, ...] = (),
        signals: tuple[Signal, ...] = (),
        decisions: tuple[Decision, ...] = (),
        version: int = 0,
        customers: tuple[frozenset[str], ...] = (),
    ) -> None:
        self.__dict__.update(
            component_id=component_id,
            statements=statements,
            signals=signals,
            decisions=decisions,
            version=version,
            customers=customers,
        )

    @cached_property
    def whose(self) -> Mapping[str, str]:
        """The customer of each statement, as resolved last."""
        return _whose(self.customers)

    def resolved(self, customers: tuple[frozenset[str], ...], version: int) -> "Component":
        """The same in its next version, with these customers."""
        other = object.__new__(Component)
        news = {"customers": customers, "version": version, "whose": _whose(customers)}
        object.__setattr__(other, "__dict__", vars(self) | news)
        return other


def _whose(customers: Iterable[Collection[str]]) -> dict[str, str]:
    whose: dict[str, str] = {}
    for members in customers:
        whose.update(dict.fromkeys(members, customer_of_oldest(min(members))))
    return whose


class Link(NamedTuple):
    """Why two statements are one person, or why not: one edge of the graph, in data.

    `rule` names the rule (`same_identifier`, `attested_name_and_second_field`, `probabilistic`,
    `decision` … ; against: `name_conflict`, `two_birth_dates`, `shared_identifier`, `decision` …).
    `identifier` is the namespace and value that carried it. `score` is the match weight in bits
    (log2 of the odds), `fields` its parts by attribute. `event_ids` are the events it rests on.
    """

    left: str
    right: str
    rule: str
    identifier: Pair | None = None
    score: float | None = None
    fields: Mapping[str, float] = MappingProxyType({})
    event_ids: tuple[str, ...] = ()
    decision_id: str = ""


class Resolution(NamedTuple):
    """What follows from a component.

    `customers`: every statement in exactly one set, sets ordered by their oldest statement.
    `because` makes the `links`, for who asks. `against`: what speaks against joins that something
    spoke for. `reviews`: pairs of customers' statements too uncertain to join and too likely to
    ignore.
    """

    customers: tuple[frozenset[str], ...]
    because: Callable[[], tuple[Link, ...]] = tuple
    against: tuple[Link, ...] = ()
    reviews: tuple[Link, ...] = ()

    @property
    def links(self) -> tuple[Link, ...]:
        """A spanning set of the evidence that holds the customers together."""
        return self.because()


@dataclass(frozen=True, slots=True)
class Review:
    """An uncertain pair that waits for a person: which components to look in, and since when."""

    link: Link
    left_component: str
    right_component: str
    at: datetime

    @property
    def review_id(self) -> str:
        """`rvw_`, the later statement and the earlier one: the same pair is the same review."""
        later, earlier = sorted((self.link.left, self.link.right), reverse=True)
        return f"rvw_{later[4:]}{earlier[4:]}"


def customer_of_oldest(statement_id: str) -> str:
    """The id of the customer whose oldest statement this is."""
    return f"cus_{statement_id[4:]}"


def ordered(statements: Iterable[Statement]) -> list[Statement]:
    """In an order that does not depend on the order of arrival."""
    return sorted(statements, key=lambda one: (one.at, one.source, one.event_id))
