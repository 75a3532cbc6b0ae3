"""Send by the Telegram Bot API (core.telegram.org/bots/api; constants of python-telegram-bot).

Settings: `bot_token` (several while rotating). The token is part of the address, so addresses are
never logged. There is no idempotency key and no receipt: a lost answer stays unknown.
"""

from datetime import datetime, timedelta
from typing import Any

from rapport.channels.base import Account
from rapport.channels.sender import ErrorClass, HttpResponse, OutboundMessage, Outcome, SendResult
from rapport.channels.sending import (
    MAX_RETRY_AFTER,
    Abilities,
    Call,
    HttpSender,
    Limit,
    Rule,
    child,
    json_body,
    json_object,
    sent,
)
from rapport.contracts.content import MediaContent, TextContent

HOST = "https://api.telegram.org"
CAPTION = Limit(1024, "UTF-16 units")
ABILITIES = Abilities(
    text=Limit(4096, "UTF-16 units"),
    captions={"image": CAPTION, "video": CAPTION, "audio": CAPTION, "document": CAPTION},
)
METHODS = {
    "image": ("sendPhoto", "photo"),
    "video": ("sendVideo", "video"),
    "audio": ("sendAudio", "audio"),
    "document": ("sendDocument", "document"),  # by address Telegram takes PDF, ZIP and GIF only
}

DESCRIPTIONS: tuple[tuple[int, str, Rule], ...] = (
    (403, "bot was blocked by the user", Rule(ErrorClass.OPTED_OUT)),
    (403, "", Rule(ErrorClass.RECIPIENT_INVALID)),  # deactivated, kicked, never started the bot
    (400, "chat not found", Rule(ErrorClass.RECIPIENT_INVALID)),
    (400, "peer_id_invalid", Rule(ErrorClass.RECIPIENT_INVALID)),
    (400, "upgraded to a supergroup", Rule(ErrorClass.RECIPIENT_INVALID)),
    (400, "", Rule(ErrorClass.INVALID_REQUEST)),
    (401, "", Rule(ErrorClass.AUTH)),
    (404, "", Rule(ErrorClass.AUTH)),  # an address with a wrong token does not exist
    (409, "", Rule(ErrorClass.INVALID_REQUEST)),
    (413, "", Rule(ErrorClass.INVALID_REQUEST)),
    (429, "", Rule(ErrorClass.RATE_LIMITED, Outcome.RETRY)),
)
"""By `error_code` and what `description` contains; the first that fits."""


class Outbound(HttpSender):
    """One bot."""

    name = "Telegram"
    abilities = ABILITIES
    required = ("bot_token",)
    credential = "bot_token"

    def call(self, message: OutboundMessage, account: Account, now: datetime) -> Call:
        """`POST /bot<token>/sendMessage`, or the method of the media type."""
        del now
        method, content = _content(message.content)
        body: dict[str, Any] = {"chat_id": _chat_id(message.to), **content}
        quoted = (message.reply_to or "").rpartition(":")[2]  # canonical ids are chat:message
        if quoted.isascii() and quoted.isdigit():
            body["reply_parameters"] = {
                "message_id": int(quoted),
                "allow_sending_without_reply": True,
            }
        url = f"{HOST}/bot{account.setting('bot_token')}/{method}"
        return Call(url, {"content-type": "application/json"}, json_body(body))

    def read(self, response: HttpResponse) -> SendResult:
        """`chat:message` as inbound events name it, or the error: `ok` decides, not the status."""
        body = json_object(response)
        chat, message = child(body, "result", "chat", "id"), child(body, "result", "message_id")
        if body.get("ok") is True and isinstance(chat, int) and isinstance(message, int):
            return sent(f"{chat}:{message}")
        code = body.get("error_code")
        if body.get("ok") is not False or not isinstance(code, int):
            return self.by_status(response)
        return self._refused(code, body, response)

    def _refused(self, code: int, body: dict[str, Any], response: HttpResponse) -> SendResult:
        description = str(body.get("description", "")).lower()
        for known, fragment, rule in DESCRIPTIONS:
            if code == known and fragment in description:
                wait = child(body, "parameters", "retry_after")
                asked = timedelta(seconds=wait) if isinstance(wait, int) and wait > 0 else None
                limited = min(asked, MAX_RETRY_AFTER) if asked else None
                return self.result(Rule(rule.error_class, rule.outcome, limited), code, response)
        return self.by_status(HttpResponse(code, response.headers, b""))


def _chat_id(to: str) -> int | str:
    digits = to.removeprefix("-")
    return int(to) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else to


def _content(content: object) -> tuple[str, dict[str, Any]]:
    if isinstance(content, TextContent):
        return "sendMessage", {"text": content.text}
    assert isinstance(content, MediaContent)  # `abilities` refuses everything else
    method, field = METHODS[content.media_type]
    caption = {"caption": content.caption} if content.caption else {}
    return method, {field: str(content.url), **caption}
