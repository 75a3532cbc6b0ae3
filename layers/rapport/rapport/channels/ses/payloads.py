"""Amazon SES: what a notification says, in canonical events.

Shapes: awsdocs/amazon-ses-developer-guide, receiving-email-notifications and event-publishing
examples. Feedback notifications name themselves in `notificationType`, published events in
`eventType`. A receipt is made for each recipient of the part that happened, not of the mail.
"""

import base64
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any, NamedTuple

from rapport.channels.fields import (
    chosen,
    from_iso,
    idents,
    present,
    record,
    records,
    scalars,
    text,
)
from rapport.channels.sns import Notification
from rapport.contracts.inbound import InboundEvent, Kind, Status

PROVIDER, CHANNEL = "ses", "email"
Found = dict[str, Any]


class _Event(NamedTuple):
    part: str  # the sub-object
    recipients: str | None  # its array of recipients; None: the mail's destinations
    status: Status


EVENTS = {
    "Send": _Event("send", None, Status.SENT),
    "Delivery": _Event("delivery", "recipients", Status.DELIVERED),
    "Open": _Event("open", None, Status.READ),
    "Click": _Event("click", None, Status.CLICKED),
    "Bounce": _Event("bounce", "bouncedRecipients", Status.BOUNCED),
    "Complaint": _Event("complaint", "complainedRecipients", Status.COMPLAINED),
    "DeliveryDelay": _Event("deliveryDelay", "delayedRecipients", Status.DEFERRED),
    "Reject": _Event("reject", None, Status.FAILED),
    "Rendering Failure": _Event("failure", None, Status.FAILED),
}
FACTS = (
    "bounceType",
    "bounceSubType",
    "feedbackId",
    "complaintFeedbackType",
    "complaintSubType",
    "delayType",
    "expirationTime",
    "link",
    "linkTags",
    "userAgent",
    "ipAddress",
    "smtpResponse",
    "templateName",
)
VERDICTS = ("spam", "virus", "spf", "dkim", "dmarc")
KEPT_HEADERS = {
    "auto-submitted": "auto_submitted",  # an answering machine: answering it loops
    "in-reply-to": "in_reply_to",
    "references": "references",
    "reply-to": "reply_to",
    "precedence": "precedence",
    "list-id": "list_id",
}
_AMAZON = ".amazonses.com"


def read(notification: Notification) -> Iterator[InboundEvent]:
    """The events of an SNS notification; what is not SES's JSON becomes one `other`."""
    message = notification.message
    kind = text(message.get("notificationType")) or text(message.get("eventType")) or ""
    mail = record(message.get("mail"))
    common = {
        "provider_event_id": notification.event_id,
        "timestamp": from_iso(mail.get("timestamp")) or notification.sent_at,
    }
    for found in _founds(kind, message, mail):
        yield InboundEvent(channel=CHANNEL, provider=PROVIDER, **{**common, **found})


def _founds(kind: str, message: Found, mail: Found) -> Iterator[Found]:
    if kind == "Received" and text(mail.get("messageId")):
        yield _received(message, mail)
    elif kind in EVENTS and text(mail.get("messageId")):
        yield from _receipts(kind, message, mail)
    elif kind == "Subscription":
        yield _subscription(record(message.get("subscription")), mail)
    else:
        yield {"kind": Kind.OTHER, "extra": present({"type": kind[:64], **scalars(message)})}


def _receipts(kind: str, message: Found, mail: Found) -> Iterator[Found]:
    event = EVENTS[kind]
    part = record(message.get(event.part))
    reference = idents(record(mail.get("tags")).get("reference"))[:1]
    found: Found = {
        "kind": Kind.RECEIPT,
        "provider_message_id": text(mail.get("messageId")),
        "from_": text(mail.get("source")),
        "status": event.status,
        "provider_status": kind,
        "error_code": text(part.get("complaintFeedbackType")),
        "error_detail": text(part.get("reason")) or text(part.get("errorMessage")),
        "extra": {**chosen(part, FACTS), **({"reference": reference[0]} if reference else {})},
    }
    when = from_iso(part.get("timestamp"))
    if when:
        found["timestamp"] = when
    for recipient in _recipients(part, event.recipients, mail):
        yield {**found, **recipient}


