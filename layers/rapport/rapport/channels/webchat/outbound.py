"""Send on our own web chat: the ledger's entry is the message, and the push brings it over.

There is no provider to ask, so nothing can be lost between us and them: an attempt is sent at once,
under our own id, and a second attempt is the same. Once the entry says `sent`, the reader of the
ledger's stream delivers it to the visitor's sockets, and their history shows it.
"""

from datetime import datetime
from typing import ClassVar

from rapport.channels.base import Account
from rapport.channels.sender import (
    ErrorClass,
    Http,
    OutboundMessage,
    Outcome,
    SendError,
    SendResult,
)
from rapport.channels.sending import refuse, sent
from rapport.channels.webchat.inbound import MAX_TEXT_CHARS
from rapport.contracts.content import MediaContent, TemplateContent, TextContent


class Outbound:
    """One website's chat. Texts and media by their https address; no window, no templates."""

    name: ClassVar[str] = "Web chat"
    idempotent: ClassVar[bool] = True

    def refusal(
        self, message: OutboundMessage, account: Account, now: datetime
    ) -> SendError | None:
        """Templates are other providers'; a text has the length that a visitor's may have."""
        del account, now
        content = message.content
        if isinstance(content, TemplateContent):
            detail = f"{self.name} has no approved templates."
            return refuse(ErrorClass.UNSUPPORTED, detail)
        if isinstance(content, MediaContent) and content.url.scheme != "https":
            return refuse(ErrorClass.INVALID_REQUEST, "The media address must be https.")
        text = content.text if isinstance(content, TextContent) else content.caption or ""
        if len(text) > MAX_TEXT_CHARS:
            detail = f"The text is over {self.name}'s limit of {MAX_TEXT_CHARS} characters."
            return refuse(ErrorClass.INVALID_REQUEST, detail, "too_long")
        return None

    def send(
        self, message: OutboundMessage, account: Account, http: Http, now: datetime
    ) -> SendResult:
        """Sent at once, under our own id."""
        del http
        refused = self.refusal(message, account, now)
        if refused is not None:
            return SendResult(Outcome.FAILED, error=refused)
        return sent(message.message_id)
