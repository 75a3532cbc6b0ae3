"""What AWS End User Messaging tells its topics: texts to a two-way number, and what became of ours.

Sources: AWS End User Messaging SMS User Guide, two-way-sms-payload, configuration-sets-event-format
and -event-types. The envelopes are SNS's: `local.twins.mail`.
"""

from datetime import datetime
from typing import Any

from local.twins.state import Delivered
from local.twins.webhooks import Said, millis

Json = dict[str, Any]
TEXT_EVENTS = {"sent": "SUCCESSFUL", "delivered": "DELIVERED"}
CALL_EVENTS = {"sent": "RINGING", "delivered": "ANSWERED", "read": "COMPLETED"}
FINAL = frozenset({"DELIVERED", "COMPLETED"})
TEXT_FAILURES = frozenset(
    {
        "BLOCKED",
        "CARRIER_BLOCKED",
        "CARRIER_UNREACHABLE",
        "INVALID",
        "PROTECT_BLOCKED",
        "SPAM",
        "TTL_EXPIRED",
        "UNKNOWN",
        "UNREACHABLE",
    }
)
CALL_FAILURES = frozenset({"BUSY", "FAILED", "NO_ANSWER", "TTL_EXPIRED"})


def two_way_message(said: Said, to: str) -> Json:
    """A text that a customer sent to one of our numbers; it names no time."""
    body = said.text or ""
    message = {
        "originationNumber": said.sender,
        "destinationNumber": to,
        "messageKeyword": (body.split() or ["TEXT"])[0].upper(),
        "messageBody": body,
        "inboundMessageId": said.message_id,
    }
    return message | ({"previousPublishedMessageId": said.reply_to} if said.reply_to else {})


def delivery_event(message: Delivered, status: str, at: datetime) -> Json | None:
    """What became of a text or call; None where AWS has no such event."""
    is_call = message.channel == "voice"
    if status == "failed":
        outcome: str | None = _failure(message.failure or "", is_call=is_call)
    else:
        outcome = (CALL_EVENTS if is_call else TEXT_EVENTS).get(status)
    if outcome is None:
        return None
    event = {
        "eventType": f"{'VOICE' if is_call else 'TEXT'}_{outcome}",
        "eventVersion": "1.0",
        "eventTimestamp": millis(at),
        "isFinal": status == "failed" or outcome in FINAL,
        "originationPhoneNumber": message.sender,
        "destinationPhoneNumber": message.to,
        "messageId": message.provider_message_id,
        "messageRequestTimestamp": millis(message.at),
        "messageStatus": outcome,
        "context": {"reference": message.reference} if message.reference else {},
    }
    if not is_call:
        event |= {"messageType": "TRANSACTIONAL", "messageStatusDescription": "Told by a twin"}
    return event


def _failure(ordered: str, *, is_call: bool) -> str:
    """How it failed, as `failures` names it (`busy`, `CARRIER_BLOCKED`), or as most do."""
    name = ordered.upper().replace("-", "_")
    if is_call:
        return name if name in CALL_FAILURES else "FAILED"
    return name if name in TEXT_FAILURES else "UNREACHABLE"
