"""Customers over HTTP."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from rapport.contracts.api.base import Body, PageQuery, Text, View, examples
from rapport.contracts.api.conversations import ConversationView, MessageView
from rapport.contracts.identity import Assurance

Namespace = Literal["phone", "email", "user_id", "anonymous_id", "bsuid"]
TraitKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Scalar = Annotated[str, Field(max_length=1024)] | bool | int | float


class CustomerQuery(Body):
    """An identifier to search by."""

    namespace: Namespace
    value: Text


class IdentifierView(View):
    """An identifier and how sure we are that it is this person's own."""

    namespace: str
    value: str
    assurance: Assurance


class RecordView(View):
    """What one source said about a person."""

    record_id: str
    channel: str
    account: str
    name: str | None = None
    identifiers: list[IdentifierView]
    created_at: datetime


class TraitView(View):
    """What a source said about a person, how sure, and which source."""

    key: str
    value: object
    assurance: Assurance
    channel: str
    record_id: str


class CustomerMatch(View):
    """A customer that holds the identifier; `match` says how sure that is."""

    customer_id: str
    match: Assurance = Field(description="`claimed`: they merely say that it is theirs.")
    name: str | None = None
    records: list[RecordView]


class CustomerMatches(View):
    """Everyone who holds the identifier: whose it is first, then who claims it (at most 20)."""

    items: list[CustomerMatch]


class ActivityView(View):
    """One tracked event: a page, a cart, an order."""

    activity_id: str
    record_id: str
    kind: str
    at: datetime
    name: str | None = None
    properties: dict[str, object]


class TimelineEntry(View):
    """A message of either direction, or something the customer did."""

    at: datetime
    message: MessageView | None = None
    activity: ActivityView | None = None


class TimelinePage(View):
    """Latest first. A page may hold fewer entries than asked for and still have a cursor."""

    items: list[TimelineEntry]
    cursor: str | None = None


class CustomerView(View):
    """One person on every channel."""

    customer_id: str
    name: str | None = None
    traits: list[TraitView]
    identifiers: list[IdentifierView]
    records: list[RecordView]
    conversation: ConversationView | None = Field(
        default=None, description="The one that is open or snoozed, if there is one."
    )
    timeline: TimelinePage


class TimelineQuery(PageQuery):
    """Which page of a timeline."""


class IdentifierClaim(Body):
    """An identifier that your system knows; `verified` if it proved it (a login, a code)."""

    namespace: Namespace
    value: Text
    assurance: Literal["claimed", "verified"] = "claimed"


class CustomerRegistration(Body):
    """What your system knows about a person, under your own id of them.

    Repeated calls converge: the same `source_id` is the same record.
    """

    model_config = examples(
        {
            "source_id": "crm-4711",
            "name": "Ada Lovelace",
            "identifiers": [
                {"namespace": "phone", "value": "+14155550100", "assurance": "verified"},
                {"namespace": "email", "value": "ada@example.com"},
            ],
            "traits": {"tier": "gold"},
        }
    )

    source_id: Text
    name: Text | None = None
    identifiers: list[IdentifierClaim] = Field(default_factory=list, max_length=10)
    traits: dict[TraitKey, Scalar] = Field(default_factory=dict, max_length=50)


class Registered(View):
    """The record of your registration and the customer it belongs to."""

    customer_id: str
    record: RecordView
