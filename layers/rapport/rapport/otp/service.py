"""Check, cancel and show a verification. Starting one is in `starting`, sending it in `sending`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rapport.kernel.clock import Clock
from rapport.kernel.errors import InvalidInput, NotFound
from rapport.otp import facts
from rapport.otp.codes import code_of, is_right, new_nonce, pseudonym
from rapport.otp.keys import subject_of
from rapport.otp.model import Refusal, Status, Verification, closed_for
from rapport.otp.ports import AddressBook, CodeKeys, Guard, Services, Verifications
from rapport.otp.settings import DEFAULT_SERVICE, Service, default_service

SERVICES_KEPT = timedelta(minutes=1)
MOST_SERVICES = 100


class ServicesInForce:
    """`Services` read again every minute; `default` is there before anybody defines it."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self._services = services
        self._clock = clock
        self._known: dict[str, tuple[datetime, Service | None]] = {}

    def service(self, name: str) -> Service | None:
        """A service as it was in force a minute ago at most."""
        now = self._clock.now()
        at, found = self._known.get(name, (None, None))
        if at is None or not timedelta(0) <= now - at < SERVICES_KEPT:
            found = self._services.service(name)
            if len(self._known) >= MOST_SERVICES:
                self._known.clear()
            self._known[name] = (now, found)
        return found or (default_service() if name == DEFAULT_SERVICE else None)

    def save(self, service: Service) -> bool:
        """Put a service in force; here at once, elsewhere within a minute."""
        self._known.pop(service.name, None)
        return self._services.save(service)


@dataclass(frozen=True)
class Office:
    """What verification works with. `pseudonym_key` is the deployment's, which never changes."""

    verifications: Verifications
    services: Services
    keys: CodeKeys
    addresses: AddressBook
    guard: Guard
    clock: Clock
    pseudonym_key: Callable[[], bytes]
    nonce: Callable[[], str] = new_nonce

    def digest(self, kind: str, value: str) -> str:
        """The keyed digest that stands for `value`."""
        return pseudonym(self.pseudonym_key(), kind, value)


@dataclass(frozen=True)
class Checked:
    """What became of a guess. `refusal` is for the audit; the outside hears yes or no."""

    approved: Verification | None = None
    refusal: Refusal | None = None


def check(
    verification_id: str,
    guess: str,
    session: str,
    *,
    office: Office,
    request_id: str,
    purpose: str | None = None,
) -> Checked:
    """Whether `guess`, from `session`, is the code: one conditional write says so or counts it.

    Every refusal costs the same look and one write, whatever its reason. `request_id` names the
    request: its repetition after a lost answer hears the same yes.
    """
    now, digest = office.clock.now(), office.digest("session", session)
    subject = subject_of(verification_id)
    seen = office.verifications.look([subject] if subject else [], digest)
    known = seen.verification(verification_id)
    if known and known.approval == request_id and known.session == digest:
        return Checked(approved=known)
    is_theirs = known is None or _is_still_on_record(known, session, office)
    refusal = closed_for(known, seen, digest, purpose, now)
    if known is not None and refusal is None and is_theirs:
        return _judged(known, guess, now, request_id, office)
    if known is not None and refusal is None:
        end(known, Refusal.ADDRESS_CHANGED.value, now, office=office)
        return Checked(refusal=Refusal.ADDRESS_CHANGED)
    refusal = refusal or Refusal.UNKNOWN
    # Refused whatever the guess; it still counts where it came from.
    told = verification_id if subject else "none"
    fact = facts.refused(told, refusal, request_id, now, None)
    office.verifications.note_failure(digest, now, [fact])
    return Checked(refusal=refusal)


def waiting_for(session: str, *, office: Office) -> Verification | None:
    """The verification whose code `session` may answer now, or could a while ago; one look.

    For chats: what looks like a code there is one, and must not be stored in clear.
    """
    return waited_for(session, office=office)[0]


def waited_for(session: str, *, office: Office) -> tuple[Verification | None, datetime | None]:
    """What `waiting_for` gives, and when `session` last began to wait; None if it never did.

    Both, since a verification is gone once its subject has another, asked for by another session.
    """
    digest = office.digest("session", session)
    waiting = office.verifications.look([], digest).session
    found = office.verifications.get(waiting.current) if waiting.current else None
    asked_at = max(waiting.starts, default=None)
    return found if found and found.session == digest else None, asked_at


def cancel(verification_id: str, *, office: Office) -> Verification:
    """End a pending verification; one that is over stays as it is. Raises `NotFound`."""
    known = show(verification_id, office=office)
    now = office.clock.now()
    if known.is_open(now) and not end(known, "canceled", now, office=office):
        return show(verification_id, office=office)
    return replace(known, status=Status.CANCELED) if known.is_open(now) else known


def show(verification_id: str, *, office: Office) -> Verification:
    """A verification, as long as it is its subject's latest; raises `NotFound`."""
    found = office.verifications.get(verification_id)
    if found is None:
        raise NotFound("There is no such verification.")
    return found


def service_of(name: str, *, services: Services) -> Service:
    """A service in force; raises `InvalidInput` where there is none of that name."""
    found = services.service(name)
    if found is None:
        raise InvalidInput("There is no service of that name.", field="service")
    return found


def end(known: Verification, reason: str, at: datetime, *, office: Office) -> bool:
    """End a pending verification without success; False where it is not pending any more."""
    told = [facts.canceled(known.verification_id, reason, at)]
    return office.verifications.end(known, Status.CANCELED, reason, told)


def _judged(
    known: Verification, guess: str, now: datetime, request_id: str, office: Office
) -> Checked:
    code = code_of(known, office.keys.of(known.key_version))
    # One that was never sent has a code too, which nobody can know but anybody could hit.
    if is_right(guess, code) and known.address is not None:
        told = facts.approved(known, now)
        if office.verifications.approve(known, request_id, now, [told]):
            return Checked(approved=replace(known, status=Status.APPROVED, approval=request_id))
        # The SDK repeats a write whose answer was lost: then it is our own that came first.
        stored = office.verifications.get(known.verification_id)
        if stored is not None and stored.approval == request_id:
            return Checked(approved=stored)
        return Checked(refusal=Refusal.OVERTAKEN)
    told = facts.refused(known.verification_id, Refusal.WRONG, request_id, now, known.checks + 1)
    counted = office.verifications.refuse(known, request_id, now, [told])
    return Checked(refusal=Refusal.WRONG if counted else Refusal.OVERTAKEN)


def _is_still_on_record(known: Verification, session: str, office: Office) -> bool:
    """Whether a customer's address is theirs still; looked up for all, so that time tells less."""
    if known.customer_id is None:
        return True
    book = office.addresses.on_record(known.customer_id, session)
    here = (known.kind, known.address)
    return known.address is None or here in {(one.kind, one.address) for one in book.contacts}
