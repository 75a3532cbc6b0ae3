"""Verifications in memory: the twin of `store`, for tests and simulations; threads may share it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import wraps
from threading import Lock
from typing import Any, TypeVar, cast

from rapport.contracts.events import Envelope
from rapport.kernel.errors import Misconfigured
from rapport.otp.keys import subject_of
from rapport.otp.model import (
    SUBJECT_FAILURES,
    Attempt,
    AttemptStatus,
    Contact,
    OnRecord,
    Seen,
    Session,
    Status,
    Subject,
    Verification,
)
from rapport.otp.settings import Service

Method = TypeVar("Method", bound=Callable[..., Any])


def _atomic(method: Method) -> Method:
    """One call at a time, as DynamoDB does for an item."""

    @wraps(method)
    def locked(self: "InMemoryVerifications", *args: Any, **named: Any) -> Any:
        with self.lock:
            return method(self, *args, **named)

    return cast("Method", locked)


class InMemoryVerifications:
    """`Verifications` in dictionaries; `events` collects what would ride on the items."""

    def __init__(self) -> None:
        self.subjects: dict[str, Subject] = {}
        self.sessions: dict[str, Session] = {}
        self.events: list[Envelope] = []
        self.lock = Lock()

    @_atomic
    def look(self, subjects: Collection[str], session: str) -> Seen:
        """Subjects and session."""
        known = {one: self.subjects[one] for one in subjects if one in self.subjects}
        return Seen(known, self.sessions.get(session, Session()))

    @_atomic
    def get(self, verification_id: str) -> Verification | None:
        """The verification of that id."""
        return self._own(verification_id)

    @_atomic
    def begin(
        self,
        verification: Verification,
        starts: Sequence[datetime],
        session: Session,
        seen: Seen,
        events: Sequence[Envelope],
    ) -> bool:
        """Put subject and session, if both are as seen."""
        known = self.subjects.get(verification.subject, Subject())
        before = seen.subject(verification.subject)
        if _state(known.verification) != _state(before.verification):
            return False
        there = self.sessions.get(verification.session, Session())
        if (there.failures, there.current) != (seen.session.failures, seen.session.current):
            return False
        self.subjects[verification.subject] = replace(
            known,
            starts=tuple(starts),
            verification=verification,
            sightings=before.answered_from,
        )
        self.sessions[verification.session] = session
        self.events.extend(events)
        return True

    @_atomic
    def order(
        self,
        verification: Verification,
        attempt: Attempt,
        starts: Sequence[datetime],
        next_send_at: datetime,
        events: Sequence[Envelope],
    ) -> bool:
        """Append an attempt."""
        known = self._pending(verification.verification_id, attempt.at)
        if known is None or len(known.attempts) != len(verification.attempts):
            return False
        self._keep(replace(known, attempts=(*known.attempts, attempt), next_send_at=next_send_at))
        subject = self.subjects[known.subject]
        self.subjects[known.subject] = replace(subject, starts=tuple(starts))
        self.events.extend(events)
        return True

    @_atomic
    def refuse(
        self, verification: Verification, guess_id: str, at: datetime, events: Sequence[Envelope]
    ) -> bool:
        """Count a wrong guess."""
        known = self._open(verification, at)
        if known is None or known.last_guess == guess_id:
            return False
        others = {known.address_digest} - {known.subject}
        if any(self._failures(one) >= SUBJECT_FAILURES for one in others):
            return False
        self._keep(replace(known, checks=known.checks + 1, last_guess=guess_id))
        for one in {known.subject} | others:
            subject = self.subjects.get(one, Subject())
            self.subjects[one] = replace(subject, failures=subject.failures + 1)
        self.events.extend(events)
        return True

    @_atomic
    def note_failure(self, session: str, at: datetime, events: Sequence[Envelope]) -> None:
        """Count at a session."""
        known = self.sessions.get(session, Session())
        self.sessions[session] = replace(known, failures=known.failures + 1)
        self.events.extend(events)

    @_atomic
    def approve(
        self, verification: Verification, approval: str, at: datetime, events: Sequence[Envelope]
    ) -> bool:
        """Approve one."""
        known = self._open(verification, at)
        if known is None:
            return False
        used = replace(known, nonce="", key_version="", last_guess=None)
        self._keep(replace(used, status=Status.APPROVED, approval=approval))
        subject = self.subjects[known.subject]
        self.subjects[known.subject] = replace(subject, failures=0, answered_at=at)
        if verification.address_failed or verification.checks:
            other = self.subjects.get(known.address_digest, Subject())
            self.subjects[known.address_digest] = replace(other, failures=0)
        self.events.extend(events)
        return True

    @_atomic
    def end(
        self, verification: Verification, status: Status, reason: str, events: Sequence[Envelope]
    ) -> bool:
        """End a pending one."""
        known = self._own(verification.verification_id)
        if known is None or known.status is not Status.PENDING:
            return False
        self._keep(replace(known, status=status, reason=reason))
        self.events.extend(events)
        return True

    @_atomic
    def begin_attempt(
        self, verification_id: str, number: int, at: datetime
    ) -> tuple[bool, Verification | None]:
        """Take an ordered attempt."""
        known = self._pending(verification_id, at)
        if known is None or len(known.attempts) < number:
            return False, self._own(verification_id)
        if known.attempts[number - 1].status is not AttemptStatus.ORDERED:
            return False, known
        return True, self._attempt(known, number, AttemptStatus.SENDING)

    @_atomic
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
        """Note how an attempt ended."""
        known = self._own(verification.verification_id)
        if known is None or len(known.attempts) < number:
            return False
        if known.attempts[number - 1].status is not verification.attempts[number - 1].status:
            return False
        if following is not None:
            pending = self._pending(known.verification_id, following.at)
            if pending is None or len(known.attempts) != len(verification.attempts):
                return False
        known = self._attempt(known, number, status, provider_message_id)
        if following is not None:
            self._keep(replace(known, attempts=(*known.attempts, following)))
        self.events.extend(events)
        return True

    def _own(self, verification_id: str) -> Verification | None:
        known = self.subjects.get(subject_of(verification_id) or "", Subject()).verification
        return known if known and known.verification_id == verification_id else None

    def _pending(self, verification_id: str, at: datetime) -> Verification | None:
        known = self._own(verification_id)
        if known is None or known.status is not Status.PENDING or known.ends_at <= at:
            return None
        return known

    def _open(self, verification: Verification, at: datetime) -> Verification | None:
        known = self._pending(verification.verification_id, at)
        if known is None or known.session != verification.session:
            return None
        if known.checks >= known.max_checks or self._failures(known.subject) >= SUBJECT_FAILURES:
            return None
        return known

    def _failures(self, subject: str) -> int:
        return self.subjects.get(subject, Subject()).failures

    def _keep(self, verification: Verification) -> None:
        subject = self.subjects[verification.subject]
        self.subjects[verification.subject] = replace(subject, verification=verification)

    def _attempt(
        self,
        known: Verification,
        number: int,
        status: AttemptStatus,
        provider_message_id: str | None = None,
    ) -> Verification:
        attempts = list(known.attempts)
        one = attempts[number - 1]
        attempts[number - 1] = replace(
            one,
            status=status,
            provider_message_id=provider_message_id or one.provider_message_id,
        )
        changed = replace(known, attempts=tuple(attempts))
        self._keep(changed)
        return changed


class InMemoryServices:
    """`Services` in a dictionary."""

    def __init__(self, *services: Service) -> None:
        self.services = {one.name: one for one in services}
        self.versions = {(one.name, one.version): one for one in services}

    def service(self, name: str) -> Service | None:
        """The service in force."""
        return self.services.get(name)

    def save(self, service: Service) -> bool:
        """Put a service in force."""
        known = self.services.get(service.name)
        if service.version - 1 != (known.version if known else 0):
            return False
        self.services[service.name] = service
        self.versions[service.name, service.version] = service
        return True


class InMemoryCodeKeys:
    """`CodeKeys` that tests rotate."""

    def __init__(self, **keys: bytes) -> None:
        self.keys = keys or {"k1": b"a key for tests, of 32 bytes or so"}

    def rotate(self, version: str, key: bytes) -> None:
        """Derive new codes with another key."""
        self.keys[version] = key

    def current(self) -> str:
        """The last one put in."""
        return list(self.keys)[-1]

    def of(self, version: str) -> bytes:
        """A key by its version."""
        if version not in self.keys:
            raise Misconfigured("The key of a code is gone.")
        return self.keys[version]


class InMemoryAddressBook:
    """`AddressBook` of customers that tests enter."""

    def __init__(self, **customers: Sequence[Contact]) -> None:
        self.customers = {name: tuple(contacts) for name, contacts in customers.items()}

    def on_record(self, customer_id: str, session: str) -> OnRecord:
        """What was entered."""
        return OnRecord(customer_id, self.customers.get(customer_id, ()))


def _state(one: Verification | None) -> tuple[object, ...] | None:
    """What a later verification must find unchanged of the one it takes the place of."""
    return (one.verification_id, one.status, one.checks, len(one.attempts)) if one else None