def _recipients(part: Found, name: str | None, mail: Found) -> Iterator[Found]:
    listed = mail.get("destination") if name is None else part.get(name)
    for item in listed if isinstance(listed, list) else []:
        details = record(item)
        address = text(details.get("emailAddress")) if details else text(item)
        if address:
            failure = {
                "error_code": text(details.get("status")),
                "error_detail": text(details.get("diagnosticCode")),
            }
            yield {"to": address, **present(failure)}


def _subscription(part: Found, mail: Found) -> Found:
    """The recipient changed their preferences through SES's own unsubscribe link."""
    preferences = record(part.get("newTopicPreferences"))
    topics = records(preferences.get("topicSubscriptionStatus"))
    out = preferences.get("unsubscribeAll") is True or any(
        topic.get("subscriptionStatus") == "OptOut" for topic in topics
    )
    destinations = idents(mail.get("destination"))
    found = {
        "kind": Kind.MEMBERSHIP,
        "from_": destinations[0] if destinations else None,
        "to": text(mail.get("source")),
        "provider_status": "Subscription",
        "extra": {
            "membership": "unsubscribed" if out else "subscribed",
            **chosen(part, ("contactList", "newTopicPreferences")),
        },
    }
    when = from_iso(part.get("timestamp"))
    return {**found, "timestamp": when} if when else found


def _received(message: Found, mail: Found) -> Found:
    """An e-mail. It is from its From header; the envelope's sender may be a bounce address."""
    receipt, headers = record(message.get("receipt")), record(mail.get("commonHeaders"))
    senders = idents(headers.get("from"))
    name, address = parseaddr(senders[0]) if senders else ("", "")
    recipients = idents(receipt.get("recipients")) or idents(mail.get("destination"))
    kept = _kept_headers(mail)
    found: Found = {
        "kind": Kind.MESSAGE,
        "provider_message_id": text(mail.get("messageId")),
        "from_": address or text(mail.get("source")),
        "to": recipients[0] if recipients else None,
        "reply_to": _answered(kept.get("in_reply_to")),
        "sender_name": name or None,
        "sender_ids": {},
        "extra": present(
            {
                **{name: _verdict(receipt, name) for name in VERDICTS},
                **kept,
                "dmarc_policy": text(receipt.get("dmarcPolicy")),
                "subject": text(headers.get("subject")),
                "message_id": text(headers.get("messageId")),
                "recipients": recipients[1:],
                "stored": _stored(record(receipt.get("action"))),
            }
        ),
    }
    if address and _vouched(receipt, senders, mail):
        found["sender_ids"] = {"email": address}
    return {**found, **_content(message, found["extra"])}


def _vouched(receipt: Found, senders: list[str], mail: Found) -> bool:
    """DMARC speaks for the one From address; with several it is unclear for which."""
    lines = [item for item in records(mail.get("headers")) if _name(item) == "from"]
    return _verdict(receipt, "dmarc") == "PASS" and len(senders) == 1 and len(lines) <= 1


def _verdict(receipt: Found, name: str) -> str | None:
    return text(record(receipt.get(f"{name}Verdict")).get("status"))


def _name(header: Found) -> str:
    return (text(header.get("name")) or "").lower()


def _kept_headers(mail: Found) -> dict[str, str]:
    kept: dict[str, str] = {}
    for header in records(mail.get("headers")):
        key, value = KEPT_HEADERS.get(_name(header)), text(header.get("value"))
        if key and value:
            kept.setdefault(key, value)
    return kept


def _answered(in_reply_to: str | None) -> str | None:
    """The id of the message answered: SES's own id where the mail answered was sent by SES."""
    local, _, domain = (in_reply_to or "").strip().strip("<>").partition("@")
    return local if domain.endswith(_AMAZON) and local else in_reply_to


def _stored(action: Found) -> Found:
    """Where SES put the mail itself when it did not send it along."""
    return chosen(action, ("bucketName", "objectKey")) if action.get("type") == "S3" else {}


def _content(message: Found, extra: Found) -> Found:
    """Text and attachments of the mail itself, when the notification carries it."""
    content = text(message.get("content"))
    if content is None:
        return {}
    from rapport.channels.ses.mime import UnreadableMail, parse  # heavy: only for mail

    encoding = record(record(message.get("receipt")).get("action")).get("encoding")
    try:
        raw = base64.b64decode(content) if encoding == "BASE64" else content.encode()
        mail = parse(raw)
    except (UnreadableMail, ValueError):
        # The message is authentic and must not be lost: it goes on without its text.
        return {"extra": {**extra, "unreadable": True}}
    return {"text": mail.text, "attachments": mail.attachments}
