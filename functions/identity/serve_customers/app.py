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
    TimelinePage,
    TimelineQuery,
)
from rapport.contracts.caller import Caller
from rapport.entrypoint.auth import PUBLIC, READ_CUSTOMERS, WRITE_CUSTOMERS
from rapport.entrypoint.http import Api, Json
from rapport.idempotency.model import Seed
from rapport.views.customers import record_view, search, show_customer, show_timeline
from rapport.views.registration import register

api = Api("Customers")


@api.get("/v1/customers", READ_CUSTOMERS)
def search_customers(query: CustomerQuery) -> CustomerMatches:
    """Find customers by an identifier, those who merely claim it included and labelled."""
    return search(query.namespace, query.value, identities=wiring.identities())


@api.post("/v1/customers", WRITE_CUSTOMERS)
def register_customer(body: CustomerRegistration, caller: Caller, seed: Seed) -> Registered:
    """Register what your system knows about a person; repeated calls converge."""
    record = register(body, caller, seed, identities=wiring.identities(), ids=wiring.ids())
    return Registered(customer_id=record.customer_id, record=record_view(record))


@api.get("/v1/customers/{customer_id}", READ_CUSTOMERS)
def get_customer(customer_id: str, caller: Caller) -> CustomerView:
    """One person in one call: profile, identifiers, story, open conversation."""
    return show_customer(customer_id, caller, sources=wiring.customer_sources())


@api.get("/v1/customers/{customer_id}/timeline", READ_CUSTOMERS)
def get_timeline(customer_id: str, query: TimelineQuery, caller: Caller) -> TimelinePage:
    """What they said, what we said and what they did, latest first."""
    return show_timeline(customer_id, query, caller, sources=wiring.customer_sources())


@api.get("/v1/openapi.json", PUBLIC)
def get_openapi() -> Json:
    """This description (OpenAPI 3.1), as `python -m tools.openapi` made it."""
    return _description()


@cache
def _description() -> Json:
    return Json(Path(__file__).with_name("openapi.json").read_text("utf-8"))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of the routes above (payload 2.0)."""
    return api(event, context)
