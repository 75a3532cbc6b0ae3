"""Telegram: one update, in canonical events.

Shapes: core.telegram.org/bots/api#update; times in seconds. A message id is unique in its chat
only, so the canonical id is `chat.id:message_id`. A photo comes in several sizes and is one
attachment.
"""

from collections.abc import Callable, Iterator
from typing import Any

from rapport.channels.fields import (
    chosen,
    from_seconds,
    ident,
    idents,
    present,
    record,
    records,
    scalars,
    text,
    whole,
)
from rapport.contracts.inbound import Attachment, InboundEvent, Kind

PROVIDER = CHANNEL = "telegram"
Found = dict[str, Any]

# `animation` before `document`: an animation is repeated as a document for old clients.
MEDIA = ("animation", "document", "voice", "video", "audio", "sticker", "video_note")
FACTS = (
    "location",
    "venue",
    "contact",
    "poll",
    "media_group_id",
    "message_thread_id",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "business_connection_id",
)
IN_CHAT = {"member", "administrator", "creator", "restricted"}


def read(update: Found, bot: str | None) -> Iterator[InboundEvent]:
    """The events of an update; `bot` is the receiving bot's id, else the chat is named instead."""
    names = [key for key in update if key != "update_id"]
    name = next((key for key in names if key in CONTENTS), names[0] if names else "")
    body = record(update.get(name))
    for found in CONTENTS.get(name, _other)(body):
        chat = ident(record(body.get("chat")).get("id"))
        event = {"to": bot or chat, **found}
        if event["kind"] == Kind.OTHER:
            event["extra"] = {"type": name[:64], **event.get("extra", {})}
        yield InboundEvent(
            channel=CHANNEL,
            provider=PROVIDER,
            provider_event_id=ident(update["update_id"]),
            **event,
        )


def _message(message: Found) -> list[Found]:
    members = records(message.get("new_chat_members"))
    gone = record(message.get("left_chat_member"))
    found = {
        **_sender(message),
        "kind": Kind.MESSAGE,
        "provider_message_id": _id(message),
        "timestamp": from_seconds(message.get("date")),
        "text": text(message.get("text")) or text(message.get("caption")),
        "attachments": _attachments(message),
        "reply_to": _id(record(message.get("reply_to_message"))),
        "extra": {**_chat(message), **chosen(message, FACTS)},
    }
    if members or gone:
        found["kind"] = Kind.MEMBERSHIP
        found["extra"]["membership"] = "joined" if members else "left"
        found["extra"]["members"] = idents([item.get("id") for item in members or [gone]])
    elif found["provider_message_id"] is None:
        found["kind"] = Kind.OTHER  # without an id it cannot be de-duplicated
    return [found]


def _edited(message: Found) -> list[Found]:
    (found,) = _message(message)
    mid, when = found["provider_message_id"], from_seconds(message.get("edit_date"))
    kind = Kind.EDIT if mid else Kind.OTHER
    return [{**found, "kind": kind, "reply_to": mid, "timestamp": when or found["timestamp"]}]


def _business(read_one: Callable[[Found], list[Found]]) -> Callable[[Found], list[Found]]:
    """In a business account's private chat, who is not the chat's other person is our own side."""

    def read_business(message: Found) -> list[Found]:
        (found,) = read_one(message)
        ours = found["from_"] != ident(record(message.get("chat")).get("id"))
        return [{**found, "kind": Kind.ECHO}] if ours else [found]

    return read_business


def _deleted(body: Found) -> list[Found]:
    chat = ident(record(body.get("chat")).get("id"))
    return [
        {
            "kind": Kind.DELETE,
            "provider_message_id": f"{chat}:{number}",
            "from_": chat,
            "reply_to": f"{chat}:{number}",
        }
        for number in idents(body.get("message_ids"))
    ]


def _callback(query: Found) -> list[Found]:
    """A button was pressed. The query has no time of its own; it must be answered quickly."""
    message = record(query.get("message"))
    data = text(query.get("data"))
    found = {
        **_sender(query),
        "kind": Kind.POSTBACK,
        "provider_message_id": ident(query.get("id")),
        "text": data,
        "payload": data or text(query.get("game_short_name")),
        "reply_to": _id(message),
        "extra": _chat(message),
    }
    return [found]


