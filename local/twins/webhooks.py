"""What providers send us, built and signed exactly as they do: pure functions of what was said.

Used by the twins, and directly by tests, the fault explorer and the demo. Shapes and
signatures: Meta's webhook references (pywa's tests), developers.line.biz,
core.telegram.org/bots/api and twilio.com/docs/usage/webhooks; Amazon's are in `local.twins.mail`.
"""

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from rapport.channels.base import Account, Request

Json = dict[str, Any]


@dataclass(frozen=True)
class Webhook:
    """One HTTP request of a provider to us. `account_channel` and `account` name our account."""

    account_channel: str
    account: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    method: str = "POST"

    def request(self, received_at: datetime) -> Request:
        """The request as an inbound adapter takes it."""
        return Request(self.method, self.url, self.headers, self.body, received_at)


@dataclass(frozen=True)
class Media:
    """One picture, sound or file that a customer sent, as the provider refers to it."""

    media_id: str
    media_type: str = "image"
    content_type: str = "image/png"
    filename: str | None = None
    sha256: str | None = None  # base64, as WhatsApp gives it
    content: bytes = b""


@dataclass(frozen=True)
class Said:
    """What one customer did: said something, pressed a button (`postback`), came or left.

    `message_id` is the provider's; for Telegram a number as text. `membership`: `follow` or
    `unfollow`. `extra`: `subject`, `in_reply_to`, `references`, `html`, `dmarc` for e-mail;
    `user_id` (business-scoped) for WhatsApp; `group_id` for LINE.
    """

    sender: str
    message_id: str
    at: datetime
    text: str | None = None
    name: str | None = None
    media: Media | None = None
    postback: str | None = None
    reply_to: str | None = None
    referral: Mapping[str, Any] | None = None
    membership: str | None = None
    event_id: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


# --- signatures -------------------------------------------------------------------------------


def meta_webhook(account: Account, url: str, payload: Json) -> Webhook:
    """Meta: the body is \\u-escaped ASCII with `/` escaped too; HMAC-SHA256 over its bytes."""
    body = json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()
    digest = hmac.digest(account.setting("app_secret").encode(), body, "sha256").hex()
    return _json_webhook(account, url, body, ("X-Hub-Signature-256", f"sha256={digest}"))


def line_webhook(account: Account, url: str, events: Sequence[Json]) -> Webhook:
    """LINE: raw UTF-8 JSON; base64 of HMAC-SHA256 over its bytes."""
    payload = {"destination": account.setting("destination", "Utwin"), "events": list(events)}
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    digest = hmac.digest(account.setting("channel_secret").encode(), body, "sha256")
    signature = base64.b64encode(digest).decode()
    return _json_webhook(account, url, body, ("x-line-signature", signature))


def telegram_webhook(account: Account, url: str, update: Json) -> Webhook:
    """Telegram: nothing is signed, a header repeats our secret."""
    body = json.dumps(update, ensure_ascii=False).encode()
    secret = ("X-Telegram-Bot-Api-Secret-Token", account.setting("secret_token"))
    return _json_webhook(account, url, body, secret)


def twilio_webhook(account: Account, url: str, form: Mapping[str, str]) -> Webhook:
    """Twilio: base64 of HMAC-SHA1 over the URL and the sorted parameters."""
    signed = url.partition("#")[0] + "".join(f"{k}{v}" for k, v in sorted(form.items()))
    digest = hmac.digest(account.setting("auth_token").encode(), signed.encode(), "sha1")
    headers = (
        ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ("X-Twilio-Signature", base64.b64encode(digest).decode()),
        ("User-Agent", "TwilioProxy/1.1"),
    )
    return Webhook(account.channel, account.name, url, headers, urlencode(form).encode())


def _json_webhook(account: Account, url: str, body: bytes, proof: tuple[str, str]) -> Webhook:
    headers = (("Content-Type", "application/json"), proof)
    return Webhook(account.channel, account.name, url, headers, body)


# --- what customers say -----------------------------------------------------------------------


def whatsapp_message(said: Said, account: Account) -> Json:
    """WhatsApp's `messages` change of one message."""
    wa_id = said.sender.removeprefix("+")  # Meta gives numbers without their plus sign
    message: Json = {"from": wa_id, "id": said.message_id, "timestamp": _seconds(said.at)}
    if user_id := said.extra.get("user_id"):
        message["from_user_id"] = user_id
    if said.reply_to:
        message["context"] = {"from": account.setting("phone_number_id"), "id": said.reply_to}
    if said.referral:
        message["referral"] = dict(said.referral)
    message |= _whatsapp_content(said)
    contact = {"profile": {"name": said.name or said.sender}, "wa_id": wa_id}
    if user_id:
        contact["user_id"] = user_id
    return whatsapp_change(account, {"contacts": [contact], "messages": [message]})


