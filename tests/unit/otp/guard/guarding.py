"""A guard on counters in memory, a clock, and people who ask it for codes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from rapport.kernel.clock import FixedClock
from rapport.kernel.ids import RandomIds
from rapport.otp.guard import Judgement, PumpingGuard
from rapport.otp.guard_books import Kind, Observation
from rapport.otp.guard_counting import Counting
from rapport.otp.guard_memory import InMemoryGuardBooks, InMemorySources
from rapport.otp.guard_rules import GuardRules
from rapport.otp.model import NumberEvent
from rapport.otp.ports import Decision, Request
from rapport.otp.prefixes import destination
from rapport.otp.risk import PolicyRisk, ToldSightings
from rapport.otp.settings import Service, default_service

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MOBILE = "+886912345678"


def a_request(**changes: Any) -> Request:
    facts: dict[str, Any] = {
        "verification_id": "ver_1",
        "service": default_service(),
        "purpose": "sign_in",
        "channel": "sms",
        "kind": "phone",
        "address": MOBILE,
        "address_digest": "digest",
        "customer_id": None,
        "session": "session",
        "source": "app",
        "at": NOW,
    }
    return Request(**{**facts, **changes})


class QuietCarrier:
    """Nothing ever happened to any number."""

    def events(self, number: str) -> tuple[NumberEvent, ...]:
        return ()


def a_guard(rules: GuardRules | None = None) -> PumpingGuard:
    """A guard that also weighs risk."""
    known = rules or GuardRules()
    risk = PolicyRisk(QuietCarrier(), ToldSightings(), known.risk)
    return PumpingGuard(InMemoryGuardBooks(), InMemorySources(), lambda: known, risk)


@dataclass
class Stand:
    """One guard that hears of everything at once, unless told to `hold` the stream back."""

    rules: GuardRules = field(default_factory=GuardRules)
    service: Service = field(default_factory=default_service)
    books: InMemoryGuardBooks = field(default_factory=InMemoryGuardBooks)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))
    hold: bool = False

    def __post_init__(self) -> None:
        self.ids = RandomIds(self.clock)
        self.guard = PumpingGuard(self.books, InMemorySources(), lambda: self.rules)
        self.counting = Counting(self.books, lambda: self.rules, self.clock, self.ids)
        self.held: list[Observation] = []

    def ask(self, number: str, *, answers: bool = False, **changes: Any) -> Judgement:
        """Somebody asks for a code to `number`; it may be answered at once."""
        request = a_request(
            address=number,
            service=self.service,
            source=changes.pop("source", number),
            at=self.clock.now(),
            **changes,
        )
        judged = self.guard.judge(request)
        if judged.decision is not Decision.REFUSE:
            self.tell(Kind.ORDERED, number, judged.cost)
            if answers:
                self.tell(Kind.APPROVED, number)
        return judged

    def tell(self, kind: Kind, number: str, cost: int = 0) -> None:
        where, now = destination(number), self.clock.now()
        event_id = self.ids.new("evt")
        one = Observation(event_id, kind, where.operator, where.block, now, now, cost=cost)
        self.held.append(one)
        if not self.hold:
            self.stream()

    def stream(self) -> None:
        """What was held back is counted."""
        self.counting.count(self.held)
        self.held = []

    def later(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))

    @property
    def facts(self) -> Sequence[str]:
        return [event.detail_type for event in self.books.events]


def allowed(judged: Judgement) -> bool:
    return judged.decision is not Decision.REFUSE


def sequence(range_: str, count: int, start: int = 0) -> list[str]:
    """Numbers of one range, one after the other."""
    return [f"{range_}{i:04d}" for i in range(start, start + count)]
