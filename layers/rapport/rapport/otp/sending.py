"""Send codes: recomputed at the last moment, once an attempt; and what follows when they fail."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from rapport.channels.base import Account
from rapport.channels.sender import (
    ErrorClass,
    Http,
    OutboundMessage,
    Outcome,
    Sender,
    SendError,
    SendResult,
)
from rapport.contracts.content import TemplateContent, TextContent
from rapport.contracts.inbound import Status as Told
from rapport.kernel.clock import Clock
from rapport.kernel.errors import Later, RapportError, Transient
from rapport.otp import facts
from rapport.otp.codes import code_of
from rapport.otp.keys import parse_reference, reference
from rapport.otp.model import Attempt, AttemptStatus, Verification
from rapport.otp.ports import CodeKeys, Decision, Guard, Request, Services, Verifications
from rapport.otp.settings import Route, Service, filled

PATIENCE = timedelta(seconds=20)
"""How long a busy provider is asked again; then another route is quicker."""

_NOT_DELIVERED = (Told.FAILED, Told.BOUNCED)
_DELIVERED = (Told.DELIVERED, Told.READ, Told.CLICKED)


@dataclass(frozen=True)
class Courier:
    """What sending codes needs; `refresh` forgets an account that was read some time ago."""

    verifications: Verifications
    services: Services
    keys: CodeKeys
    guard: Guard
    sender_of: Callable[[str], Sender]
    account_of: Callable[[str, str], Account]
    refresh: Callable[[str, str], bool]
    http: Http
    clock: Clock


def dispatch(verification_id: str, number: int, *, courier: Courier) -> None:
    """Make the `number`th attempt to send a code: however often called, one message at most.

    An attempt that died while sending is called unknown, unless the provider recognises a repeated
    message. One that failed orders the next route in the same write. Raises `Later` when a provider
    is busy.
    """
    now = courier.clock.now()
    taken, known = courier.verifications.begin_attempt(verification_id, number, now)
    if known is None or len(known.attempts) < number:
        return  # another verification took its place: this code is of no use any more
    attempt = known.attempts[number - 1]
    if not taken and (attempt.status is not AttemptStatus.SENDING or not known.is_open(now)):
        return
    try:
        route = _service(known, courier).route(attempt.channel)
        sender = courier.sender_of(route.provider) if route else None
    except Exception as error:
        if not taken:
            raise
        # Nothing has left: the attempt must not be taken for one whose outcome is unknown.
        result = SendResult(Outcome.RETRY, error=_unreadable(error))
        _conclude(known, number, result, courier)
        return
    if not taken and not getattr(sender, "idempotent", False):
        _end(known, number, AttemptStatus.UNKNOWN, courier)
        return
    if route is None or sender is None:
        _fail(known, number, ErrorClass.UNSUPPORTED, courier)
        return
    _conclude(known, number, _send(known, number, route, sender, courier), courier)


def follow(verification_id: str, number: int, *, courier: Courier) -> None:
    """Send the code on its next route when the `number`th attempt was not answered in time.

    The same code: there is never a second one. Raises `Later` when it is too early to tell.
    """
    now = courier.clock.now()
    known = courier.verifications.get(verification_id)
    if known is None or not known.is_open(now) or len(known.attempts) != number:
        return
    patience = _service(known, courier).fallback_after
    if patience is None:
        return
    attempt = known.attempts[number - 1]
    if now < attempt.at + patience:
        raise Later("The answer may still come.", attempt.at + patience - now)
    following, cost = _following(known, now, courier)
    if following is not None:
        order = facts.ordered(known, number + 1, cost, now)
        courier.verifications.end_attempt(
            known, number, attempt.status, following=following, events=[order]
        )


def record_receipt(reference: str, told: Told, *, courier: Courier) -> bool:
    """Note what a provider says of an attempt; False where `reference` names none of ours."""
    place = parse_reference(reference)
    if place is None:
        return False
    verification_id, number = place
    known = courier.verifications.get(verification_id)
    if known is None or not 1 <= number <= len(known.attempts):
        return True  # over and replaced: nothing to note it at
    status = known.attempts[number - 1].status
    if told in _DELIVERED and status is not AttemptStatus.DELIVERED:
        # A receipt may overtake our own note of the sending: then it tells both.
        is_news = status in (AttemptStatus.SENDING, AttemptStatus.UNKNOWN)
        at = courier.clock.now()
        sent = [facts.sent(known, number, at, is_certain=True)] if is_news else []
        courier.verifications.end_attempt(known, number, AttemptStatus.DELIVERED, events=sent)
    elif told in _NOT_DELIVERED and status not in (AttemptStatus.DELIVERED, AttemptStatus.FAILED):
        _fail(known, number, "undelivered", courier)
    return True


def _service(known: Verification, courier: Courier) -> Service:
    found = courier.services.service(known.service)
    if found is None:
        raise Transient("The service of this code cannot be read now.")
    return found


# -- One attempt --------------------------------------------------------------------------------


def _send(
    known: Verification, number: int, route: Route, sender: Sender, courier: Courier
) -> SendResult:
    try:
        account = courier.account_of(route.provider, route.account)
        message = _message(known, number, route, account, courier)
    except Exception as error:  # noqa: BLE001
        # Nothing has left: the attempt must not be taken for one whose outcome is unknown.
        return SendResult(Outcome.RETRY, error=_unreadable(error))
    now = courier.clock.now()
    refusal = sender.refusal(message, account, now)
    if refusal:
        return SendResult(Outcome.FAILED, error=refusal)
    result = sender.send(message, account, courier.http, now)
    refused = result.error is not None and result.error.error_class is ErrorClass.AUTH
    if refused and courier.refresh(route.provider, route.account):
        # The token may have been rotated since we read it; refused for it, nothing was sent.
        account = courier.account_of(route.provider, route.account)
        result = sender.send(message, account, courier.http, now)
    return result


def _unreadable(error: Exception) -> SendError:
    """Why the message could not be made; a library's words are not passed on."""
    if isinstance(error, RapportError):
        return SendError(ErrorClass.AUTH, error.code, error.message)
    return SendError(ErrorClass.TRANSIENT, "unreadable", "Settings cannot be read now.")


