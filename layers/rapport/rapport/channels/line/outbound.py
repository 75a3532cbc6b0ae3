"""Send by the LINE Messaging API (developers.line.biz, push message and retrying-api-request).

Settings: `channel_access_token` (several while rotating).
Push only, also where a fresh reply token is at hand: a reply is free, but takes no
`X-Line-Retry-Key` and its token works once, so a lost answer could neither be repeated nor
explained. A push with a key derived from our message id may be repeated for 24 hours, and 409 says
that the earlier copy was taken.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from rapport.channels.base import Account
from rapport.channels.sender import (
    ErrorClass,
    HttpResponse,
    OutboundMessage,
    Outcome,
    SendError,
    SendResult,
)
from rapport.channels.sending import (
    Abilities,
    Call,
    HttpSender,
    Limit,
    Rule,
    child,
    json_body,
    json_object,
    refuse,
    sent,
)
from rapport.contracts.content import MediaContent, TextContent

PUSH = "https://api.line.me/v2/bot/message/push"
RETRY_KEYS = UUID("6f0b2f0e-6d0b-4c5e-9a53-5a1d0f6f2b57")
TEXT = Limit(5000, "UTF-16 units")
# A caption goes along as a second message of the same push. LINE carries no files.
ABILITIES = Abilities(text=TEXT, captions={"image": TEXT, "video": TEXT, "audio": TEXT})
NEEDED_EXTRA = {"video": "preview_url", "audio": "duration_ms"}

STATUSES = {
    400: Rule(ErrorClass.INVALID_REQUEST),
    401: Rule(ErrorClass.AUTH),
    403: Rule(ErrorClass.POLICY),  # the plan of the account does not include it
    404: Rule(ErrorClass.RECIPIENT_INVALID),
    410: Rule(ErrorClass.INVALID_REQUEST),
    413: Rule(ErrorClass.INVALID_REQUEST),
    415: Rule(ErrorClass.INVALID_REQUEST),
    429: Rule(ErrorClass.RATE_LIMITED, Outcome.RETRY),
}
MONTHLY_LIMIT = "monthly limit"  # "You have reached your monthly limit.": a 429 that won't pass


class Outbound(HttpSender):
    """One LINE Official Account."""

    name = "LINE"
    abilities = ABILITIES
    idempotent = True
    required = ("channel_access_token",)
    credential = "channel_access_token"

    def own_refusal(self, message: OutboundMessage, account: Account) -> SendError | None:
        """A video wants a preview picture, an audio its length; we know neither by ourselves."""
        del account
        content = message.content
        if not isinstance(content, MediaContent):
            return None
        needed = NEEDED_EXTRA.get(content.media_type)
        if needed is None or message.extra.get(needed):
            return None
        detail = f"LINE wants extra.{needed} with {content.media_type}."
        return refuse(ErrorClass.INVALID_REQUEST, detail)

    def call(self, message: OutboundMessage, account: Account, now: datetime) -> Call:
        """`POST /v2/bot/message/push`."""
        del now
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {account.setting('channel_access_token')}",
            "x-line-retry-key": retry_key(message.message_id),
        }
        body = {"to": message.to, "messages": _messages(message)}
        return Call(PUSH, headers, json_body(body))

    def read(self, response: HttpResponse) -> SendResult:
        """`sentMessages[0].id`; 409 means that an earlier copy was taken."""
        body = json_object(response)
        message_id = child(body, "sentMessages", 0, "id")
        if response.status == 409 or (response.status < 300 and message_id is not None):
            return sent(message_id)  # a 2xx without an id is asked again: its key tells
        if response.status == 429 and MONTHLY_LIMIT in str(body.get("message", "")).lower():
            return self.result(Rule(ErrorClass.PAYMENT), "monthly_limit", response)
        if response.status == 400 and "'to'" in str(body.get("message", "")):
            return self.result(Rule(ErrorClass.RECIPIENT_INVALID), "http_400", response)
        rule = STATUSES.get(response.status)
        if rule is not None:
            return self.result(rule, f"http_{response.status}", response)
        return self.by_status(response)


def retry_key(message_id: str) -> str:
    """The same UUID for every attempt of one message, a different one for every message."""
    return str(uuid5(RETRY_KEYS, message_id))


def _messages(message: OutboundMessage) -> list[dict[str, Any]]:
    content = message.content
    if isinstance(content, TextContent):
        text = {"type": "text", "text": content.text}
        quote = message.extra.get("quote_token")  # LINE quotes by token, not by message id
        return [text | {"quoteToken": quote} if quote else text]
    assert isinstance(content, MediaContent)  # `abilities` refuses everything else
    url = str(content.url)
    media: dict[str, Any] = {"type": content.media_type, "originalContentUrl": url}
    if content.media_type == "audio":
        media["duration"] = message.extra["duration_ms"]
    else:
        media["previewImageUrl"] = message.extra.get("preview_url", url)
    return [media, {"type": "text", "text": content.caption}] if content.caption else [media]
