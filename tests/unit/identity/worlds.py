"""An engine in memory, people who talk to it, and what it made of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.deciding import Asked, Plan, plan_merge, plan_unmerge, taken
from rapport.identity.graph import Component
from rapport.identity.hearing import Engine
from rapport.identity.lookup import find_customer
from rapport.identity.matching import Matcher, default_model
from rapport.identity.memory import InMemoryGraph
from rapport.identity.model import Attestation, Heard, Record, Source
from rapport.identity.ports import Change, Seen
from rapport.identity.rules import Rules
from rapport.identity.statements import customers
from tests.builders import CountedIds, a_source, after, heard

RULES = Rules()
MATCHER = Matcher(default_model())
"""It remembers what it compared, and nothing that would change an answer."""

ADA_PHONE, BOB_PHONE = "+442079460101", "+442079460202"
ADA_MAIL, BOB_MAIL = "ada@lovelace.org", "bob@babbage.org"


def phone(value: str = ADA_PHONE, assurance: Assurance = Assurance.CHANNEL) -> Identifier:
    return Identifier("phone", value, assurance)


def mail(value: str = ADA_MAIL, assurance: Assurance = Assurance.CHANNEL) -> Identifier:
    return Identifier("email", value, assurance)


def user(value: str = "u1", assurance: Assurance = Assurance.CHANNEL) -> Identifier:
    return Identifier("user_id", value, assurance)


def claimed(identifier: Identifier) -> Identifier:
    return Identifier(identifier.namespace, identifier.value, Assurance.CLAIMED)


def an_engine(
    graph: InMemoryGraph | None = None, rules: Rules = RULES, ids_from: int = 1
) -> Engine:
    ids = CountedIds(ids_from)
    return Engine(graph if graph is not None else InMemoryGraph(), rules, MATCHER, ids)


def on_whatsapp(value: str = ADA_PHONE, name: str | None = None, **at: float) -> Heard:
    return _said(a_source(value.lstrip("+")), phone(value), name=name, at=after(**at))


def by_sms(value: str = ADA_PHONE, **at: float) -> Heard:
    return _said(a_source(value, "sms"), phone(value), at=after(**at))


def by_mail(value: str = ADA_MAIL, name: str | None = None, **at: float) -> Heard:
    return _said(a_source(value, "email"), mail(value), name=name, at=after(**at))


def on_web(sender: str, *identifiers: Identifier, name: str | None = None, **at: float) -> Heard:
    return _said(a_source(f"user:{sender}", "segment"), *identifiers, name=name, at=after(**at))


def _said(source: Source, *identifiers: Identifier, name: str | None = None, at: datetime) -> Heard:
    """In an event of its own: the same is said in the same one."""
    said = "|".join(f"{one.pair}{one.assurance}" for one in identifiers)
    event_id = f"{source.channel}.{source.sender}.{at}.{name}.{said}"
    return heard(source, *identifiers, name=name, at=at, event_id=event_id)


def in_the_crm(number: str, *identifiers: Identifier, **attributes: str) -> Heard:
    """A registration by an application: the business stands behind it."""
    return heard(
        Source("crm", "client-1", number),
        *identifiers,
        at=after(minutes=1),
        event_id=f"crm.{number}",
        attributes=attributes,
        attestation=Attestation.IMPORT,
    )


@dataclass
class World:
    """An engine and its graph, with the questions that tests ask."""

    graph: InMemoryGraph = field(default_factory=InMemoryGraph)
    rules: Rules = RULES

    def __post_init__(self) -> None:
        self.engine = an_engine(self.graph, self.rules)
        self._asked = 0

    def hear(self, *said: Heard) -> list[Record]:
        """Each in turn; what came of it then."""
        return [self.engine.hear(one) for one in said]

    def record(self, source: Source) -> Record:
        """A sender's record as it is now."""
        found = self.graph.find(source)
        assert found is not None
        return found

    def customer(self, record: Record) -> str:
        """Whose a record is now."""
        return self.record(record.source).customer_id

    def components(self) -> list[Component]:
        """All that were not absorbed."""
        return [one for one in self.graph.components.values() if isinstance(one, Component)]

    def people(self) -> set[frozenset[tuple[Source, str]]]:
        """Who is one person: what they said, by sender and event."""
        return {
            frozenset(
                (one.source, one.event_id)
                for one in component.statements
                if one.statement_id in members
            )
            for component in self.components()
            for members in component.customers
        }

    def asked(self, at: datetime | None = None) -> Asked:
        """A request to decide something, a new one each time."""
        self._asked += 1
        return Asked("boss", at or after(days=1, minutes=self._asked), "", f"{self._asked:026d}")

    def merge(self, one: str, other: str) -> None:
        """A person says that two customers are one."""
        taken(plan_merge(one, other, self.asked(), engine=self.engine), engine=self.engine)

    def plan_unmerge(self, customer_id: str, **how: Any) -> Plan:
        """What would take some of a customer's evidence or records from them."""
        return plan_unmerge(customer_id, self.asked(), engine=self.engine, **how)

    def unmerge(self, customer_id: str, **how: Any) -> None:
        """A person says that they are not."""
        taken(self.plan_unmerge(customer_id, **how), engine=self.engine)

    def facts(self) -> list[tuple[str, dict[str, Any]]]:
        """What was told of merges, in order."""
        return [
            (one.detail_type.partition(".")[0], one.data)
            for one in self.graph.events
            if one.detail_type.startswith("Customers")
        ]

    def check(self) -> None:
        """What holds whatever happened."""
        for component in self.components():
            whose = customers(component)
            ids = [one.statement_id for one in component.statements]
            assert len(ids) == len(set(ids)) == sum(map(len, component.customers))
            for customer_id in set(whose.values()):
                assert find_customer(customer_id, graph=self.graph).customer_id == customer_id
            for statement in component.statements:
                record = self.record(statement.source)
                assert record.record_id == statement.record_id
                said = {whose[one.statement_id] for one in component.statements
                        if one.record_id == record.record_id}  # fmt: skip
                assert record.customer_id in said
                assert set(record.said.values()) <= said
        records = [one.source for one in self.graph.found.values()]
        spoken = {one.source for part in self.components() for one in part.statements}
        assert set(records) == spoken
        events = [one.metadata.event_id for one in self.graph.events]
        assert len(events) == len(set(events))


