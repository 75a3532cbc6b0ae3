"""AWS End User Messaging: what a notification says, as a canonical event.

Shapes: AWS End User Messaging SMS User Guide, two-way-sms-payload, configuration-sets-event-format
and -event-types; `EventType` of the API pinpoint-sms-voice-v2. An event's type is the medium and
what became of the message (`TEXT_DELIVERED`, `VOICE_BUSY`). RCS and registrations are not mapped.
"""

from collections.abc import Mapping
from typing import Any

from rapport.channels.fields import chosen, from_millis, phone, present, record, scalars, text
from rapport.channels.sns import Notification
from rapport.contracts.inbound import InboundEvent, Kind, Status

PROVIDER = "aws_messaging"
Found = dict[str, Any]

TEXTS = {
    "QUEUED": Status.QUEUED,
    "PENDING": Status.QUEUED,
    "SENT": Status.SENT,
    # Taken by the recipient's carrier. In some countries nothing more is ever told.
    "SUCCESSFUL": Status.SENT,
    "DELIVERED": Status.DELIVERED,
    "BLOCKED": Status.FAILED,
    "CARRIER_BLOCKED": Status.FAILED,
    "PROTECT_BLOCKED": Status.FAILED,
    "SPAM": Status.FAILED,
    "UNREACHABLE": Status.FAILED,
    "CARRIER_UNREACHABLE": Status.FAILED,
    "INVALID": Status.FAILED,
    "INVALID_MESSAGE": Status.FAILED,
    "TTL_EXPIRED": Status.FAILED,
    "FILE_INACCESSIBLE": Status.FAILED,
    "FILE_TYPE_UNSUPPORTED": Status.FAILED,
    "FILE_SIZE_EXCEEDED": Status.FAILED,
    # Also what is told after 72 hours in which the carrier said nothing.
    "UNKNOWN": Status.UNKNOWN,
}
CALLS = {
    "INITIATED": Status.QUEUED,
    "RINGING": Status.SENT,
    "ANSWERED": Status.DELIVERED,
    "COMPLETED": Status.DELIVERED,
    "BUSY": Status.FAILED,
    "NO_ANSWER": Status.FAILED,
    "FAILED": Status.FAILED,
    "TTL_EXPIRED": Status.FAILED,
}
"""How a call that says a message for us fared, as the status of that message."""

MEDIA: Mapping[str, tuple[str, Mapping[str, Status]]] = {
    "TEXT": ("sms", TEXTS),
    "MEDIA": ("mms", TEXTS),
    "VOICE": ("voice", CALLS),
}
"""The first word of an event's type: the channel, and what the rest of it means."""

FACTS = (
    "messageStatusDescription",
    "isFinal",
    "isoCountryCode",
    "mcc",
    "mnc",
    "carrierName",
    "totalMessageParts",
    "totalMessagePrice",
    "totalCarrierFee",
)


def read(notification: Notification) -> InboundEvent:
    """The event of an SNS notification; what names no message becomes `other`."""
    message = notification.message
    medium, _, outcome = (text(message.get("eventType")) or "").partition("_")
    if text(message.get("inboundMessageId")):
        found = _received(message)
    elif medium in MEDIA and text(message.get("messageId")):
        found = _receipt(message, *MEDIA[medium], outcome)
    else:
        found = {"kind": Kind.OTHER, "channel": "sms", "extra": scalars(message)}
    common = {"provider_event_id": notification.event_id, "timestamp": notification.sent_at}
    return InboundEvent(provider=PROVIDER, **{**common, **found})


def _received(message: Found) -> Found:
    """A text to a two-way number; it names no time of its own."""
    sender = text(message.get("originationNumber"))
    # The network vouches for a full number; short codes and names are claims.
    digits = sender[1:] if sender and sender.startswith("+") else None
    return {
        "kind": Kind.MESSAGE,
        "channel": "sms",
        "provider_message_id": text(message.get("inboundMessageId")),
        "from_": sender,
        "to": text(message.get("destinationNumber")),
        "text": text(message.get("messageBody")),
        "reply_to": text(message.get("previousPublishedMessageId")),
        "sender_ids": present({"phone": phone(digits)}),
        "extra": present({"keyword": text(message.get("messageKeyword"))}),
    }


def _receipt(message: Found, channel: str, statuses: Mapping[str, Status], outcome: str) -> Found:
    status = statuses.get(outcome, Status.UNKNOWN)
    failed = status is Status.FAILED
    if failed and message.get("isFinal") is False:
        status = Status.DEFERRED  # they go on trying: it may arrive yet
    reference = text(record(message.get("context")).get("reference"))
    found: Found = {
        "kind": Kind.RECEIPT,
        "channel": channel,
        "provider_message_id": text(message.get("messageId")),
        "from_": text(message.get("originationPhoneNumber")),
        "to": text(message.get("destinationPhoneNumber")),
        "status": status,
        "provider_status": text(message.get("eventType")),
        "error_code": outcome if failed else None,
        "error_detail": text(message.get("messageStatusDescription")) if failed else None,
        "extra": {**chosen(message, FACTS), **present({"reference": reference})},
    }
    when = from_millis(message.get("eventTimestamp"))
    return {**found, "timestamp": when} if when else found
