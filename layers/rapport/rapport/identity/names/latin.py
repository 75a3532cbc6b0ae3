"""Compare Latin names word by word: equal, by sound, nicknames, initials and typos."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from rapport.identity.names.readings import are_same_given_name, related_names, table
from rapport.identity.names.units import is_usual_syllables

_NONE: Final[frozenset[str]] = frozenset()


class WordMatch(IntEnum):
    """How two words agree, from best to worst."""

    EQUAL = 0
    SOUND = 1  # spelled differently, sounding alike: Sara and Sarah, Wong and Huang
    NICKNAME = 2
    INITIAL = 3
    TYPO = 4
    NONE = 5


EQUAL, SOUND, NICKNAME, INITIAL, TYPO, NONE = WordMatch


_SOUNDS: Final = (
    ("ge", re.compile(r"^ge(?=[aeiou])"), "je"), ("n", re.compile(r"^(?:kn|gn)"), "n"),
    ("wr", re.compile(r"^wr"), "r"),
    ("ph", None, "f"), ("q", None, "k"), ("c", re.compile(r"ck|c(?=[^eihy]|$)"), "k"),
    ("kh", None, "k"), ("dh", None, "d"), ("gh", None, "g"),
    ("th", None, "t"), ("ch", re.compile(r"sch|tch|ch"), "x"), ("sh", None, "x"),
    ("w", None, "v"), ("", re.compile(r"[ae][iy]|ee|ie|y|j(?=[aeou])"), "i"),
    ("", re.compile(r"oo|ou|ue|oe"), "u"), ("ae", None, "a"),
    ("eo", None, "e"), ("z", None, "s"),
    ("h", re.compile(r"(?<=[aeiou])h"), ""), ("", re.compile(r"(.)\1+"), r"\1"),
    ("", re.compile(r"(?<=[^aeiou])e$|(?<=..)h$"), ""),
)  # fmt: skip
"""Letters that must be there, the expression around them if it is not they alone, and the sound."""
_VOWELS: Final = str.maketrans("", "", "aeiouyw")


@lru_cache(maxsize=65_536)
def sound_of(word: str) -> str:
    """The word as it sounds, roughly and in any European language; never empty."""
    sound = word
    for letters, written, spoken in _SOUNDS:
        if letters in sound:
            sound = written.sub(spoken, sound) if written else sound.replace(letters, spoken)
    return sound or word


@lru_cache(maxsize=65_536)
def is_known(word: str) -> bool:
    """Whether a word is a known given name, a Chinese surname or syllables, hence no typo."""
    names = table()
    return word in names.given_names or word in names.every_surname or is_usual_syllables(word)


def is_vowel_swap(a: str, b: str) -> bool:
    """Whether two words differ in their last vowel as Mario and Maria do."""
    return a[:-1] == b[:-1] and {a[-1], b[-1]} <= set("aeio")


@lru_cache(maxsize=131_072)
def match_words(a: str, b: str) -> tuple[WordMatch, float]:
    """How two words agree and how well, in [0, 1]; symmetric."""
    if a == b:
        return EQUAL, 1.0
    if len(a) == 1 or len(b) == 1:
        return _match_initial(a, b) if len(a) == 1 else _match_initial(b, a)
    names = table()
    if a in names.given_names and b in names.given_names and are_same_given_name(a, b):
        return NICKNAME, 0.9
    of_a = names.every_surname.get(a)
    if of_a is not None and not of_a.isdisjoint(names.every_surname.get(b, _NONE)):
        return SOUND, 0.85
    if is_shortened(a, b):
        return NICKNAME, 0.75
    return _match_spelling(a, b)


def _match_spelling(a: str, b: str) -> tuple[WordMatch, float]:
    distance = OSA.distance(a, b, score_cutoff=4)
    size = max(len(a), len(b))
    if distance > 4:
        near = _is_near_nickname(a, b)
        return (TYPO, 0.7) if near else (NONE, 0.0)
    similarity = max(0.0, 1 - distance / size)
    if _sound_alike(a, b):
        return SOUND, 0.95
    if is_vowel_swap(a, b) or (is_known(a) and is_known(b)):
        return NONE, similarity
    if _is_typo(a, b, distance, size):
        return TYPO, similarity
    if _is_near_nickname(a, b) or _have_same_bones(a, b):
        return TYPO, 0.7
    return NONE, similarity


def _sound_alike(a: str, b: str) -> bool:
    if len(a) < 3 or len(b) < 3 or sound_of(a) != sound_of(b):
        return False
    return not is_usual_pair(a, b)


def is_shortened(a: str, b: str) -> bool:
    """Whether one Western name is the other's beginning: Nat and Natalie, Barb and Barbara."""
    short, long = (a, b) if len(a) < len(b) else (b, a)
    return (
        2 < len(short) < 6
        and len(long) > len(short) + 2
        and long.startswith(short)
        and long in table().given_names
    )


