"""All provider twins as one state machine: a request in, an answer out, receipts to follow."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote_plus, urlsplit

from local.twins import (
    aws_api,
    customer,
    graph_api,
    line_api,
    mail,
    telegram_api,
    twilio_api,
)
from local.twins.answers import Call, answer
from local.twins.customer import Action, UnknownAccount
from local.twins.faults import Dropped, Fault, Faults
from local.twins.mail import Authority
from local.twins.receipts import ReceiptRun, ReceiptSettings, receipts
from local.twins.state import AUTHENTICATION_TEMPLATES, Delivered, Registration, Seen, State
from local.twins.webhooks import Webhook
from rapport.channels.base import Account
from rapport.channels.sender import AnswerLost, HttpResponse, NotSent
from rapport.kernel.clock import Clock, SystemClock

ERRORS: dict[str, Callable[[str | int, int], HttpResponse]] = {
    "graph": (lambda code, status: graph_api.error(int(code), status)),
    "line": (lambda code, status: line_api.error(status, str(code))),
    "telegram": (lambda code, status: telegram_api.error(int(code), f"Twin error {status}")),
    "twilio": (lambda code, status: twilio_api.error(int(code), status)),
    "aws": (lambda code, status: aws_api.error(str(code), status)),
}
DEFAULT_CODES: dict[str, str | int] = {
    "graph": 131000,
    "line": "Twin error",
    "telegram": 500,
    "twilio": 20500,
}


@dataclass
class Settings:
    """How the twins behave besides the faults."""

    receipts: ReceiptSettings = field(default_factory=ReceiptSettings)


class Twins:
    """The providers. Give it accounts, send it requests, let customers write.

    `wait` sleeps for the fault `delay`. Everything is in memory and one lock; `authority` may be
    shared among tests, since making its keys takes a moment.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        authority: Authority | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.state = State(clock or SystemClock())
        self.faults = Faults()
        self.settings = Settings()
        self._given_authority = authority
        self._wait = wait
        self._lock = threading.RLock()
        self._runs: list[ReceiptRun] = []

    @cached_property
    def authority(self) -> Authority:
        """Who signs for "SNS"; made on first use."""
        return self._given_authority or Authority.generate()

    def register(self, account: Account, webhook_url: str) -> None:
        """Take over one of our accounts and where its webhooks go."""
        with self._lock:
            self.state.register(account, webhook_url)

    def handle(
        self, method: str, host: str, path: str, headers: dict[str, str], body: bytes
    ) -> HttpResponse:
        """One request to a provider's `host`; `path` with its query. Raises `Dropped`."""
        parts = urlsplit(path)
        named = {name.lower(): value for name, value in headers.items()}
        call = Call(method, host, parts.path, parts.query, named, body)
        with self._lock:
            fault = self.faults.take(call, self._channels_of(call))
        if fault is None:
            return self._act(call)
        return self._faulty(call, fault)

    def outbox(self, to: str | None = None, channel: str | None = None) -> list[Delivered]:
        """What reached the phone, chat or mailbox `to`, in order."""
        with self._lock:
            return list(self.state.outbox(to, channel))

    def customer(self, action: Action) -> tuple[Webhook, str]:
        """The webhook of what a customer does, and the provider's message id in it."""
        with self._lock:
            return customer.webhook(self.state, action, self.authority)

    def confirmation(self, account: str = "main", channel: str = "ses") -> Webhook:
        """The subscription confirmation of the topic of an account that SNS serves."""
        with self._lock:
            found = self.state.registration(channel, account)
            if found is None:
                raise UnknownAccount(f"No account {channel}/{account} was registered here.")
            return mail.sns_confirmation(
                self.authority,
                found.account,
                found.webhook_url,
                message_id=self.state.ident("confirm-"),
                token=self.state.ident("token"),
                at=self.state.clock.now(),
            )

    def take_receipts(self) -> list[ReceiptRun]:
        """The receipts that have come due since they were last taken."""
        with self._lock:
            runs, self._runs = self._runs, []
            return runs

    def certificate(self, url: str) -> bytes:
        """A `CertificateSource`: the certificate behind `SigningCertURL`; raises OSError."""
        parts = urlsplit(url)
        if parts.path != f"/{self.authority.certificate_path}":
            raise FileNotFoundError(url)
        return self.authority.certificate_pem

    def reset(self) -> None:
        """Forget everything but the accounts and the certificate authority."""
        with self._lock:
            self.state.reset()
            self.state.enforce_windows = False
            self.state.failures = {}
            self.state.authentication_templates = AUTHENTICATION_TEMPLATES
            self.faults = Faults()
            self.settings = Settings()
            self._runs = []

    def _faulty(self, call: Call, fault: Fault) -> HttpResponse:
        if fault.kind in ("drop_before", "refuse"):
            self._see(call, None)
            raise Dropped(connected=fault.kind == "drop_before")
        if fault.kind in ("status", "error_body"):
            response = _ordered_answer(call, fault)
            self._see(call, response.status)
            return response
        if fault.kind == "delay":
            self._wait(fault.seconds)
        if fault.kind in ("duplicate", "drop_after"):
            first = self._act(call)
            if fault.kind == "drop_after":
                raise Dropped
            del first  # the proxy has thrown it away
        return self._act(call)

    def _act(self, call: Call) -> HttpResponse:
        with self._lock:
            before = len(self.state.delivered)
            response = self._route(call)
            self._see(call, response.status)
            for message in self.state.delivered[before:]:
                self._plan_receipts(message)
            return response

    def _route(self, call: Call) -> HttpResponse:
        handle = HANDLERS.get(provider_of(call.host))
        if handle:
            return handle(self.state, call)
        if call.host.endswith(".amazonaws.com"):
            return aws_api.handle(self.state, call, self.authority)
        return answer(404, {"error": "No twin plays this host."})

    def _channels_of(self, call: Call) -> set[str]:
        """The names by which a fault may mean this request's channel."""
        provider = provider_of(call.host)
        if provider == "graph":
            ids = {"whatsapp": "phone_number_id", "messenger": "page_id"}
            accounts = [found.account for found in self.state.registrations.values()]
            return {
                account.channel
                for account in accounts
                if account.setting(ids.get(account.channel, "")) in call.path.split("/")
            }
        if provider == "twilio":
            if call.path.endswith("/Calls.json"):
                return {"twilio", "voice"}
            return {"twilio", "whatsapp" if b"whatsapp%3A" in call.body else "sms"}
        return aws_api.channels_of(call) if provider == "aws" else {provider}

    def _plan_receipts(self, message: Delivered) -> None:
        registration = self.state.registration(message.account_channel, message.account)
        run = registration and self._receipts(message, registration)
        if run:
            self._runs.append(run)

    def _receipts(self, message: Delivered, registration: Registration) -> ReceiptRun | None:
        now = self.state.clock.now()
        return receipts(message, registration, self.settings.receipts, self.authority, now)

    def _see(self, call: Call, status: int | None) -> None:
        path = f"{call.path}?{call.query}" if call.query else call.path
        now = self.state.clock.now()
        seen = Seen(now, call.method, call.host, path, call.headers, call.body, status)
        with self._lock:
            self.state.requests.append(seen)


