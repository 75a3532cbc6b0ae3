"""How the table of verifications spells its keys, and how ids lead to items."""

import re

from rapport.kernel.ids import ALPHABET

_ID = re.compile(rf"ver_[{ALPHABET}]{{26}}(?P<subject>[{ALPHABET}]{{16}})")

Key = tuple[str, str]


def subject_key(digest: str) -> Key:
    """`SUBJECT#7mk3…`, `SUBJECT`: a customer or an address, by keyed digest."""
    return f"SUBJECT#{digest}", "SUBJECT"


def session_key(digest: str) -> Key:
    """`SESSION#9f2c…`, `SESSION`: where answers come from, by keyed digest."""
    return f"SESSION#{digest}", "SESSION"


def service_key(name: str, version: int | None = None) -> Key:
    """`SERVICE#login`, `SERVICE` for what is in force, `SERVICE#00000007` for a version."""
    return f"SERVICE#{name}", "SERVICE" if version is None else f"SERVICE#{version:08d}"


def verification_id(fresh: str, subject: str) -> str:
    """`ver_` with 26 characters of its own and the 16 of its subject's digest."""
    return f"{fresh}{subject}"


def subject_of(verification_id: str) -> str | None:
    """The digest that an id ends in; None for what is no id of ours."""
    found = _ID.fullmatch(verification_id)
    return found["subject"] if found else None


def reference(verification_id: str, number: int) -> str:
    """`ver_….2`: what a provider gives back in its callbacks."""
    return f"{verification_id}.{number}"


def parse_reference(text: str) -> tuple[str, int] | None:
    """(verification, attempt) of a reference of ours; None for any other text."""
    verification_id, dot, number = text.partition(".")
    if dot and verification_id.startswith("ver_") and number.isascii() and number.isdecimal():
        return verification_id, int(number[:4])
    return None
