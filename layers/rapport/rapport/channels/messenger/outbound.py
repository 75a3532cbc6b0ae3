"""Send by Facebook Messenger (Messenger Platform: Send API, message tags, error codes).

Settings: `access_token` (the page's; several while rotating), `page_id`, `graph_version`.
There is no idempotency key and nothing of ours comes back: a lost answer stays unknown.
"""

from datetime import datetime, timedelta
from typing import Any

from rapport.channels import graph
from rapport.channels.base import Account
from rapport.channels.sender import HttpResponse, OutboundMessage, SendResult
from rapport.channels.sending import Abilities, Call, HttpSender, Limit, Window
from rapport.contracts.content import MediaContent, TextContent

# After 24 h only a human agent may answer, tagged HUMAN_AGENT, up to 7 days.
WINDOW = Window(free=timedelta(hours=24), human=timedelta(days=7))
ABILITIES = Abilities(
    text=Limit(2000, "bytes"),
    captions={"image": None, "video": None, "audio": None, "document": None},
)
ATTACHMENT_TYPES = {"image": "image", "video": "video", "audio": "audio", "document": "file"}


class Outbound(HttpSender):
    """One Facebook page."""

    name = "Messenger"
    abilities = ABILITIES
    window = WINDOW
    required = ("access_token", "page_id")
    credential = "access_token"

    def window_for(self, message: OutboundMessage) -> Window | None:
        """None for an automated message to somebody of whom we do not know when they last wrote:
        then Meta knows, and answers at once."""
        is_unknown = message.automated and message.last_inbound_at is None
        return None if is_unknown else self.window

    def call(self, message: OutboundMessage, account: Account, now: datetime) -> Call:
        """`POST /{page_id}/messages`."""
        body = {
            "recipient": {"id": message.to},
            **_messaging_type(message, now),
            "message": _content(message),
        }
        return graph.messages_call(account, account.setting("page_id"), body)

    def read(self, response: HttpResponse) -> SendResult:
        """`message_id`, or the error."""
        return graph.read(self, response, "message_id")


def _messaging_type(message: OutboundMessage, now: datetime) -> dict[str, str]:
    last = message.last_inbound_at
    if message.automated or (last is not None and now - last < WINDOW.free):
        return {"messaging_type": "RESPONSE"}
    return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}


def _content(message: OutboundMessage) -> dict[str, Any]:
    content = message.content
    if isinstance(content, TextContent):
        return {"text": content.text}
    assert isinstance(content, MediaContent)  # `abilities` refuses everything else
    payload = {"url": str(content.url), "is_reusable": False}
    return {"attachment": {"type": ATTACHMENT_TYPES[content.media_type], "payload": payload}}
