"""What people decide about customers: one person or two, and what each decision would change."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from rapport.identity.graph import Component, Decision, DecisionKind, Link, Resolution, Statement
from rapport.identity.hearing import Engine
from rapport.identity.lookup import Customer, find_customer
from rapport.identity.ports import Change
from rapport.identity.resolution import resolve
from rapport.identity.statements import customer_of
from rapport.kernel.errors import Conflict, InvalidInput, NotFound


@dataclass(frozen=True)
class Asked:
    """Who decides, when, why, and the name that repetitions of the request share."""

    by: str
    at: datetime
    reason: str
    seed_id: str

    @property
    def prefix(self) -> str:
        """What the ids of its decisions begin with."""
        return f"dec_{self.seed_id}"

    def decision(
        self, number: int, kind: DecisionKind, left: str, right: str = "", withdraws: str = ""
    ) -> Decision:
        """The decision of that number; a repetition names the same."""
        decision_id = f"{self.prefix}{number:02d}"
        return Decision(decision_id, kind, self.at, self.by, left, right, self.reason, withdraws)


@dataclass(frozen=True)
class Plan:
    """Decisions that are ready to be tried or taken, and where."""

    decisions: Sequence[Decision]
    component_ids: Collection[str]


@dataclass(frozen=True)
class Explained:
    """Why a customer's statements are one person, at some time."""

    customer: Customer
    resolution: Resolution

    @property
    def links(self) -> list[Link]:
        """The evidence that holds them together."""
        own = {one.statement_id for one in self.customer.statements}
        return [one for one in self.resolution.links if one.left in own and one.right in own]

    @property
    def against(self) -> list[Link]:
        """What kept others apart from them."""
        own = {one.statement_id for one in self.customer.statements}
        return [one for one in self.resolution.against if one.left in own or one.right in own]


def evidence_id(link: Link) -> str:
    """`evd_` and a digest: the same two statements by the same rule are the same evidence."""
    sides = sorted((link.left, link.right))
    said = "|".join([*sides, link.rule, *(link.identifier or ()), link.decision_id])
    return f"evd_{blake2b(said.encode(), digest_size=10).hexdigest()}"


def explain(customer_id: str, *, engine: Engine, at: datetime | None = None) -> Explained:
    """Why a customer is one person, as of `at` (None: now); raises `NotFound`.

    As of a time, only what had been heard and decided by then counts.
    """
    customer = find_customer(customer_id, graph=engine.graph)
    component = customer.component
    if at is not None:
        component = as_of(component, at)
    resolution = resolve(component, engine.rules, engine.matcher)
    founder = f"stm_{customer_id[4:]}"
    for members in resolution.customers:
        if founder in members:
            own = [one for one in component.statements if one.statement_id in members]
            own.sort(key=lambda one: one.statement_id)
            found = Customer(customer_of(members), component, tuple(own))
            return Explained(found, resolution)
    raise NotFound("There was no such customer then.")


def as_of(component: Component, at: datetime) -> Component:
    """What was known of a component at some time."""
    return Component(
        component_id=component.component_id,
        statements=tuple(one for one in component.statements if one.heard_at <= at),
        signals=tuple(one for one in component.signals if one.at <= at),
        decisions=tuple(one for one in component.decisions if one.at <= at),
        version=component.version,
    )


def plan_merge(customer_id: str, other_id: str, asked: Asked, *, engine: Engine) -> Plan:
    """Make one person of two customers; raises `NotFound`, `InvalidInput` for one and the same."""
    one = find_customer(customer_id, graph=engine.graph)
    other = find_customer(other_id, graph=engine.graph)
    if one.customer_id == other.customer_id:
        if known := _decided_before(one, asked):
            return known
        raise InvalidInput("These are one customer already.", field="customer_id")
    left, right = one.statements[0], other.statements[0]
    decision = asked.decision(0, DecisionKind.JOIN, left.statement_id, right.statement_id)
    return Plan([decision], {one.component.component_id, other.component.component_id})


def plan_unmerge(
    customer_id: str,
    asked: Asked,
    *,
    engine: Engine,
    evidence: str | None = None,
    record_ids: Collection[str] = (),
) -> Plan:
    """Part a customer: take back one piece of evidence, or give some records to another person.

    Raises `NotFound` where the customer has no such evidence or record, `InvalidInput` where all
    its records are named.
    """
    explained = explain(customer_id, engine=engine)
    customer = explained.customer
    if known := _decided_before(customer, asked):
        return known
    home = {customer.component.component_id}
    if evidence is not None:
        return Plan([_taken_back(explained, evidence, asked)], home)
    leaving = [one for one in customer.statements if one.record_id in record_ids]
    staying = [one for one in customer.statements if one.record_id not in record_ids]
    if not set(record_ids) <= {one.record_id for one in leaving}:
        raise NotFound("The customer has no such record.", field="record_ids")
    if not staying or not leaving:
        raise InvalidInput("Name some of the customer's records, not all.", field="record_ids")
    return Plan(_parting(leaving, staying, asked), home)


def _decided_before(customer: Customer, asked: Asked) -> Plan | None:
    """What this very request decided, where it comes again."""
    component = customer.component
    known = [one for one in component.decisions if one.decision_id.startswith(asked.prefix)]
    return Plan(known, {component.component_id}) if known else None


def _taken_back(explained: Explained, evidence: str, asked: Asked) -> Decision:
    for link in explained.links:
        if evidence_id(link) == evidence:
            # The latest word on a pair counts: it takes back a decision to join them, too.
            return asked.decision(0, DecisionKind.APART, link.left, link.right)
    raise NotFound("The customer has no such evidence.", field="evidence_id")


def _parting(
    leaving: Sequence[Statement], staying: Sequence[Statement], asked: Asked
) -> list[Decision]:
    """Each record that leaves, apart from each that stays, and together with the first to leave."""
    out = {one.record_id: one for one in reversed(leaving)}
    left = {one.record_id: one for one in reversed(staying)}
    pairs = [
        (DecisionKind.APART, a.statement_id, b.statement_id)
        for a in out.values()
        for b in left.values()
    ]
    first = leaving[0]
    pairs += [
        (DecisionKind.JOIN, first.statement_id, one.statement_id)
        for one in out.values()
        if one is not first
    ]
    if len(pairs) > MAX_DECISIONS:
        raise Conflict(f"That takes more than {MAX_DECISIONS} decisions: name fewer records.")
    return [asked.decision(number, *pair) for number, pair in enumerate(pairs)]


MAX_DECISIONS = 100
"""In one request: a component keeps every one of them."""


def plan_review(review_id: str, is_same: bool, asked: Asked, *, engine: Engine) -> Plan:
    """Answer a review; raises `NotFound` where it is answered already or never was."""
    review = engine.graph.review(review_id)
    if review is None:
        raise NotFound("There is no such open review.")
    kind = DecisionKind.JOIN if is_same else DecisionKind.APART
    decision = asked.decision(0, kind, review.link.left, review.link.right)
    return Plan([decision], {review.left_component, review.right_component})


def tried(plan: Plan, *, engine: Engine) -> Change:
    """What a plan would change; nothing is written."""
    return engine.considered(plan.decisions, plan.component_ids)


def taken(plan: Plan, *, engine: Engine, closing: Collection[str] = ()) -> Component:
    """The component once the plan is carried out; twice is once."""
    return engine.decide(plan.decisions, plan.component_ids, closing)