class Interrupted(InMemoryGraph):
    """A graph where somebody else writes between our reads and our write, `times` times."""

    def __init__(self, meanwhile: Callable[[InMemoryGraph], None], times: int = 1) -> None:
        super().__init__()
        self._meanwhile = meanwhile
        self._left = times

    def look_up(self, source: Source | None, keys: Sequence[str]) -> Seen:
        seen = super().look_up(source, keys)
        if self._left:
            self._left -= 1
            plain = InMemoryGraph()
            plain.__dict__ = {**self.__dict__, "_left": 0}  # the same state, uninterrupted
            self._meanwhile(plain)
        return seen


class Counting(InMemoryGraph):
    """A graph that counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.changes: list[Change] = []

    def find(self, source: Source) -> Record | None:
        self.calls.append("find")
        return super().find(source)

    def look_up(self, source: Source | None, keys: Sequence[str]) -> Seen:
        self.calls.append("look_up")
        return super().look_up(source, keys)

    def load(self, component_ids: Any) -> Any:
        self.calls.append("load")
        return super().load(component_ids)

    def save(self, record: Record, known: Record) -> None:
        self.calls.append("save")
        super().save(record, known)

    def write(self, change: Change) -> None:
        self.calls.append("write")
        self.changes.append(change)
        super().write(change)


def replay(said: Iterable[Heard], rules: Rules = RULES) -> World:
    """A new world in which these were said."""
    world = World(rules=rules)
    world.hear(*said)
    return world
