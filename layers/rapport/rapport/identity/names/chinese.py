"""Read a name as a Chinese one: surname, given syllables, and the Western names beside them.

One name may allow several readings ("Wai Lung Lau" has the surname Lau or Wai; "Chun" is Cantonese
or Mandarin), so a form carries all that are plausible and comparisons take the best pair.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapport.identity.names.readings import SYSTEMS, table
from rapport.identity.names.spelling import mend_word, near_surnames
from rapport.identity.names.units import (
    Unit,
    is_sound,
    is_western,
    read_syllables,
    systems_reading,
)

_NONE: Final[frozenset[str]] = frozenset()
_FIRST, _LAST = 0, -1
_MOST_CORRECTIONS: Final = 8


@dataclass(slots=True, eq=False)
class Reading:
    """One way to read a name, never changed; not frozen, since dozens are made of a name.

    `surnames` are the characters the surname may be written with (several for a spelling such as
    Wong), `married` those of a husband's surname before it; `foreign` says that there is a surname
    but not a Chinese one. `given` is empty when no Chinese given name is told. `nickname` marks
    forms such as 阿芬 and "Ah Fan", which take one syllable of two; `mended` a reading that needs a
    misspelled syllable corrected. `near` are the Chinese surnames that a
    foreign one may be a misspelling of.
    """

    system: str
    surnames: frozenset[str] = _NONE
    spelled: str = ""
    married: frozenset[str] = _NONE
    foreign: bool = False
    given: tuple[Unit, ...] = ()
    western: tuple[str, ...] = ()
    nickname: bool = False
    mended: bool = False
    near: frozenset[str] = _NONE


@lru_cache(maxsize=16_384)
def read_latin(words: tuple[str, ...], surname_at: int, is_display: bool) -> Sequence[Reading]:
    """The readings of a Latin name's words; `surname_at` is 0 or -1 when its place is known."""
    western = tuple([w for w in words if is_western(w)])
    core = [w for w in words if w not in western]
    found = _read_core(core, western, surname_at, is_display=is_display) if core else []
    if len(core) > 2:
        found += _read_ambiguous(core, western, surname_at)
    names = table().given_names
    whole = any(len(one.given) > 1 and one.spelled for one in found)
    unknown = [w for w in western if w not in names and not is_sound(w)]
    if _is_ragged(words, core, unknown, found, whole=whole):
        found += _read_parted(words) or _read_mended(words, unknown, surname_at)
    if not whole and not (names.isdisjoint(core) and any(r.given and not r.mended for r in found)):
        found += _read_western(words, surname_at)
    return _most_likely(found) if len(found) > 1 else found


def _read_ambiguous(
    core: list[str], western: tuple[str, ...], surname_at: int
) -> Iterator[Reading]:
    """Read it with its first or last word as a Western name, which it may be as well."""
    for word in sorted({core[0], core[-1]}):
        if word in table().given_names and word not in table().common_surnames:
            rest = list(core)
            rest.remove(word)
            for one in _read_core(rest, (*western, word), surname_at, is_display=False):
                if one.spelled and one.given:
                    yield one


def _most_likely(found: list[Reading]) -> list[Reading]:
    """Without the readings of half of Au Yeung (歐陽) as the surname and half as given."""
    double = [r.spelled for r in found if _may_be_double(r.surnames)]
    return [r for r in found if r.spelled in double or not _is_half(r, double)] if double else found


@lru_cache(maxsize=4_096)
def _may_be_double(surnames: frozenset[str]) -> bool:
    return any(len(one) > 1 for one in surnames)


def _is_half(reading: Reading, double: list[str]) -> bool:
    """Whether the surname and a syllable beside it are together one of the surnames in `double`."""
    beside = {reading.given[0].text, reading.given[-1].text} if reading.given else set()
    halves = {reading.spelled + one for one in beside} | {one + reading.spelled for one in beside}
    return not halves.isdisjoint(double)


def _is_ragged(
    words: Sequence[str],
    core: list[str],
    unknown: list[str],
    found: list[Reading],
    *,
    whole: bool,
) -> bool:
    """Whether the spaces may be misplaced or a syllable misspelled."""
    if core and 1 in map(len, words):
        return True
    if whole:
        return len(core) == 2 and table().sure_surnames.isdisjoint([r.spelled for r in found])
    return bool(unknown) or (bool(core) and not any(r.spelled for r in found))


def _read_parted(words: Sequence[str]) -> list[Reading]:
    """Read it with the spaces elsewhere: "Chu nSze Shek", "LiuY uye"."""
    names = table().given_names
    others = tuple([w for w in words if w in names and len(w) > 3])
    joined = "".join([w for w in words if w not in others])
    if not 6 < len(joined) < 17:
        return []
    return [
        Reading(system, surnames, spelled, given=given, western=others, mended=True)
        for system, surnames, spelled, given in _part_joined(joined)
    ]


@lru_cache(maxsize=16_384)
def _part_joined(joined: str) -> tuple[tuple[str, frozenset[str], str, tuple[Unit, ...]], ...]:
    """The system, surname as characters and as spelled, and given name of each way to part it."""
    every = table().every_surname
    places: list[tuple[str, str]] = []
    for i in range(2, min(9, len(joined) - 3)):
        if joined[:i] in every:
            places.append((joined[:i], joined[i:]))
        if joined[-i:] in every:
            places.append((joined[-i:], joined[:-i]))
    return tuple(
        [
            (system, surnames[spelled], spelled, given)
            for system, surnames in table().surnames.items()
            for spelled, rest in places
            if spelled in surnames
            for given in read_syllables(system, rest)
            if len(given) == 2
        ]
    )


