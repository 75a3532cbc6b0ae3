"""The receipts that follow a message: which, in what order, how often, how late."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from local.twins import mail, sms_voice, webhooks
from local.twins.mail import Authority
from local.twins.state import Delivered, Registration
from local.twins.webhooks import Webhook

Order = Literal["forward", "reverse", "shuffle"]


@dataclass(frozen=True)
class ReceiptSettings:
    """How receipts come: `delay_seconds` after the send, `spacing_seconds` apart, `copies` of each.

    `statuses`: of sent, delivered, read those that the provider knows. LINE and Telegram have none.
    """

    enabled: bool = True
    statuses: tuple[str, ...] = ("sent", "delivered", "read")
    order: Order = "forward"
    copies: int = 1
    delay_seconds: float = 0.0
    spacing_seconds: float = 0.0


@dataclass(frozen=True)
class ReceiptRun:
    """The receipts of one message, to be delivered one after the other."""

    webhooks: tuple[Webhook, ...]
    delay_seconds: float
    spacing_seconds: float


@dataclass(frozen=True)
class _Receipt:
    message: Delivered
    status: str
    registration: Registration
    at: datetime
    authority: Authority
    event_id: str


def receipts(
    message: Delivered,
    registration: Registration,
    settings: ReceiptSettings,
    authority: Authority,
    at: datetime,
) -> ReceiptRun | None:
    """The receipts of `message`; None when its provider or the settings give none."""
    build = BUILDERS.get(registration.account.channel)
    if build is None or not settings.enabled or not message.receipts:
        return None
    statuses = ["sent", "failed"] if message.failure else list(settings.statuses)
    ordered = _ordered(statuses, settings.order, message.sequence)
    hooks: list[Webhook] = []
    for status in ordered:
        event_id = f"{message.provider_message_id}-{status}"
        built = build(_Receipt(message, status, registration, at, authority, event_id))
        if built is not None:
            hooks += [built] * settings.copies
    if not hooks:
        return None
    return ReceiptRun(tuple(hooks), settings.delay_seconds, settings.spacing_seconds)


def _ordered(statuses: Iterable[str], order: Order, seed: int) -> list[str]:
    ordered = list(statuses)
    if order == "reverse":
        ordered.reverse()
    elif order == "shuffle":
        random.Random(seed).shuffle(ordered)
    return ordered


def _whatsapp(receipt: _Receipt) -> Webhook:
    message, account = receipt.message, receipt.registration.account
    code = int(message.failure) if receipt.status == "failed" and message.failure else None
    payload = webhooks.whatsapp_status(
        account,
        message.provider_message_id,
        receipt.status,
        message.to,
        receipt.at,
        reference=message.reference,
        error_code=code,
    )
    return webhooks.meta_webhook(account, receipt.registration.webhook_url, payload)


def _messenger(receipt: _Receipt) -> Webhook | None:
    message, account = receipt.message, receipt.registration.account
    if receipt.status == "delivered":
        payload = webhooks.messenger_delivery(
            account, message.provider_message_id, message.to, receipt.at
        )
    elif receipt.status == "read":
        payload = webhooks.messenger_read(account, message.to, receipt.at)
    else:
        return None
    return webhooks.meta_webhook(account, receipt.registration.webhook_url, payload)


def _twilio(receipt: _Receipt) -> Webhook | None:
    message, account = receipt.message, receipt.registration.account
    if message.channel == "voice":
        return _twilio_call(receipt)
    # Twilio reports only to those who asked, and knows no "read" of an SMS.
    if not message.status_callback or (message.channel == "sms" and receipt.status == "read"):
        return None
    status = "undelivered" if receipt.status == "failed" else receipt.status
    form = webhooks.twilio_status(
        account,
        message.provider_message_id,
        status,
        sender=message.sender,
        recipient=message.to,
        error_code=message.failure if receipt.status == "failed" else None,
    )
    return webhooks.twilio_webhook(account, message.status_callback, form)


CALLS = {
    "sent": ("ringing", "ringing"),
    "delivered": ("in-progress", "answered"),
    "read": ("completed", "completed"),
}
"""A call's status, and the event by which one asks to be told of it."""


def _twilio_call(receipt: _Receipt) -> Webhook | None:
    message, account = receipt.message, receipt.registration.account
    # Whoever never picks up: `failures` may say how, e.g. `busy`. It is an end like any other.
    ends = message.failure if message.failure in ("busy", "no-answer", "canceled") else "failed"
    status, event = CALLS.get(receipt.status, (ends, "completed"))
    if not message.status_callback or event not in message.callback_events:
        return None
    form = webhooks.twilio_call_status(
        account,
        message.provider_message_id,
        status,
        sender=message.sender,
        recipient=message.to,
        at=receipt.at,
    )
    return webhooks.twilio_webhook(account, message.status_callback, form)


SES_EVENTS = {"sent": "Send", "delivered": "Delivery", "read": "Open", "failed": "Bounce"}


def _ses(receipt: _Receipt) -> Webhook | None:
    message = receipt.message
    kind = SES_EVENTS.get(receipt.status)
    if kind is None:
        return None
    event = mail.ses_event(
        kind,
        message.provider_message_id,
        source=message.sender,
        to=message.to,
        at=receipt.at,
        reference=message.reference,
    )
    return _notification(receipt, event)


def _aws_messaging(receipt: _Receipt) -> Webhook | None:
    event = sms_voice.delivery_event(receipt.message, receipt.status, receipt.at)
    return _notification(receipt, event) if event else None


def _notification(receipt: _Receipt, event: mail.Json) -> Webhook:
    registration = receipt.registration
    return mail.sns_notification(
        receipt.authority,
        registration.account,
        registration.webhook_url,
        event,
        message_id=receipt.event_id,
        at=receipt.at,
    )


BUILDERS: dict[str, Callable[[_Receipt], Webhook | None]] = {
    "whatsapp": _whatsapp,
    "messenger": _messenger,
    "twilio": _twilio,
    "ses": _ses,
    "aws_messaging": _aws_messaging,
}
