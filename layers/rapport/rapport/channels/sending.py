"""The frame of every sender: refuse what cannot be, make one call, read one honest outcome."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Literal

from rapport.channels.base import Account
from rapport.channels.sender import (
    AnswerLost,
    ErrorClass,
    Http,
    HttpResponse,
    NotSent,
    OutboundMessage,
    Outcome,
    SendError,
    SendResult,
)
from rapport.contracts.content import MediaContent, TemplateContent, TextContent
from rapport.kernel import json
from rapport.kernel.errors import InvalidInput, Misconfigured

SENTENCES = {
    ErrorClass.TRANSIENT: "{name} could not be asked, or did not say whether it took the message.",
    ErrorClass.RATE_LIMITED: "{name} takes no more messages from this account just now.",
    ErrorClass.AUTH: "{name} does not accept this account's credentials or permissions.",
    ErrorClass.INVALID_REQUEST: "{name} refused the message as malformed.",
    ErrorClass.RECIPIENT_INVALID: "{name} cannot reach this recipient.",
    ErrorClass.WINDOW_CLOSED: "{name} allows no free-form message to this person now.",
    ErrorClass.OPTED_OUT: "This person has opted out on {name}.",
    ErrorClass.DUPLICATE: "{name} has had this message before.",
    ErrorClass.POLICY: "{name} refused the message under its policies.",
    ErrorClass.PAYMENT: "{name} wants this account's quota or payment settled first.",
    ErrorClass.UNSUPPORTED: "{name} does not carry this kind of content.",
}
"""Our words, never the provider's: theirs quote phone numbers, addresses and at times tokens."""

MAX_RETRY_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """How long a text may be, in the unit the provider counts."""

    most: int
    unit: Literal["characters", "bytes", "UTF-16 units"] = "characters"

    def allows(self, text: str) -> bool:
        """Whether `text` fits."""
        if self.unit == "bytes":
            return len(text.encode("utf-8", "surrogatepass")) <= self.most
        if self.unit == "UTF-16 units":
            return len(text.encode("utf-16-le", "surrogatepass")) // 2 <= self.most
        return len(text) <= self.most


@dataclass(frozen=True)
class Abilities:
    """What a provider carries: texts, media types (with the caption's limit, None = no caption)."""

    text: Limit
    captions: Mapping[str, Limit | None] = field(default_factory=dict)
    templates: bool = False


@dataclass(frozen=True)
class Window:
    """How long after a person's last message free-form content may go to them.

    `human` is the longer window for what a human agent wrote, where the provider has one.
    """

    free: timedelta
    human: timedelta | None = None

    def is_open(self, message: OutboundMessage, now: datetime) -> bool:
        """Whether `message` may go at `now`; someone who never wrote has no window."""
        if message.last_inbound_at is None:
            return False
        longest = self.free if message.automated else self.human or self.free
        return now - message.last_inbound_at < longest


@dataclass(frozen=True)
class Rule:
    """What one error code means."""

    error_class: ErrorClass
    outcome: Outcome = Outcome.FAILED
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Call:
    """The one request of an attempt."""

    url: str
    headers: dict[str, str]
    body: bytes


