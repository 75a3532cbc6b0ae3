"""What every provider's adapter shares: one request in, canonical events and an answer out.

The order is the same for all: size, handshake, authenticity and freshness, form, mapping.
An adapter is mostly a mapping table; it never raises, never fetches, never writes.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from rapport.contracts.inbound import InboundEvent
from rapport.kernel import json
from rapport.kernel.errors import InvalidInput

MAX_FORM_FIELDS = 1000
STRANGE_INPUT = (
    InvalidInput,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What bytes chosen by strangers can make a parser raise; all of it counts as malformed."""


@dataclass(frozen=True)
class Request:
    """One HTTP request exactly as it arrived: `url` as the provider called it, `body` its bytes.

    `headers` holds (name, value) pairs in any case; `received_at` is UTC.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    received_at: datetime

    def header(self, name: str) -> str | None:
        """The one value of a header, in any case; None when absent, refused when given twice."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        if len(values) > 1:
            raise Refused("malformed", f"The header {name} may be given once.")
        return values[0] if values else None

    @cached_property
    def query_string(self) -> str:
        """The raw query string, percent-encoding untouched."""
        return self.url.partition("#")[0].partition("?")[2]

    @cached_property
    def json(self) -> Any:
        """The body as JSON, parsed once; raises `InvalidInput` (see `rapport.kernel.json`)."""
        return json.loads(self.body)

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The body's form fields in their order, empty ones and repeats included."""
        text = self.body.decode("utf-8")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)

    def parameter(self, name: str) -> str | None:
        """The one value of a query parameter; None when absent, refused when given twice."""
        pairs = parse_qsl(self.query_string, keep_blank_values=True)
        values = [value for key, value in pairs if key == name]
        if len(values) > 1:
            raise Refused("malformed", f"The parameter {name} may be given once.")
        return values[0] if values else None


@dataclass(frozen=True)
class Account:
    """One page, number, bot or mailbox of a channel, with its settings and secrets.

    `document` is the JSON object under `rapport/{stage}/channels/{channel}/{name}`; each adapter's
    docstring lists the keys it reads. Where a secret is being rotated its key holds a list.
    """

    channel: str
    name: str
    document: Mapping[str, Any]

    def secrets(self, key: str) -> list[str]:
        """Every value that `key` accepts now: one, or several while rotating; empty when unset."""
        value = self.document.get(key)
        values = value if isinstance(value, list) else [value]
        return [item for item in values if isinstance(item, str) and item]

    def setting(self, key: str, default: str = "") -> str:
        """The text value of a setting, the first one while rotating, `default` when unset."""
        found = self.secrets(key)
        return found[0] if found else default

    def must_own(self, key: str, identifier: str | None) -> None:
        """Refuse an `identifier` out of a payload that is not the one(s) the document names.

        Nothing is checked where the document has no `key` or the payload no identifier.
        """
        ours = self.document.get(key)
        if ours is None or identifier is None:
            return
        if identifier not in [str(item) for item in (ours if isinstance(ours, list) else [ours])]:
            raise Refused("unexpected_account", f"The {key} in the body is not this account's.")


@dataclass(frozen=True)
class Response:
    """What the provider is answered."""

    status: int = 200
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Received:
    """The result of one request: authentic and well-formed, or not and why (`reason`)."""

    valid: bool
    reason: str | None = None
    events: tuple[InboundEvent, ...] = ()
    response: Response = field(default_factory=Response)
    visit: str | None = None  # an address to GET once, e.g. Amazon SNS's SubscribeURL


class Refused(Exception):
    """The request is not taken: `reason` from the vocabulary below, `status` is answered."""

    STATUS: ClassVar[dict[str, int]] = {
        "missing_signature": 401,
        "bad_signature": 401,
        "bad_verify_token": 403,
        "stale_timestamp": 401,
        "untrusted_cert_url": 401,
        "untrusted_cert": 401,
        "unsupported_version": 400,
        "unexpected_topic": 403,
        "unexpected_account": 403,
        "malformed": 400,
        "too_large": 413,
        "method_not_allowed": 405,
        "misconfigured": 503,
    }

    def __init__(self, reason: str, detail: str = "", status: int | None = None) -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.status = status or self.STATUS[reason]


CertificateSource = Callable[[str], bytes]
"""Gives the PEM of an https address that the adapter has already judged safe; raises OSError."""


@dataclass(frozen=True)
class Context:
    """What an adapter may use besides the request: the account and a way to get certificates."""

    account: Account
    certificates: CertificateSource


class InboundAdapter(ABC):
    """Turns one provider's requests into canonical events.

    A subclass names `provider` and its limit, verifies in `authenticate`, maps in `events`.
    Both raise `Refused`; anything else they raise on strange input counts as malformed.
    """

    provider: ClassVar[str]
    max_body_bytes: ClassVar[int] = 3 * 1024 * 1024

    def receive(self, request: Request, context: Context) -> Received:
        """Judge and translate `request`. Never raises on anything the caller can send."""
        try:
            return self._receive(request, context)
        except Refused as refusal:
            return Received(
                valid=False,
                reason=refusal.reason,
                response=Response(status=refusal.status, body=refusal.reason),
            )

    def _receive(self, request: Request, context: Context) -> Received:
        if len(request.body) > self.size_limit(context.account):
            raise Refused("too_large")
        if request.method not in ("GET", "POST"):
            raise Refused("method_not_allowed")
        try:
            if request.method == "GET":
                return self.handshake(request, context)
            self.authenticate(request, context)
            return self.translate(request, context)
        except STRANGE_INPUT as error:
            # Strangers choose the bytes: whatever shape they break, the answer is the same.
            raise Refused("malformed") from error

    def size_limit(self, account: Account) -> int:
        """The largest body taken: `max_body_bytes` of the document, else the channel's own."""
        chosen = account.document.get("max_body_bytes")
        return chosen if isinstance(chosen, int) and chosen > 0 else self.max_body_bytes

    def handshake(self, request: Request, context: Context) -> Received:
        """Answer a provider's GET; by default there is none."""
        raise Refused("method_not_allowed")

    @abstractmethod
    def authenticate(self, request: Request, context: Context) -> None:
        """Raise `Refused` unless the request is authentic and fresh."""

    @abstractmethod
    def events(self, request: Request, context: Context) -> Sequence[InboundEvent]:
        """The canonical events of an authentic request."""

    def translate(self, request: Request, context: Context) -> Received:
        """The full result of an authentic request; override to answer more than 200."""
        return Received(valid=True, events=tuple(self.events(request, context)))
