"""What the twins know and remember: accounts, what each phone received, media, who left."""

import itertools
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from local.twins.webhooks import Media
from rapport.channels.base import Account
from rapport.kernel.clock import Clock

WINDOW = timedelta(hours=24)
AUTHENTICATION_TEMPLATES = frozenset({"verification_code"})
"""WhatsApp templates of the category for one-time codes, which have a button that copies it."""


@dataclass(frozen=True)
class Registration:
    """One of our accounts as the provider has it, and where its webhooks go."""

    account: Account
    webhook_url: str


@dataclass(frozen=True)
class Delivered:
    """One message that reached a phone, a chat or a mailbox, as its owner sees it."""

    sequence: int
    at: datetime
    channel: str
    account_channel: str
    account: str
    sender: str
    to: str
    provider_message_id: str
    text: str | None = None
    spoken: str | None = None  # TwiML or SSML of a call; `text` is what is heard
    media_url: str | None = None
    template: dict[str, Any] | None = None
    subject: str | None = None
    html: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    reference: str | None = None
    reply_to: str | None = None
    status_callback: str | None = None
    callback_events: tuple[str, ...] = ()
    failure: str | None = None  # it was taken, and then failed: the phone never shows it
    receipts: bool = True


@dataclass(frozen=True)
class Seen:
    """One request that reached the twins. Headers and body verbatim: nothing here is real."""

    at: datetime
    method: str
    host: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int | None


class State:
    """Everything the twins remember, until `reset`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.enforce_windows = False
        self.failures: dict[str, str] = {}
        self.authentication_templates = AUTHENTICATION_TEMPLATES
        self._run = secrets.token_hex(3)  # ids stay unique over restarts of the twins
        self._numbers = itertools.count(1)
        self.registrations: dict[tuple[str, str], Registration] = {}
        self.reset()

    def reset(self) -> None:
        """Forget what was said; keep the accounts."""
        self.delivered: list[Delivered] = []
        self.requests: list[Seen] = []
        self.media: dict[str, Media] = {}
        self.gone: set[tuple[str, str, str]] = set()
        self.last_inbound: dict[tuple[str, str, str], datetime] = {}
        self.line_keys: dict[str, tuple[str, dict[str, Any]]] = {}
        self.confirmed_topics: set[str] = set()

    def register(self, account: Account, webhook_url: str) -> None:
        """Take over an account document, as if set up in the provider's console."""
        key = (account.channel, account.name)
        self.registrations[key] = Registration(account, webhook_url)

    def registration(self, channel: str, name: str) -> Registration | None:
        """One account by the two segments of its webhook's address."""
        return self.registrations.get((channel, name))

    def find(self, channel: str, test: Callable[[Account], bool]) -> Registration | None:
        """The first account of `channel` that `test` holds for."""
        for found in self.registrations.values():
            if found.account.channel == channel and test(found.account):
                return found
        return None

    def number(self) -> int:
        """A number no other message has; sorts by time, as providers' do."""
        return next(self._numbers)

    def ident(self, prefix: str) -> str:
        """An id in the provider's style."""
        return f"{prefix}{self._run}{self.number():010d}"

    def numeric(self) -> int:
        """A numeric id, unique over restarts within the limits of an int64."""
        return int(self._run, 16) * 10_000_000 + self.number()

    def person(self, account: Account, who: str) -> tuple[str, str, str]:
        """The key of one person at one account."""
        return (account.channel, account.name, normal(who))

    def is_window_open(self, account: Account, who: str) -> bool:
        """Whether `who` wrote within a day, or windows are not enforced."""
        if not self.enforce_windows:
            return True
        last = self.last_inbound.get(self.person(account, who))
        return last is not None and self.clock.now() - last < WINDOW

    def deliver(self, registration: Registration, channel: str, **facts: Any) -> Delivered:
        """Put one message on a phone; `failures` (recipient: provider's code) keep it off there."""
        account = registration.account
        facts = {"failure": self.failures.get(normal(facts["to"])), **facts}
        message = Delivered(
            sequence=self.number(),
            at=self.clock.now(),
            channel=channel,
            account_channel=account.channel,
            account=account.name,
            **facts,
        )
        self.delivered.append(message)
        return message

    def outbox(self, to: str | None = None, channel: str | None = None) -> Iterator[Delivered]:
        """What arrived, in order; `channel` is canonical (sms) or the account's (twilio)."""
        for message in self.delivered:
            if message.failure or (to is not None and normal(message.to) != normal(to)):
                continue
            if channel is None or channel in (message.channel, message.account_channel):
                yield message


def normal(who: str) -> str:
    """A recipient without what providers put before and after it."""
    return who.strip().removeprefix("whatsapp:").removeprefix("+").lower()
