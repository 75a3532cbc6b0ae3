"""Verifications over HTTP, in the terms of Twilio Verify."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from rapport.contracts.api.base import Body, Text, View, examples

Channel = Literal["sms", "voice", "whatsapp", "email", "line", "telegram", "messenger"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Session = Annotated[
    str,
    Field(
        min_length=1,
        max_length=256,
        description="Where the answer will come from, and alone may come from: your own session's "
        "id, or the record (`rec_…`) of the chat in which the customer will answer.",
    ),
]


class Place(Body):
    """A place on Earth; kept to a tenth of a degree."""

    latitude: Annotated[float, Field(ge=-90, le=90, description="Degrees north.")]
    longitude: Annotated[float, Field(ge=-180, le=180, description="Degrees east.")]


class VerificationRequest(Body):
    """A code for a customer, sent to an address on record, or for an address.

    The same service, purpose, address and session again: the same code is sent again.
    """

    model_config = examples(
        {
            "customer_id": "cus_01k9aaaaaaaaaaaaaaaaaaaaaa",
            "purpose": "identity",
            "session": "rec_01k9aaaaaaaaaaaaaaaaaaaaaa",
            "locale": "zh-TW",
        },
        {
            "address": "+14155550100",
            "purpose": "confirm_phone",
            "session": "web-7f3a",
            "channel": "sms",
            "source": "9d5e…",
        },
    )

    service: Name = "default"
    purpose: Name
    session: Session
    customer_id: Text | None = None
    address: Text | None = Field(
        default=None,
        description="A phone number with its country code, or an e-mail address. With a customer: "
        "which of the addresses on record. Without: applications only.",
    )
    channel: Channel | None = Field(
        default=None, description="Else the first one of the service that reaches the address."
    )
    locale: Locale = "en"
    source: Text | None = Field(
        default=None,
        description="On whose behalf you ask, e.g. a digest of the visitor's IP address: each "
        "source has a budget.",
    )
    device: Text | None = Field(
        default=None,
        description="Your id of the browser or app that the session runs in. One that the customer "
        "never answered a code from is the signal `new_device`.",
    )
    place: Place | None = Field(
        default=None,
        description="Where the session is, e.g. by its IP address. Too far from where the last "
        "code was answered is the signal `impossible_travel`.",
    )


class VerificationView(View):
    """A verification; whether there is anybody to send a code to is never told.

    `customer_id` and `step_up` come with the approval: the latter names what makes the code prove
    less than it should, so that you ask for something more.
    """

    model_config = examples(
        {
            "verification_id": "ver_01k9aaaaaaaaaaaaaaaaaaaaaa7mk3pq2rst4vwxyz",
            "service": "default",
            "purpose": "identity",
            "channel": "sms",
            "status": "pending",
            "sends": 1,
            "created_at": "2026-11-20T12:00:00Z",
            "expires_at": "2026-11-20T12:10:00Z",
            "next_send_at": "2026-11-20T12:00:30Z",
        }
    )

    verification_id: str
    service: str
    purpose: str
    channel: str
    status: Literal["pending", "approved", "canceled", "expired", "max_attempts"]
    sends: int
    created_at: datetime
    expires_at: datetime
    next_send_at: datetime
    customer_id: str | None = None
    step_up: list[str] | None = None


class VerificationCheck(Body):
    """What the customer says the code is."""

    model_config = examples({"code": "123456", "session": "web-7f3a"})

    code: Annotated[str, Field(min_length=1, max_length=64)]
    session: Session
    purpose: Name | None = Field(
        default=None, description="What you are about to allow; another purpose's code is refused."
    )


class VerificationChecked(View):
    """Yes or no. Wrong, expired, used, canceled and unknown are the same no."""

    model_config = examples({"valid": False})

    valid: bool
    verification: VerificationView | None = None


class ContextQuery(Body):
    """The session to compare: its sender, and the customer whom that sender belongs to now."""

    record_id: Text = Field(description="The sender you talk to.")
    session_customer_id: Text | None = Field(
        default=None, description="Whose sender it is, where that is not proven to be the customer."
    )


class MatchView(View):
    """Whether the session shows what is on record: `unknown` where either side shows nothing."""

    verdict: Literal["match", "mismatch", "unknown"]
    session_sources: list[str] = Field(description="The channels that told it of the session.")
    record_sources: list[str] = Field(description="The channels that told it of the customer.")


class ContextMatch(View):
    """A session against the record of a customer. It is a hint and proves nothing."""

    model_config = examples(
        {
            "place": {
                "verdict": "match",
                "session_sources": ["whatsapp"],
                "record_sources": ["crm"],
            },
            "phone": {
                "verdict": "mismatch",
                "session_sources": ["whatsapp"],
                "record_sources": ["crm"],
            },
            "device": {"verdict": "unknown", "session_sources": [], "record_sources": ["web"]},
        }
    )

    place: MatchView = Field(description="Countries of addresses and of telephone numbers.")
    phone: MatchView = Field(description="Telephone numbers that somebody vouches for.")
    device: MatchView = Field(description="Browsers and devices, by their anonymous id.")


class ServiceDefinition(Body):
    """A service as its owner defines it; see docs/verification.md for each field."""

    model_config = examples(
        {
            "document": {
                "routes": [{"channel": "sms", "provider": "twilio"}],
                "purposes": {"sign_in": {}},
                "domain": "example.com",
            },
            "version": 0,
        }
    )

    document: dict[str, object]
    version: Annotated[int, Field(ge=0)] = Field(
        description="The version you read and change; 0 for a new service."
    )


class ServiceView(View):
    """A service in force."""

    service: str
    version: int
    document: dict[str, object]
