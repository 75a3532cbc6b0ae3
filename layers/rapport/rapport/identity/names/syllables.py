"""Compare the Chinese readings of two names, in whatever scripts and romanisations they are."""

from collections.abc import Iterator, Sequence
from enum import Enum
from functools import lru_cache
from itertools import product
from typing import Final

from rapidfuzz.distance import OSA

from rapport.identity.names.chinese import Reading
from rapport.identity.names.latin import INITIAL, NONE, match_words
from rapport.identity.names.levels import (
    CONFLICT,
    FORM,
    NICKNAME,
    PARTIAL,
    SIBLING,
    TYPO,
    UNKNOWN,
    NameLevel,
    NameMatch,
    judge,
)
from rapport.identity.names.readings import HONG_KONG, SYSTEMS, Table, sounds_of, table
from rapport.identity.names.spelling import near_surnames
from rapport.identity.names.units import HAN, Unit, match_units

_UNKNOWN: Final = judge(UNKNOWN, 0.0)


class Part(Enum):
    """How one part of two names, the surname or the given name, relates."""

    AGREE = "agree"
    TYPO = "typo"  # an unlikely syllable, one edit from a likely one
    PIECE = "piece"  # one syllable of two agrees
    ABSENT = "absent"  # one has none, or nothing can be said
    CONFLICT = "conflict"


_AGREE, _TYPO, _PIECE, _ABSENT, _CONFLICT = Part

_Rank = tuple[NameLevel, bool, float]
"""A match in the making: level, whether it does not agree, and minus the similarity."""

_STRANGERS: Final[_Rank] = (CONFLICT, True, 0.0)
_NOTHING: Final[_Rank] = (UNKNOWN, True, 0.0)


def compare_readings(a: Sequence[Reading], b: Sequence[Reading]) -> NameMatch:
    """The best match over all pairs of readings."""
    best: _Rank | None = None
    for x in a:
        for y in b:
            rank = _compare(x, y)
            if rank[0] < TYPO and (x.mended or y.mended):
                rank = (TYPO, False, 0.85 * rank[2])
            if best is None or rank < best:
                best = rank
                if rank == _SAME:
                    return judge(FORM, 1.0)
    if best is None:
        return _UNKNOWN
    return judge(best[0], -best[2], agrees=not best[1])


_SAME: Final[_Rank] = (FORM, False, -1.0)


def _compare(x: Reading, y: Reading) -> _Rank:
    if not x.surnames.isdisjoint(y.surnames):
        return _judge_same_surname(x, y, *_compare_given(x, y))
    surname = _compare_other_surnames(x, y)
    if surname is _CONFLICT:
        return _judge_other_surname(x, y)
    if surname is _TYPO:
        if _compare_western(x, y) is _AGREE:
            return (TYPO, False, -0.7)
        return (PARTIAL, True, -0.3)
    given, likeness = _compare_given(x, y)
    if surname is _ABSENT:
        return _judge_given_alone(x, y, given)
    if surname is _PIECE:
        likeness *= 0.85
    return _judge_same_surname(x, y, given, likeness)


def _judge_same_surname(x: Reading, y: Reading, given: Part, likeness: float) -> _Rank:
    if given is _CONFLICT:
        return (SIBLING, True, -0.5 * likeness)
    if given is _TYPO:
        return (TYPO, False, -0.85 * likeness)
    if given is _AGREE:
        return _judge_same_given(x, y, likeness)
    western = _compare_western(x, y)
    if western is _AGREE:
        return (NICKNAME, False, -0.9 * likeness)
    if western is _CONFLICT or _initials_conflict(x, y) or _initials_conflict(y, x):
        return (SIBLING, True, -0.3)
    return (PARTIAL, True, -0.6 if given is _PIECE else -0.4)


def _initials_conflict(told: Reading, whole: Reading) -> bool:
    """Whether initials ("Susan W.W. Tam") are not those of the given syllables (譚樂瑤).

    One initial may be a Western middle name's. Initials are in the romanisation of the surname
    beside them; where that may be any, only what fits in none is a conflict.
    """
    if len(told.western) < 2 or told.given or not whole.given:
        return False
    initials = [word for word in told.western if len(word) == 1]
    if len(initials) < 2:
        return False
    if len(initials) != len(whole.given):
        return True
    systems = {told.system} & set(SYSTEMS) or set(SYSTEMS)
    letters = [_letters(unit, frozenset(systems)) for unit in whole.given]
    return any(
        found and initial not in found for initial, found in zip(initials, letters, strict=True)
    )


