"""Why customers are one person, in words and in data; and what deciding otherwise would change."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import ValidationError

from rapport.contracts.api.identity import (
    ChangeView,
    CustomerEvidence,
    DecisionView,
    DifferencePage,
    DifferenceView,
    EvidenceView,
    MergeRequest,
    PartView,
    ReviewAnswer,
    ReviewPage,
    ReviewQuery,
    ReviewView,
    RulesApplication,
    RulesRequest,
    RulesTrial,
    RulesView,
    SignalRequest,
    SignalView,
    StatementView,
    UnmergeRequest,
)
from rapport.contracts.caller import Caller
from rapport.idempotency.model import Seed
from rapport.identity.changes import moves
from rapport.identity.deciding import (
    Asked,
    Plan,
    evidence_id,
    explain,
    plan_merge,
    plan_review,
    plan_unmerge,
    taken,
    tried,
)
from rapport.identity.graph import Component, Decision, Link, Review, Signal, Statement
from rapport.identity.hearing import Engine
from rapport.identity.lookup import load
from rapport.identity.ports import RuleBook
from rapport.identity.proving import BY_CODE
from rapport.identity.rules import SENDER, Rules
from rapport.identity.statements import customers
from rapport.identity.trying import Difference, apply_rules, differences
from rapport.kernel import phone
from rapport.kernel.errors import InvalidInput
from rapport.kernel.page import Page
from rapport.views.profiles import identifier_view

WORDS = {
    "same_source": "Both were said by the same sender.",
    "same_identifier": "Both hold the same {namespace}, and it is vouched for on both.",
    "same_identifier_and_name": "Both hold the same {namespace}, vouched for on both, and bear one"
    " name.",
    "only_match": "Of all who hold this {namespace}, they alone may be one person.",
    "tenure": "They alone used this {namespace} about then.",
    "proven_claim": "What one of them claimed to hold, the other proved.",
    "attested_name_and_second_field": "Staff stand behind one name on both, and a second field"
    " agrees.",
    "decision": "A person decided so.",
    "code": "A code that was sent to the customer came back from this sender.",
    "name_conflict": "The names are those of two people.",
    "two_exclusive_identifiers": "Each has one of which a person has one alone, such as a user id.",
    "limit": "Together they would show more of a {namespace} than a person has.",
    "ambiguous": "Either fits somebody else as well, who is not the other.",
}
"""A rule in a sentence; rules of your own documents are told by their name."""


def show_evidence(customer_id: str, at: datetime | None, *, engine: Engine) -> CustomerEvidence:
    """Why a customer is one person, as of `at` (None: now); raises `NotFound`."""
    explained = explain(customer_id, engine=engine, at=at)
    own = {one.statement_id for one in explained.customer.statements}
    return CustomerEvidence(
        customer_id=explained.customer.customer_id,
        at=at,
        rules_version=engine.rules.version,
        statements=[statement_view(one) for one in explained.customer.statements],
        evidence=[_evidence_view(one) for one in explained.links],
        against=[_evidence_view(one) for one in explained.against],
        decisions=[
            _decision_view(one)
            for one in explained.customer.component.decisions
            if own & set(one.sides)
        ],
    )


def merge_customers(
    customer_id: str, body: MergeRequest, caller: Caller, seed: Seed, *, engine: Engine
) -> ChangeView:
    """Make one person of two customers, or say what that would change."""
    asked = Asked(caller.subject, seed.at, body.reason, _name(seed))
    if seed.is_repeat and _is_one(customer_id, body.customer_id, engine):
        return _unchanged(customer_id, engine)
    plan = plan_merge(customer_id, body.customer_id, asked, engine=engine)
    return _carried_out(plan, engine, is_preview=body.preview)


def unmerge_customer(
    customer_id: str, body: UnmergeRequest, caller: Caller, seed: Seed, *, engine: Engine
) -> ChangeView:
    """Part a customer, or say what that would change."""
    if (body.evidence_id is None) == (not body.record_ids):
        raise InvalidInput("Give either evidence_id or record_ids.", field="evidence_id")
    plan = plan_unmerge(
        customer_id,
        Asked(caller.subject, seed.at, body.reason, _name(seed)),
        engine=engine,
        evidence=body.evidence_id,
        record_ids=body.record_ids,
    )
    return _carried_out(plan, engine, is_preview=body.preview)


def list_reviews(query: ReviewQuery, *, engine: Engine) -> ReviewPage:
    """The uncertain pairs; what later evidence has settled leaves the queue here."""
    page = engine.graph.reviews(query.cursor, query.limit)
    wanted = {one for each in page.items for one in (each.left_component, each.right_component)}
    found = load(wanted, graph=engine.graph)
    views, settled = [], []
    for review in page.items:
        view = _review_view(review, found)
        if view is None:
            settled.append(review.review_id)
        else:
            views.append(view)
    engine.graph.close_reviews(settled)
    return ReviewPage(items=views, cursor=page.cursor)


def answer_review(
    review_id: str, body: ReviewAnswer, caller: Caller, seed: Seed, *, engine: Engine
) -> ChangeView:
    """Decide that a pair is one person, or two, or say what that would change."""
    asked = Asked(caller.subject, seed.at, body.reason, _name(seed))
    plan = plan_review(review_id, body.is_same, asked, engine=engine)
    return _carried_out(plan, engine, is_preview=body.preview, closing=(review_id,))


def note_signal(body: SignalRequest, seed: Seed, *, engine: Engine) -> SignalView:
    """Note what a carrier says of a number; the same again changes nothing."""
    number = phone.normalise(body.phone)
    engine.signal(Signal(body.kind, "phone", number, body.at, seed.seed_id))
    return SignalView(kind=body.kind, phone=number, at=body.at)


def show_rules(*, engine: Engine) -> RulesView:
    """The rules in force."""
    rules = engine.rules
    return RulesView(version=rules.version, rules=rules.model_dump(mode="json"))


def save_rules(body: RulesRequest, *, book: RuleBook) -> RulesView:
    """Put rules in force for what is heard from now on (functions read them every minute)."""
    rules = _rules(body.rules)
    known = book.current()
    if rules == known:  # an earlier attempt put them in force, and its answer was lost
        return RulesView(version=rules.version, rules=rules.model_dump(mode="json"))
    default = Rules().version
    if body.replaces != (known.version if known else default):
        raise InvalidInput("Other rules are in force: read them again.", field="replaces")
    book.save(rules, known.version if known else None)
    return RulesView(version=rules.version, rules=rules.model_dump(mode="json"))


def try_rules(body: RulesTrial, *, engine: Engine) -> DifferencePage:
    """What rules would change for a page of stored customers."""
    return _page(differences(_rules(body.rules), body.cursor, body.limit, engine=engine))


def resolve_again(body: RulesApplication, *, engine: Engine) -> DifferencePage:
    """Resolve a page of stored customers by the rules in force."""
    return _page(apply_rules(body.cursor, body.limit, engine=engine))


def statement_view(one: Statement) -> StatementView:
    """A statement as it was heard."""
    return StatementView(
        statement_id=one.statement_id,
        record_id=one.record_id,
        channel=one.channel,
        account=one.source.account,
        at=one.at,
        heard_at=one.heard_at,
        event_id=one.event_id,
        identifiers=[identifier_view(item) for item in one.identifiers],
        attributes=dict(one.attributes),
        attestation=one.attestation,
    )


def _carried_out(
    plan: Plan, engine: Engine, *, is_preview: bool, closing: Iterable[str] = ()
) -> ChangeView:
    change = tried(plan, engine=engine)
    merged, restored = moves(change.before, change.component)
    after = change.component
    if not is_preview:
        after = taken(plan, engine=engine, closing=tuple(closing))
    return ChangeView(
        is_preview=is_preview,
        customers=_parts(after),
        merged=dict(merged),
        restored=dict(restored),
    )


def _parts(component: Component) -> list[PartView]:
    records: dict[str, dict[str, None]] = {}
    whose = customers(component)
    for one in component.statements:
        records.setdefault(whose[one.statement_id], {})[one.record_id] = None
    return [
        PartView(customer_id=customer_id, record_ids=list(ids))
        for customer_id, ids in sorted(records.items())
    ]


def _is_one(customer_id: str, other_id: str, engine: Engine) -> bool:
    one = explain(customer_id, engine=engine).customer
    return one.customer_id == explain(other_id, engine=engine).customer.customer_id


def _unchanged(customer_id: str, engine: Engine) -> ChangeView:
    component = explain(customer_id, engine=engine).customer.component
    return ChangeView(is_preview=False, customers=_parts(component), merged={}, restored={})


def _review_view(review: Review, found: Mapping[str, Component]) -> ReviewView | None:
    """None where it is settled: they are one customer, or were told apart."""
    left, right = found.get(review.left_component), found.get(review.right_component)
    if left is None or right is None:
        return None
    whose = {**customers(left), **customers(right)}
    link = review.link
    told = {frozenset(one.sides) for part in (left, right) for one in part.decisions}
    if whose.get(link.left) == whose.get(link.right) or {link.left, link.right} in told:
        return None
    statements = {one.statement_id: one for part in (left, right) for one in part.statements}
    return ReviewView(
        review_id=review.review_id,
        at=review.at,
        score=link.score or 0.0,
        fields=dict(link.fields),
        left=statement_view(statements[link.left]),
        right=statement_view(statements[link.right]),
        left_customer=whose[link.left],
        right_customer=whose[link.right],
    )


def _evidence_view(link: Link) -> EvidenceView:
    namespace, value = link.identifier or (None, None)
    is_code = link.decision_id.startswith(BY_CODE)
    words = WORDS.get("code" if is_code else link.rule, f"By the rule {link.rule}.")
    if namespace == SENDER:  # no identifier of theirs, but how we spell who spoke
        namespace, value, words = None, None, WORDS["same_source"]
    return EvidenceView(
        evidence_id=evidence_id(link),
        left=link.left,
        right=link.right,
        rule=link.rule,
        words=words.format(namespace=namespace or "identifier"),
        namespace=namespace,
        value=value,
        score=link.score,
        fields=dict(link.fields) or None,
        event_ids=list(link.event_ids),
        decision_id=link.decision_id or None,
    )


def _decision_view(one: Decision) -> DecisionView:
    return DecisionView(
        decision_id=one.decision_id,
        kind=one.kind,
        at=one.at,
        by=one.by,
        left=one.left,
        right=one.right or None,
        reason=one.reason or None,
        withdraws=one.withdraws or None,
    )


def _page(page: Page[Difference]) -> DifferencePage:
    return DifferencePage(
        items=[
            DifferenceView(merged=dict(one.merged), restored=dict(one.restored))
            for one in page.items
        ],
        cursor=page.cursor,
    )


def _rules(document: Mapping[str, object]) -> Rules:
    try:
        return Rules.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(["rules", *map(str, first["loc"])])
        raise InvalidInput("This is no rule we know; see docs/identity.md.", field=field) from None


def _name(seed: Seed) -> str:
    return seed.new("dec")[4:]
