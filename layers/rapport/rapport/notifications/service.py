"""Enter messages into the ledger, make one attempt at a time, and believe receipts."""

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
from rapport.contracts.events import Data, Envelope, Metadata, envelope
from rapport.contracts.inbound import ReceivedEvent
from rapport.contracts.notifications import (
    MessageFailed,
    MessageOutcomeUnknown,
    MessageQueued,
    MessageSent,
    MessageStatusChanged,
)
from rapport.kernel.clock import Clock
from rapport.kernel.errors import InvalidInput, Later, RapportError, Transient, WindowClosed
from rapport.notifications.model import (
    RANK,
    Failure,
    LedgerEntry,
    MessageStatus,
    parse_reference,
    step,
)
from rapport.notifications.ports import Ledger

MAX_ATTEMPTS = 6
RECEIPT_PATIENCE = timedelta(minutes=10)
"""How long a receipt waits for its message to be found; then it is of no message of ours."""

WATERMARK_REACH = 25
"""How many messages before a watermark are looked at: older ones were read long ago."""


@dataclass(frozen=True)
class Delivery:
    """What an attempt needs: how to get a sender and an account, and the way to the provider.

    `refresh` forgets an account that was read some time ago; False where it is fresh already.
    """

    ledger: Ledger
    sender_of: Callable[[str], Sender]
    account_of: Callable[[str, str], Account]
    refresh: Callable[[str, str], bool]
    http: Http
    clock: Clock


def check_sendable(entry: LedgerEntry, *, sender: Sender, account: Account, now: datetime) -> None:
    """Raise the reason why the channel would refuse `entry`, before anything is entered or sent."""
    refusal = sender.refusal(outbound(entry, None), account, now)
    if refusal is None:
        return
    if refusal.error_class is ErrorClass.WINDOW_CLOSED:
        raise WindowClosed(refusal.detail, field="content")
    raise InvalidInput(refusal.detail, field="content")


def enter(entry: LedgerEntry, *, ledger: Ledger) -> LedgerEntry:
    """Enter `entry`; the relay queues it. A second time gives the first entry back."""
    fact = MessageQueued(
        record_id=entry.record_id, message_id=entry.message_id, channel=entry.channel
    )
    return ledger.enter(entry, [_event(fact, entry, "queued", entry.created_at)]) or entry


def outbound(entry: LedgerEntry, status_callback: str | None) -> OutboundMessage:
    """`entry` as a sender takes it."""
    return OutboundMessage(
        message_id=entry.message_id,
        reference=entry.reference,
        channel=entry.channel,
        to=entry.address,
        content=entry.content,
        reply_to=entry.reply_to,
        last_inbound_at=entry.last_inbound_at,
        status_callback=status_callback,
    )


def dispatch(record_id: str, message_id: str, *, delivery: Delivery) -> None:
    """Make one attempt at a message of the ledger: however often called, one delivery at most.

    Dies before `begin`: nothing happened. Between `begin` and `end`: the entry stays `sending`, the
    redelivered order finds it so and calls the outcome unknown, unless the provider recognises a
    repeated message. Raises `Later` or `Transient` when the queue shall bring it again.
    """
    taken, entry = delivery.ledger.begin(record_id, message_id)
    if entry is None:
        raise Transient("The ledger has no such entry yet.")
    sender = delivery.sender_of(entry.account_channel)
    if not taken:
        if entry.status is not MessageStatus.SENDING:
            return
        if not getattr(sender, "idempotent", False):
            _end(entry, MessageStatus.UNKNOWN, delivery)
            return
    _attempt(entry, sender, delivery)


def _attempt(entry: LedgerEntry, sender: Sender, delivery: Delivery) -> None:
    result = _send(entry, sender, delivery)
    match result.outcome:
        case Outcome.SENT:
            _end(entry, MessageStatus.SENT, delivery, provider_id=result.provider_message_id)
        case Outcome.UNKNOWN:
            _end(entry, MessageStatus.UNKNOWN, delivery, failure=_failure(result.error))
        case Outcome.RETRY if entry.attempts < MAX_ATTEMPTS:
            _end(entry, MessageStatus.QUEUED, delivery, failure=_failure(result.error))
            raise Later("The provider cannot take it now.", _delay(result.error, entry.attempts))
        case _:
            _end(entry, MessageStatus.FAILED, delivery, failure=_failure(result.error))


def _send(entry: LedgerEntry, sender: Sender, delivery: Delivery) -> SendResult:
    try:
        account = delivery.account_of(entry.account_channel, entry.account)
    except Exception as error:  # noqa: BLE001
        # Nothing has left: the attempt must not be taken for one whose outcome is unknown.
        return SendResult(Outcome.RETRY, error=_unreadable(error))
    now = delivery.clock.now()
    message = outbound(entry, _status_callback(entry, account))
    refusal = sender.refusal(message, account, now)
    if refusal:
        return SendResult(Outcome.FAILED, error=refusal)
    result = sender.send(message, account, delivery.http, now)
    if _is_refused_token(result) and delivery.refresh(account.channel, account.name):
        # The token may have been rotated since we read it; refused for it, nothing was sent.
        account = delivery.account_of(entry.account_channel, entry.account)
        result = sender.send(message, account, delivery.http, now)
    return result


def _is_refused_token(result: SendResult) -> bool:
    return result.error is not None and result.error.error_class is ErrorClass.AUTH


