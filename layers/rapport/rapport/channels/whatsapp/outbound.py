"""Send by the WhatsApp Cloud API (Meta's messages reference; requests as pywa 4.5.0 makes them).

Settings: `access_token` (several while rotating), `phone_number_id`, `graph_version`.
`message.extra`: `code` for an authentication template, whose button copies it.
There is no idempotency key: a lost answer stays unknown until the status webhook brings the
`reference` back as `biz_opaque_callback_data`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from rapport.channels import graph
from rapport.channels.base import Account
from rapport.channels.sender import ErrorClass, HttpResponse, OutboundMessage, SendError, SendResult
from rapport.channels.sending import Abilities, Call, HttpSender, Limit, Window, refuse
from rapport.contracts.content import MediaContent, TemplateContent, TextContent

WINDOW = Window(free=timedelta(hours=24))  # afterwards only approved templates (131047)
CAPTION = Limit(1024)
ABILITIES = Abilities(
    text=Limit(4096),
    captions={"image": CAPTION, "video": CAPTION, "document": CAPTION, "audio": None},
    templates=True,
)
MAX_REFERENCE = 512


class Outbound(HttpSender):
    """One business phone number."""

    name = "WhatsApp"
    abilities = ABILITIES
    window = WINDOW
    required = ("access_token", "phone_number_id")
    credential = "access_token"

    def own_refusal(self, message: OutboundMessage, account: Account) -> SendError | None:
        """`biz_opaque_callback_data` has a limit; a cut reference could not be matched again."""
        del account
        if len(message.reference) <= MAX_REFERENCE:
            return None
        detail = f"The reference is over WhatsApp's limit of {MAX_REFERENCE} characters."
        return refuse(ErrorClass.INVALID_REQUEST, detail, "too_long")

    def call(self, message: OutboundMessage, account: Account, now: datetime) -> Call:
        """`POST /{phone_number_id}/messages`."""
        del now
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            # A business-scoped user id (`CC.…`) goes where the digits would go.
            "to": message.to.removeprefix("+"),
            "biz_opaque_callback_data": message.reference,
            **_content(message.content, message.extra.get("code")),
        }
        if message.reply_to:
            body["context"] = {"message_id": message.reply_to}
        return graph.messages_call(account, account.setting("phone_number_id"), body)

    def read(self, response: HttpResponse) -> SendResult:
        """`messages[0].id`, or the error."""
        return graph.read(self, response, "messages", 0, "id")


def _content(content: TextContent | MediaContent | TemplateContent, code: object) -> dict[str, Any]:
    if isinstance(content, TextContent):
        return {"type": "text", "text": {"body": content.text, "preview_url": False}}
    if isinstance(content, MediaContent):
        media = {"link": str(content.url)}
        if content.caption:
            media["caption"] = content.caption
        if content.filename and content.media_type == "document":
            media["filename"] = content.filename
        return {"type": content.media_type, content.media_type: media}
    return {"type": "template", "template": _template(content, code)}


def _template(content: TemplateContent, code: object) -> dict[str, Any]:
    template: dict[str, Any] = {"name": content.name, "language": {"code": content.language}}
    components: list[dict[str, Any]] = []
    if content.parameters:
        components.append({"type": "body", "parameters": _texts(content.parameters)})
    if isinstance(code, str):
        # Meta refuses an authentication template whose button is not told what to copy.
        button = {"type": "button", "sub_type": "url", "index": "0", "parameters": _texts([code])}
        components.append(button)
    if components:
        template["components"] = components
    return template


def _texts(texts: Iterable[str]) -> list[dict[str, str]]:
    return [{"type": "text", "text": text} for text in texts]
