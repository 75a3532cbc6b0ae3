"""Media are fetched from the public internet only, bounded, and credentials stay at home."""

import base64
import hashlib
import io
from typing import Any

import pytest
import urllib3

from rapport.channels import addresses, media
from rapport.channels.download import MAX_BYTES, Connection, PublicHttp
from rapport.channels.sender import HttpResponse
from rapport.contracts.inbound import Attachment
from rapport.kernel.errors import (
    Forbidden,
    InvalidInput,
    Misconfigured,
    NotFound,
    RapportError,
    TooLarge,
    Transient,
)
from tests.unit.channels.sending_fakes import an_account

PNG = b"\x89PNG\r\n\x1a\n...."
PUBLIC = "93.184.215.14"


class Site:
    """The internet as a test wants it: names, their addresses, and what answers."""

    def __init__(self, *answers: urllib3.HTTPResponse, addresses: list[list[str]] | None = None):
        self.answers = list(answers)
        self.addresses = addresses or [[PUBLIC]]
        self.resolved: list[str] = []
        self.opened: list[tuple[Connection, str, dict[str, str]]] = []

    def resolve(self, host: str) -> list[str]:
        self.resolved.append(host)
        return self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]

    def open(
        self, connection: Connection, resource: str, headers: dict[str, str]
    ) -> urllib3.BaseHTTPResponse:
        self.opened.append((connection, resource, headers))
        return self.answers.pop(0)

    def http(self, **options: Any) -> PublicHttp:
        return PublicHttp(resolve=self.resolve, opener=self.open, **options)


def page(
    body: bytes = PNG, status: int = 200, content_type: str = "image/png", **headers: str
) -> urllib3.HTTPResponse:
    dashed = {name.replace("_", "-"): value for name, value in headers.items()}
    return urllib3.HTTPResponse(
        io.BytesIO(body),
        headers={"content-type": content_type, **dashed},
        status=status,
        preload_content=False,
    )


def fetch(site: Site, url: str, channel: str = "messenger", **options: Any) -> media.FetchedMedia:
    account = an_account(channel, access_token="tok")
    return media.fetch(Attachment(url=url), channel, account, site.http(**options))


def test_a_public_picture_is_fetched_from_the_address_that_was_judged() -> None:
    site = Site(page())
    found = fetch(site, "https://cdn.example.com/a?b=c%20d")
    assert found == media.FetchedMedia(PNG, "image/png")
    connection, resource, headers = site.opened[0]
    assert connection == Connection(PUBLIC, "cdn.example.com")
    assert resource == "/a?b=c%20d"
    assert headers == {"accept-encoding": "identity"}


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:169.254.169.254]/",
        "https://[::1]/",
        "https://2852039166/",
        "https://0x7f.1/",
        "https://0x7f000001/",
        "https://0251.0376.0251.0376/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://8.8.8.8/",
        "https://1.0x1/",
        "https://localhost/",
        "https://１６９.254.169.254/",
        "https://①②⑦.0.0.1/",
        "http://cdn.example.com/",
        "ftp://cdn.example.com/",
        "file:///etc/passwd",
        "https://user@cdn.example.com/",
        "https://user:pw@cdn.example.com/",
        "https://cdn.example.com:8443/",
        "https://cdn.example.com:x/",
        "https://cdn.example.com\\@evil.example/",
        "https://cdn.example.com/\r\nHost: evil",
        "https://cdn.example.com/ x",
        "https:///x",
        "https://a..example.com/",
        "https://[::1",
        "https://" + "a" * 9000 + ".example",
        "",
        "//cdn.example.com/",
    ],
)
def test_what_is_no_plain_https_address_of_a_named_host_is_never_looked_up(url: str) -> None:
    site = Site(page())
    with pytest.raises((InvalidInput, Forbidden, NotFound)):
        fetch(site, url)
    assert site.resolved == []
    assert site.opened == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.5",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "fec0::1",
        "::ffff:169.254.169.254",
        "::ffff:8.8.8.8",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe::1",
        "2001:db8::1",
        "not an address",
    ],
)
def test_a_name_of_a_private_address_is_refused(address: str) -> None:
    assert not addresses.is_public(address)
    for found in ([address], [PUBLIC, address]):
        site = Site(page(), addresses=[found])
        with pytest.raises(Forbidden):
            fetch(site, "https://rebind.example.com/")
        assert site.opened == []


