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
    is_masked: bool = Field(
        default=False, description="Only its end is shown: enough to compare, not to use."
    )


class RecordView(View):
    """One sender on one account of one channel, with what they say of themselves.

    Names, identifiers and claims are cut to what you may see.
    """

    record_id: str
    channel: str
    account: str
    name: str | None = Field(default=None, description="As this source calls them.")
    name_assurance: Assurance | None = Field(
        default=None, description="How sure that name is; a `claimed` one is no fact."
    )
    identifiers: list[IdentifierView] = Field(description="What somebody vouches for.")
    claims: list[IdentifierView] = Field(
        default_factory=list, description="What the sender merely says is theirs."
    )
    created_at: datetime


class MentionView(View):
    """One source's word on a trait, as it spelled it."""

    value: object
    assurance: Assurance
    attestation: str = Field(
        description="Who stands behind it: `none`, `self` (typed by the person), `agent` (keyed by "
        "staff), `kba` (questions passed), `import` (a system of record)."
    )
    channel: str
    record_id: str
    at: datetime


class CandidateView(View):
    """One value of a trait in its best spelling, and everyone who said it."""

    value: object
    assurance: Assurance
    at: datetime = Field(description="When it was said last.")
    mentions: list[MentionView]


class TraitView(View):
    """One trait: the value shown, how sure, who says so, why that one, and all the others."""

    key: str
    value: object
    assurance: Assurance
    channel: str
    record_id: str
    at: datetime
    rule: str = Field(description="The survivorship rule that chose it.")
    why: str = Field(description="The choice in a sentence.")
    may_say: bool = Field(
        description="Whether it may be said to the sender you talk to (see docs/assurance.md)."
    )
    candidates: list[CandidateView] = Field(description="Every value told, the shown one first.")


class ClaimsView(View):
    """What is merely said, by them or of them, and nobody vouches for. Never a fact."""

    name: str | None = None
    traits: list[TraitView] = Field(default_factory=list)
    identifiers: list[IdentifierView] = Field(default_factory=list)


class CustomerMatch(View):
    """A customer that holds the identifier; `match` says how sure that is."""

    customer_id: str
    match: Assurance = Field(description="`claimed`: they merely say that it is theirs.")
    name: str | None = Field(default=None, description="A name that somebody vouches for.")
    claimed_name: str | None = Field(default=None, description="Else, what they call themselves.")
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


class Money(View):
    """An amount in one currency (ISO 4217); none where the source does not tell."""

    amount: float
    currency: str | None = None


class PurchasesView(View):
    """Orders by the tracked events `Order Completed`, `Updated`, `Refunded`, `Cancelled`.

    An order told twice counts once; one cancelled or refunded is none.
    """

    orders: int
    last_at: datetime
    totals: list[Money]
    products: list[str] = Field(description="The latest products, at most ten.")
    assurance: Assurance = Field(description="`claimed`: a browser told it, which anyone may do.")


class OrderView(View):
    """The latest order and what was last heard of it."""

    order_id: str | None = None
    status: str = Field(description="completed, updated, refunded or cancelled")
    at: datetime
    assurance: Assurance


class DeviceView(View):
    """A device or browser, as it describes itself in tracked events."""

    record_id: str
    type: str | None = None
    model: str | None = None
    os: str | None = None
    user_agent: str | None = None
    last_at: datetime


class PlaceView(View):
    """A place, as devices tell it in tracked events."""

    city: str | None = None
    region: str | None = None
    country: str | None = None
    timezone: str | None = None
    last_at: datetime


class LoyaltyView(View):
    """Membership, as far as somebody vouches for it."""

    tier: object | None = None
    number: str | None = None


class SummaryView(View):
    """What traits and the latest tracked events add up to; what is not told is left out."""

    purchases: PurchasesView | None = None
    last_order: OrderView | None = None
    loyalty: LoyaltyView | None = None
    preferences: dict[str, object] = Field(default_factory=dict)
    devices: list[DeviceView] = Field(default_factory=list)
    places: list[PlaceView] = Field(default_factory=list)
    is_partial: bool = Field(
        default=False, description="There are older events than the latest that were read."
    )


class DisclosureView(View):
    """Up to which level you see, and why; what more proof would open."""

    level: Assurance
    basis: str = Field(
        description="`sender`: what the sender has proven; `lookup`: nobody is at the other end; "
        "`reason`: you gave one, and it was logged; `system`: you keep customers yourself; "
        "`none`: you did not say whom you talk to."
    )
    sender: Assurance = Field(description="What the sender has proven: up to there you may say.")
    record_id: str | None = Field(default=None, description="The sender.")
    withheld: list[str] = Field(
        default_factory=list, description="Traits there are and that you do not see."
    )


class CustomerView(View):
    """One person on every channel, as far as you may see them (see docs/assurance.md)."""

    customer_id: str
    name: str | None = Field(
        default=None, description="A name that somebody vouches for; else see `claims`."
    )
    traits: list[TraitView] = Field(description="Facts: what somebody vouches for.")
    identifiers: list[IdentifierView] = Field(description="Facts: what somebody vouches for.")
    claims: ClaimsView
    records: list[RecordView]
    conversation: ConversationView | None = Field(
        default=None, description="The one that is open or snoozed, if there is one."
    )
    summary: SummaryView
    timeline: TimelinePage
    disclosure: DisclosureView


Reason = Literal["fraud", "complaint", "callback", "correction", "legal", "in_person"]


class SightQuery(Body):
    """Whom you talk to, and what for."""

    record_id: Text | None = Field(
        default=None,
        description="The sender you talk to: you see and may say what they have proven. Without "
        "it, an agent who has the open conversation talks to whoever wrote last in it; other staff "
        "look the customer up at level `channel`; an application without `customers.write`, or "
        "with `conversations.write`, sees ids only.",
    )
    reason: Reason | None = Field(
        default=None,
        description="Why staff must see more than the sender has proven; it is logged with your id "
        "and the customer's.",
    )


class TimelineQuery(SightQuery, PageQuery):
    """Which page of a timeline, and whom you talk to."""


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
