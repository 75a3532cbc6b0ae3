"""Messenger and Instagram: what a webhook's entry says, in canonical events.

Shapes: developers.facebook.com/documentation/business-messaging/messenger-platform (webhook events,
June 2026) and docs/instagram-platform/webhooks. Times are milliseconds. In receipts the payload's
sender is the person who read; the canonical receipt is from the page to that person.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from rapport.channels.base import Account
from rapport.channels.fields import (
    chosen,
    from_millis,
    ident,
    idents,
    present,
    record,
    records,
    scalars,
    text,
)
from rapport.contracts.inbound import Attachment, InboundEvent, Kind, Status
from rapport.kernel.clock import iso

PROVIDER = "meta"
Found = dict[str, Any]


def read(entry: Found, account: Account, channel: str) -> Iterator[InboundEvent]:
    """The events of one entry of a page or an Instagram profile.

    `standby` items belong to another app that holds the thread: they carry `extra.standby` and must
    not be answered. `changes` (feed, comments, mentions) are no direct messages.
    """
    owner = ident(entry.get("id"))
    account.must_own("ig_id" if channel == "instagram" else "page_id", owner)
    for item in records(entry.get("messaging")):
        yield from _item(item, channel, {})
    for item in records(entry.get("standby")):
        yield from _item(item, channel, {"standby": True})
    for change in records(entry.get("changes")):
        extra = {"field": text(change.get("field")), **scalars(record(change.get("value")))}
        yield _event(channel, {"kind": Kind.OTHER, "to": owner, "extra": present(extra)})


def _item(item: Found, channel: str, standby: Found) -> Iterator[InboundEvent]:
    sender = record(item.get("sender"))
    common = {
        "from_": ident(sender.get("id")) or ident(sender.get("user_ref")),
        "to": ident(record(item.get("recipient")).get("id")),
        "timestamp": from_millis(item.get("timestamp")),
    }
    name = next((key for key in CONTENTS if key in item), None)
    founds = CONTENTS[name](record(item[name])) if name else [_unknown(item)]
    turned = {**common, "from_": common["to"], "to": common["from_"]}
    for found in founds:
        people = turned if found["kind"] == Kind.RECEIPT else common
        extra = {**found.get("extra", {}), **standby}
        yield _event(channel, {**people, **found, "extra": extra})


def _unknown(item: Found) -> Found:
    names = sorted(set(item) - {"sender", "recipient", "timestamp"})
    facts = scalars(record(item[names[0]])) if names else {}
    return {"kind": Kind.OTHER, "extra": {"type": ",".join(names)[:256], **facts}}


def _message(message: Found) -> list[Found]:
    mid = ident(message.get("mid"))
    found: Found = {
        "kind": Kind.MESSAGE,
        "provider_message_id": mid,
        "text": text(message.get("text")),
        "attachments": _attachments(message),
        "reply_to": ident(record(message.get("reply_to")).get("mid")),
        "payload": text(record(message.get("quick_reply")).get("payload")),
        "extra": present(
            {
                **chosen(message, ("app_id", "metadata", "referral", "is_unsupported", "nlp")),
                "story": record(record(message.get("reply_to")).get("story")),
                "location": _location(message),
            }
        ),
    }
    if mid is None:
        found["kind"] = Kind.OTHER  # without an id it cannot be de-duplicated
    elif message.get("is_echo") is True:
        found["kind"] = Kind.ECHO
    elif message.get("is_deleted") is True:
        found = {"kind": Kind.DELETE, "provider_message_id": mid, "reply_to": mid}
    return [found]


def _attachments(message: Found) -> tuple[Attachment, ...]:
    items = records(message.get("attachments"))
    return tuple(_attachment(item) for item in items if item.get("type") != "location")


def _attachment(item: Found) -> Attachment:
    payload = record(item.get("payload"))
    sticker = ident(payload.get("sticker_id"))
    return Attachment(
        media_type="sticker" if sticker else text(item.get("type")),
        filename=text(payload.get("title")),
        url=text(payload.get("url")),
        provider_media_id=sticker,
    )


def _location(message: Found) -> Found:
    for item in records(message.get("attachments")):
        if item.get("type") == "location":
            return record(record(item.get("payload")).get("coordinates"))
    return {}


def _postback(postback: Found) -> list[Found]:
    return [
        {
            "kind": Kind.POSTBACK,
            "provider_message_id": ident(postback.get("mid")),
            "text": text(postback.get("title")),
            "payload": text(postback.get("payload")),
            "extra": chosen(postback, ("referral",)),
        }
    ]


def _delivery(delivery: Found) -> list[Found]:
    """One receipt a message; without ids, one that stands for everything up to the watermark."""
    watermark = from_millis(delivery.get("watermark"))
    mids: list[str | None] = [*idents(delivery.get("mids"))]
    return [_receipt(mid, Status.DELIVERED, watermark) for mid in mids or [None]]


def _read(seen: Found) -> list[Found]:
    """Messenger tells a watermark, Instagram the message."""
    watermark = from_millis(seen.get("watermark"))
    return [_receipt(ident(seen.get("mid")), Status.READ, watermark)]


def _receipt(mid: str | None, status: Status, watermark: datetime | None) -> Found:
    found: Found = {
        "kind": Kind.RECEIPT,
        "provider_message_id": mid,
        "status": status,
        "provider_status": status.value,
        "extra": {},
    }
    if watermark:
        found["timestamp"] = watermark
        found["extra"] = {"watermark": iso(watermark)}
    return found


def _reaction(reaction: Found) -> list[Found]:
    taken_back = reaction.get("action") == "unreact"
    return [
        {
            "kind": Kind.REACTION,
            "text": None if taken_back else text(reaction.get("emoji")),
            "reply_to": ident(reaction.get("mid")),
            "extra": chosen(reaction, ("action", "reaction")),
        }
    ]


def _edited(edit: Found) -> list[Found]:
    mid = ident(edit.get("mid"))
    return [
        {
            "kind": Kind.EDIT,
            "provider_message_id": mid,
            "text": text(edit.get("text")),
            "reply_to": mid,
            "extra": chosen(edit, ("num_edit",)),
        }
    ]


def _optin(optin: Found) -> list[Found]:
    extra = {"membership": "subscribed", **scalars(optin)}
    return [
        {
            "kind": Kind.MEMBERSHIP,
            "payload": text(optin.get("payload")),
            "provider_status": "optin",
            "extra": extra,
        }
    ]


CONTENTS: dict[str, Callable[[Found], list[Found]]] = {
    "message": _message,
    "postback": _postback,
    "delivery": _delivery,
    "read": _read,
    "reaction": _reaction,
    "message_edit": _edited,
    "optin": _optin,
}


def _event(channel: str, found: Found) -> InboundEvent:
    return InboundEvent(provider=PROVIDER, channel=channel, **found)