def _whatsapp_content(said: Said) -> Json:
    if said.postback is not None:
        reply = {"id": said.postback, "title": said.text or said.postback}
        interactive = {"type": "button_reply", "button_reply": reply}
        return {"type": "interactive", "interactive": interactive}
    if said.media is None:
        return {"type": "text", "text": {"body": said.text or ""}}
    media = said.media
    described = {
        "id": media.media_id,
        "mime_type": media.content_type,
        "sha256": media.sha256,
        "filename": media.filename if media.media_type == "document" else None,
        "caption": said.text,
    }
    return {
        "type": media.media_type,
        media.media_type: {k: v for k, v in described.items() if v is not None},
    }


def whatsapp_status(
    account: Account,
    message_id: str,
    status: str,
    recipient: str,
    at: datetime,
    *,
    reference: str | None = None,
    error_code: int | None = None,
) -> Json:
    """WhatsApp's `statuses` change of one message of ours."""
    item: Json = {
        "id": message_id,
        "status": status,
        "timestamp": _seconds(at),
        "recipient_id": recipient.lstrip("+"),
    }
    if reference:
        item["biz_opaque_callback_data"] = reference
    if error_code is not None:
        item["errors"] = [{"code": error_code, "title": "Twin failure", "message": "Twin failure"}]
    else:
        item["pricing"] = {"billable": True, "pricing_model": "PMP", "category": "service"}
    return whatsapp_change(account, {"statuses": [item]})


def whatsapp_change(account: Account, value: Json) -> Json:
    """The envelope around one change of field `messages`."""
    metadata = {
        "display_phone_number": account.setting("display_phone_number", "15550000000"),
        "phone_number_id": account.setting("phone_number_id"),
    }
    value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {
        "id": account.setting("waba_id", "100000000000001"),
        "changes": [{"field": "messages", "value": value}],
    }
    return {"object": "whatsapp_business_account", "entry": [entry]}


def messenger_message(said: Said, account: Account) -> Json:
    """Messenger's `messaging` item of one message or postback."""
    if said.postback is not None:
        title = said.text or said.postback
        content: Json = {"mid": said.message_id, "title": title, "payload": said.postback}
        if said.referral:
            content["referral"] = dict(said.referral)
        return messenger_item(said.sender, account, said.at, {"postback": content})
    message: Json = {"mid": said.message_id}
    if said.text is not None:
        message["text"] = said.text
    if said.media:
        kind = "file" if said.media.media_type == "document" else said.media.media_type
        url = f"https://cdn.fbsbx.com/v/twin/{said.media.media_id}"
        message["attachments"] = [{"type": kind, "payload": {"url": url}}]
    if said.reply_to:
        message["reply_to"] = {"mid": said.reply_to}
    if said.referral:
        message["referral"] = dict(said.referral)
    return messenger_item(said.sender, account, said.at, {"message": message})


def messenger_delivery(account: Account, message_id: str, person: str, at: datetime) -> Json:
    """Messenger's receipt that one message arrived."""
    content = {"mids": [message_id], "watermark": millis(at)}
    return messenger_item(person, account, at, {"delivery": content})


def messenger_read(account: Account, person: str, at: datetime) -> Json:
    """Messenger's receipt that everything up to `at` was read; it names no message."""
    return messenger_item(person, account, at, {"read": {"watermark": millis(at)}})


def messenger_item(person: str, account: Account, at: datetime, content: Json) -> Json:
    """The envelope around one `messaging` item."""
    page = account.setting("page_id")
    item = {
        "sender": {"id": person},
        "recipient": {"id": page},
        "timestamp": millis(at),
        **content,
    }
    entry = {"id": page, "time": millis(at), "messaging": [item]}
    return {"object": "page", "entry": [entry]}


def line_event(said: Said, *, redelivery: bool = False) -> Json:
    """One LINE event: a message, a postback, a follow or an unfollow."""
    source = {"type": "user", "userId": said.sender}
    if group := said.extra.get("group_id"):
        source = {"type": "group", "groupId": group, "userId": said.sender}
    event: Json = {
        "mode": "active",
        "timestamp": millis(said.at),
        "source": source,
        "webhookEventId": said.event_id or f"01TWIN{said.message_id}",
        "deliveryContext": {"isRedelivery": redelivery},
        "replyToken": f"reply{said.message_id}",
    }
    if said.membership:
        return {**event, "type": said.membership}
    if said.postback is not None:
        return {**event, "type": "postback", "postback": {"data": said.postback}}
    return {**event, "type": "message", "message": _line_message(said)}


def _line_message(said: Said) -> Json:
    message: Json = {"id": said.message_id, "quoteToken": f"quote{said.message_id}"}
    if said.reply_to:
        message["quotedMessageId"] = said.reply_to
    media = said.media
    if media is None:
        return {**message, "type": "text", "text": said.text or ""}
    if media.media_type == "document":
        name = media.filename or "file"
        return {**message, "type": "file", "fileName": name, "fileSize": len(media.content)}
    return {**message, "type": media.media_type, "contentProvider": {"type": "line"}}