def _read_mended(words: Sequence[str], unknown: list[str], surname_at: int) -> Iterator[Reading]:
    """Read it with one unknown word corrected, if that makes a whole Chinese name of it."""
    if len(unknown) != 1 or not 1 < len(words) < 5:
        return
    if not any(is_sound(w) and not is_western(w) for w in words):
        return
    place = words.index(unknown[0])
    seen: set[tuple[str, ...]] = set()
    others = tuple([w for w in words if is_western(w) and w != unknown[0]])
    for correction in mend_word(unknown[0])[:_MOST_CORRECTIONS]:
        corrected = (*words[:place], *correction, *words[place + 1 :])
        core = [w for w in corrected if w not in others]
        places = _place_surname(core, surname_at)
        for system in _systems_of(core):
            for reading in _read_system(system, places, others, mended=True):
                key = (system, reading.spelled, *[unit.text for unit in reading.given])
                if len(reading.given) > 1 and key not in seen:
                    seen.add(key)
                    yield reading


def _read_core(
    core: list[str], western: tuple[str, ...], surname_at: int, *, is_display: bool
) -> list[Reading]:
    if core[0] == "ah" and 1 < len(core) <= 3:
        return _read_endearment(core, western)
    alone = len(core) <= 2 and not western
    if alone and len(core) == 2 and not is_display:
        alone = core[0] not in table().sure_surnames
    places = _place_surname(core, surname_at)
    found: list[Reading] = []
    for system in _systems_of(core):
        found += _read_system(system, places, western)
        if alone:
            found += [
                Reading(system, given=given)
                for given in _read_given(system, core)
                if len(given) > 1 or given[0].usual
            ]
    return found


def _read_endearment(core: list[str], western: tuple[str, ...]) -> list[Reading]:
    return [
        Reading(system, given=read_syllables(system, word)[0], western=western, nickname=True)
        for system in SYSTEMS
        for word in core[1:]
        if word in table().syllables[system]
    ]


def _systems_of(core: list[str]) -> list[str]:
    """The systems in which every word can be read."""
    common = systems_reading(core[0]).intersection(*map(systems_reading, core[1:]))
    return [system for system in SYSTEMS if system in common]


def _read_system(
    system: str,
    places: list[tuple[str, list[str]]],
    western: tuple[str, ...],
    *,
    mended: bool = False,
) -> list[Reading]:
    surnames = table().surnames_read_with[system]
    found: list[Reading] = []
    for spelled, rest in places:
        characters = surnames.get(spelled)
        if characters is None:
            continue
        if len(rest) > 1 and rest[0] in surnames:
            of_birth = surnames[rest[0]]
            found += [
                Reading(system, of_birth, rest[0], characters, False, given, western, False, mended)
                for given in _read_given(system, rest[1:])
                if len(given) == 2
            ]
        for given in _read_given(system, rest):
            found.append(
                Reading(system, characters, spelled, _NONE, False, given, western, False, mended)
            )
    return found


def _place_surname(core: list[str], surname_at: int) -> list[tuple[str, list[str]]]:
    """The surname and the rest: it is first or last, and in two words when there are enough."""
    if surname_at == 1 and len(core) > 1:
        sure, common = table().sure_surnames, table().common_surnames
        if core[0] in sure and core[-1] not in common:
            surname_at = _FIRST
        elif core[-1] in sure and core[0] not in table().usual_surnames:
            surname_at = _LAST
    every = table().every_surname
    places: list[tuple[str, list[str]]] = []
    if surname_at != _LAST:
        places.append((core[0], core[1:]))
        if len(core) > 1 and (double := core[0] + core[1]) in every:
            places.append((double, core[2:]))
    if surname_at != _FIRST and len(core) > 1:
        places.append((core[-1], core[:-1]))
        if len(core) > 2 and (double := core[-2] + core[-1]) in every:
            places.append((double, core[:-2]))
    return places


def _read_given(system: str, words: list[str]) -> Sequence[tuple[Unit, ...]]:
    if not words:
        return ((),)
    first = read_syllables(system, words[0])
    if len(words) == 1 or not first:
        return first
    second = read_syllables(system, words[1])
    if len(words) > 2 or not second or len(first[0]) > 1 or len(second[0]) > 1:
        return ()
    return (first[0] + second[0],)


def _read_western(words: Sequence[str], surname_at: int) -> list[Reading]:
    """Read as a Western name with, perhaps, a Chinese surname: Jennifer Huang, Tan Michael."""
    if len(words) < 2:
        return [Reading("western", western=tuple(words))] if words else []
    every, last = table().every_surname, len(words) - 1
    places = (last, 0) if surname_at == 1 else (0 if surname_at == _FIRST else last,)
    found: list[Reading] = []
    for i in [i for i in places if words[i] in every] or places[:1]:
        rest = (*words[:i], *words[i + 1 :])
        characters = every.get(words[i], _NONE)
        near = _NONE if characters else near_surnames(words[i])
        found.append(
            Reading(
                "western", characters, words[i], foreign=not characters, western=rest, near=near
            )
        )
    return found
