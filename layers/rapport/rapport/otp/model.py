"""A verification: one code for one subject, what happened to it, what may still happen. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

SUBJECT_FAILURES = 100
"""Wrong codes in a row of one customer or address (NIST SP 800-63B-4, 3.2.2)."""

SESSION_FAILURES = 25
"""Wrong codes of one session, over all that it asks for; success does not take them back."""

KEPT = timedelta(days=180)
"""How long a subject is remembered after its last sign of life: its failures, and that it once
answered."""

SESSION_KEPT = timedelta(days=2)

SIGHTINGS_KEPT = 4
"""How many of the places and devices that a subject answered from are remembered."""

STARTS_KEPT = 20
"""How many of its latest starts a subject or session remembers, for the guard's budgets."""

KINDS = {
    "sms": "phone",
    "voice": "phone",
    "whatsapp": "phone",
    "email": "email",
    "line": "line",
    "telegram": "telegram",
    "messenger": "messenger",
}
"""What kind of address each channel reaches; a fallback goes to the same address."""


class Status(StrEnum):
    """What became of a verification; `expired` and `max_attempts` follow from time and checks."""

    PENDING = "pending"
    APPROVED = "approved"
    CANCELED = "canceled"
    EXPIRED = "expired"
    MAX_ATTEMPTS = "max_attempts"


class AttemptStatus(StrEnum):
    """How far one sending of the code has got. `withheld`: asked for, and never meant to leave."""

    ORDERED = "ordered"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"


@dataclass(frozen=True)
class Attempt:
    """One sending of the code. `is_fallback`: nobody asked for it, the one before did not do."""

    channel: str
    status: AttemptStatus
    at: datetime
    is_fallback: bool = False
    provider_message_id: str | None = None

    @property
    def kind(self) -> str:
        """The kind of address that its channel reaches."""
        return KINDS[self.channel]


@dataclass(frozen=True)
class NumberEvent:
    """What a carrier or registry said of a number, e.g. `ported` or `deactivated`."""

    kind: str
    at: datetime
    source: str


@dataclass(frozen=True)
class Sighting:
    """Where and on what device somebody was: degrees north and east, `device` a keyed digest."""

    at: datetime
    latitude: float | None = None
    longitude: float | None = None
    device: str | None = None


@dataclass(frozen=True)
class Contact:
    """An address on record: `kind` as in `KINDS`, `rank` how sure (identity's assurance).

    `provider` and `account` are set where an address means something on that account only;
    `history` is what carriers said of a number since its holder last named it.
    """

    kind: str
    address: str
    rank: int
    provider: str | None = None
    account: str | None = None
    history: tuple[NumberEvent, ...] = ()


@dataclass(frozen=True)
class OnRecord:
    """Where a customer can be reached for certain, the surest first; `customer_id` is current."""

    customer_id: str
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class Verification:
    """One challenge. `subject`, `session` and `address_digest` are keyed digests.

    `address` is None where there is nobody to send to: such a one behaves like any other to the
    outside and is never approved; `withheld` says why. `max_checks` is what the failures of
    subject, address and session left of the service's. `address_failed`: its address had wrong
    guesses before it began. `operator` and `block` place a number (see `prefixes`). `here` is
    where it was asked for, so far as that was told. `approval` names the request that was answered
    with success, `last_guess` the latest wrong one. A used code has left no `nonce` and no
    `key_version`.
    """

    verification_id: str
    service: str
    purpose: str
    subject: str
    session: str
    kind: str
    channel: str
    locale: str
    nonce: str
    key_version: str
    length: int
    created_at: datetime
    ends_at: datetime
    next_send_at: datetime
    max_checks: int
    max_sends: int
    address_digest: str
    address: str | None = None
    customer_id: str | None = None
    withheld: tuple[str, ...] = ()
    operator: str | None = None
    block: str | None = None
    step_up: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    address_failed: bool = False
    status: Status = Status.PENDING
    checks: int = 0
    attempts: tuple[Attempt, ...] = ()
    approval: str | None = None
    last_guess: str | None = None
    reason: str | None = None
    here: Sighting | None = None

    @property
    def asked_sends(self) -> int:
        """How often somebody asked for the code to be sent."""
        return sum(not one.is_fallback for one in self.attempts)

    def status_at(self, now: datetime) -> Status:
        """The status as of `now`."""
        if self.status is not Status.PENDING:
            return self.status
        if self.checks >= self.max_checks:
            return Status.MAX_ATTEMPTS
        return Status.EXPIRED if now >= self.ends_at else Status.PENDING

    def is_open(self, now: datetime) -> bool:
        """Whether a guess may still be right."""
        return self.status_at(now) is Status.PENDING

    def is_for(self, service: str, purpose: str, address_digest: str, session: str) -> bool:
        """Whether asking for these is asking for this very code once more."""
        mine = (self.service, self.purpose, self.address_digest, self.session)
        return mine == (service, purpose, address_digest, session)