@lru_cache(maxsize=16_384)
def _letters(unit: Unit, systems: frozenset[str]) -> frozenset[str]:
    """What a syllable may begin with in these romanisations; empty where nobody can tell."""
    found = {
        spelling[0]
        for system in systems
        for sound in (unit.cantonese if system == HONG_KONG else unit.mandarin)
        for spelling in table().spellings[system].get(sound, ())
    }
    if found and unit.system != HAN:
        found.add(unit.text[0])
    return frozenset(found)


def _is_one_sound(reading: Reading) -> bool:
    """Whether it is a lone syllable in Latin letters, which may as well be a Western nickname."""
    return not reading.spelled and len(reading.given) == 1 and reading.system != HAN


def _judge_same_given(x: Reading, y: Reading, likeness: float) -> _Rank:
    if x.western == y.western:
        level = FORM if x.married == y.married else NICKNAME
        return (level, False, -likeness)
    western = _compare_western(x, y)
    return (NICKNAME, False, (-0.8 if western is _CONFLICT else -1.0) * likeness)


def _judge_other_surname(x: Reading, y: Reading) -> _Rank:
    """A misspelled surname before a whole given name that agrees; else the names conflict."""
    if len(x.given) != 2 or len(y.given) != 2 or x.system == y.system == HAN:
        return _STRANGERS
    if not (match_units(x.given[0], y.given[0]) and match_units(x.given[1], y.given[1])):
        return _STRANGERS
    likeness = _likeness(x.given[0], y.given[0])
    if _is_surname_misspelled(x, y):
        return (TYPO, False, -0.85 * likeness)
    return (CONFLICT, True, -0.4)


def _is_surname_misspelled(x: Reading, y: Reading) -> bool:
    usual = table().usual_surnames
    for han, latin in ((x, y), (y, x)):
        if han.system == HAN:
            unlikely = latin.mended or latin.spelled not in usual
            return unlikely and not near_surnames(latin.spelled).isdisjoint(han.surnames)
    known = x.spelled in usual and y.spelled in usual
    return (not known or x.mended or y.mended) and OSA.distance(x.spelled, y.spelled) <= 1


def _judge_given_alone(x: Reading, y: Reading, given: Part) -> _Rank:
    if given is _CONFLICT and (_is_one_sound(x) or _is_one_sound(y)):
        given = _ABSENT
    western = _compare_western(x, y)
    if given is _AGREE:
        return (PARTIAL, False, -0.8)
    if given is _CONFLICT or western is _CONFLICT:
        return _STRANGERS
    if western is _AGREE:
        return (PARTIAL, False, -0.7)
    if given is _PIECE or given is _TYPO:
        return (PARTIAL, True, -0.5)
    return _NOTHING


def _compare_other_surnames(x: Reading, y: Reading) -> Part:
    """How surnames relate that have no character in common."""
    if not (x.spelled and y.spelled):
        return _ABSENT
    if not (x.married.isdisjoint(y.surnames) and y.married.isdisjoint(x.surnames)):
        return _PIECE
    if x.foreign and y.foreign and match_words(x.spelled, y.spelled)[0] is not NONE:
        return _AGREE
    if not (x.near.isdisjoint(y.surnames) and y.near.isdisjoint(x.surnames)):
        return _TYPO
    return _CONFLICT