@pytest.mark.parametrize("address", [PUBLIC, "2606:4700::6810:84e5"])
def test_a_public_address_is_public(address: str) -> None:
    assert addresses.is_public(address)


def test_rebinding_cannot_move_the_connection() -> None:
    site = Site(page(), addresses=[[PUBLIC], ["169.254.169.254"]])
    fetch(site, "https://rebind.example.com/")
    assert site.resolved == ["rebind.example.com"]
    assert site.opened[0][0].address == PUBLIC


def test_a_redirect_is_judged_like_the_first_address() -> None:
    for location in (
        "https://169.254.169.254/",
        "http://cdn.example.com/",
        "https://2852039166/",
        "//[::ffff:127.0.0.1]/",
    ):
        site = Site(page(b"", 302, location=location), page())
        with pytest.raises((InvalidInput, Forbidden)):
            fetch(site, "https://cdn.example.com/")
        assert len(site.opened) == 1


def test_a_redirect_to_a_name_of_a_private_address_is_refused() -> None:
    moved = page(b"", 302, location="https://inside.example.com/")
    site = Site(moved, page(), addresses=[[PUBLIC], ["10.0.0.1"]])
    with pytest.raises(Forbidden):
        fetch(site, "https://cdn.example.com/")
    assert len(site.opened) == 1


def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    moved = [page(b"", 302, location=f"/{i}") for i in range(4)]
    assert fetch(Site(*moved[:3], page()), "https://cdn.example.com/").content == PNG
    with pytest.raises(InvalidInput):
        fetch(
            Site(*[page(b"", 302, location="/x") for _ in range(4)], page()),
            "https://cdn.example.com/",
        )


def test_size_is_capped_declared_or_not() -> None:
    with pytest.raises(TooLarge):
        fetch(Site(page(content_length=str(MAX_BYTES + 1))), "https://cdn.example.com/")
    with pytest.raises(TooLarge):
        fetch(Site(page(b"x" * (MAX_BYTES + 1))), "https://cdn.example.com/")


def test_time_is_capped_while_streaming() -> None:
    ticks = iter([0.0, *[31.0] * 99])
    with pytest.raises(Transient):
        fetch(Site(page(b"x" * 200_000)), "https://cdn.example.com/", now=lambda: next(ticks))


def test_compressed_media_are_not_unpacked() -> None:
    with pytest.raises(InvalidInput):
        fetch(Site(page(content_encoding="gzip")), "https://cdn.example.com/")


@pytest.mark.parametrize(
    ("declared", "body", "expected"),
    [
        ("image/png; charset=x", PNG, "image/png"),
        ("IMAGE/PNG", PNG, "image/png"),
        ("image/png", b"<script>", "application/octet-stream"),
        ("text/html", b"<html>", "application/octet-stream"),
        ("image/svg+xml", b"<svg>", "application/octet-stream"),
        ("image/webp", b"RIFF....WEBP", "image/webp"),
        ("image/webp", b"RIFF....AVI ", "application/octet-stream"),
        ("application/pdf", b"%PDF-1.7", "application/pdf"),
        ("", PNG, "application/octet-stream"),
    ],
)
def test_a_content_type_counts_only_when_the_bytes_bear_it_out(
    declared: str, body: bytes, expected: str
) -> None:
    site = Site(page(body, content_type=declared))
    assert fetch(site, "https://cdn.example.com/").content_type == expected


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, NotFound), (410, NotFound), (403, NotFound), (429, Transient), (503, Transient)],
)
def test_statuses_become_named_errors(status: int, error: type[RapportError]) -> None:
    with pytest.raises(error):
        fetch(Site(page(b"", status)), "https://cdn.example.com/")


def test_an_unknown_host_and_a_torn_connection_are_transient() -> None:
    def nowhere(host: str) -> list[str]:
        raise OSError(host)

    def torn(*_: Any) -> urllib3.BaseHTTPResponse:
        raise urllib3.exceptions.ProtocolError("torn")

    attachment, account = Attachment(url="https://cdn.example.com/"), an_account("messenger")
    for http in (PublicHttp(resolve=nowhere), PublicHttp(resolve=lambda _: [PUBLIC], opener=torn)):
        with pytest.raises(Transient):
            media.fetch(attachment, "messenger", account, http)