HANDLERS: dict[str, Callable[[State, Call], HttpResponse]] = {
    "graph": graph_api.handle,
    "line": line_api.handle,
    "telegram": telegram_api.handle,
    "twilio": twilio_api.handle,
}
HOSTS = {
    "graph": graph_api.HOSTS,
    "line": line_api.HOSTS,
    "telegram": telegram_api.HOSTS,
    "twilio": twilio_api.HOSTS,
}


class TwinHttp:
    """The sender's `Http` port, straight into the twins: no sockets, same faults."""

    def __init__(self, twins: Twins) -> None:
        self._twins = twins

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> HttpResponse:
        """Exchange one request; raises `NotSent` or `AnswerLost`."""
        parts = urlsplit(url)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            return self._twins.handle(method, parts.hostname or "", path, headers, body)
        except Dropped as dropped:
            raise (AnswerLost if dropped.connected else NotSent)("The twin hung up.") from None

    def get(self, url: str, headers: dict[str, str]) -> HttpResponse:
        """The `MediaHttp` port of the same."""
        return self.send("GET", url, headers, b"")


def provider_of(host: str) -> str:
    """The provider behind a host, as `HANDLERS` and `ERRORS` name it."""
    return next((name for name, hosts in HOSTS.items() if host in hosts), "aws")


def _ordered_answer(call: Call, fault: Fault) -> HttpResponse:
    provider = provider_of(call.host)
    if fault.quotes:
        said = unquote_plus(call.body.decode("utf-8", "replace"))
        return answer(fault.status or 400, {"code": fault.code, "message": f"Rejected: {said}"})
    if fault.kind == "status" or fault.body is not None:
        default = 500 if fault.kind == "status" else 200
        response = answer(fault.status or default, fault.body if fault.body is not None else {})
    else:
        code = fault.code or DEFAULT_CODES.get(provider, "InternalFailure")
        made = ERRORS[provider](code, fault.status or 200)
        response = HttpResponse(fault.status or 200, made.headers, made.body)
    headers = {name.lower(): value for name, value in fault.headers.items()}
    return HttpResponse(response.status, {**response.headers, **headers}, response.body)