def _compare_given(x: Reading, y: Reading) -> tuple[Part, float]:
    """How the given names relate, and a factor for the similarity."""
    a, b = x.given, y.given
    if not a or not b:
        return _ABSENT, 1.0
    if len(a) != len(b):
        piece = any(match_units(u, v) or _is_misspelled(u, v) for u in a for v in b)
        return (_PIECE if piece else _CONFLICT), 1.0
    matched = list(map(match_units, a, b))
    if all(matched):
        alone = len(a) == 1 and (_may_lack_syllable(x) or _may_lack_syllable(y))
        return (_PIECE if alone else _AGREE), _likeness(a[0], b[0])
    if len(a) > 1 and matched.count(False) == 1:
        u, v = a[matched.index(False)], b[matched.index(False)]
        likeness = _likeness(a[0], b[0])
        if _is_misspelled(u, v):
            return _TYPO, likeness
        return _CONFLICT, (1.4 if _are_one_edit_apart(u, v) else 1.0) * likeness
    return _CONFLICT, 0.5


def _may_lack_syllable(reading: Reading) -> bool:
    return reading.nickname or (bool(reading.western) and not _is_telling(reading))


def _likeness(a: Unit, b: Unit) -> float:
    """A factor for the similarity: across two romanisations a syllable tells less."""
    return 1.0 if a.system in (b.system, HAN) or b.system == HAN else 0.9


def _is_misspelled(a: Unit, b: Unit) -> bool:
    """Whether a syllable is an unlikely one, an edit away, or a character one of the same sound."""
    if a.system != b.system:
        return False
    if a.system == HAN:
        return not a.cantonese.isdisjoint(b.cantonese)
    return not (a.usual and b.usual) and _are_one_edit_apart(a, b)


def _are_one_edit_apart(a: Unit, b: Unit) -> bool:
    return a.system == b.system and OSA.distance(a.text, b.text, score_cutoff=1) <= 1


def _compare_western(x: Reading, y: Reading) -> Part:
    if not x.western or not y.western:
        return _ABSENT
    if (x.given or y.given) and not (_is_telling(x) and _is_telling(y)):
        return _ABSENT  # an unknown word beside Chinese syllables may be a misspelled one
    kinds = [
        match_words(min(word, other), max(word, other))[0]
        for word in x.western
        for other in y.western
    ]
    best = min(kinds)
    if best is INITIAL:
        return _ABSENT
    matched = len(kinds) - kinds.count(NONE)
    if best is not NONE and matched >= min(len(x.western), len(y.western)):
        return _AGREE
    return _CONFLICT


def _is_telling(reading: Reading) -> bool:
    names = table().given_names
    return any(word in names for word in reading.western)


# -- Han characters against misspelled Latin letters


def compare_spellings(
    readings: Sequence[Reading], written: Sequence[str], most: int
) -> NameMatch | None:
    """A typo, if a text is at most so many edits from how the characters may be spelled."""
    best: NameMatch | None = None
    for reading in readings:
        if not (reading.spelled and reading.given):
            continue
        spellings = expected_spellings(reading.spelled, "".join([u.text for u in reading.given]))
        for text in written:
            match = _find_near(text, spellings, most)
            if match and (best is None or match.similarity > best.similarity):
                best = match
    return best


def _find_near(text: str, spellings: dict[int, list[str]], most: int) -> NameMatch | None:
    size = len(text)
    if size < 6:
        return None
    limit = most if size > 9 else 1
    nearest = limit + 1
    for length in range(size - limit, size + limit + 1):
        for spelling in spellings.get(length, ()):
            nearest = min(nearest, OSA.distance(text, spelling, score_cutoff=limit))
    return judge(TYPO, 0.95 - nearest / size) if nearest <= limit else None


@lru_cache(maxsize=16_384)
def expected_spellings(surname: str, given: str) -> dict[int, list[str]]:
    """How a Chinese name, folded, may be spelled without spaces, surname first, by length."""
    found: dict[int, list[str]] = {}
    for system in SYSTEMS:
        surnames = table().surname_spellings[system].get(surname, ())[:3]
        parts = [tuple(_spell(table(), system, character))[:5] for character in given]
        for spelled in map("".join, product(surnames, *parts)):
            found.setdefault(len(spelled), []).append(spelled)
    return found


def _spell(readings: Table, system: str, character: str) -> Iterator[str]:
    sounds = sounds_of(character)
    usual = sounds.usual[0 if system == HONG_KONG else 1]
    every = sounds.cantonese if system == HONG_KONG else sounds.mandarin
    for sound in (usual, *sorted(every - {usual})):
        yield from readings.spellings[system].get(sound, ())[:3]
