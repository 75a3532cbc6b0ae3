"""The port by which media is fetched: one GET, to a judged address, bounded in size and time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import urllib3
from urllib3.exceptions import HTTPError

from rapport.channels import addresses
from rapport.channels.sender import HttpResponse
from rapport.kernel.errors import TooLarge, Transient

MAX_BYTES = 25 * 1024 * 1024
MAX_SECONDS = 30.0
CHUNK = 64 * 1024
TIMEOUT = urllib3.Timeout(connect=3.0, read=10.0)


class MediaHttp(Protocol):
    """One GET of an address that a stranger may have chosen; follows no redirects."""

    def get(self, url: str, headers: dict[str, str]) -> HttpResponse:
        """The answer.

        Raises `InvalidInput` or `Forbidden` for an address that may not be fetched, `TooLarge` over
        the cap of size, `Transient` when it cannot be had now or takes too long.
        """
        ...


@dataclass(frozen=True)
class Connection:
    """Where to connect (`address`), and as whom (`host`: certificate, SNI and Host header)."""

    address: str
    host: str


Opener = Callable[[Connection, str, dict[str, str]], urllib3.BaseHTTPResponse]
"""Sends the GET of a resource over a connection; the answer's body is still unread."""


class PublicHttp:
    """`MediaHttp` that reaches the public internet only; with `base_url`, the provider twins only.

    The name is resolved once and the connection pinned to the address that was judged.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        resolve: addresses.Resolver = addresses.system_resolver,
        opener: "Opener | None" = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base_url = base_url.rstrip("/") if base_url else None
        self._resolve = resolve
        self._open = opener or open_pinned
        self._now = now

    def get(self, url: str, headers: dict[str, str]) -> HttpResponse:
        """See `MediaHttp`."""
        # No compression: a few kilobytes could unpack to gigabytes.
        asked = {**headers, "accept-encoding": "identity"}
        deadline = self._now() + MAX_SECONDS
        try:
            response = self._request(url, asked)
            return self._read(response, deadline)
        except (HTTPError, OSError):
            raise Transient("The media cannot be fetched now.") from None

    def _request(self, url: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        if self._base_url and url.startswith(f"{self._base_url}/"):
            return _open_plain(url, headers)
        target = addresses.target(url)
        if self._base_url:
            return _open_plain(f"{self._base_url}/{target.host}{target.resource}", headers)
        address = addresses.public_address(target.host, self._resolve)
        return self._open(Connection(address, target.host), target.resource, headers)

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: float) -> HttpResponse:
        headers = {name.lower(): value for name, value in response.headers.items()}
        chunks: list[bytes] = []
        size = 0
        try:
            _check_length(headers.get("content-length", ""))
            while chunk := response.read(CHUNK, decode_content=False):
                size += len(chunk)
                if size > MAX_BYTES:
                    raise TooLarge(f"The media is over {MAX_BYTES} bytes.")
                if self._now() > deadline:
                    raise Transient(f"The media takes longer than {MAX_SECONDS:.0f} seconds.")
                chunks.append(chunk)
        finally:
            response.close()
        return HttpResponse(response.status, headers, b"".join(chunks))


def open_pinned(
    connection: Connection, resource: str, headers: dict[str, str]
) -> urllib3.BaseHTTPResponse:
    """GET over TLS from one address; the certificate must be the host's."""
    pool = urllib3.HTTPSConnectionPool(
        connection.address,
        port=443,
        timeout=TIMEOUT,
        retries=False,
        cert_reqs="CERT_REQUIRED",
        assert_hostname=connection.host,
        server_hostname=connection.host,
    )
    return pool.urlopen(
        "GET",
        resource,
        headers={**headers, "host": connection.host},
        redirect=False,
        assert_same_host=False,
        preload_content=False,
        decode_content=False,
    )


def _open_plain(url: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
    pool = urllib3.PoolManager(retries=False, timeout=TIMEOUT)
    return pool.request(
        "GET", url, headers=headers, redirect=False, preload_content=False, decode_content=False
    )


def _check_length(declared: str) -> None:
    known = declared.isascii() and declared.isdigit() and len(declared) < 20
    if known and int(declared) > MAX_BYTES:
        raise TooLarge(f"The media is over {MAX_BYTES} bytes.")
