"""Whether two postal addresses are one, whatever script, order and abbreviations they are in.

What survives translation are the numbers: flat, floor, block, house. "Flat C, 15/F, Block 20, Lek
Yuen Estate" and 「瀝源邨20座15樓C室」 have them in common and no word.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

_HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_NUMBER = re.compile(r"[〇零一二三四五六七八九十百]+(?=[段樓楼座室號号期巷弄層层鄰邻幢栋棟])")
_PARTS = re.compile(r"\d+|[a-z]+|[\u3400-\u9fff]")
_DIGITS = {char: value for value, char in enumerate("〇一二三四五六七八九")} | {"零": 0}
_GENERIC = frozenset(
    {
        *("flat", "flt", "room", "rm", "unit", "ut", "apt", "apartment", "suite", "ste"),
        *("floor", "fl", "f", "th", "nd", "level", "lvl", "phase", "ph", "house", "hse"),
        *("block", "blk", "tower", "twr", "bldg", "building", "estate", "est", "court", "ct"),
        *("garden", "gardens", "no", "nos", "number", "section", "sec", "the", "of"),
        *("st", "street", "rd", "road", "ave", "avenue", "lane", "ln", "drive", "dr", "close"),
        *("cl", "place", "pl", "crescent", "way", "dist", "district", "city", "county"),
        *("hong", "kong", "hk", "taiwan", "china", "kowloon", "new", "territories", "nt"),
    }
)
_GENERIC_HAN = frozenset("座樓楼室號号段路街道巷弄區区市縣县省鎮镇鄉乡里村邨期字幢栋層层之")
_ENOUGH_NUMBERS = 3


@dataclass(frozen=True, slots=True)
class Address:
    """What two spellings of one address share: `numbers` (and lone letters) sorted, `words`."""

    numbers: tuple[str, ...]
    words: frozenset[str]
    is_han: bool

    @property
    def key(self) -> str:
        """The numbers in one text, to block on; letters may be missing or stand for a floor."""
        return ".".join(part for part in self.numbers if part.isdigit())


@lru_cache(65_536)
def parse_address(text: str) -> Address | None:
    """Parse one address; None where it has no number, since a street alone tells no household."""
    folded = unicodedata.normalize("NFKC", text).lower()
    folded = _HAN_NUMBER.sub(lambda match: f" {_value(match[0])} ", folded)
    parts = _PARTS.findall(re.sub(r"(\d+)(st|nd|rd|th)\b", r"\1 ", folded))
    numbers = [part.lstrip("0") or "0" for part in parts if part.isdigit()]
    if not numbers:
        return None
    letters = [p for p in parts if len(p) == 1 and "a" <= p <= "z" and p != "f"]
    flats = _flats_named_f(folded)
    words = frozenset(p for p in parts if not p.isdigit() and len(p) > 1 and p not in _GENERIC)
    han = frozenset(p for p in parts if _HAN.match(p) and p not in _GENERIC_HAN)
    return Address(tuple(sorted(numbers + letters + flats)), words | han, bool(han))


def _flats_named_f(folded: str) -> list[str]:
    """An F is mostly a floor ("12/F"); here it is a flat ("Flat F", "12F, Block 3" is not)."""
    named = re.search(r"\b(?:flat|flt|room|rm|unit)\.? ?f\b|(?<![a-z0-9])f\s*室|樓\s*f\b", folded)
    return ["f"] if named else []


def _value(numeral: str) -> int:
    """A Chinese numeral below a thousand."""
    total = current = 0
    for char in numeral:
        if char == "十":
            total, current = total + (current or 1) * 10, 0
        elif char == "百":
            total, current = total + (current or 1) * 100, 0
        else:
            current = current * 10 + _DIGITS[char]
    return total + current


@lru_cache(131_072)
def is_same_address(a: Address, b: Address) -> bool:
    """Whether both are one household: the same numbers, and words or enough numbers agree.

    One lone letter may be missing on one side, as a flat often is.
    """
    if a.numbers != b.numbers and not _differ_by_a_letter(a.numbers, b.numbers):
        return False
    if a.is_han != b.is_han or not (a.words and b.words):
        return len(a.numbers) >= _ENOUGH_NUMBERS and a.numbers == b.numbers
    least = min(len(a.words), len(b.words))
    if len(a.numbers) < _ENOUGH_NUMBERS and least > 1:
        # One number is every street's: there nearly all words must agree.
        return len(a.words & b.words) >= least - (least > 3)
    return len(a.words & b.words) * 2 >= least or _alike(a.words, b.words)


def _differ_by_a_letter(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    extra = (Counter(a) - Counter(b)) + (Counter(b) - Counter(a))
    return len(a) != len(b) and sum(extra.values()) == 1 and not next(iter(extra)).isdigit()


def _alike(a: frozenset[str], b: frozenset[str]) -> bool:
    """Misspelled words: half of the shorter side begin alike."""
    starts = {word[:3] for word in b}
    return sum(word[:3] in starts for word in a) * 2 >= min(len(a), len(b))
