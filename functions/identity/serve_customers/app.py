"""Customers over HTTP: search, profile, timeline, registration; and the API's description."""

from functools import cache
from pathlib import Path
from typing import Any

from rapport import wiring
from rapport.contracts.api.customers import (
    CustomerMatches,
    CustomerQuery,
    CustomerRegistration,
    CustomerView,
    Registered,
    SightQuery,
    TimelinePage,
    TimelineQuery,
)
from rapport.contracts.api.identity import (
    ChangeView,
    CustomerEvidence,
    DifferencePage,
    EvidenceQuery,
    MergeRequest,
    ReviewAnswer,
    ReviewPage,
    ReviewQuery,
    RulesApplication,
    RulesRequest,
    RulesTrial,
    RulesView,
    SignalRequest,
    SignalView,
    UnmergeRequest,
)
from rapport.contracts.api.verifications import ContextMatch, ContextQuery
from rapport.contracts.caller import Caller
from rapport.entrypoint.auth import (
    DECIDE_IDENTITY,
    MANAGE_IDENTITY,
    PUBLIC,
    READ_CUSTOMERS,
    WRITE_CUSTOMERS,
)
from rapport.entrypoint.http import Api, Json
from rapport.entrypoint.observability import log
from rapport.idempotency.model import Seed
from rapport.views import evidence
from rapport.views.context import match_context
from rapport.views.customers import search, show_customer, show_timeline
from rapport.views.profiles import registered_view
from rapport.views.registration import register

api = Api("Customers")


@api.get("/v1/customers", READ_CUSTOMERS)
def search_customers(query: CustomerQuery, caller: Caller) -> CustomerMatches:
    """Find customers by an identifier, those who merely claim it included and labelled."""
    return search(query.namespace, query.value, caller, sources=wiring.customer_sources())


@api.post("/v1/customers", WRITE_CUSTOMERS)
def register_customer(body: CustomerRegistration, caller: Caller, seed: Seed) -> Registered:
    """Register what your system knows about a person; repeated calls converge."""
    record = register(body, caller, seed, engine=wiring.engine())
    return Registered(customer_id=record.customer_id, record=registered_view(record))


@api.get("/v1/customers/{customer_id}", READ_CUSTOMERS)
def get_customer(customer_id: str, query: SightQuery, caller: Caller) -> CustomerView:
    """One person in one call: profile, story, open conversation, as far as you may see them."""
    shown = show_customer(customer_id, query, caller, sources=wiring.customer_sources())
    _audit("profile", customer_id, query, caller, shown.disclosure.level)
    return shown


@api.get("/v1/customers/{customer_id}/context", READ_CUSTOMERS)
def get_context(customer_id: str, query: ContextQuery) -> ContextMatch:
    """Whether place, telephone number and device of a session are those on record."""
    return match_context(customer_id, query, graph=wiring.identities())


@api.get("/v1/customers/{customer_id}/timeline", READ_CUSTOMERS)
def get_timeline(customer_id: str, query: TimelineQuery, caller: Caller) -> TimelinePage:
    """What they said, what we said and what they did, latest first."""
    shown = show_timeline(customer_id, query, caller, sources=wiring.customer_sources())
    _audit("timeline", customer_id, query, caller)
    return shown


@api.get("/v1/customers/{customer_id}/evidence", DECIDE_IDENTITY)
def get_evidence(customer_id: str, query: EvidenceQuery) -> CustomerEvidence:
    """Why a customer is one person, in words and data, now or as of any past time."""
    return evidence.show_evidence(customer_id, query.at, engine=wiring.engine())


@api.post("/v1/customers/{customer_id}/merge", DECIDE_IDENTITY)
def merge_customer(customer_id: str, body: MergeRequest, caller: Caller, seed: Seed) -> ChangeView:
    """Decide that two customers are one person, or preview it. It can be undone exactly."""
    return evidence.merge_customers(customer_id, body, caller, seed, engine=wiring.engine())


@api.post("/v1/customers/{customer_id}/unmerge", DECIDE_IDENTITY)
def unmerge_customer(
    customer_id: str, body: UnmergeRequest, caller: Caller, seed: Seed
) -> ChangeView:
    """Take evidence back, or give records to another person; or preview it."""
    return evidence.unmerge_customer(customer_id, body, caller, seed, engine=wiring.engine())


@api.get("/v1/identity/reviews", DECIDE_IDENTITY)
def get_reviews(query: ReviewQuery) -> ReviewPage:
    """Pairs of customers who may be one person, for a person to decide."""
    return evidence.list_reviews(query, engine=wiring.engine())


@api.post("/v1/identity/reviews/{review_id}", DECIDE_IDENTITY)
def answer_review(review_id: str, body: ReviewAnswer, caller: Caller, seed: Seed) -> ChangeView:
    """Decide a review, or preview what that changes."""
    return evidence.answer_review(review_id, body, caller, seed, engine=wiring.engine())


@api.post("/v1/identity/signals", MANAGE_IDENTITY, status=201)
def post_signal(body: SignalRequest, seed: Seed) -> SignalView:
    """Tell that a telephone number was deactivated or ported."""
    return evidence.note_signal(body, seed, engine=wiring.engine())


@api.get("/v1/identity/rules", MANAGE_IDENTITY)
def get_rules() -> RulesView:
    """The rules by which statements become customers."""
    return evidence.show_rules(engine=wiring.engine())


@api.put("/v1/identity/rules", MANAGE_IDENTITY)
def put_rules(body: RulesRequest) -> RulesView:
    """Put other rules in force for what is heard from now on."""
    return evidence.save_rules(body, book=wiring.rule_book())


@api.post("/v1/identity/rules/trial", MANAGE_IDENTITY)
def try_rules(body: RulesTrial) -> DifferencePage:
    """Which customers rules would merge or part, page by page; nothing changes."""
    return evidence.try_rules(body, engine=wiring.engine())


@api.post("/v1/identity/rules/application", MANAGE_IDENTITY)
def apply_rules(body: RulesApplication) -> DifferencePage:
    """Resolve stored customers by the rules in force, page by page; again is harmless."""
    return evidence.resolve_again(body, engine=wiring.engine())


@api.get("/v1/openapi.json", PUBLIC)
def get_openapi() -> Json:
    """This description (OpenAPI 3.1), as `python -m tools.openapi` made it."""
    return _description()


def _audit(
    part: str, customer_id: str, query: SightQuery, caller: Caller, level: str | None = None
) -> None:
    """Who saw whose data, up to which level, talking to whom, for which reason."""
    log(
        "customer_shown",
        part=part,
        customer_id=customer_id,
        caller=caller.subject,
        record_id=query.record_id,
        assurance=level,
        reason=query.reason,
    )


@cache
def _description() -> Json:
    return Json(Path(__file__).with_name("openapi.json").read_text("utf-8"))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of the routes above (payload 2.0)."""
    return api(event, context)
