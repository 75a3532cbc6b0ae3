"""WhatsApp Cloud API: what a webhook's entry says, in canonical events.

Shapes: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks (May 2026) and
the types of pywa 4.5.0. Times are seconds sent as text. Since April 2026 a user may have no phone
number in the payload: then the business-scoped id (`from_user_id`, "BSUID") is who it is from.
"""

from collections.abc import Callable, Iterator
from typing import Any

from rapport.channels.base import Account
from rapport.channels.fields import (
    chosen,
    from_seconds,
    ident,
    phone,
    present,
    record,
    records,
    scalars,
    text,
)
from rapport.contracts.inbound import Attachment, InboundEvent, Kind, Status

PROVIDER = "meta"

STATUSES = {
    "accepted": Status.QUEUED,
    "held_for_quality_assessment": Status.QUEUED,
    "paused": Status.QUEUED,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "played": Status.READ,  # a voice note was listened to
    "failed": Status.FAILED,
}
PREFERENCES = {"stop": "unsubscribed", "resume": "subscribed"}


def read(entry: dict[str, Any], account: Account, channel: str) -> Iterator[InboundEvent]:
    """The events of one entry: of all its changes, and of all messages and statuses in each."""
    for change in records(entry.get("changes")):
        value = record(change.get("value"))
        field = text(change.get("field")) or "messages"
        number = ident(record(value.get("metadata")).get("phone_number_id"))
        account.must_own("phone_number_id", number)
        yield from FIELDS.get(field, _unmapped(field))({"channel": channel}, number, value)


def _messages(
    common: dict[str, Any], number: str | None, value: dict[str, Any]
) -> Iterator[InboundEvent]:
    people = _people(value)
    for message in records(value.get("messages")):
        yield _message(message, {**common, "to": number}, people)
    for status in records(value.get("statuses")):
        yield _receipt(status, {**common, "from_": number})
    if not value.get("messages") and not value.get("statuses"):
        for error in records(value.get("errors")):
            yield _event(common, {"kind": Kind.OTHER, "to": number, **_error([error])})


def _echoes(
    common: dict[str, Any], number: str | None, value: dict[str, Any]
) -> Iterator[InboundEvent]:
    """What the business itself wrote in the phone app: never to be taken for a customer's."""
    for message in records(value.get("message_echoes")):
        found = {
            **_content(message),
            "kind": Kind.ECHO,
            "provider_message_id": ident(message.get("id")),
            "from_": ident(message.get("from")) or number,
            "to": ident(message.get("to")),
            "timestamp": from_seconds(message.get("timestamp")),
        }
        yield _event(common, found)


def _preferences(
    common: dict[str, Any], number: str | None, value: dict[str, Any]
) -> Iterator[InboundEvent]:
    people = _people(value)
    for choice in records(value.get("user_preferences")):
        raw = text(choice.get("value"))
        sender, person = _sender(choice.get("wa_id"), choice.get("user_id"), people)
        found = {
            "kind": Kind.MEMBERSHIP,
            "from_": sender,
            "to": number,
            "timestamp": from_seconds(choice.get("timestamp")),
            "provider_status": raw,
            "extra": present(
                {
                    "membership": PREFERENCES.get(raw or ""),
                    "category": text(choice.get("category")),
                    "detail": text(choice.get("detail")),
                }
            ),
            **person,
        }
        yield _event(common, found)


Reader = Callable[[dict[str, Any], str | None, dict[str, Any]], Iterator[InboundEvent]]
FIELDS: dict[str, Reader] = {
    "messages": _messages,
    "smb_message_echoes": _echoes,
    "user_preferences": _preferences,
}


def _unmapped(field: str) -> Reader:
    def other(
        common: dict[str, Any], number: str | None, value: dict[str, Any]
    ) -> Iterator[InboundEvent]:
        extra = {"field": field, **scalars(value)}
        yield _event(common, {"kind": Kind.OTHER, "to": number, "extra": extra})

    return other


def _message(
    message: dict[str, Any], common: dict[str, Any], people: dict[str, dict[str, Any]]
) -> InboundEvent:
    sender, person = _sender(message.get("from"), message.get("from_user_id"), people)
    context = record(message.get("context"))
    found = {"reply_to": ident(context.get("id")), **_content(message)}
    found["provider_message_id"] = ident(message.get("id"))
    found["from_"] = sender
    found["timestamp"] = from_seconds(message.get("timestamp"))
    found["extra"] = {
        **found.get("extra", {}),
        **chosen(context, ("forwarded", "frequently_forwarded", "referred_product")),
        **chosen(message, ("referral", "group_id")),
    }
    if found["provider_message_id"] is None:
        found["kind"] = Kind.OTHER  # without an id it cannot be de-duplicated
    return _event(common, {**person, **found})