def _message(
    known: Verification, number: int, route: Route, account: Account, courier: Courier
) -> OutboundMessage:
    code = code_of(known, courier.keys.of(known.key_version))
    service = _service(known, courier)
    named = reference(known.verification_id, number)
    base = account.setting("public_base_url").rstrip("/")
    path = f"/webhooks/{route.provider}/{route.account}?{urlencode({'reference': named})}"
    return OutboundMessage(
        message_id=named,
        reference=named,
        channel=route.channel,
        to=known.address or "",
        content=content_of(known, route, service, code),
        status_callback=f"{base}{path}" if base else None,
        automated=True,
        # For senders that say or offer the code in a way of their own: a call, a copy button.
        extra={"code": code, "locale": known.locale},
    )


def content_of(
    known: Verification, route: Route, service: Service, code: str
) -> TextContent | TemplateContent:
    """The message of one route in the verification's language.

    A text message ends in the line that browsers and phones fill in from
    (https://wicg.github.io/sms-one-time-codes).
    """
    words = service.wording(known.locale)
    life = known.ends_at - known.created_at
    minutes = max(1, int(life.total_seconds() // 60))

    def fill(text: str, shown: str = code) -> str:
        return filled(text, code=shown, minutes=minutes, domain=service.domain)

    if route.channel == "whatsapp" and route.template:
        language = known.locale.replace("-", "_")
        return TemplateContent(name=route.template, language=language, parameters=(code,))
    if route.channel == "voice":
        return TextContent(text=fill(words.speech, ", ".join(code)))
    if route.channel == "email":
        return TextContent(text=fill(words.text), subject=fill(words.subject))
    bound = f"\n\n@{service.domain} #{code}" if route.channel == "sms" and service.domain else ""
    return TextContent(text=fill(words.text) + bound)


def _conclude(known: Verification, number: int, result: SendResult, courier: Courier) -> None:
    error_class = result.error.error_class.value if result.error else "unknown"
    match result.outcome:
        case Outcome.SENT:
            _end(known, number, AttemptStatus.SENT, courier, result.provider_message_id)
        case Outcome.UNKNOWN:
            _end(known, number, AttemptStatus.UNKNOWN, courier)
        case Outcome.RETRY if _has_patience(known, number, courier.clock.now()):
            courier.verifications.end_attempt(known, number, AttemptStatus.ORDERED)
            asked = result.error.retry_after if result.error else None
            raise Later("The provider is busy.", min(asked or timedelta(seconds=2), PATIENCE))
        case _:
            _fail(known, number, error_class, courier)


def _has_patience(known: Verification, number: int, now: datetime) -> bool:
    return now - known.attempts[number - 1].at < PATIENCE


def _end(
    known: Verification,
    number: int,
    status: AttemptStatus,
    courier: Courier,
    provider_id: str | None = None,
) -> None:
    """The provider has it, or may have: from now on the answer is waited for."""
    is_certain = status is AttemptStatus.SENT
    told = facts.sent(known, number, courier.clock.now(), is_certain=is_certain)
    courier.verifications.end_attempt(
        known, number, status, provider_message_id=provider_id, events=[told]
    )


def _fail(known: Verification, number: int, error_class: str, courier: Courier) -> None:
    """Note the failure; where there is another route, order it in the same write."""
    now = courier.clock.now()
    is_last = len(known.attempts) == number
    following, cost = _following(known, now, courier) if is_last else (None, 0)
    told = [facts.failed(known, number, error_class, now, falls_back=following is not None)]
    if following is not None:
        told.append(facts.ordered(known, number + 1, cost, now))
    failed, store = AttemptStatus.FAILED, courier.verifications
    if not store.end_attempt(known, number, failed, following=following, events=told) and following:
        # Answered, ended or sent again meanwhile: what is left to tell is that this one failed.
        told = [facts.failed(known, number, error_class, now, falls_back=False)]
        store.end_attempt(known, number, failed, events=told)


# -- The next route -----------------------------------------------------------------------------


def _following(known: Verification, now: datetime, courier: Courier) -> tuple[Attempt | None, int]:
    """The attempt on the next route to the same address that was not tried yet, and its cost."""
    if not known.is_open(now) or len(known.attempts) >= known.max_sends or known.address is None:
        return None, 0
    service = _service(known, courier)
    if known.purpose not in service.purposes:
        return None, 0
    tried = {one.channel for one in known.attempts}
    for route in service.routes_for(known.purpose):
        if route.channel in tried or route.channel in known.avoid:
            continue
        attempt = Attempt(route.channel, AttemptStatus.ORDERED, now, is_fallback=True)
        if attempt.kind != known.kind:
            continue
        verdict = courier.guard.judge(_request(known, attempt, service))
        if verdict.decision is not Decision.REFUSE and route.channel not in verdict.avoid:
            return attempt, verdict.cost
    return None, 0


def _request(known: Verification, attempt: Attempt, service: Service) -> Request:
    return Request(
        verification_id=known.verification_id,
        service=service,
        purpose=known.purpose,
        channel=attempt.channel,
        kind=known.kind,
        address=known.address,
        address_digest=known.address_digest,
        customer_id=known.customer_id,
        session=known.session,
        source=known.verification_id,  # nobody asked: it counts against nobody else's budget
        at=attempt.at,
        is_resend=True,
        earlier=len(known.attempts),
    )
