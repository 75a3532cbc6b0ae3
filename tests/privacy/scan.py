"""Look for people's data in what anybody may read: logs, errors, names; in every usual spelling.

Rather than spelling each value in all ways, what is searched is undone: percent-encoding, escapes,
base64, hexadecimal, separators between digits, full-width characters, upper case.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote_plus

from rapport.channels.speech import DIGITS
from tests.privacy.people import PEOPLE, Person, secrets_of

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){6,}")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s()./\-\u2010-\u2015\u00a0]+(?=\d)")
_TRUNK = re.compile(r"\(0\)")
_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})|\\+x([0-9a-fA-F]{2})")
_APART = r"(?:[^0-9a-z]|<[^<>]{0,99}>){0,6}"
_SAID_APART = r"(?:[^\w<]|<[^<>]{0,99}>){0,12}"
_DEPTH = 2
"""Encodings within encodings that are undone."""


@dataclass(frozen=True)
class Told:
    """Something that can be read: `where` it stands, and its text."""

    where: str
    text: str


@dataclass(frozen=True)
class Leak:
    """Somebody's data: what, and where it was found."""

    what: str
    where: str
    text: str


def leaks(told: Iterable[Told], people: Iterable[Person] = PEOPLE) -> list[Leak]:
    """Every leak in `told`, each kind once a place."""
    wanted = {
        (person.name[:4], what): text
        for person in people
        for what, text in secrets_of(person).items()
    }
    found: dict[tuple[str, str], Leak] = {}
    for one in told:
        spelled = list(readings(one.text))
        for (whose, what), secret in wanted.items():
            if any(secret in reading for reading in spelled):
                key = (f"{whose}'s {what}", one.where)
                found.setdefault(key, Leak(*key, one.text))
    return list(found.values())


def code_leaks(told: Iterable[Told], codes: Iterable[str]) -> list[Leak]:
    """Every one-time code in `told`, each once a place: as digits, set apart or not, or in words.

    Neither digit stands before nor behind a code: longer numbers are none. Give long codes, which
    no number is by accident.
    """
    wanted = {code: re.compile(_spelled(code)) for code in codes}
    found: dict[tuple[str, str], Leak] = {}
    for one in told:
        spelled = "\n".join(readings(one.text))
        for code, pattern in wanted.items():
            if pattern.search(spelled):
                found.setdefault((code, one.where), Leak(f"code {code}", one.where, one.text))
    return list(found.values())


def _spelled(code: str) -> str:
    """As the digits are written and, in every language, as they are said on the telephone."""
    ways = [rf"(?<!\d){_APART.join(code)}(?!\d)"]
    for words in DIGITS.values():
        ways.append(_SAID_APART.join(re.escape(words[int(digit)].casefold()) for digit in code))
    return "|".join(ways)


def readings(text: str) -> Iterator[str]:
    """`text` in every way it can be read, casefolded."""
    seen: set[str] = set()
    layer = {text}
    for _ in range(_DEPTH + 1):
        layer = {_plain(one) for one in layer} - seen
        seen |= layer
        layer = {inner for one in layer for inner in _undone(one)} - seen
    for one in seen:
        folded = one.casefold()
        yield folded
        yield _BETWEEN_DIGITS.sub("", _TRUNK.sub("", folded))


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.digit(one, one)) for one in folded)


def _undone(text: str) -> Iterator[str]:
    if "%" in text or "+" in text:
        yield unquote_plus(text)
    if "\\" in text:
        yield _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
    if "&" in text:
        yield html.unescape(text)
    for match in _BASE64.finditer(text):
        yield from _from_base64(match[0])
    for match in _HEX.finditer(text):
        yield bytes.fromhex(match[0]).decode("utf-8", "ignore")


def _from_base64(token: str) -> Iterator[str]:
    """The token read from each of the four places where its encoding may begin."""
    for skipped in range(4):
        part = token[skipped:].replace("-", "+").replace("_", "/")
        part = part[: len(part) // 4 * 4] if len(part) % 4 == 1 else part + "=" * (-len(part) % 4)
        try:
            decoded = base64.b64decode(part, validate=True).decode("utf-8", "ignore")
        except (binascii.Error, ValueError):
            continue
        if len(decoded) > 3:
            yield decoded
