"""The text and attachments of a raw e-mail (RFC 5322, MIME), however badly it is made."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from html.parser import HTMLParser
from typing import Any, NamedTuple

from rapport.contracts.inbound import Attachment

MAX_PARTS = 500
_BLOCKS = {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table"}
_SILENT = {"script", "style", "head", "title"}


class UnreadableMail(Exception):
    """Python's parser gave up on this mail."""


class Mail(NamedTuple):
    """What a person would see: the text, and the files hanging on it."""

    text: str | None
    attachments: tuple[Attachment, ...]


def parse(raw: bytes) -> Mail:
    """Read a mail; raises `UnreadableMail`.

    The text is the first text/plain part, else the text of the first text/html part. Each part with
    a file name is an attachment; `provider_media_id` is `part:N`, its position in the mail's walk.
    """
    try:
        message = message_from_bytes(raw, policy=default)
        parts = list(_parts(message))
        return Mail(_body(message), tuple(_attachments(parts)))
    except Exception as error:
        # The email package raises a dozen unrelated types on hostile headers and encodings.
        raise UnreadableMail from error


def _parts(message: EmailMessage) -> Iterator[tuple[int, Message[Any, Any]]]:
    """Leaves with their position; what is inside an attached mail belongs to that mail."""
    inside: set[int] = set()
    for position, part in enumerate(message.walk()):
        if position >= MAX_PARTS:
            return
        if id(part) in inside:
            inside.update(id(child) for child in _children(part))
            continue
        if part.get_content_type() == "message/rfc822":
            inside.update(id(child) for child in _children(part))
        elif part.is_multipart():
            continue
        yield position, part


def _children(part: Message[Any, Any]) -> list[Any]:
    payload = part.get_payload()
    return payload if isinstance(payload, list) else []


def _attachments(parts: list[tuple[int, Message[Any, Any]]]) -> Iterator[Attachment]:
    for position, part in parts:
        filename = part.get_filename()
        if filename:
            content_type = part.get_content_type()
            yield Attachment(
                media_type=content_type.partition("/")[0],
                content_type=content_type,
                filename=_clean(filename),
                size=None if part.is_multipart() else len(_bytes(part)),
                provider_media_id=f"part:{position}",
            )


def _body(message: EmailMessage) -> str | None:
    plain = message.get_body(("plain",))
    if plain is not None:
        return _decoded(plain).rstrip() or None
    html = message.get_body(("html",))
    return _stripped(_decoded(html)) or None if html is not None else None


def _bytes(part: Message[Any, Any]) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _decoded(part: Message[Any, Any]) -> str:
    """The part's text in its charset; an unknown charset is read as UTF-8, never refused."""
    content = _bytes(part)
    try:
        decoded = content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        decoded = content.decode("utf-8", "replace")
    return _clean(decoded).replace("\r\n", "\n")


def _clean(value: str) -> str:
    """Without lone surrogates, which neither UTF-8 nor our queues can carry."""
    return value.encode("utf-8", "replace").decode("utf-8")


class _Text(HTMLParser):
    """Collects what HTML shows, one line a block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.chunks: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block or a silent element."""
        if tag in _BLOCKS:
            self.chunks.append("\n")
        self.silent += tag in _SILENT

    def handle_endtag(self, tag: str) -> None:
        """Close a silent element."""
        if tag in _SILENT and self.silent:
            self.silent -= 1

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        if not self.silent:
            self.chunks.append(data)


def _stripped(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.chunks).split("\n"))
    return "\n".join(line for line in lines if line)
