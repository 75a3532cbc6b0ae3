"""A deployment's verification on twins: start, read the phone, answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from rapport.channels.base import Account
from rapport.channels.sender import OutboundMessage, SendResult
from rapport.contracts.otp import CodeOrdered, CodeSent
from rapport.kernel.clock import FixedClock
from rapport.kernel.errors import Later
from rapport.otp.codes import code_of
from rapport.otp.memory import (
    InMemoryAddressBook,
    InMemoryCodeKeys,
    InMemoryServices,
    InMemoryVerifications,
)
from rapport.otp.model import Contact, Verification
from rapport.otp.ports import Decision, Request, Verdict, Verifications
from rapport.otp.sending import Courier, dispatch, follow
from rapport.otp.service import Checked, Office, check
from rapport.otp.settings import default_service
from rapport.otp.starting import Wish, start
from tests.builders import NOW, PHONE
from tests.unit.notifications.fakes import SENT, NoHttp, ScriptedSender

CUSTOMER, SESSION = "cus_1", "rec_chat"
KEY = b"a key for pseudonyms, of 32 bytes"


@dataclass
class OpenGuard:
    """Lets everything through, or says what it is told to; remembers what it was asked."""

    verdict: Verdict = field(default_factory=Verdict)
    asked: list[Request] = field(default_factory=list)

    def judge(self, request: Request) -> Verdict:
        """The verdict it was given."""
        self.asked.append(request)
        return self.verdict

    def refuse(self, *reasons: str) -> None:
        """Refuse from now on."""
        self.verdict = Verdict(Decision.REFUSE, reasons)


class World:
    """One service `default`, one customer with a phone, one provider for every channel."""

    def __init__(
        self, verifications: Verifications | None = None, *answers: SendResult, **service: Any
    ) -> None:
        self.store = verifications or InMemoryVerifications()
        self.clock = FixedClock(NOW)
        self.keys = InMemoryCodeKeys()
        self.guard = OpenGuard()
        self.book = InMemoryAddressBook(
            cus_1=[Contact("phone", PHONE, 2), Contact("email", "ada@example.com", 2)]
        )
        made = default_service().model_copy(update={"version": 1, **service})
        self.services = InMemoryServices(type(made).model_validate(made.model_dump()))
        self.sender = ScriptedSender([*answers] or [SENT])
        self._numbers = count(1)
        self._read: dict[str, str] = {}
        nonces = count(1)
        self.office = Office(
            verifications=self.store,
            services=self.services,
            keys=self.keys,
            addresses=self.book,
            guard=self.guard,
            clock=self.clock,
            pseudonym_key=lambda: KEY,
            nonce=lambda: f"nonce-{next(nonces)}",
        )
        self.courier = Courier(
            verifications=self.store,
            services=self.services,
            keys=self.keys,
            guard=self.guard,
            sender_of=lambda _provider: self.sender,
            account_of=lambda channel, name: Account(channel, name, {}),
            refresh=lambda _channel, _name: False,
            http=NoHttp(),
            clock=self.clock,
        )

    def wish(self, **changes: Any) -> Wish:
        """A code to the customer's phone on record, answered in the chat `SESSION`."""
        plain: dict[str, Any] = {
            "fresh_id": f"ver_{next(self._numbers):026}",
            "service": "default",
            "purpose": "identity",
            "session": SESSION,
            "source": "agent-1",
            "customer_id": None if "address" in changes else CUSTOMER,
        }
        return Wish(**(plain | changes))

    def start(self, **changes: Any) -> Verification:
        """Start, or send again."""
        return start(self.wish(**changes), office=self.office)

    def check(self, one: Verification | str, guess: str, **changes: Any) -> Checked:
        """One guess; from the session of the chat unless told otherwise."""
        given: dict[str, Any] = {
            "session": SESSION,
            "request_id": f"req_{next(self._numbers)}",
            "office": self.office,
        }
        verification_id = one if isinstance(one, str) else one.verification_id
        return check(verification_id, guess, **(given | changes))

    def code(self, one: Verification) -> str:
        """What the customer reads on their phone, and remembers when it is used."""
        if one.nonce:
            self._read[one.verification_id] = code_of(one, self.keys.of(one.key_version))
        return self._read[one.verification_id]

    def wrong(self, one: Verification) -> str:
        """Anything but the code."""
        return f"{(int(self.code(one)) + 1) % 10**one.length:0{one.length}d}"

    def stored(self, one: Verification) -> Verification:
        """As it is now."""
        found = self.store.get(one.verification_id)
        assert found is not None
        return found

    def now(self, **passed: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**passed))

    def orders(self) -> list[tuple[str, int]]:
        """Every order that rode on an item."""
        return self._told(CodeOrdered)

    def _told(self, kind: type[CodeOrdered] | type[CodeSent]) -> list[tuple[str, int]]:
        events = getattr(self.store, "events", [])
        return [
            (str(one.data["verification_id"]), int(str(one.data["attempt"])))
            for one in events
            if one.detail_type == kind.detail_type
        ]

    def reasons(self) -> list[str]:
        """Why guesses were refused, as the audit has it."""
        events = getattr(self.store, "events", [])
        return [str(e.data["reason"]) for e in events if e.detail_type == "CodeRefused.v1"]

    def deliver(self) -> None:
        """Bring every order to its dispatch, twice."""
        self._bring(self.orders, dispatch)

    def follow(self) -> None:
        """Bring every note of a sent code to those who follow."""
        self._bring(lambda: self._told(CodeSent), follow)

    def _bring(self, what: Callable[[], list[tuple[str, int]]], to: Callable[..., None]) -> None:
        for verification_id, attempt in [*what(), *what()]:
            try:
                to(verification_id, attempt, courier=self.courier)
            except Later:
                continue

    @property
    def phone(self) -> list[OutboundMessage]:
        """Everything that was sent."""
        return self.sender.sent
