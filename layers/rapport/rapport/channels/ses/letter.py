"""The MIME form of an outbound e-mail, safe against what strangers put into its headers."""

import base64
import re
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr
from typing import Any

from rapport.channels.base import Account
from rapport.channels.sender import OutboundMessage
from rapport.contracts.content import TextContent

MAX_REFERENCES = 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")  # visible ASCII without angle brackets
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?:{_LABEL}\.)+{_LABEL}")


def is_address(text: str) -> bool:
    """Whether `text` is one plain address: no comma, name, quotes, spaces or line breaks."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def is_one_line(text: str) -> bool:
    """Whether `text` may stand in a header."""
    return _CONTROL.search(text) is None


def sender(account: Account) -> str:
    """The From header: `from_name` and `from_address`; RFC 2047 where the name is not ASCII."""
    name = _CONTROL.sub(" ", account.setting("from_name"))
    return formataddr((name, account.setting("from_address")))


def threading(extra: dict[str, Any]) -> list[tuple[str, str]]:
    """In-Reply-To and References (RFC 5322, 3.6.4).

    Ids were chosen by whoever wrote to us: one that is no message id is left out rather than let
    into a header, and the reply still goes.
    """
    parent = _message_ids(extra.get("in_reply_to"))[:1]
    ancestors = _message_ids(extra.get("references"))
    chain = list(dict.fromkeys([*ancestors, *parent]))[-MAX_REFERENCES:]
    headers = [("In-Reply-To", parent[0])] if parent else []
    return headers + ([("References", " ".join(chain))] if chain else [])


def encoded(message: OutboundMessage, account: Account) -> str:
    """The whole message in base64, as SES takes it."""
    return base64.b64encode(compose(message, account)).decode("ascii")


def compose(message: OutboundMessage, account: Account) -> bytes:
    """The MIME bytes: text, or text with its HTML form (`extra.html`) as the alternative."""
    content = message.content
    assert isinstance(content, TextContent)  # `abilities` refuses everything else
    plain = MIMEText(content.text, "plain", "utf-8")
    html = message.extra.get("html")
    part: MIMEText | MIMEMultipart = plain
    if isinstance(html, str) and html:
        part = MIMEMultipart("alternative", None, [plain, MIMEText(html, "html", "utf-8")])
    part["From"] = sender(account)
    part["To"] = message.to
    part["Subject"] = Header(content.subject or "", "utf-8").encode()
    reply_to = account.setting("reply_to_address")
    if is_address(reply_to):
        part["Reply-To"] = reply_to
    for name, value in threading(message.extra):
        part[name] = value
    return part.as_bytes()


def _message_ids(value: object) -> list[str]:
    parts = value if isinstance(value, list | tuple) else str(value or "").split()
    return [part for part in map(str, parts) if _MESSAGE_ID.fullmatch(part)]
