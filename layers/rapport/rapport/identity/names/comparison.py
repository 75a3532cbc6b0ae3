"""Compare two parsed names."""

from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from rapport.identity.names import western
from rapport.identity.names.levels import (
    CONFLICT,
    EXACT,
    FORM,
    NICKNAME,
    PARTIAL,
    SIBLING,
    TYPO,
    UNKNOWN,
    NameMatch,
    judge,
)
from rapport.identity.names.parsing import Form, Name
from rapport.identity.names.readings import table
from rapport.identity.names.syllables import compare_readings, compare_spellings

_UNKNOWN: Final = judge(UNKNOWN, 0.0)
_HALF_NAME: Final = 0.7
"""The similarity of two equal names that have no surname, or nothing else: "Rebecca" alone."""

_LEAST_LETTERS: Final = 6
"""In a shorter name another letter is another name."""

_READ_WELL: Final = frozenset({"LATIN", "CYRILLIC", "GREEK", "FULLWIDTH", "MATHEMATICAL"})
_PATRONYMICS: Final = frozenset({"bin", "ibn", "bint", "binti"})
"""In "Salman bin Muhammad" the order tells the son from the father."""


@lru_cache(maxsize=262_144)
def compare_names(a: Name, b: Name) -> NameMatch:
    """Say how two names relate; symmetric, deterministic, and cached by content in either order."""
    if b < a:
        return compare_names(b, a)
    if not a.forms or not b.forms:
        return _UNKNOWN
    if len(a.forms) == 1 and len(b.forms) == 1:
        return _compare_forms(a.forms[0], b.forms[0])
    return _combine([(x, y, _compare_forms(x, y)) for x in a.forms for y in b.forms])


@lru_cache(maxsize=65_536)
def is_slip(a: Name, b: Name) -> bool:
    """Whether one letter added, lost, replaced or swapped makes one name of the other.

    That may be a slip of the pen or a sister: "Wing Ka" and "Wing Kar". `compare_names` says how
    they relate as names; what is known beside them decides which it is. Symmetric and cached.
    """
    if b < a:
        return is_slip(b, a)
    return any(_are_a_letter_apart(x, y) for x in a.forms for y in b.forms)


def _are_a_letter_apart(a: Form, b: Form) -> bool:
    if (a.han and b.han) or not (a.is_whole or b.is_whole):
        return False
    if a.han or b.han:
        han, latin = (a, b) if a.han else (b, a)
        return compare_spellings(han.readings, latin.rotations, 1) is not None
    if min(len(a.joined), len(b.joined)) < _LEAST_LETTERS or a.joined in b.rotations:
        return False
    if {word for word in a.words if len(word) == 1} != {word for word in b.words if len(word) == 1}:
        return False  # another initial is another name
    return any(
        OSA.distance(x, y, score_cutoff=1) <= 1
        for x, y in (
            *((a.joined, one) for one in b.rotations),
            *((one, b.joined) for one in a.rotations),
        )
    )


def _combine(compared: list[tuple[Form, Form, NameMatch]]) -> NameMatch:
    """The best of all pairs of forms; but two local names in conflict are never outvoted.

    What a person calls itself in a chat counts only where the names proper leave it open.
    """
    proper = [m for x, y, m in compared if not (x.is_display or y.is_display)]
    local = [m for x, y, m in compared if x.han and y.han and not (x.is_display or y.is_display)]
    if local and all(m.conflicts for m in local):
        return min(local, key=_rank)
    best = min(proper, key=_rank) if proper else None
    if best is not None and best.level not in (PARTIAL, UNKNOWN):
        return best
    display = min(
        (m for x, y, m in compared if x.is_display or y.is_display), key=_rank, default=None
    )
    if best is None or display is None:
        return best or display or _UNKNOWN
    if display.agrees:
        return judge(PARTIAL, max(best.similarity, display.similarity), agrees=True)
    return best if best.level is PARTIAL else display


def _rank(match: NameMatch) -> tuple[int, int, float]:
    return (match.level, not match.agrees, -match.similarity)


def _compare_forms(a: Form, b: Form) -> NameMatch:
    if a.text == b.text or (a.core and a.core == b.core):
        return judge(EXACT, 1.0 if a.is_spelled_out else _HALF_NAME)
    if a.han and b.han:
        if a.han == b.han:
            return judge(FORM, 1.0 if a.is_whole else _HALF_NAME)
        return compare_readings(a.readings, b.readings)
    if a.han or b.han:
        han, latin = (a, b) if a.han else (b, a)
        return _compare_scripts(han, latin)
    return _compare_latin(a, b)


