"""Start a verification, or send its code once more: one valid code a subject, whoever asks."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rapport.kernel.errors import Conflict, Forbidden, InvalidInput, Transient
from rapport.otp import facts
from rapport.otp.keys import subject_of, verification_id
from rapport.otp.model import (
    KINDS,
    Attempt,
    AttemptStatus,
    Contact,
    NumberEvent,
    Seen,
    Session,
    Sighting,
    Verification,
    latest,
    room_for,
)
from rapport.otp.ports import Decision, Request, Verdict
from rapport.otp.prefixes import destination
from rapport.otp.service import Office, end, service_of
from rapport.otp.settings import Route, Service

TRIES = 4
"""How often a start is made anew because another one of the same subject came first."""


@dataclass(frozen=True)
class Wish:
    """A code that somebody asks for: by customer, by address (E.164, e-mail), or both.

    `fresh_id` is new for each request and the same for its repetition. `source` is who asks.
    `device` (any id) and `place` (degrees north and east) are where the session is, if told.
    """

    fresh_id: str
    service: str
    purpose: str
    session: str
    source: str
    customer_id: str | None = None
    address: str | None = None
    channel: str | None = None
    locale: str = "en"
    device: str | None = None
    place: tuple[float, float] | None = None


class Withheld(Forbidden):
    """The guard refuses an address that the caller gave; `reasons` are for staff alone, since they
    would tell whoever pumps how to go on."""

    code = "code_withheld"

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("No code goes to this address now.", field="address")
        self.reasons = reasons


@dataclass(frozen=True)
class _Case:
    """A wish understood: where the code would go, and whose counters it is about."""

    wish: Wish
    service: Service
    route: Route
    subject: str
    session: str
    address: str | None
    address_digest: str
    customer_id: str | None
    number_history: tuple[NumberEvent, ...] | None
    now: datetime
    here: Sighting | None

    @property
    def kind(self) -> str:
        """The kind of address."""
        return KINDS[self.route.channel]


def start(wish: Wish, *, office: Office) -> Verification:
    """The one verification of its subject: begun anew, or sent once more where it is the same.

    The same service, purpose, address and session: the same code, not before `next_send_at` (then
    nothing happens), not oftener than the service says. Anything else ends the one before. A
    customer or address that nobody knows gets one like any other, and no code.

    Raises `InvalidInput` for what the service does not offer, `Withheld` where the guard refuses
    an address that the caller gave, `Conflict` after too many sends, wrong codes or starts of the
    caller's, `Transient`.
    """
    case = _understood(wish, office)
    for _ in range(TRIES):
        seen = _look(case, office)
        known = seen.subject(case.subject).verification
        fresh = verification_id(wish.fresh_id, case.subject)
        if known and known.verification_id == fresh:
            return known  # an attempt of this very request had come so far
        if known and _is_same(known, case, seen):
            made = _resend(known, case, seen, office)
        else:
            made = _begin(fresh, case, seen, office)
        if made is not None:
            return made
    raise Transient("Other requests for the same person kept coming first; try again.")


def _understood(wish: Wish, office: Office) -> _Case:
    service = service_of(wish.service, services=office.services)
    if wish.purpose not in service.purposes:
        raise InvalidInput("The service knows no such purpose.", field="purpose")
    routes = service.routes_for(wish.purpose)
    if wish.channel is not None:
        routes = [one for one in routes if one.channel == wish.channel]
    if wish.customer_id is None:
        routes = [one for one in routes if KINDS[one.channel] == _kind_of(wish.address or "")]
    if not routes:
        raise InvalidInput("The service sends no such code on this channel.", field="channel")
    session = office.digest("session", wish.session)
    if wish.customer_id is None:
        subject = office.digest(KINDS[routes[0].channel], wish.address or "")
        route, address, customer, history = routes[0], wish.address, None, None
    else:
        book = office.addresses.on_record(wish.customer_id, wish.session)
        customer = book.customer_id
        subject = office.digest("customer", customer)
        route, contact = _reachable(routes, book.contacts, wish.address)
        address, history = (contact.address, contact.history) if contact else (None, ())
    now = _millis(office.clock.now())
    return _Case(
        wish=wish,
        service=service,
        route=route,
        subject=subject,
        session=session,
        address=address,
        # Where there is none, failures are counted all the same, so that time does not tell.
        address_digest=office.digest(KINDS[route.channel], address)
        if address
        else office.digest("nowhere", subject),
        customer_id=customer,
        number_history=history,
        now=now,
        here=_here(wish, now, office),
    )


def _here(wish: Wish, now: datetime, office: Office) -> Sighting | None:
    if wish.device is None and wish.place is None:
        return None
    # To a tenth of a degree: nobody's doorstep, and near enough for a journey.
    north, east = (round(one, 1) for one in wish.place) if wish.place else (None, None)
    return Sighting(now, north, east, office.digest("device", wish.device) if wish.device else None)


def _kind_of(address: str) -> str:
    return "email" if "@" in address else "phone"


def _reachable(
    routes: list[Route], contacts: tuple[Contact, ...], wanted: str | None
) -> tuple[Route, Contact | None]:
    """The first route that reaches an address on record, and that address; else no address."""
    for route in routes:
        for contact in contacts:
            if wanted in (None, contact.address) and _serves(route, contact):
                return route, contact
    return routes[0], None


def _serves(route: Route, contact: Contact) -> bool:
    if contact.kind != KINDS[route.channel]:
        return False
    return contact.provider is None or (contact.provider, contact.account) == (
        route.provider,
        route.account,
    )


def _look(case: _Case, office: Office) -> Seen:
    """Subject, address and session; and what the session waits for, if that is somewhere else."""
    subjects = [case.subject, case.address_digest]
    seen = office.verifications.look(subjects, case.session)
    elsewhere = subject_of(seen.session.current or "")
    if elsewhere is None or elsewhere in subjects:
        return seen
    return office.verifications.look([*subjects, elsewhere], case.session)


def _is_same(known: Verification, case: _Case, seen: Seen) -> bool:
    same = known.is_for(case.service.name, case.wish.purpose, case.address_digest, case.session)
    mine = seen.session.current == known.verification_id
    return same and mine and known.is_open(case.now)


def _begin(fresh: str, case: _Case, seen: Seen, office: Office) -> Verification | None:
    failures = seen.session.settled(seen)
    subjects = (case.subject, case.address_digest)
    room = room_for(case.service.max_checks, seen, subjects, failures)
    if room < 1:
        raise Conflict("There were too many wrong codes: verify in another way.")
    verdict, route = _judged_routes(fresh, case, seen, office)
    failed = seen.subject(case.address_digest).failures > 0
    one = replace(
        _made(fresh, case, verdict, route, office), max_checks=room, address_failed=failed
    )
    starts = latest(seen.subject(case.subject).starts, case.now)
    session = Session(failures, room, fresh, latest(seen.session.starts, case.now))
    told = [
        facts.withheld(one, case.now)
        if one.withheld
        else facts.ordered(one, 1, verdict.cost, case.now)
    ]
    over = seen.subject(case.subject).verification
    if over is not None and over.is_open(case.now):
        told.append(facts.canceled(over.verification_id, "superseded", case.now))
    if not office.verifications.begin(one, starts, session, seen, told):
        return None
    left = seen.verification(seen.session.current or "")
    if left is not None and left.subject != case.subject and left.is_open(case.now):
        # No answer from this session is taken for it any more; say so where it lies.
        end(left, "superseded", case.now, office=office)
    return one


def _made(fresh: str, case: _Case, verdict: Verdict, route: Route, office: Office) -> Verification:
    reasons = verdict.reasons if verdict.decision is Decision.REFUSE else ()
    withheld = reasons if case.address else ("no_address",)
    status = AttemptStatus.WITHHELD if withheld else AttemptStatus.ORDERED
    where = destination(case.address) if case.kind == "phone" and case.address else None
    return Verification(
        verification_id=fresh,
        service=case.service.name,
        purpose=case.wish.purpose,
        subject=case.subject,
        session=case.session,
        kind=case.kind,
        channel=case.route.channel,
        locale=case.wish.locale,
        nonce=office.nonce(),
        key_version=office.keys.current(),
        length=case.service.length,
        created_at=case.now,
        ends_at=case.now + case.service.life_for(case.wish.purpose),
        next_send_at=case.now + case.service.wait,
        max_checks=case.service.max_checks,
        max_sends=case.service.max_sends,
        address_digest=case.address_digest,
        address=None if withheld else case.address,
        customer_id=case.customer_id,
        withheld=withheld,
        operator=where.operator if where else None,
        block=where.block if where else None,
        step_up=verdict.reasons if verdict.decision is Decision.STEP_UP else (),
        avoid=tuple(sorted(verdict.avoid)),
        attempts=(Attempt(route.channel, status, case.now),),
        here=case.here,
    )


def _resend(known: Verification, case: _Case, seen: Seen, office: Office) -> Verification | None:
    if case.now < known.next_send_at:
        return known
    if known.asked_sends >= known.max_sends:
        raise Conflict("This code was sent as often as it may be: wait until it ends.")
    channel = case.route.channel if case.wish.channel else known.channel
    case = replace(case, route=case.service.route(channel) or case.route)
    verdict = _judge(known.verification_id, case, seen, office, resent=known)
    is_off = verdict.decision is Decision.REFUSE or known.address is None
    is_off = is_off or channel in verdict.avoid
    # A fallback that nobody asked for may have used up what could be sent; that is not told.
    is_off = is_off or len(known.attempts) >= known.max_sends
    status = AttemptStatus.WITHHELD if is_off else AttemptStatus.ORDERED
    attempt, number = Attempt(channel, status, case.now), len(known.attempts) + 1
    starts = latest(seen.subject(case.subject).starts, case.now)
    again = case.now + case.service.wait
    told = [] if is_off else [facts.ordered(known, number, verdict.cost, case.now)]
    if not office.verifications.order(known, attempt, starts, again, told):
        return None
    return replace(known, attempts=(*known.attempts, attempt), next_send_at=again)


def _judged_routes(fresh: str, case: _Case, seen: Seen, office: Office) -> tuple[Verdict, Route]:
    """The verdict on the first route to the address that is not one to avoid, and that route.

    Which one it is stays inside: it would tell that there is an address, and what is amiss with it.
    """
    verdict, avoid = Verdict(), set[str]()
    others = [
        one
        for one in case.service.routes_for(case.wish.purpose)
        if KINDS[one.channel] == case.kind and one != case.route
    ]
    for route in (case.route, *others):
        if route.channel in avoid:
            continue
        verdict = _judge(fresh, replace(case, route=route), seen, office)
        avoid |= verdict.avoid
        if verdict.decision is Decision.REFUSE or route.channel not in avoid:
            return verdict, route
    return replace(verdict, decision=Decision.REFUSE), case.route


def _judge(
    verification_id: str,
    case: _Case,
    seen: Seen,
    office: Office,
    resent: Verification | None = None,
) -> Verdict:
    """The guard's word; its refusal is told only about an address that the caller knows anyway."""
    subject, at = seen.subject(case.subject), seen.subject(case.address_digest)
    verdict = office.guard.judge(
        Request(
            verification_id=verification_id,
            service=case.service,
            purpose=case.wish.purpose,
            channel=case.route.channel,
            kind=case.kind,
            address=case.address,
            address_digest=case.address_digest,
            customer_id=case.customer_id,
            session=case.session,
            source=case.wish.source,
            at=case.now,
            is_resend=resent is not None,
            earlier=len(resent.attempts) if resent else 0,
            address_starts=subject.starts
            if subject is at
            else tuple(sorted({*subject.starts, *at.starts})),
            session_starts=seen.session.starts,
            answered_at=subject.answered_at or at.answered_at,
            number_history=case.number_history,
            here=case.here,
            sightings=subject.answered_from,
        )
    )
    if verdict.decision is Decision.REFUSE and verdict.reasons == ("source_budget",):
        # It is about who asks, and tells nothing of whom they ask for.
        raise Conflict("You had as many codes sent as you may for now: wait some minutes.")
    if verdict.decision is Decision.REFUSE and case.customer_id is None:
        raise Withheld(verdict.reasons)
    return verdict


def _millis(moment: datetime) -> datetime:
    return moment - timedelta(microseconds=moment.microsecond % 1000)