def _match_initial(initial: str, word: str) -> tuple[WordMatch, float]:
    if word[0] == initial:
        return INITIAL, 0.4
    if any(name[0] == initial for name in related_names(word)):
        return INITIAL, 0.1
    return NONE, 0.0


def _is_near_nickname(a: str, b: str) -> bool:
    """Whether one, misspelled, is a nickname of the other: "Tmi" for Timothy."""
    names = table().given_names
    if (a in names) == (b in names):
        return False
    known, written = (a, b) if a in names else (b, a)
    size = len(written)
    if size < 3:
        return False
    for name in related_names(known):
        long_enough = len(name) > 3 or sorted(name) == sorted(written)
        if long_enough and -2 < len(name) - size < 2 and OSA.distance(written, name) <= 1:
            return True
    return False


def is_usual_pair(a: str, b: str) -> bool:
    """Whether both are Chinese syllables, where every letter counts."""
    return is_usual_syllables(a) and is_usual_syllables(b)


def _is_typo(a: str, b: str, distance: int, size: int) -> bool:
    if distance == 1:
        return size > 2
    if distance != 2 or size < 5:
        return False
    if size < 7:
        return sorted(a) == sorted(b)
    return a[0] == b[0] or size > 8 or a[:2] == b[1::-1] or sorted(a) == sorted(b)


def _have_same_bones(a: str, b: str) -> bool:
    bones = a.translate(_VOWELS)
    return len(bones) > 2 and bones == b.translate(_VOWELS)


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Which words of two names belong together: (place in a, place in b, how, how well)."""

    pairs: tuple[tuple[int, int, WordMatch, float], ...]
    left: tuple[int, ...]
    right: tuple[int, ...]

    @property
    def worst(self) -> WordMatch:
        """The worst match among the pairs."""
        return max((pair[2] for pair in self.pairs), default=NONE)

    @property
    def similarity(self) -> float:
        """The mean of the pairs' similarities."""
        return sum(p[3] for p in self.pairs) / len(self.pairs) if self.pairs else 0.0

    def count(self, kind: WordMatch) -> int:
        """How many pairs agree in that way."""
        return sum(pair[2] is kind for pair in self.pairs)


def align(a: Sequence[str], b: Sequence[str]) -> Alignment:
    """Pair the words of two names, the best matches first, in any order of words."""
    candidates: list[tuple[WordMatch, float, int, int, int]] = []
    for i, word in enumerate(a):
        for j, other in enumerate(b):
            if word == other:
                candidates.append((EQUAL, -1.0, abs(i - j), i, j))
                continue
            kind, similarity = (
                match_words(word, other) if word < other else match_words(other, word)
            )
            if kind is not NONE:
                candidates.append((kind, -similarity, abs(i - j), i, j))
    if len(candidates) > 1:
        candidates.sort()
    left, right = dict.fromkeys(range(len(a))), dict.fromkeys(range(len(b)))
    pairs: list[tuple[int, int, WordMatch, float]] = []
    for kind, negative, _, i, j in candidates:
        if i in left and j in right:
            del left[i], right[j]
            pairs.append((i, j, kind, -negative))
    if left and right and len(left) + len(right) > 2:
        pairs.extend(_pair_joined(a, b, left, right))
    return Alignment(tuple(pairs), tuple(left), tuple(right))


def _pair_joined(
    a: Sequence[str], b: Sequence[str], left: dict[int, None], right: dict[int, None]
) -> list[tuple[int, int, WordMatch, float]]:
    """Pair two neighbouring words with one word that joins them: "van Berg" and "Vanberg"."""
    swapped = len(left) < len(right)
    if swapped:
        a, b, left, right = b, a, right, left
    found: list[tuple[int, int, WordMatch, float]] = []
    for i in list(left):
        for j in list(right):
            if i in left and i + 1 in left and j in right and a[i] + a[i + 1] == b[j]:
                del left[i], left[i + 1], right[j]
                found.append((j, i, EQUAL, 1.0) if swapped else (i, j, EQUAL, 1.0))
    return found