def _unreadable(error: Exception) -> SendError:
    """Why the account could not be had; a library's words are not passed on."""
    if isinstance(error, RapportError):
        return SendError(ErrorClass.AUTH, error.code, error.message)
    return SendError(ErrorClass.TRANSIENT, "account", "The account cannot be read now.")


def _status_callback(entry: LedgerEntry, account: Account) -> str | None:
    """Where a provider shall send receipts; the entry's place in the ledger rides on it."""
    base = account.setting("public_base_url").rstrip("/")
    if not base:
        return None
    path = f"/webhooks/{entry.account_channel}/{entry.account}"
    return f"{base}{path}?{urlencode({'reference': entry.reference})}"


def _delay(error: SendError | None, attempts: int) -> timedelta:
    if error and error.retry_after:
        return min(error.retry_after, timedelta(hours=1))
    return timedelta(seconds=min(2**attempts, 300))


def _end(
    entry: LedgerEntry,
    status: MessageStatus,
    delivery: Delivery,
    *,
    provider_id: str | None = None,
    failure: Failure | None = None,
) -> None:
    now = delivery.clock.now()
    ended = delivery.ledger.end(
        entry,
        status,
        now,
        provider_message_id=provider_id,
        failure=failure,
        events=_ended(entry, status, failure, now),
    )
    if not ended and provider_id:
        # A receipt overtook us and has moved the entry on; the provider's id is still news.
        delivery.ledger.note_provider_id(entry, provider_id, now)


def _ended(
    entry: LedgerEntry, status: MessageStatus, failure: Failure | None, at: datetime
) -> list[Envelope]:
    about = {
        "record_id": entry.record_id,
        "message_id": entry.message_id,
        "channel": entry.channel,
    }
    fact: Data
    match status:
        case MessageStatus.SENT:
            fact = MessageSent(**about)
        case MessageStatus.UNKNOWN:
            fact = MessageOutcomeUnknown(**about)
        case MessageStatus.FAILED:
            reason = failure.error_class if failure else "unknown"
            fact = MessageFailed(**about, error_class=reason)
        case _:
            return []
    return [_event(fact, entry, status.value, at)]


def _failure(error: SendError | None) -> Failure | None:
    return Failure(error.error_class.value, error.code, error.detail) if error else None


def record_receipt(
    received: ReceivedEvent, record_id: str | None, *, ledger: Ledger, clock: Clock
) -> bool:
    """Apply a receipt to the message it is about; True when the message was found.

    `record_id` is the recipient's record, for receipts that name no message ("read up to then"). A
    receipt may come before our own note of the provider's id: raises `Transient` until
    `RECEIPT_PATIENCE` is over, then it is of no message of ours (False).
    """
    event = received.event
    if event.status is None:
        return False
    if event.provider_message_id is None:
        return record_id is not None and _record_watermark(received, record_id, ledger=ledger)
    place = parse_reference(str(event.extra.get("reference") or "")) or ledger.find(
        received.account_channel, received.account, event.provider_message_id
    )
    found = place is not None and _apply(received, *place, ledger=ledger)
    if not found and clock.now() - received.received_at < RECEIPT_PATIENCE:
        raise Transient("The message of this receipt is not known yet.")
    return found


def _apply(received: ReceivedEvent, record_id: str, message_id: str, *, ledger: Ledger) -> bool:
    event = received.event
    told, at = event.status, event.timestamp or received.received_at
    if told is None:
        return False
    rung = step(told)
    if rung is None:
        ledger.note_receipt(record_id, message_id, told, at)
        return True
    fact = MessageStatusChanged(
        record_id=record_id, message_id=message_id, channel=event.channel, status=rung.value
    )
    applied = ledger.climb(
        record_id,
        message_id,
        told,
        at,
        to=rung,
        failure=_told_failure(received, rung),
        events=[envelope(fact, Metadata(event_id=f"{message_id}.{rung.value}", occurred_at=at))],
    )
    if applied is False:
        ledger.note_receipt(record_id, message_id, told, at)
    return applied is not None


def _told_failure(received: ReceivedEvent, rung: MessageStatus) -> Failure | None:
    event = received.event
    if rung is not MessageStatus.FAILED:
        return None
    return Failure(
        error_class="undelivered",
        code=event.error_code or event.provider_status or "unknown",
        detail=event.error_detail or "The provider reports that it was not delivered.",
    )


def _record_watermark(received: ReceivedEvent, record_id: str, *, ledger: Ledger) -> bool:
    """Messenger's "everything up to then": applied to the recipient's latest messages."""
    before = received.event.timestamp
    rung = step(received.event.status) if received.event.status else None
    if rung is None or before is None:
        return False
    latest = ledger.of_record(record_id, before=before, after=None, limit=WATERMARK_REACH)
    for entry in latest:
        # A watermark names no message: it must not revive one that the provider refused.
        left = entry.status is not MessageStatus.FAILED
        if left and RANK[MessageStatus.SENT] <= RANK[entry.status] < RANK[rung]:
            _apply(received, record_id, entry.message_id, ledger=ledger)
    return True


def _event(fact: Data, entry: LedgerEntry, what: str, at: datetime) -> Envelope:
    return envelope(fact, Metadata(event_id=f"{entry.message_id}.{what}", occurred_at=at))
