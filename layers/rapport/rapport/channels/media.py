"""Fetch what a customer sent: by the provider's id or by address, never beyond what is public.

Credentials go to the provider's own hosts only, and never along a redirect to another host.
Sources: WhatsApp Cloud API, media; developers.line.biz, get content; core.telegram.org/bots/api,
getFile; twilio.com/docs/messaging, MediaUrl.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from rapport.channels import graph
from rapport.channels.base import Account
from rapport.channels.download import MediaHttp
from rapport.channels.sender import HttpResponse
from rapport.channels.sending import child, json_object
from rapport.contracts.inbound import Attachment
from rapport.kernel.errors import InvalidInput, Misconfigured, NotFound, Transient

MAX_REDIRECTS = 3
META_HOSTS = frozenset({"graph.facebook.com", "lookaside.fbsbx.com"})
TWILIO_HOSTS = frozenset({"api.twilio.com"})
LINE_CONTENT = "https://api-data.line.me/v2/bot/message"
TELEGRAM = "https://api.telegram.org"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
OCTETS = "application/octet-stream"

# What may be shown as what it says it is, and how it begins. All else is stored, never rendered:
# HTML, SVG and scripts among it, whatever the provider or the sender called them.
MAGIC: dict[str, tuple[tuple[int, bytes], ...]] = {
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "image/gif": ((0, b"GIF8"),),
    "image/webp": ((0, b"RIFF"), (8, b"WEBP")),
    "video/mp4": ((4, b"ftyp"),),
    "audio/mp4": ((4, b"ftyp"),),
    "audio/ogg": ((0, b"OggS"),),
    "application/pdf": ((0, b"%PDF-"),),
}


@dataclass(frozen=True)
class FetchedMedia:
    """The bytes, and a content type that they bear out (`application/octet-stream` otherwise)."""

    content: bytes
    content_type: str


@dataclass(frozen=True)
class _Source:
    """An address, and the header that opens it at `hosts`."""

    url: str
    authorization: str | None = None
    hosts: frozenset[str] = frozenset()


def fetch(attachment: Attachment, channel: str, account: Account, http: MediaHttp) -> FetchedMedia:
    """The bytes of `attachment`, which came over `channel` (a canonical event's) to `account`.

    Raises `InvalidInput` or `Forbidden` (an address that may not be fetched, a wrong digest),
    `NotFound` (expired), `TooLarge`, `Transient`, `Misconfigured` (credentials refused).
    """
    locate = LOCATORS.get("twilio" if account.channel == "twilio" else channel, _by_address)
    source = locate(attachment, account, http)
    response = _follow(source, http)
    _check_digest(attachment, response.body)
    return FetchedMedia(response.body, content_type(response))


def content_type(response: HttpResponse) -> str:
    """The declared type where the bytes begin as it should; else that of nameless bytes."""
    declared = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    marks = MAGIC.get(declared, ())
    body = response.body
    borne_out = all(body[at : at + len(mark)] == mark for at, mark in marks)
    return declared if marks and borne_out else OCTETS


def _follow(source: _Source, http: MediaHttp) -> HttpResponse:
    url = source.url
    for _ in range(MAX_REDIRECTS + 1):
        headers = {}
        if source.authorization and urlsplit(url).hostname in source.hosts:
            headers["authorization"] = source.authorization
        response = http.get(url, headers)
        if response.status not in REDIRECTS:
            return _demand_ok(response, authorized=bool(headers))
        # Every hop is judged like the first one, by the port: it was chosen by a stranger too.
        url = urljoin(url, response.headers.get("location", ""))
    raise InvalidInput(f"The media address redirects more than {MAX_REDIRECTS} times.")


def _demand_ok(response: HttpResponse, *, authorized: bool) -> HttpResponse:
    status = response.status
    if status == 200:
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding != "identity":
            raise InvalidInput("The media is compressed, which was not asked for.")
        return response
    if status in (401, 403) and authorized:
        raise Misconfigured("The provider refused the account's credentials for media.")
    if status in (202, 408, 425, 429) or status >= 500:  # 202: LINE is still transcoding
        raise Transient("The media cannot be fetched now.")
    raise NotFound("The media is gone.")


def _check_digest(attachment: Attachment, content: bytes) -> None:
    """WhatsApp names the SHA-256 in base64; elsewhere hexadecimal is usual. None: no claim."""
    if not attachment.sha256:
        return
    digest = hashlib.sha256(content).digest()
    spelled = (base64.b64encode(digest).decode(), digest.hex())
    claimed = attachment.sha256.encode("utf-8", "surrogatepass")
    if not any(hmac.compare_digest(claimed, text.encode()) for text in spelled):
        raise InvalidInput("The media is not what the provider announced.")


def _by_address(attachment: Attachment, account: Account, http: MediaHttp) -> _Source:
    del account, http
    if not attachment.url:
        raise NotFound("The attachment has no address.")
    return _Source(attachment.url)


def _by_whatsapp(attachment: Attachment, account: Account, http: MediaHttp) -> _Source:
    """The webhook's own address lives five minutes, so the id comes first where there is one."""
    authorization = f"Bearer {_demand(account, 'access_token')}"
    url = attachment.url
    if attachment.provider_media_id:
        asked = graph.address(account, quote(attachment.provider_media_id, safe=""))
        answer = _demand_ok(http.get(asked, {"authorization": authorization}), authorized=True)
        url = child(json_object(answer), "url")
    if not isinstance(url, str) or not url:
        raise NotFound("The provider names no address for the media.")
    return _Source(url, authorization, META_HOSTS)


def _by_line(attachment: Attachment, account: Account, http: MediaHttp) -> _Source:
    if not attachment.provider_media_id:
        return _by_address(attachment, account, http)
    if attachment.media_type == "sticker":
        raise NotFound("LINE gives no picture of a sticker.")
    authorization = f"Bearer {_demand(account, 'channel_access_token')}"
    url = f"{LINE_CONTENT}/{quote(attachment.provider_media_id, safe='')}/content"
    return _Source(url, authorization, frozenset({"api-data.line.me"}))


def _by_telegram(attachment: Attachment, account: Account, http: MediaHttp) -> _Source:
    """The token is in the address, so the address must never leave api.telegram.org."""
    token = _demand(account, "bot_token")
    if not attachment.provider_media_id:
        raise NotFound("The attachment names no file.")
    file_id = quote(attachment.provider_media_id, safe="")
    asked = f"{TELEGRAM}/bot{token}/getFile?file_id={file_id}"
    answer = http.get(asked, {})
    path = child(json_object(answer), "result", "file_path")
    if not isinstance(path, str) or ".." in path:
        _demand_ok(answer, authorized=True)
        raise NotFound("The provider names no address for the media.")
    return _Source(f"{TELEGRAM}/file/bot{token}/{quote(path)}")


def _by_twilio(attachment: Attachment, account: Account, http: MediaHttp) -> _Source:
    source = _by_address(attachment, account, http)
    user = account.setting("api_key_sid") or _demand(account, "account_sid")
    secret = account.setting("api_key_secret") or _demand(account, "auth_token")
    basic = base64.b64encode(f"{user}:{secret}".encode()).decode()
    return _Source(source.url, f"Basic {basic}", TWILIO_HOSTS)


def _demand(account: Account, key: str) -> str:
    value = account.setting(key)
    if not value:
        raise Misconfigured(f"The account lacks the setting {key}.")
    return value


LOCATORS: dict[str, Callable[[Attachment, Account, MediaHttp], _Source]] = {
    "whatsapp": _by_whatsapp,
    "line": _by_line,
    "telegram": _by_telegram,
    "twilio": _by_twilio,
}
"""By channel; everywhere else (Messenger's CDN among them) the address is open as it is."""