def _receipt(status: dict[str, Any], common: dict[str, Any]) -> InboundEvent:
    raw = text(status.get("status"))
    found = {
        "kind": Kind.RECEIPT,
        "provider_message_id": ident(status.get("id")),
        "to": ident(status.get("recipient_id")) or ident(status.get("recipient_user_id")),
        "timestamp": from_seconds(status.get("timestamp")),
        "status": STATUSES.get(raw or "", Status.UNKNOWN),
        "provider_status": raw,
        **_error(records(status.get("errors"))),
    }
    found["extra"] = present(
        {
            "reference": text(status.get("biz_opaque_callback_data")),
            "pricing": record(status.get("pricing")),
            "conversation_id": ident(record(status.get("conversation")).get("id")),
            **chosen(status, ("recipient_user_id", "recipient_type", "recipient_participant_id")),
        }
    )
    return _event(common, found)


def _people(value: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Contacts by phone digits and by BSUID: they are joined to messages by id, not by position."""
    people: dict[str, dict[str, Any]] = {}
    for contact in records(value.get("contacts")):
        for key in (ident(contact.get("wa_id")), ident(contact.get("user_id"))):
            if key:
                people[key] = contact
    return people


def _sender(
    wa_id: Any, user_id: Any, people: dict[str, dict[str, Any]]
) -> tuple[str | None, dict[str, Any]]:
    """Who wrote, verbatim, with the identifiers that WhatsApp vouches for."""
    number, bsuid = ident(wa_id), ident(user_id)
    contact = people.get(number or "") or people.get(bsuid or "") or {}
    profile = record(contact.get("profile"))
    ids = present(
        {
            "phone": phone(number or ident(contact.get("wa_id"))),
            "bsuid": bsuid or ident(contact.get("user_id")),
            "username": text(profile.get("username")),
        }
    )
    return number or bsuid, {"sender_name": text(profile.get("name")), "sender_ids": ids}


def _content(message: dict[str, Any]) -> dict[str, Any]:
    """The fields of the event that depend on the message's type."""
    kind = text(message.get("type")) or ""
    if kind == "contacts":  # the one type whose body is an array
        return {"kind": Kind.MESSAGE, "extra": {"contacts": records(message.get(kind))}}
    reader = TYPES.get(kind)
    if reader is None:
        error = _error(records(message.get("errors")))
        return {"kind": Kind.MESSAGE, "extra": present({"type": kind}), **error}
    return {"kind": Kind.MESSAGE, **reader(record(message.get(kind)), kind)}


def _media(media: dict[str, Any], kind: str) -> dict[str, Any]:
    attachment = Attachment(
        media_type=kind,
        content_type=text(media.get("mime_type")),
        filename=text(media.get("filename")),
        url=text(media.get("url")),
        provider_media_id=ident(media.get("id")),
        sha256=text(media.get("sha256")),
    )
    return {
        "text": text(media.get("caption")),
        "attachments": (attachment,),
        "extra": chosen(media, ("voice", "animated")),
    }


def _interactive(interactive: dict[str, Any], _kind: str) -> dict[str, Any]:
    for name in ("button_reply", "list_reply"):
        reply = record(interactive.get(name))
        if reply:
            return _postback(text(reply.get("title")), ident(reply.get("id")))
    flow = record(interactive.get("nfm_reply"))
    if flow:
        # A flow's answer is JSON inside a string; it is handed on as it is.
        answer = _postback(text(flow.get("body")), text(flow.get("response_json")))
        return {**answer, "extra": chosen(flow, ("name",))}
    return {"extra": {"type": "interactive"}}


def _postback(title: str | None, payload: str | None) -> dict[str, Any]:
    return {"kind": Kind.POSTBACK, "text": title, "payload": payload}


def _edit(edit: dict[str, Any], _kind: str) -> dict[str, Any]:
    content = _content(record(edit.get("message")))
    return {**content, "kind": Kind.EDIT, "reply_to": ident(edit.get("original_message_id"))}


def _named(body: Any, kind: str) -> dict[str, Any]:
    return {"extra": {kind: body}}


TYPES: dict[str, Callable[[dict[str, Any], str], dict[str, Any]]] = {
    "text": lambda body, _: {"text": text(body.get("body"))},
    "image": _media,
    "video": _media,
    "audio": _media,
    "document": _media,
    "sticker": _media,
    "location": _named,
    "order": _named,
    "reaction": lambda body, _: {
        "kind": Kind.REACTION,
        "text": text(body.get("emoji")),  # taken back: an empty emoji, or no such key
        "reply_to": ident(body.get("message_id")),
    },
    "interactive": _interactive,
    "button": lambda body, _: _postback(text(body.get("text")), text(body.get("payload"))),
    "system": lambda body, _: {"kind": Kind.OTHER, "extra": {"system": scalars(body)}},
    "edit": _edit,
    "revoke": lambda body, _: {
        "kind": Kind.DELETE,
        "reply_to": ident(body.get("original_message_id")),
    },
}


def _error(errors: list[dict[str, Any]]) -> dict[str, Any]:
    if not errors:
        return {}
    first = errors[0]
    details = text(record(first.get("error_data")).get("details"))
    return {
        "error_code": ident(first.get("code")),
        "error_detail": details or text(first.get("message")) or text(first.get("title")),
    }


def _event(common: dict[str, Any], found: dict[str, Any]) -> InboundEvent:
    return InboundEvent(provider=PROVIDER, **{**common, **found})
