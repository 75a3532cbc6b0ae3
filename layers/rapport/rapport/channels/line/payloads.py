"""LINE: one webhook event, in canonical form.

Shapes: developers.line.biz/en/reference/messaging-api (webhook event objects); times in
milliseconds. `source` may be absent, and in groups its `userId` too. In `standby` mode another
module answers.
"""

from collections.abc import Callable
from typing import Any

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
    whole,
)
from rapport.contracts.inbound import Attachment, InboundEvent, Kind, Status

PROVIDER = CHANNEL = "line"
Found = dict[str, Any]

MEMBERSHIPS = {
    "follow": "subscribed",
    "unfollow": "unsubscribed",
    "join": "joined",
    "leave": "left",
    "memberJoined": "joined",
    "memberLeft": "left",
}
MEDIA = {"image", "video", "audio", "file", "sticker"}


def read(event: Found, destination: str | None) -> InboundEvent:
    """The canonical event; types we do not know become `other`."""
    kind = text(event.get("type")) or ""
    source = record(event.get("source"))
    found = CONTENTS.get(kind, _other)(event)
    sender = next(
        (ident(source[key]) for key in ("userId", "groupId", "roomId") if key in source), None
    )
    people = {"from_": sender, "to": destination}
    if found["kind"] == Kind.RECEIPT:
        people = {"from_": destination, "to": sender}
    extra = {
        **chosen(source, ("groupId", "roomId")),
        **chosen(event, ("replyToken",)),
        "redelivery": record(event.get("deliveryContext")).get("isRedelivery") is True,
        "standby": event.get("mode") == "standby",
        **found.pop("extra", {}),
    }
    return InboundEvent(
        channel=CHANNEL,
        provider=PROVIDER,
        provider_event_id=ident(event.get("webhookEventId")),
        timestamp=from_millis(event.get("timestamp")),
        extra=present(extra),
        **people,
        **found,
    )


def _message(event: Found) -> Found:
    message = record(event.get("message"))
    mid, kind = ident(message.get("id")), text(message.get("type"))
    found: Found = {
        "kind": Kind.MESSAGE if mid else Kind.OTHER,  # without an id it cannot be de-duplicated
        "provider_message_id": mid,
        "text": text(message.get("text")),
        "reply_to": ident(message.get("quotedMessageId")),
        "extra": chosen(message, ("quoteToken", "imageSet", "mention", "emojis", "duration")),
    }
    if kind in MEDIA:
        found["attachments"] = (_attachment(message, kind),)
    if kind == "sticker":
        found["extra"].update(chosen(message, ("packageId", "stickerId", "keywords")))
    elif kind == "location":
        found["extra"]["location"] = chosen(message, ("title", "address", "latitude", "longitude"))
    return found


def _attachment(message: Found, kind: str | None) -> Attachment:
    """LINE keeps the bytes under the message's id, unless a content provider of ours has them."""
    provided = record(message.get("contentProvider"))
    external = provided.get("type") == "external"
    own_id = ident(message.get("stickerId" if kind == "sticker" else "id"))
    return Attachment(
        media_type=kind,
        filename=text(message.get("fileName")),
        size=whole(message.get("fileSize")),
        url=text(provided.get("originalContentUrl")) if external else None,
        provider_media_id=None if external else own_id,
    )


def _edited(event: Found) -> Found:
    found = _message(event)
    return {**found, "kind": Kind.EDIT, "reply_to": found["provider_message_id"]}


def _unsent(event: Found) -> Found:
    mid = ident(record(event.get("unsend")).get("messageId"))
    return {"kind": Kind.DELETE, "provider_message_id": mid, "reply_to": mid}


def _postback(event: Found) -> Found:
    postback = record(event.get("postback"))
    data = text(postback.get("data"))
    return {
        "kind": Kind.POSTBACK,
        "text": data,
        "payload": data,
        "extra": chosen(postback, ("params",)),
    }


def _delivered(event: Found) -> Found:
    """A notification message reached the phone; `data` is the tag we sent it with."""
    return {
        "kind": Kind.RECEIPT,
        "provider_message_id": ident(record(event.get("delivery")).get("data")),
        "status": Status.DELIVERED,
        "provider_status": "delivery",
    }


def _membership(event: Found) -> Found:
    kind = event["type"]
    people = record(event.get("joined")) or record(event.get("left"))
    return {
        "kind": Kind.MEMBERSHIP,
        "provider_status": kind,
        "extra": {
            "membership": MEMBERSHIPS[kind],
            "unblocked": record(event.get("follow")).get("isUnblocked") is True,
            "members": idents([item.get("userId") for item in records(people.get("members"))]),
        },
    }


def _other(event: Found) -> Found:
    kind = text(event.get("type")) or ""
    return {"kind": Kind.OTHER, "extra": {"type": kind[:64], **scalars(record(event.get(kind)))}}


CONTENTS: dict[str, Callable[[Found], Found]] = {
    "message": _message,
    "messageEdited": _edited,
    "unsend": _unsent,
    "postback": _postback,
    "delivery": _delivered,
    **dict.fromkeys(MEMBERSHIPS, _membership),
}