def telegram_update(said: Said, account: Account) -> Json:
    """One Telegram update of a private chat."""
    update_id = int(said.event_id or said.message_id)
    person = {"id": int(said.sender), "is_bot": False, "first_name": said.name or "Customer"}
    chat = {"id": int(said.sender), "type": "private", "first_name": person["first_name"]}
    if said.membership:
        bot = {"id": int(account.setting("bot_token", "1:").partition(":")[0]), "is_bot": True}
        states = ("member", "kicked") if said.membership == "unfollow" else ("kicked", "member")
        member: Json = {"chat": chat, "from": person, "date": int(said.at.timestamp())}
        member["old_chat_member"] = {"user": bot, "status": states[0]}
        member["new_chat_member"] = {"user": bot, "status": states[1]}
        return {"update_id": update_id, "my_chat_member": member}
    message: Json = {
        "message_id": int(said.message_id),
        "from": person,
        "chat": chat,
        "date": int(said.at.timestamp()),
    }
    if said.postback is not None:
        query = {"id": said.message_id, "from": person, "message": message, "data": said.postback}
        return {"update_id": update_id, "callback_query": query}
    if said.reply_to:
        replied = int(said.reply_to.rpartition(":")[2])
        message["reply_to_message"] = {"message_id": replied, "chat": chat}
    return {"update_id": update_id, "message": message | _telegram_content(said)}


def _telegram_content(said: Said) -> Json:
    media = said.media
    if media is None:
        return {"text": said.text or ""}
    caption = {"caption": said.text} if said.text else {}
    file = {"file_id": media.media_id, "file_unique_id": media.media_id}
    if media.media_type == "image":
        small = {"file_id": f"{media.media_id}-s", "width": 90, "height": 90}
        return {"photo": [small, {**file, "width": 1280, "height": 1280}], **caption}
    described = {**file, "mime_type": media.content_type, "file_name": media.filename}
    return {media.media_type: described, **caption}


def twilio_message(said: Said, account: Account, to: str) -> dict[str, str]:
    """Twilio's form of an inbound SMS, MMS or (by the prefix of `said.sender`) WhatsApp message."""
    form = {
        "MessageSid": said.message_id,
        "SmsSid": said.message_id,
        "AccountSid": account.setting("account_sid"),
        "From": said.sender,
        "To": to,
        "Body": said.text or "",
        "NumMedia": "1" if said.media else "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        "FromCity": "",  # Twilio signs empty parameters too
    }
    if said.media:
        path = f"Messages/{said.message_id}/Media/{said.media.media_id}"
        base = f"https://api.twilio.com/2010-04-01/Accounts/{form['AccountSid']}"
        form |= {"MediaUrl0": f"{base}/{path}", "MediaContentType0": said.media.content_type}
    if said.sender.startswith("whatsapp:"):
        form |= {"ProfileName": said.name or "", "WaId": said.sender.partition("+")[2]}
        form["MessageType"] = "button" if said.postback is not None else "text"
        if said.reply_to:
            form["OriginalRepliedMessageSid"] = said.reply_to
    if said.postback is not None:
        form |= {"ButtonPayload": said.postback, "ButtonText": said.text or said.postback}
    return form


def twilio_status(
    account: Account,
    message_id: str,
    status: str,
    *,
    sender: str,
    recipient: str,
    error_code: str | None = None,
) -> dict[str, str]:
    """Twilio's form of a status callback."""
    form = {
        "MessageSid": message_id,
        "SmsSid": message_id,
        "MessageStatus": status,
        "SmsStatus": status,
        "AccountSid": account.setting("account_sid"),
        "From": sender,
        "To": recipient,
        "ApiVersion": "2010-04-01",
    }
    return form | ({"ErrorCode": error_code} if error_code else {})


def twilio_call_status(
    account: Account, call_id: str, status: str, *, sender: str, recipient: str, at: datetime
) -> dict[str, str]:
    """Twilio's form of a status callback of a call that we placed."""
    ended = {"CallDuration": "17", "Duration": "1"} if status == "completed" else {}
    return {
        "CallSid": call_id,
        "CallStatus": status,
        "AccountSid": account.setting("account_sid"),
        "From": sender,
        "To": recipient,
        "Direction": "outbound-api",
        "CallbackSource": "call-progress-events",
        "Timestamp": format_datetime(at),
        "ApiVersion": "2010-04-01",
        **ended,
    }


def _seconds(at: datetime) -> str:
    return str(int(at.timestamp()))


def millis(at: datetime) -> int:
    """Milliseconds since 1970, as most providers tell times."""
    return int(at.timestamp() * 1000)
