"""Read a name as a Chinese one: surname, given syllables, and the Western names beside them.

One name may allow several readings ("Wai Lung Lau" has the surname Lau or Wai; "Chun" is Cantonese
or Mandarin), so a form carries all that are plausible and comparisons take the best pair.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapport.identity.names.readings import MOSTLY_SURNAMES, SYSTEMS, table
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


def read_latin(
    words: Sequence[str], surname_at: int = 1, *, is_display: bool = False
) -> list[Reading]:
    """The readings of a Latin name's words; `surname_at` is 0 or -1 when its place is known."""
    western = tuple([w for w in words if is_western(w)])
    core = [w for w in words if not is_western(w)]
    found = _read_core(core, western, surname_at, is_display=is_display) if core else []
    names = table().given_names
    for word in sorted({core[0], core[-1]}) if len(core) > 2 else ():
        if word in names and word not in table().common_surnames:
            rest = list(core)
            rest.remove(word)
            found += [
                r
                for r in _read_core(rest, (*western, word), surname_at, is_display=False)
                if r.spelled and r.given
            ]
    whole = whole_reading(found)
    unknown = [w for w in western if w not in names and not is_sound(w)]
    if _is_ragged(words, core, unknown, found):
        found += _read_parted(words) or _read_mended(words, unknown, surname_at)
    if not whole and (any(w in names for w in core) or not any(_is_plain(r) for r in found)):
        found += _read_western(words, surname_at)
    return _most_likely(found) if len(found) > 1 else found


def _is_plain(reading: Reading) -> bool:
    return bool(reading.given) and not reading.mended


def _most_likely(found: list[Reading]) -> list[Reading]:
    """Without the readings of a surname's spelling as a rare surname where a frequent one fits.

    And without those that read half of Au Yeung (歐陽) as the surname and half as given.
    """
    double = {r.spelled for r in found if _may_be_double(r.surnames)}
    if double:
        found = [r for r in found if r.spelled in double or not _is_half(r, double)]
    likely = [not r.surnames.isdisjoint(MOSTLY_SURNAMES) for r in found]
    if not any(likely):
        return found
    read = list(zip(found, likely, strict=True))
    sure = {(r.system, r.spelled) for r, is_likely in read if is_likely and not r.mended}
    return [r for r, is_likely in read if is_likely or (r.system, r.spelled) not in sure]


@lru_cache(maxsize=4_096)
def _may_be_double(surnames: frozenset[str]) -> bool:
    return any(len(one) > 1 for one in surnames)


def whole_reading(readings: Sequence[Reading]) -> bool:
    """Whether one of the readings has a surname and a given name of two syllables."""
    return any(len(one.given) > 1 and one.spelled for one in readings)


def _is_half(reading: Reading, double: set[str]) -> bool:
    """Whether the surname and a syllable beside it are together one of the surnames in `double`."""
    beside = {reading.given[0].text, reading.given[-1].text} if reading.given else set()
    halves = {reading.spelled + one for one in beside} | {one + reading.spelled for one in beside}
    return not halves.isdisjoint(double)


def _is_ragged(
    words: Sequence[str], core: list[str], unknown: list[str], found: list[Reading]
) -> bool:
    """Whether the spaces may be misplaced or a syllable misspelled."""
    if core and any(len(w) == 1 for w in words):
        return True
    if whole_reading(found):
        return len(core) == 2 and not any(r.spelled in table().sure_surnames for r in found)
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
    found: list[tuple[str, frozenset[str], str, tuple[Unit, ...]]] = []
    for system in SYSTEMS:
        surnames = table().surnames[system]
        for i in range(2, min(9, len(joined) - 3)):
            for spelled, behind in ((joined[:i], True), (joined[-i:], False)):
                if spelled in surnames:
                    rest = joined[i:] if behind else joined[:-i]
                    found += [
                        (system, surnames[spelled], spelled, given)
                        for given in read_syllables(system, rest)
                        if len(given) == 2
                    ]
    return tuple(found)


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
            for surnames, spelled, married, given in _read_system(system, places):
                if len(given) > 1:
                    key = (system, spelled, *[unit.text for unit in given])
                    if key not in seen:
                        seen.add(key)
                        yield Reading(
                            system, surnames, spelled, married, False, given, others, mended=True
                        )


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
        found += [
            Reading(system, surnames, spelled, married, given=given, western=western)
            for surnames, spelled, married, given in _read_system(system, places)
        ]
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
    system: str, places: list[tuple[str, list[str]]]
) -> Iterator[tuple[frozenset[str], str, frozenset[str], tuple[Unit, ...]]]:
    """Surname, its spelling, a husband's surname before it, and given name, as read in a system."""
    surnames = table().surnames_read_with[system]
    for spelled, rest in places:
        characters = surnames.get(spelled)
        if characters is None:
            continue
        if len(rest) > 1 and rest[0] in surnames:
            for given in _read_given(system, rest[1:]):
                if len(given) == 2:
                    yield surnames[rest[0]], rest[0], characters, given
        for given in _read_given(system, rest):
            yield characters, spelled, _NONE, given


def _place_surname(core: list[str], surname_at: int) -> list[tuple[str, list[str]]]:
    """The surname and the rest: it is first or last, and in two words when there are enough."""
    if len(core) == 1:
        return [(core[0], [])] if surname_at != _LAST else []
    if surname_at == 1:
        sure, common = table().sure_surnames, table().common_surnames
        if core[0] in sure and core[-1] not in common:
            surname_at = _FIRST
        elif core[-1] in sure and core[0] not in table().usual_surnames:
            surname_at = _LAST
    places: list[tuple[str, list[str]]] = []
    if surname_at != _LAST:
        places += [(core[0], core[1:]), (core[0] + core[1], core[2:])]
    if surname_at != _FIRST:
        places.append((core[-1], core[:-1]))
        if len(core) > 2:
            places.append((core[-2] + core[-1], core[:-2]))
    every = table().every_surname
    return [place for place in places if place[0] in every and len(place[1]) < 4]


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


def _read_western(words: Sequence[str], surname_at: int) -> Iterator[Reading]:
    """Read as a Western name with, perhaps, a Chinese surname: Jennifer Huang, Tan Michael."""
    if not words:
        return
    if len(words) == 1:
        yield Reading("western", western=tuple(words))
        return
    every = table().every_surname
    places = {_FIRST: (0,), _LAST: (len(words) - 1,)}.get(surname_at, (len(words) - 1, 0))
    chinese = [i for i in places if words[i] in every]
    for i in chinese or places[:1]:
        rest = tuple(words[:i]) + tuple(words[i + 1 :])
        characters = every.get(words[i], _NONE)
        near = _NONE if characters else near_surnames(words[i])
        yield Reading(
            "western", characters, words[i], foreign=not characters, western=rest, near=near
        )
