"""What every provider's sender shares: one message out, one honest outcome back."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from rapport.channels.base import Account
from rapport.contracts.content import MediaContent, TemplateContent, TextContent


class Outcome(StrEnum):
    """How one attempt ended.

    `sent`: the provider took it. `failed`: it refused for good. `retry`: it certainly did not take
    it and may later. `unknown`: it may or may not have taken it (a time-out, a torn connection, a
    5xx after the request was written): never sent again unless the provider can tell.
    """

    SENT = "sent"
    FAILED = "failed"
    RETRY = "retry"
    UNKNOWN = "unknown"


class ErrorClass(StrEnum):
    """Why a provider refused, in one vocabulary."""

    TRANSIENT = "transient"
    RATE_LIMITED = "rate_limited"
    AUTH = "auth"
    INVALID_REQUEST = "invalid_request"
    RECIPIENT_INVALID = "recipient_invalid"
    WINDOW_CLOSED = "window_closed"
    OPTED_OUT = "opted_out"
    DUPLICATE = "duplicate"
    POLICY = "policy"
    PAYMENT = "payment"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class SendError:
    """The provider's reason: class, its own code, and a sentence an agent may read (no secrets)."""

    error_class: ErrorClass
    code: str
    detail: str
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class SendResult:
    """The outcome of one attempt; `provider_message_id` when the provider gave one."""

    outcome: Outcome
    provider_message_id: str | None = None
    error: SendError | None = None


@dataclass(frozen=True)
class OutboundMessage:
    """One message ready to go. `reference` comes back in callbacks where the provider allows."""

    message_id: str
    reference: str
    channel: str
    to: str
    content: TextContent | MediaContent | TemplateContent
    reply_to: str | None = None  # the provider's id of the message answered
    last_inbound_at: datetime | None = None  # when this person last wrote on this channel
    status_callback: str | None = None  # our public URL for receipts, where the provider asks
    automated: bool = False  # no human wrote it: windows kept open for human agents are shut
    extra: dict[str, Any] = field(default_factory=dict)  # e.g. e-mail threading headers


@dataclass(frozen=True)
class HttpResponse:
    """A provider's answer; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class NotSent(Exception):
    """The request never left: no connection, no name. Safe to try again."""


class AnswerLost(Exception):
    """The request may have arrived, its answer did not: the outcome is unknown."""


class Http(Protocol):
    """One HTTP exchange with a provider, bounded in time, without redirects or retries."""

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> HttpResponse:
        """Exchange one request; raises `NotSent` or `AnswerLost`."""
        ...


class Sender(Protocol):
    """Sends through one provider."""

    def refusal(
        self, message: OutboundMessage, account: Account, now: datetime
    ) -> SendError | None:
        """Why this message may not be sent at all, known before anything leaves; None if it may."""
        ...

    def send(
        self, message: OutboundMessage, account: Account, http: Http, now: datetime
    ) -> SendResult:
        """Make one attempt. What `refusal` names is failed here too, before anything leaves."""
        ...
