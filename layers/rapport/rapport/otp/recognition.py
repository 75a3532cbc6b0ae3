"""Codes in what people write: find the one they mean, and cover every one they may mean.

Finding is careful, since a number taken for a code by mistake costs a guess; covering is generous.
"""

import re
import unicodedata

from rapport.contracts.inbound import InboundEvent

MASK = "•"
SHORTEST, LONGEST = 6, 10
"""Digits of a code."""

# Digits that people set apart by one blank or hyphen; a run ends where the text goes on otherwise.
_RUN = re.compile(r"[0-9](?:[ -]?[0-9])*")
_ATTACHED_BEFORE = re.compile(r"(?:[A-Za-z_+$€£¥]|[0-9][.,:/%-]|[.,])\s?$")
_ATTACHED_AFTER = re.compile(r"^(?:[A-Za-z_%$€£¥°]|[.,:/-][0-9])")
_MOST_READ = 2000
"""Characters of a message that are looked at: nobody hides a code behind a longer text."""


def may_say_code(event: InboundEvent) -> bool:
    """Whether a code may be in what a customer wrote: it is worth a look who waits for one."""
    if event.is_ours or not event.text or sum(map(str.isdigit, event.text)) < SHORTEST:
        return False
    runs = [match[0] for match in _RUN.finditer(_plain(event.text))]
    return any(_may_hold(run, length) for run in runs for length in range(SHORTEST, LONGEST + 1))


def find_code(text: str, length: int) -> str | None:
    """The code of `length` digits that `text` says; None for none, and for several that differ.

    "it's 123456", "123 456", full-width digits and 「驗證碼是123456」 say one. Longer and shorter
    numbers, amounts, phone numbers, times and references such as AB123456 do not.
    """
    plain = _plain(text)
    found = {
        code
        for match in _RUN.finditer(plain)
        if (code := _code(match[0], length)) and not _is_attached(plain, match)
    }
    return found.pop() if len(found) == 1 else None


def mask(text: str, length: int) -> str:
    """`text` with everything covered that may be a code of `length` digits."""
    # Only a text of as many characters tells where in the original the digits stand.
    plain = "".join(_one(char) for char in text)
    covered = list(text)
    for match in _RUN.finditer(plain):
        if _may_hold(match[0], length):
            for place in range(match.start(), match.end()):
                if plain[place].isdigit():
                    covered[place] = MASK
    return "".join(covered)


def _plain(text: str) -> str:
    return "".join(_one(char) for char in text[:_MOST_READ])


def _one(char: str) -> str:
    """A character for a character: digits of any script, blanks and hyphens in ASCII."""
    if char.isascii():
        return " " if char in "\t\u000b\u000c" else char
    if char.isdecimal():
        return str(unicodedata.digit(char))
    if unicodedata.category(char) == "Zs":
        return " "
    if unicodedata.category(char) == "Pd":
        return "-"
    folded = unicodedata.normalize("NFKC", char)
    if len(folded) == 1 and folded.isascii():
        return folded
    return str(unicodedata.digit(char)) if char.isdigit() else char


def _code(run: str, length: int) -> str | None:
    """The code that a run of digits is: written as one, or in groups of one size."""
    groups = re.split(r"[ -]", run)
    sizes = {len(group) for group in groups}
    code = "".join(groups)
    if len(code) != length:
        return None
    is_even = len(sizes) == 1 and (len(groups) == 1 or sizes <= {1, 2, 3, 4, 5})
    return code if is_even or sizes == {3, 4} else None


def _may_hold(run: str, length: int) -> bool:
    groups = re.split(r"[ -]", run)
    return length in {len(group) for group in groups} or len("".join(groups)) == length


def _is_attached(text: str, match: re.Match[str]) -> bool:
    """Whether the digits are part of something else: an amount, a time, a number with a prefix."""
    before, after = text[max(0, match.start() - 3) : match.start()], text[match.end() :][:3]
    if before and before[-1] in " \n":
        # "USD 123456" and "+1 415555" reach over the blank; a word before a code does not.
        return before[-2:-1] in {"+", "$", "€", "£", "¥"}
    return bool(_ATTACHED_BEFORE.search(before) or _ATTACHED_AFTER.match(after))