class HttpSender(ABC):
    """A sender over HTTP: a subclass names its rules as data, builds the call, reads the answer.

    `idempotent`: the provider knows a second copy of a message for what it is, so an attempt whose
    outcome is unknown may be made again. `credential`: the setting that may hold several secrets.
    """

    name: ClassVar[str]
    abilities: ClassVar[Abilities]
    window: ClassVar[Window | None] = None
    idempotent: ClassVar[bool] = False
    required: ClassVar[tuple[str, ...]] = ()
    credential: ClassVar[str | None] = None

    def refusal(
        self, message: OutboundMessage, account: Account, now: datetime
    ) -> SendError | None:
        """Why this message may not be sent at all, known before anything leaves; None if it may."""
        missing = [key for key in self.required if not account.setting(key)]
        if missing:
            return refuse(ErrorClass.AUTH, f"This account lacks the setting {missing[0]}.")
        return (
            self.content_refusal(message)
            or self._window_refusal(message, now)
            or self.own_refusal(message, account)
        )

    def own_refusal(self, message: OutboundMessage, account: Account) -> SendError | None:
        """A provider's further rules; override where it has some."""
        del message, account
        return None

    def send(
        self, message: OutboundMessage, account: Account, http: Http, now: datetime
    ) -> SendResult:
        """Make one attempt; while a secret rotates, a refused credential gives way to the next."""
        refused = self.refusal(message, account, now)
        if refused is not None:
            return SendResult(Outcome.FAILED, error=refused)
        result = SendResult(Outcome.FAILED)
        for candidate in self._candidates(account):
            result = self._attempt(message, candidate, http, now)
            if not _credential_refused(result):
                break
        return result

    @abstractmethod
    def call(self, message: OutboundMessage, account: Account, now: datetime) -> Call:
        """The request that sends `message`."""

    @abstractmethod
    def read(self, response: HttpResponse) -> SendResult:
        """What the provider's answer means."""

    def result(
        self,
        rule: Rule,
        code: str | int,
        response: HttpResponse | None = None,
        detail: str | None = None,
    ) -> SendResult:
        """The result that `rule` gives, with the wait the provider asks for."""
        asked = retry_after(response) if response else None
        sentence = detail or SENTENCES[rule.error_class].format(name=self.name)
        error = SendError(rule.error_class, str(code), sentence, asked or rule.retry_after)
        return SendResult(rule.outcome, error=error)

    def by_status(self, response: HttpResponse) -> SendResult:
        """What the bare status says, where the provider gave no code that we know."""
        status = response.status
        if status == 429:
            rule = Rule(ErrorClass.RATE_LIMITED, Outcome.RETRY)
        elif status in (401, 403):
            rule = Rule(ErrorClass.AUTH)
        elif 300 <= status < 500 and status != 408:
            rule = Rule(ErrorClass.INVALID_REQUEST)
        else:  # 408 and 5xx: it may have acted on the request; 2xx: taken, but no id came back
            rule = self._perhaps()
        return self.result(rule, f"http_{status}", response)

    def content_refusal(self, message: OutboundMessage) -> SendError | None:
        """Whether the provider carries this content, and so much of it."""
        content = message.content
        abilities = self.abilities_for(message)
        if isinstance(content, TextContent):
            return self._too_long(content.text, abilities.text, "text")
        if isinstance(content, MediaContent):
            return self._media_refusal(content, abilities)
        if not abilities.templates:
            return refuse(ErrorClass.UNSUPPORTED, f"{self.name} has no approved templates.")
        return None

    def abilities_for(self, message: OutboundMessage) -> Abilities:
        """The abilities that count for `message`; override where they vary by channel."""
        del message
        return self.abilities

    def window_for(self, message: OutboundMessage) -> Window | None:
        """The window that counts for `message`; override where it varies by channel."""
        del message
        return self.window

    def _media_refusal(self, content: MediaContent, abilities: Abilities) -> SendError | None:
        if content.url.scheme != "https":
            return refuse(ErrorClass.INVALID_REQUEST, "The media address must be https.")
        if content.media_type not in abilities.captions:
            detail = f"{self.name} carries no {content.media_type}; send its address as text."
            return refuse(ErrorClass.UNSUPPORTED, detail)
        limit = abilities.captions[content.media_type]
        if content.caption and limit is None:
            detail = f"{self.name} carries no caption with {content.media_type}; send it as text."
            return refuse(ErrorClass.UNSUPPORTED, detail)
        return self._too_long(content.caption or "", limit, "caption") if limit else None

    def _too_long(self, text: str, limit: Limit, what: str) -> SendError | None:
        if limit.allows(text):
            return None
        detail = f"The {what} is over {self.name}'s limit of {limit.most} {limit.unit}."
        return refuse(ErrorClass.INVALID_REQUEST, detail, "too_long")

    def _window_refusal(self, message: OutboundMessage, now: datetime) -> SendError | None:
        window = self.window_for(message)
        if window is None or isinstance(message.content, TemplateContent):
            return None
        if window.is_open(message, now):
            return None
        return refuse(
            ErrorClass.WINDOW_CLOSED, SENTENCES[ErrorClass.WINDOW_CLOSED].format(name=self.name)
        )

    def _perhaps(self) -> Rule:
        """It may have been taken: only a provider that recognises copies is asked again."""
        return Rule(ErrorClass.TRANSIENT, Outcome.RETRY if self.idempotent else Outcome.UNKNOWN)

    def _candidates(self, account: Account) -> Iterator[Account]:
        values = account.secrets(self.credential) if self.credential else []
        if self.credential is None or len(values) < 2:
            yield account
            return
        for value in values:
            yield replace(account, document={**account.document, self.credential: value})

    def _attempt(
        self, message: OutboundMessage, account: Account, http: Http, now: datetime
    ) -> SendResult:
        try:
            call = self.call(message, account, now)
        except Misconfigured as problem:
            return SendResult(Outcome.FAILED, error=refuse(ErrorClass.AUTH, problem.message))
        try:
            response = http.send("POST", call.url, call.headers, call.body)
        except NotSent:
            return self.result(Rule(ErrorClass.TRANSIENT, Outcome.RETRY), "not_sent")
        except AnswerLost:
            return self.result(self._perhaps(), "answer_lost")
        return self.read(response)


def refuse(error_class: ErrorClass, detail: str, code: str | None = None) -> SendError:
    """A refusal of our own: nothing was asked of the provider."""
    return SendError(error_class, code or f"refused_{error_class}", detail)


def sent(provider_message_id: object) -> SendResult:
    """The provider took it and named it so (None when it gave no name)."""
    known = None if provider_message_id is None else str(provider_message_id)
    return SendResult(Outcome.SENT, known)


def json_body(value: object) -> bytes:
    """A JSON request body."""
    return json.dumps(value).encode("ascii")


def json_object(response: HttpResponse) -> dict[str, Any]:
    """The JSON object of an answer; empty when it is anything else (a gateway's HTML, nothing)."""
    try:
        value = json.loads(response.body)
    except InvalidInput:
        return {}
    return value if isinstance(value, dict) else {}


def child(value: object, *path: str | int) -> Any:
    """The value at `path` inside nested JSON; None where the answer has another shape."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and len(value) > step:
            value = value[step]
        else:
            return None
    return value


def retry_after(response: HttpResponse) -> timedelta | None:
    """The wait an answer's `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3).

    A date counts from the answer's own `Date`, so that our clock does not matter. At most a day.
    """
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=int(value[:9])), MAX_RETRY_AFTER)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError, TypeError):
        return None
    return min(wait, MAX_RETRY_AFTER) if wait > timedelta(0) else None


def _credential_refused(result: SendResult) -> bool:
    failed = result.outcome is Outcome.FAILED and result.error is not None
    return failed and result.error is not None and result.error.error_class is ErrorClass.AUTH
