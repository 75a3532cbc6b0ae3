"""Why customers are one person, and what people decide about it, over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from rapport.contracts.api.base import Body, PageQuery, Text, View, examples
from rapport.contracts.api.customers import IdentifierView

RecordId = Annotated[str, Field(pattern=r"^rec_[0-9a-z]{26}$")]


class EvidenceQuery(Body):
    """As of when; now if left out."""

    at: AwareDatetime | None = Field(
        default=None, description="Only what had been heard and decided by then counts."
    )


class StatementView(View):
    """What one source said about a person, once."""

    statement_id: str
    record_id: str
    channel: str
    account: str
    at: datetime = Field(description="When it was first said, by the source's clock.")
    heard_at: datetime = Field(description="When it first reached us.")
    event_id: str
    identifiers: list[IdentifierView]
    attributes: dict[str, str]
    attestation: str = Field(description="Who stands behind the attributes.")


class EvidenceView(View):
    """Why two statements are one person, or why not, in words and in data."""

    evidence_id: str
    left: str
    right: str
    rule: str
    words: str
    namespace: str | None = None
    value: str | None = None
    score: float | None = Field(
        default=None, description="The match weight in bits: log2 of the odds."
    )
    fields: dict[str, float] | None = Field(
        default=None, description="The score's parts by attribute."
    )
    event_ids: list[str]
    decision_id: str | None = None


class DecisionView(View):
    """What a person decided."""

    decision_id: str
    kind: str
    at: datetime
    by: str
    left: str
    right: str | None = None
    reason: str | None = None
    withdraws: str | None = None


class CustomerEvidence(View):
    """Why a customer is one person: what was said, what ties it together, what kept others out."""

    customer_id: str
    at: datetime | None = None
    rules_version: str
    statements: list[StatementView]
    evidence: list[EvidenceView]
    against: list[EvidenceView]
    decisions: list[DecisionView]


class MergeRequest(Body):
    """Another customer who is the same person."""

    model_config = examples(
        {
            "customer_id": "cus_01k9zq4mm2h8s0x6v3c5t7w9yb",
            "reason": "Showed the identity card of both at the counter.",
            "preview": True,
        }
    )

    customer_id: Text
    reason: Annotated[str, Field(max_length=256)] = ""
    preview: bool = Field(default=False, description="Only say what would change.")


class UnmergeRequest(Body):
    """Evidence that is none, or the records that are another person's: one of the two."""

    model_config = examples(
        {"evidence_id": "evd_5f0c2b9a1d3e4f607182", "reason": "Father and son share the number."},
        {"record_ids": ["rec_01k9zq4mm2h8s0x6v3c5t7w9yb"], "preview": True},
    )

    evidence_id: Text | None = None
    record_ids: list[RecordId] = Field(default_factory=list, max_length=50)
    reason: Annotated[str, Field(max_length=256)] = ""
    preview: bool = Field(default=False, description="Only say what would change.")


class PartView(View):
    """A customer after the change, and the records that are theirs."""

    customer_id: str
    record_ids: list[str]


class ChangeView(View):
    """What changes for the customers concerned."""

    is_preview: bool
    customers: list[PartView]
    merged: dict[str, str] = Field(description="Customers that are gone, and into whom.")
    restored: dict[str, str] = Field(description="Customers that came apart, and from whom.")


class ReviewView(View):
    """Two customers who may be one person: too likely to ignore, too uncertain to join."""

    review_id: str
    at: datetime
    score: float
    fields: dict[str, float]
    left: StatementView
    right: StatementView
    left_customer: str
    right_customer: str


class ReviewPage(View):
    """Latest first. A page may hold fewer entries than asked for and still have a cursor."""

    items: list[ReviewView]
    cursor: str | None = None


class ReviewQuery(PageQuery):
    """Which page of the queue."""


class ReviewAnswer(Body):
    """Whether the two are one person."""

    model_config = examples({"is_same": False, "reason": "Twins: asked both."})

    is_same: bool
    reason: Annotated[str, Field(max_length=256)] = ""
    preview: bool = Field(default=False, description="Only say what would change.")


class SignalRequest(Body):
    """What a carrier or registry says of a telephone number.

    From `phone_deactivated` on, the number joins nobody whom it joined before, and no code goes to
    it on its old holder's account; `phone_ported` makes codes to it prove less for a week.
    """

    model_config = examples(
        {"kind": "phone_deactivated", "phone": "+14155550100", "at": "2026-11-20T12:00:00Z"}
    )

    kind: Literal["phone_deactivated", "phone_ported"]
    phone: Text
    at: AwareDatetime


class SignalView(View):
    """A signal as it was noted."""

    kind: str
    phone: str
    at: datetime


class RulesView(View):
    """The rules of identity resolution in force; see docs/identity.md for every field."""

    version: str
    rules: dict[str, Any]


class RulesRequest(Body):
    """A whole document of rules, and the version that it replaces."""

    rules: dict[str, Any]
    replaces: Text = Field(description="The version in force, as you read it.")


class RulesTrial(PageQuery):
    """A document of rules to try on stored evidence, page by page."""

    rules: dict[str, Any]


class RulesApplication(PageQuery):
    """The next page of stored customers to resolve by the rules in force."""


class DifferenceView(View):
    """What rules change for some customers that touch."""

    merged: dict[str, str] = Field(description="Customers that are gone, and into whom.")
    restored: dict[str, str] = Field(description="Customers that came apart, and from whom.")


class DifferencePage(View):
    """A page may be empty and still have a cursor: go on until there is none."""

    items: list[DifferenceView]
    cursor: str | None = None