@dataclass(frozen=True)
class Subject:
    """A customer or an address: wrong codes in a row, and its one verification.

    One only, whatever it is for: somebody who holds two codes cannot tell them apart, and whoever
    reads them in a chat cannot either. `sightings` are of verifications before this one.
    """

    failures: int = 0
    starts: tuple[datetime, ...] = ()
    answered_at: datetime | None = None
    verification: Verification | None = None
    sightings: tuple[Sighting, ...] = ()

    @property
    def answered_from(self) -> tuple[Sighting, ...]:
        """The latest places and devices from which a code was asked for that was then answered."""
        last = self.verification
        if last is None or last.here is None or last.status is not Status.APPROVED:
            return self.sightings
        return (*self.sightings, last.here)[-SIGHTINGS_KEPT:]


@dataclass(frozen=True)
class Session:
    """Where an answer comes from, and the verification it waits for.

    `failures` are its wrong codes without those at `current`, of which there may be `room`: so no
    guess needs to write here to be counted.
    """

    failures: int = 0
    room: int = 0
    current: str | None = None
    starts: tuple[datetime, ...] = ()

    def settled(self, seen: "Seen") -> int:
        """Every wrong code up to now; all that were possible where `current` was not seen."""
        if self.current is None:
            return self.failures
        known = seen.verification(self.current)
        return self.failures + (known.checks if known else self.room)


@dataclass(frozen=True)
class Seen:
    """What a look found; subjects that nobody knows are as new."""

    subjects: Mapping[str, Subject] = field(default_factory=dict)
    session: Session = field(default_factory=Session)

    def subject(self, digest: str) -> Subject:
        """The subject of a digest."""
        return self.subjects.get(digest, Subject())

    def verification(self, verification_id: str) -> Verification | None:
        """The verification of that id, if it is one of the subjects' own."""
        held = (one.verification for one in self.subjects.values())
        return next((one for one in held if one and one.verification_id == verification_id), None)


class Refusal(StrEnum):
    """Why a guess was refused; for the audit alone, the outside hears one answer."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"
    CANCELED = "canceled"
    MAX_ATTEMPTS = "max_attempts"
    OTHER_SESSION = "other_session"
    OTHER_PURPOSE = "other_purpose"
    SUPERSEDED = "superseded"
    ADDRESS_CHANGED = "address_changed"
    LOCKED = "locked"
    WITHHELD = "withheld"
    WRONG = "wrong"
    OVERTAKEN = "overtaken"


_CLOSED = {
    Status.APPROVED: Refusal.USED,
    Status.CANCELED: Refusal.CANCELED,
    Status.EXPIRED: Refusal.EXPIRED,
    Status.MAX_ATTEMPTS: Refusal.MAX_ATTEMPTS,
}


def closed_for(
    verification: Verification | None, seen: Seen, session: str, purpose: str | None, now: datetime
) -> Refusal | None:
    """Why no guess from `session` can be right whatever it is; None where one can."""
    if verification is None:
        return Refusal.UNKNOWN
    if verification.session != session:
        return Refusal.OTHER_SESSION
    if purpose is not None and purpose != verification.purpose:
        return Refusal.OTHER_PURPOSE
    if closed := _CLOSED.get(verification.status_at(now)):
        return closed
    if seen.session.current != verification.verification_id:
        return Refusal.SUPERSEDED
    if seen.session.failures >= SESSION_FAILURES:
        return Refusal.LOCKED
    if seen.subject(verification.subject).failures >= SUBJECT_FAILURES:
        return Refusal.LOCKED
    return None


def room_for(most: int, seen: Seen, subjects: tuple[str, ...], session_failures: int) -> int:
    """How many guesses a new verification may take; 0 or less where there were too many."""
    left = [SUBJECT_FAILURES - seen.subject(one).failures for one in subjects]
    return min(most, SESSION_FAILURES - session_failures, *left)


def latest(starts: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    """`starts` and now, of the last day and as many as are kept."""
    recent = tuple(one for one in starts if one > now - timedelta(days=1))
    return (*recent, now)[-STARTS_KEPT:]
