"""Codes out of a key, an id and a nonce: recomputed where they are needed, written nowhere."""

import hmac
import secrets
import unicodedata
from collections.abc import Callable
from hashlib import sha256

from rapport.kernel.ids import ALPHABET
from rapport.otp.model import Verification

DIGEST_CHARS = 16  # of five bits each: 80 of HMAC's 256
NONCE_BYTES = 16


def new_nonce(token: Callable[[int], str] = secrets.token_urlsafe) -> str:
    """128 random bits as text."""
    return token(NONCE_BYTES)


def code_of(verification: Verification, key: bytes) -> str:
    """The digits that prove this verification: HMAC-SHA256(key, id, nonce) cut to its length.

    256 bits modulo at most 10^10: no digit is likelier than another by more than 2^-222.
    """
    message = f"{verification.verification_id}\0{verification.nonce}".encode()
    number = int.from_bytes(hmac.digest(key, message, "sha256"), "big")
    return f"{number % 10**verification.length:0{verification.length}d}"


def is_right(guess: str, code: str) -> bool:
    """Whether `guess` says `code`, in time that does not depend on where they differ.

    A guess is read as people type it: digits of any script, spaces and hyphens between them.
    """
    return hmac.compare_digest(digits(guess).encode(), code.encode())


def digits(guess: str) -> str:
    """The ASCII digits that `guess` spells; empty where it holds anything else."""
    plain = "".join(
        str(unicodedata.digit(char)) if char.isdecimal() else char
        for char in unicodedata.normalize("NFKC", guess[:64])
    )
    found = "".join(char for char in plain if not char.isspace() and char not in "-\u2010\u2011")
    return found if found.isascii() and found.isdecimal() else ""


def pseudonym(key: bytes, kind: str, value: str) -> str:
    """A digest that stands for `value` in keys and ids: whoever lacks the key learns nothing.

    `key` never changes: another one would forget every failure counted under this one.
    """
    hashed = hmac.new(key, f"otp\0{kind}\0{value}".encode("utf-8", "surrogatepass"), sha256)
    number = int.from_bytes(hashed.digest(), "big") >> (256 - 5 * DIGEST_CHARS)
    chars = [ALPHABET[(number >> (5 * place)) & 31] for place in range(DIGEST_CHARS)]
    return "".join(reversed(chars))
