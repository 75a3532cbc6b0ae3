"""Twilio: one webhook's parameters, in canonical form.

Shapes: twilio.com/docs/messaging/guides/webhook-request, …/track-outbound-message-status and
…/voice/twiml#request-parameters. Messaging webhooks carry no time at all. The channel is told by
the prefix of the addresses, which stay verbatim (`whatsapp:+15551234567`).
"""

import re
from datetime import UTC, datetime
from typing import Any

from rapport.channels.fields import phone, present, text, whole
from rapport.contracts.inbound import Attachment, InboundEvent, Kind, Status

PROVIDER = "twilio"
Fields = dict[str, str]
Found = dict[str, Any]

PREFIXES = {"whatsapp", "messenger", "rcs"}
MAX_MEDIA = 32
STATUSES = {
    "accepted": Status.QUEUED,
    "scheduled": Status.QUEUED,
    "queued": Status.QUEUED,
    "sending": Status.SENT,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "failed": Status.FAILED,
    "undelivered": Status.FAILED,
    "canceled": Status.FAILED,
}
CALLS = {
    "queued": Status.QUEUED,
    "initiated": Status.QUEUED,
    "ringing": Status.SENT,
    "in-progress": Status.DELIVERED,
    "completed": Status.DELIVERED,
    "busy": Status.FAILED,
    "no-answer": Status.FAILED,
    "canceled": Status.FAILED,
    "failed": Status.FAILED,
}
"""How a call that says a message for us fared: `CallStatus` as the status of that message."""

INBOUND = {None, "received", "receiving"}
_BSUID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,128}")


def read(fields: Fields, reference: str | None) -> InboundEvent:
    """The event of one webhook; `reference` is what we put into the callback's own address."""
    if text(fields.get("CallSid")):
        found = _call(fields)
        if reference and found["kind"] is Kind.CALL:
            # We called to say something: this is how that message fares, and no conversation.
            status = CALLS.get(found["provider_status"] or "", Status.UNKNOWN)
            found.update(kind=Kind.RECEIPT, status=status)
    elif text(fields.get("MessageSid")) or text(fields.get("SmsSid")):
        found = _messaging(fields)
    else:
        found = {"kind": Kind.OTHER, "channel": "webhook"}
    extra = present({"reference": reference, **found.pop("extra", {})})
    addresses = {"from_": text(fields.get("From")), "to": text(fields.get("To"))}
    return InboundEvent(provider=PROVIDER, **{**addresses, **found, "extra": extra})


def _messaging(fields: Fields) -> Found:
    status = text(fields.get("MessageStatus")) or text(fields.get("SmsStatus"))
    sid = text(fields.get("MessageSid")) or fields["SmsSid"]
    common = {"channel": _channel(fields, sid), "provider_message_id": sid}
    if status not in INBOUND:
        return {**common, **_receipt(fields, status or "")}
    return {**common, **_message(fields)}


def _channel(fields: Fields, sid: str) -> str:
    for name in ("From", "To"):
        prefix = fields.get(name, "").partition(":")[0]
        if prefix in PREFIXES:
            return prefix
    return "mms" if _media_count(fields) or sid.startswith("MM") else "sms"


def _receipt(fields: Fields, status: str) -> Found:
    return {
        "kind": Kind.RECEIPT,
        "status": STATUSES.get(status, Status.UNKNOWN),
        "provider_status": status,
        "error_code": text(fields.get("ErrorCode")),
        "error_detail": text(fields.get("ErrorMessage")),
        "extra": {"dlr_done": fields.get("RawDlrDoneDate")},
    }


def _message(fields: Fields) -> Found:
    found: Found = {
        "kind": Kind.MESSAGE,
        "text": text(fields.get("Body")),
        "attachments": _attachments(fields),
        "reply_to": text(fields.get("OriginalRepliedMessageSid")),
        "sender_name": text(fields.get("ProfileName")),
        "sender_ids": _sender_ids(fields),
        "extra": {
            "message_type": fields.get("MessageType"),
            "opt_out": fields.get("OptOutType", "").lower(),
            "forwarded": fields.get("Forwarded") == "true",
            "location": _location(fields),
            "referral": {key: fields[key] for key in fields if key.startswith("Referral")},
        },
    }
    payload = text(fields.get("ButtonPayload")) or text(fields.get("ListId"))
    if payload:
        title = text(fields.get("ButtonText")) or text(fields.get("ListTitle"))
        found.update(kind=Kind.POSTBACK, payload=payload, text=title or found["text"])
    return found


def _media_count(fields: Fields) -> int:
    return min(whole(fields.get("NumMedia")) or 0, MAX_MEDIA)


def _attachments(fields: Fields) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(
            media_type=fields.get(f"MediaContentType{i}", "").partition("/")[0] or None,
            content_type=text(fields.get(f"MediaContentType{i}")),
            url=text(fields.get(f"MediaUrl{i}")),
        )
        for i in range(_media_count(fields))
    )


def _location(fields: Fields) -> Found:
    names = ("Latitude", "Longitude", "Address", "Label")
    if not (fields.get("Latitude") and fields.get("Longitude")):
        return {}
    return {name.lower(): fields[name] for name in names if fields.get(name)}


def _sender_ids(fields: Fields) -> dict[str, str]:
    """What the network vouches for: a full number, or WhatsApp's business-scoped id."""
    address = fields.get("From", "").rpartition(":")[2]
    digits = text(fields.get("WaId")) or (address[1:] if address.startswith("+") else None)
    bsuid = address if _BSUID.fullmatch(address) else None
    return present({"phone": phone(digits), "bsuid": bsuid})


def _call(fields: Fields) -> Found:
    """A call's progress, or what a caller keyed or said into a `<Gather>`.

    A caller's number is claimed, not vouched for: voice gives no `sender_ids`. On calls we placed
    (`Direction` outbound…) Twilio's `To` is the person, so what they keyed is from them; progress
    is told from our number to theirs, like a receipt.
    """
    said = text(fields.get("Digits")) or text(fields.get("SpeechResult"))
    found: Found = {
        "channel": "voice",
        "kind": Kind.POSTBACK if said else Kind.CALL,
        "provider_message_id": fields["CallSid"],
        "text": said,
        "payload": said,
        "timestamp": _rfc2822(fields.get("Timestamp")),
        "provider_status": text(fields.get("DialCallStatus")) or text(fields.get("CallStatus")),
        "extra": {
            "direction": fields.get("Direction"),
            "duration": fields.get("CallDuration"),
            "sequence": fields.get("SequenceNumber"),
            "confidence": fields.get("Confidence"),
            "language": fields.get("Language"),
            "forwarded_from": fields.get("ForwardedFrom"),
            "recording": {key: fields[key] for key in fields if key.startswith("Recording")},
        },
    }
    if said and fields.get("Direction", "").startswith("outbound"):
        found.update(from_=text(fields.get("To")), to=text(fields.get("From")))
    return found


def _rfc2822(value: str | None) -> datetime | None:
    """`Timestamp` of a status callback, e.g. `Fri, 20 Nov 2026 11:59:58 +0000`."""
    if not value:
        return None
    from email.utils import parsedate_to_datetime  # not on the messages' path

    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