def _compare_scripts(han: Form, latin: Form) -> NameMatch:
    match = compare_readings(han.readings, latin.readings)
    if match.level <= NICKNAME or latin.is_clean or not latin.is_whole:
        return match
    most = 1 if latin.is_mended else 2
    typo = compare_spellings(han.readings, latin.rotations + latin.proper_rotations, most)
    return min(match, typo, key=_rank) if typo else match


def _compare_latin(a: Form, b: Form) -> NameMatch:
    if a.script != b.script or a.script not in _READ_WELL:
        return _compare_transliterated(a, b)
    return _compare_words(a, b)


def _compare_transliterated(a: Form, b: Form) -> NameMatch:
    """Scripts whose transliteration is rough can agree but hardly conflict with another script.

    Within one such script letters are syllables or consonants, so that one edit is no typo.
    """
    if a.script in _READ_WELL and b.script in _READ_WELL:
        return _compare_words(a, b)
    match = _compare_words(a, b)
    if a.script == b.script:
        if match.level is TYPO and a.script == "HANGUL":
            return judge(SIBLING if a.core[0] == b.core[0] else CONFLICT, 0.5)
        return match
    return _UNKNOWN if match.conflicts or match.level is PARTIAL else match


def _compare_words(a: Form, b: Form) -> NameMatch:
    if _is_rearranged(a, b):
        if a.joined != b.joined and not _PATRONYMICS.isdisjoint(a.words):
            return judge(PARTIAL, 0.5)
        return judge(FORM, 1.0 if a.is_whole or b.is_whole else _HALF_NAME)
    if not (a.has_given or b.has_given):
        return _compare_western(a, b)
    match = compare_readings(a.readings, b.readings)
    if match.level <= NICKNAME or (a.is_clean and b.is_clean):
        return match
    best = min(_allow_misspelling(a, b, match), key=_rank)
    if best.conflicts and a.is_clean != b.is_clean:
        return _judge_unread(*((a, b) if a.is_clean else (b, a)), best)
    return best


def _allow_misspelling(a: Form, b: Form, match: NameMatch) -> list[NameMatch]:
    """The match as read, and what else it is if one of the names is misspelled."""
    found = [match]
    if not (a.is_mended or b.is_mended):
        words = western.compare_words(a, b)
        if words.level is TYPO or (match.level is UNKNOWN and not words.conflicts):
            found.append(words)
    if a.is_whole and b.is_whole:
        most = 1 if a.is_mended or b.is_mended else 2
        for x, y in ((a.rotations, b.rotations), (a.proper_rotations, b.proper_rotations)):
            typo = _compare_joined(x, y, most) if len(x) + len(y) > 2 else None
            if typo:
                found.append(typo)
    return found


def _compare_western(a: Form, b: Form) -> NameMatch:
    words = western.compare_words(a, b)
    if not words.conflicts:
        return words
    found = [words]
    if len(a.core) != len(b.core) and len(a.joined) > 6:
        found.append(_compare_joined(a.rotations, b.rotations, 1) or words)
    if a.is_mended or b.is_mended:
        match = compare_readings(a.readings, b.readings)
        if match.level in (TYPO, PARTIAL):
            found.append(match)
    if len(found) == 1 and a.is_clean != b.is_clean:
        return _judge_unread(*((a, b) if a.is_clean else (b, a)), words)
    return min(found, key=_rank)


def _judge_unread(clean: Form, unread: Form, words: NameMatch) -> NameMatch:
    """A known given name against what may be a misspelled Chinese one beside its surname."""
    names = table()
    rest = [w for w in unread.core if w not in names.common_surnames]
    beside = 0 < len(rest) < len(unread.core) or unread.is_mended
    if not beside or any(w in names.given_names for w in rest):
        return words
    if not any(w in names.given_names for w in clean.core):
        return words
    surnames = [w for w in clean.core if w in names.every_surname]
    if surnames and words.level is SIBLING:
        return judge(PARTIAL, 0.3)
    return words if surnames else _UNKNOWN


def _is_rearranged(a: Form, b: Form) -> bool:
    """Whether the same letters stand in another order of words, or with other spaces."""
    if len(a.joined) != len(b.joined):
        return False
    if a.joined == b.joined or sorted(a.core) == sorted(b.core):
        return True
    return len(a.joined) > 5 and a.joined in b.joined + b.joined


def _compare_joined(a: tuple[str, ...], b: tuple[str, ...], most: int) -> NameMatch | None:
    """One or two edits over the whole name, wherever the spaces are and whichever part is first."""
    if not a or not b or len(a[0]) < 6:
        return None
    text = a[0]
    limit = most if len(text) > 9 else 1
    distance = min(OSA.distance(text, rotation, score_cutoff=limit) for rotation in b)
    return judge(TYPO, 1 - distance / len(text)) if distance <= limit else None
