"""Which addresses we may fetch from when a stranger names them (server-side request forgery).

A name, never a number: `2852039166`, `0x7f.1` and `[::1]` are all ways to write an address that
some resolver understands. Every address a name resolves to must be public, and the connection goes
to the very address that was judged, so that a second look-up cannot say something else.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from rapport.kernel.errors import Forbidden, InvalidInput, Transient

Resolver = Callable[[str], Sequence[str]]
"""The addresses of a host name, as text; raises OSError."""

MAX_URL = 8192
# The last label must begin with a letter: nothing that any resolver reads as a number gets here.
_HOST = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]",
    re.ASCII,
)
_UNSAFE = re.compile(r"[^\x21-\x7e]|\\")
# Ranges that carry an IPv4 address inside, or that `is_global` lets through.
_WRAPPED = tuple(
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "fec0::/10")
)


@dataclass(frozen=True)
class Target:
    """An https address taken apart: `resource` is its path and query."""

    host: str
    resource: str


def target(url: str) -> Target:
    """The parts of `url`, if it may be looked up at all; raises `InvalidInput` otherwise."""
    if len(url) > MAX_URL or _UNSAFE.search(url):
        raise InvalidInput("The media address is malformed.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput("The media address is malformed.") from None
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or "@" in parts.netloc or port not in (None, 443):
        raise InvalidInput("The media address must be https, on port 443, without credentials.")
    if not _HOST.fullmatch(host):
        raise Forbidden("The media address must name its host.")
    query = f"?{parts.query}" if parts.query else ""
    return Target(host, f"{parts.path or '/'}{query}")


def system_resolver(host: str) -> list[str]:
    """The addresses the system knows for `host`."""
    found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(address[4][0]) for address in found]


def public_address(host: str, resolve: Resolver) -> str:
    """The address to connect to; raises `Forbidden` if *any* that `host` has is not public."""
    try:
        addresses = list(resolve(host))
    except (OSError, UnicodeError):
        raise Transient("The media host cannot be found.") from None
    if not addresses:
        raise Transient("The media host cannot be found.")
    if not all(is_public(address) for address in addresses):
        raise Forbidden("The media host is not on the public internet.")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether `address` is an ordinary one of the public internet, and hides no other inside."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if ip.is_multicast or ip.is_reserved or not ip.is_global:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        return ip.ipv4_mapped is None and not any(ip in network for network in _WRAPPED)
    return True
