"""Comparing what a request carries with what we compute: bytes, constant time, fail closed."""

import base64
import binascii
import hmac
from collections.abc import Iterable

from rapport.channels.base import Account, Refused, Request


def demand_header(request: Request, name: str) -> str:
    """The header that must authenticate `request`; refused when it is missing."""
    value = request.header(name)
    if value is None:
        raise Refused("missing_signature", f"The header {name} is missing.")
    return value


def demand_secrets(account: Account, key: str) -> list[str]:
    """The secrets under `key`; without any, nothing can be verified and nothing is taken."""
    secrets = account.secrets(key)
    if not secrets:
        raise Refused("misconfigured", f"The account's document has no {key}.")
    return secrets


def from_hex(digest: str) -> bytes:
    """The bytes of a hexadecimal digest; refused when it is none (non-ASCII included)."""
    try:
        return binascii.unhexlify(digest)
    except ValueError:
        raise Refused("bad_signature") from None


def from_base64(digest: str) -> bytes:
    """The bytes of a base64 digest; refused when it is none (non-ASCII included)."""
    try:
        return base64.b64decode(digest, validate=True)
    except ValueError:
        raise Refused("bad_signature") from None


def same_text(given: str, expected: str) -> bool:
    """Whether two secrets are equal; unlike `compare_digest` on str, any character is allowed."""
    return hmac.compare_digest(_bytes(given), _bytes(expected))


def demand_match(given: bytes, acceptable: Iterable[bytes], reason: str = "bad_signature") -> None:
    """Refuse unless `given` equals one of the `acceptable` digests."""
    if not any(hmac.compare_digest(given, expected) for expected in acceptable):
        raise Refused(reason)


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")