class Providers:
    """A `MediaHttp` that answers by address and remembers who was shown credentials."""

    def __init__(self, **answers: HttpResponse) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str | None]] = []

    def get(self, url: str, headers: dict[str, str]) -> HttpResponse:
        self.asked.append((url, headers.get("authorization")))
        return next(answer for key, answer in self.answers.items() if key in url)


def ok(body: bytes = PNG, **headers: str) -> HttpResponse:
    return HttpResponse(200, {"content-type": "image/png", **headers}, body)


WHATSAPP = an_account("whatsapp", access_token="tok", graph_version="v26.0")


def test_whatsapp_media_are_asked_by_id_and_checked_against_their_digest() -> None:
    url = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=7"
    digest = base64.b64encode(hashlib.sha256(PNG).digest()).decode()
    found = Providers(lookaside=ok(), v26=ok(f'{{"url":"{url}"}}'.encode()))
    attachment = Attachment(provider_media_id="7/7", sha256=digest)
    assert media.fetch(attachment, "whatsapp", WHATSAPP, found).content == PNG
    assert found.asked == [
        ("https://graph.facebook.com/v26.0/7%2F7", "Bearer tok"),
        (url, "Bearer tok"),
    ]
    with pytest.raises(InvalidInput):
        media.fetch(attachment.model_copy(update={"sha256": "é"}), "whatsapp", WHATSAPP, found)


def test_metas_token_is_shown_to_metas_hosts_only() -> None:
    found = Providers(evil=ok())
    attachment = Attachment(url="https://lookaside.fbsbx.com.evil.example/")
    media.fetch(attachment, "whatsapp", WHATSAPP, found)
    assert found.asked[0][1] is None


def test_a_refused_token_is_the_operators_business() -> None:
    found = Providers(graph=HttpResponse(401, {}, b""))
    with pytest.raises(Misconfigured):
        media.fetch(Attachment(provider_media_id="7"), "whatsapp", WHATSAPP, found)
    with pytest.raises(Misconfigured):
        media.fetch(Attachment(provider_media_id="7"), "whatsapp", an_account("whatsapp"), found)


def test_line_content_is_at_the_messages_id_unless_it_is_external() -> None:
    account = an_account("line", channel_access_token="tok")
    found = Providers(content=ok(), external=ok())
    media.fetch(Attachment(provider_media_id="55"), "line", account, found)
    media.fetch(Attachment(url="https://external.example/"), "line", account, found)
    assert found.asked == [
        ("https://api-data.line.me/v2/bot/message/55/content", "Bearer tok"),
        ("https://external.example/", None),
    ]
    waiting = Providers(content=HttpResponse(202, {}, b""))
    with pytest.raises(Transient):
        media.fetch(Attachment(provider_media_id="55"), "line", account, waiting)
    sticker = Attachment(provider_media_id="2", media_type="sticker")
    with pytest.raises(NotFound):
        media.fetch(sticker, "line", account, found)


def test_telegram_files_are_asked_for_by_get_file() -> None:
    account = an_account("telegram", bot_token="42:tok")
    asked = b'{"ok":true,"result":{"file_path":"photos/a b.jpg"}}'
    found = Providers(getFile=ok(asked), file=ok())
    media.fetch(Attachment(provider_media_id="F&x"), "telegram", account, found)
    assert [url for url, _ in found.asked] == [
        "https://api.telegram.org/bot42:tok/getFile?file_id=F%26x",
        "https://api.telegram.org/file/bot42:tok/photos/a%20b.jpg",
    ]
    evil = Providers(getFile=ok(b'{"result":{"file_path":"../../x"}}'))
    with pytest.raises(NotFound):
        media.fetch(Attachment(provider_media_id="F"), "telegram", account, evil)


def test_twilios_credentials_do_not_follow_its_redirect() -> None:
    account = an_account("twilio", account_sid="AC1", auth_token="secret")
    url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
    moved = HttpResponse(307, {"location": "https://mms.twiliocdn.com/x"}, b"")
    found = Providers(api=moved, mms=ok())
    assert media.fetch(Attachment(url=url), "sms", account, found).content == PNG
    assert [shown is not None for _, shown in found.asked] == [True, False]
    media.fetch(Attachment(url="https://mms.evil.example/"), "sms", account, found)
    assert found.asked[-1][1] is None
