"""What verification needs from outside. A method of `Verifications` is one atomic AWS call."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from rapport.contracts.events import Envelope
from rapport.otp.model import (
    Attempt,
    AttemptStatus,
    NumberEvent,
    OnRecord,
    Seen,
    Session,
    Sighting,
    Status,
    Verification,
)
from rapport.otp.settings import Service


class Verifications(Protocol):
    """One item a subject (a customer, or an address) with its one verification and its failures,
    and one item a session with the verification it waits for and its failures."""

    def look(self, subjects: Collection[str], session: str) -> Seen:
        """The subjects and the session of these digests, as of now."""
        ...

    def get(self, verification_id: str) -> Verification | None:
        """The verification of that id, as of now; None for any but its subject's latest."""
        ...

    def begin(
        self,
        verification: Verification,
        starts: Sequence[datetime],
        session: Session,
        seen: Seen,
        events: Sequence[Envelope],
    ) -> bool:
        """Make `verification` its subject's one, and let its session wait for it, as `session`.

        All or nothing; failures of the subject stay. False where the subject's verification or
        anything of the session is not as in `seen` any more.
        """
        ...

    def order(
        self,
        verification: Verification,
        attempt: Attempt,
        starts: Sequence[datetime],
        next_send_at: datetime,
        events: Sequence[Envelope],
    ) -> bool:
        """Append an attempt to send the same code; False where it ended or was sent meanwhile."""
        ...

    def refuse(
        self, verification: Verification, guess_id: str, at: datetime, events: Sequence[Envelope]
    ) -> bool:
        """Count a wrong guess: at the verification, its subject and its address, all or nothing.

        False, and nothing is counted, where it is not open to guesses any more, or `guess_id` was
        counted last: a queue that brings a guess again makes no second one of it.
        """
        ...

    def note_failure(self, session: str, at: datetime, events: Sequence[Envelope]) -> None:
        """Count a guess at something that is not open, at its session alone."""
        ...

    def approve(
        self, verification: Verification, approval: str, at: datetime, events: Sequence[Envelope]
    ) -> bool:
        """Use the code up; the failures of subject and address begin anew.

        False where it is not open to guesses any more: of two right answers one is approved.
        """
        ...

    def end(
        self, verification: Verification, status: Status, reason: str, events: Sequence[Envelope]
    ) -> bool:
        """End a pending verification; False where it is not pending any more."""
        ...

    def begin_attempt(
        self, verification_id: str, number: int, at: datetime
    ) -> tuple[bool, Verification | None]:
        """Take an ordered attempt (the first is 1) for sending: True, and its verification.

        False where it is not ordered or the verification is over: then as it is, None for none.
        """
        ...

    def end_attempt(
        self,
        verification: Verification,
        number: int,
        status: AttemptStatus,
        *,
        provider_message_id: str | None = None,
        following: Attempt | None = None,
        events: Sequence[Envelope] = (),
    ) -> bool:
        """Note how an attempt ended, and with it order the attempt that follows, if any.

        False where the attempt is not as in `verification` any more, or, with `following`, where
        another one follows it already or the verification is over.
        """
        ...


class Services(Protocol):
    """Services, by name; every version is kept."""

    def service(self, name: str) -> Service | None:
        """The service as it is in force; None where nobody defined one of that name."""
        ...

    def save(self, service: Service) -> bool:
        """Put `service` in force over the version before its own; False where another is by now.

        Its versions before stay readable for whoever asks what was in force.
        """
        ...


class CodeKeys(Protocol):
    """The secret keys that codes are derived from, by version."""

    def current(self) -> str:
        """The version that new codes are derived with."""
        ...

    def of(self, version: str) -> bytes:
        """The key of a version, also of one rotated away; raises `Misconfigured` when gone."""
        ...


class AddressBook(Protocol):
    """The addresses on record, in identity's keeping."""

    def on_record(self, customer_id: str, session: str) -> OnRecord:
        """Where a customer can be reached for certain; nowhere for a customer nobody knows.

        Claims are left out, and so is the very sender that `session` names: a code that goes where
        its answer comes from proves nothing.
        """
        ...


class Decision(StrEnum):
    """What to do about a request to send a code.

    `step_up`: send it, but do not rely on it alone.
    """

    ALLOW = "allow"
    STEP_UP = "step_up"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Request:
    """What a guard judges, before anything is written or sent.

    `source` is who asks (an application's or a person's id, never an address). `address` is None
    where there is nothing to send to: judged all the same, so that the time taken tells nothing.
    `is_resend`: the same code goes out once more; `earlier` counts the attempts before this one.
    The times of earlier starts, and when the address last answered rightly, are off the items that
    the path has read anyway, as is `number_history` of a customer's number (None: not read).
    """

    verification_id: str
    service: Service
    purpose: str
    channel: str
    kind: str
    address: str | None
    address_digest: str
    customer_id: str | None
    session: str
    source: str
    at: datetime
    is_resend: bool = False
    earlier: int = 0
    address_starts: tuple[datetime, ...] = ()
    session_starts: tuple[datetime, ...] = ()
    answered_at: datetime | None = None
    number_history: tuple[NumberEvent, ...] | None = None
    here: Sighting | None = None
    sightings: tuple[Sighting, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """A guard's word: every decision says why, by stable names such as `prefix_blocked`.

    `prefix` is the range of numbers the address belongs to (e.g. `+1415`), None for other
    addresses. `avoid` are channels that must not be used, also not as a fallback (SMS to a number
    ported yesterday). `cost` of the code in millionths of a US dollar.
    """

    decision: Decision = Decision.ALLOW
    reasons: tuple[str, ...] = ()
    prefix: str | None = None
    avoid: frozenset[str] = frozenset()
    cost: int = 0


class Guard(Protocol):
    """Stops codes that only cost money, and doubts those that prove little."""

    def judge(self, request: Request) -> Verdict:
        """Judge one request to send; at most two AWS calls, one of them every few seconds."""
        ...
