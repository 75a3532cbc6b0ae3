"""One-time codes as their owner reads or hears them: out of what the provider was given."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from local.twins.state import Delivered
from rapport.channels.speech import DIGITS

_CODE = re.compile(r"(?<![0-9])[0-9]{4,10}(?![0-9])")
_VERIFICATION = re.compile(r"ver_[0-9a-z]+")
_HEARD = {word: str(value) for words in DIGITS.values() for value, word in enumerate(words)}


@dataclass(frozen=True)
class Code:
    """A code that reached somebody. `verification_id` where the provider was told a reference."""

    sequence: int
    at: str
    channel: str
    to: str
    code: str
    verification_id: str | None


def codes(messages: Iterable[Delivered]) -> Iterator[Code]:
    """The codes in `messages`, in order."""
    for one in messages:
        code = code_in(one)
        if code is None:
            continue
        named = _VERIFICATION.search(f"{one.reference} {one.status_callback}")
        yield Code(
            sequence=one.sequence,
            at=one.at.isoformat(),
            channel=one.channel,
            to=one.to,
            code=code,
            verification_id=named[0] if named else None,
        )


def code_in(message: Delivered) -> str | None:
    """The first number of four to ten digits that a message says, writes or offers to copy."""
    if message.spoken is not None:
        return _first(heard(message.spoken))
    if message.template is not None:
        return message.template.get("button") or _first(" ".join(_parameters(message.template)))
    return _first(message.text or "")


def heard(markup: str) -> str:
    """TwiML or SSML as it is heard: words, and what is said digit by digit as one number."""
    said = ""
    for element in ET.fromstring(markup).iter():
        for words in (element.text, element.tail):
            piece = (words or "").strip()
            digit = _HEARD.get(piece)
            if digit is None:
                said += f" {piece} " if piece else ""
            else:
                said += digit
        # A long pause ends a number: the code is said once more behind it.
        if element.get("length") == "2" or element.get("time") == "2s":
            said += " "
    return " ".join(said.split())


def _first(text: str) -> str | None:
    found = _CODE.search(text)
    return found[0] if found else None


def _parameters(template: dict[str, object]) -> list[str]:
    given = template.get("parameters")
    return [str(one) for one in given] if isinstance(given, list) else []