def _reaction(body: Found) -> list[Found]:
    now = records(body.get("new_reaction"))
    emoji = [text(item.get("emoji")) or text(item.get("custom_emoji_id")) for item in now]
    person = _sender({**body, "from": body.get("user"), "sender_chat": body.get("actor_chat")})
    return [
        {
            **person,
            "kind": Kind.REACTION,
            "text": "".join(item for item in emoji if item) or None,
            "reply_to": _id(body),
            "timestamp": from_seconds(body.get("date")),
            "extra": _chat(body),
        }
    ]


def _member(body: Found) -> list[Found]:
    """A bot's or a person's standing changed; `kicked` in a private chat means we are blocked."""
    status = text(record(body.get("new_chat_member")).get("status")) or ""
    private = record(body.get("chat")).get("type") == "private"
    present_now, gone = ("subscribed", "unsubscribed") if private else ("joined", "left")
    return [
        {
            **_sender(body),
            "kind": Kind.MEMBERSHIP,
            "timestamp": from_seconds(body.get("date")),
            "provider_status": status or None,
            "extra": {
                **_chat(body),
                "membership": present_now if status in IN_CHAT else gone,
            },
        }
    ]


def _request(body: Found) -> list[Found]:
    return [
        {
            **_sender(body),
            "kind": Kind.MEMBERSHIP,
            "timestamp": from_seconds(body.get("date")),
            "provider_status": "chat_join_request",
            "extra": {**_chat(body), "membership": "requested"},
        }
    ]


def _other(body: Found) -> list[Found]:
    person = _sender(body) if "from" in body or "user" in body else {}
    when = from_seconds(body.get("date"))
    return [{**person, "kind": Kind.OTHER, "timestamp": when, "extra": scalars(body)}]


CONTENTS: dict[str, Callable[[Found], list[Found]]] = {
    "message": _message,
    "channel_post": _message,
    "business_message": _business(_message),
    "edited_message": _edited,
    "edited_channel_post": _edited,
    "edited_business_message": _business(_edited),
    "deleted_business_messages": _deleted,
    "callback_query": _callback,
    "message_reaction": _reaction,
    "my_chat_member": _member,
    "chat_member": _member,
    "chat_join_request": _request,
}


def _id(message: Found) -> str | None:
    chat, number = ident(record(message.get("chat")).get("id")), ident(message.get("message_id"))
    return f"{chat}:{number}" if chat and number else None


def _sender(body: Found) -> Found:
    """Who did it: a person, else (channel posts, anonymous administrators) a chat."""
    person = record(body.get("from")) or record(body.get("user"))
    chat = record(body.get("sender_chat")) or record(body.get("chat"))
    names = [text(person.get("first_name")), text(person.get("last_name"))]
    name = " ".join(item for item in names if item)
    return {
        "from_": ident(person.get("id")) or ident(chat.get("id")),
        "sender_name": name or (None if person else text(chat.get("title"))),
        "sender_ids": present({"username": text(person.get("username"))}),
    }


def _chat(body: Found) -> Found:
    chat = record(body.get("chat"))
    return present({"chat_id": ident(chat.get("id")), "chat_type": text(chat.get("type"))})


def _attachments(message: Found) -> tuple[Attachment, ...]:
    photos = records(message.get("photo"))
    if photos:
        return (_file(photos[-1], "photo"),)  # the last one is the largest
    kind = next((name for name in MEDIA if record(message.get(name))), None)
    return (_file(record(message[kind]), kind),) if kind else ()


def _file(file: Found, kind: str) -> Attachment:
    return Attachment(
        media_type="image" if kind == "photo" else kind,
        content_type=text(file.get("mime_type")),
        filename=text(file.get("file_name")),
        size=whole(file.get("file_size")),
        provider_media_id=text(file.get("file_id")),
    )
