"""Read a name as a Chinese one: surname, given syllables, and the Western names beside them.

One name may allow several readings ("Wai Lung Lau" has the surname Lau or Wai; "Chun" is Cantonese
or Mandarin), so a form carries all that are plausible and comparisons take the best pair.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from rapport.identity.names.readings import (
    HONG_KONG,
    MOSTLY_SURNAMES,
    SYSTEMS,
    Sounds,
    shared_characters,
    sounds_of,
    table,
)
from rapport.identity.names.spelling import mend_word, near_surnames

HAN: Final = "han"
_NONE: Final[frozenset[str]] = frozenset()
_FIRST, _LAST = 0, -1
_MOST_CORRECTIONS: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One syllable or character of a given name.

    `text` is the folded character, or the spelling with its free variants (Wah and Wa, Yee and Yi)
    levelled; `usual` tells whether it is a common part of given names.
    """

    system: str
    text: str
    sounds: Sounds
    usual: bool


class Reading(NamedTuple):
    """One way to read a name.

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


_LEVELLED: Final = (
    ("ts", "ch"), ("sh", "s"), ("oo", "u"),
    ("ee", "i"), ("ah", "a"), ("ar", "a"), ("aw", "o"), ("ue", "u"), ("eong", "eung"),
    ("young", "yeung"), ("ay", "ei"),
)  # fmt: skip


@lru_cache(maxsize=4_096)
def level_spelling(spelling: str) -> str:
    """A Hong Kong spelling with its free variants levelled: Wah as Wa, Yee as Yi, Shun as Sun."""
    if spelling in ("tsz", "tze", "tsze", "tzi"):
        return "tz"
    for written, levelled in _LEVELLED:
        spelling = spelling.replace(written, levelled)
    return spelling


@lru_cache(maxsize=16_384)
def usual_hong_kong(character: str) -> str:
    """The usual Hong Kong spelling of a folded character, levelled; "" for an unknown one."""
    cantonese, mandarin = sounds_of(character).usual
    if cantonese in ("zi", "ci") and mandarin in ("zi", "ci"):
        return "tz"
    return level_spelling(table().spellings[HONG_KONG].get(cantonese, ("",))[0])


def usual_pinyin(character: str) -> str:
    """The usual Pinyin of a folded character, without tone; "" for an unknown one."""
    return sounds_of(character).usual[1]


@lru_cache(maxsize=16_384)
def _unit(system: str, spelling: str) -> Unit:
    sounds = table().syllables[system][spelling]
    usual = spelling in table().usual[system]
    if system == HONG_KONG:
        return Unit(system, level_spelling(spelling), Sounds(sounds, _NONE), usual)
    return Unit("mandarin", spelling, Sounds(_NONE, sounds), usual)


@lru_cache(maxsize=65_536)
def split_syllables(system: str, word: str) -> tuple[tuple[str, ...], ...]:
    """The ways to read a word as one or two syllables of a system; () if there is none."""
    known, usual = table().syllables[system], table().usual[system]
    if word in known:
        return ((word,),)
    places = range(1, len(word)) if 3 < len(word) < 13 else ()
    found = [(word[:i], word[i:]) for i in places if word[:i] in usual and word[i:] in usual]
    return tuple(found[:3])


@lru_cache(maxsize=65_536)
def is_syllables(word: str) -> bool:
    """Whether a word may be one or two Chinese syllables in some system."""
    return any(split_syllables(system, word) for system in SYSTEMS)


@lru_cache(maxsize=65_536)
def is_usual_syllables(word: str) -> bool:
    """Whether a word is one or two syllables that are common in given names."""
    usual = table().usual
    return any(
        all(part in usual[system] for part in split)
        for system in SYSTEMS
        for split in split_syllables(system, word)
    )


@lru_cache(maxsize=65_536)
def is_western(word: str) -> bool:
    """Whether a word is taken for a Western name: a known one, or neither syllables nor surname."""
    names = table()
    if len(word) == 1:
        return True
    if any(word in names.syllables[system] for system in SYSTEMS) or word in names.every_surname:
        return False
    return word in names.given_names or not is_syllables(word)


def match_units(a: Unit, b: Unit) -> bool | None:
    """Whether two syllables may be one; None when only a rare character would be read both ways."""
    if a.system == b.system:
        if a.system == "mandarin":
            return not a.sounds[1].isdisjoint(b.sounds[1])
        return a.text == b.text
    if b.system == HAN or (b.system == HONG_KONG and a.system != HAN):
        a, b = b, a
    if a.system == HAN:
        if b.system == HONG_KONG:
            return not a.sounds.cantonese.isdisjoint(b.sounds.cantonese)
        return not a.sounds.mandarin.isdisjoint(b.sounds.mandarin)
    return shared_characters(a.sounds[0], b.sounds[1]) > 0


def read_latin(
    words: Sequence[str], surname_at: int = 1, *, is_display: bool = False
) -> list[Reading]:
    """The readings of a Latin name's words; `surname_at` is 0 or -1 when its place is known."""
    western = tuple(w for w in words if is_western(w))
    core = [w for w in words if not is_western(w)]
    found = _read_core(core, western, surname_at, is_display=is_display) if core else []
    names = table().given_names
    for word in sorted({core[0], core[-1]}) if len(core) > 2 else ():
        if word in names and word not in table().common_surnames:
            rest = list(core)
            rest.remove(word)
            found.extend(
                r
                for r in _read_core(rest, (*western, word), surname_at, is_display=False)
                if r.spelled and r.given
            )
    whole = whole_reading(found)
    unknown = [w for w in words if w not in names and not _is_sound(w)]
    if _is_ragged(words, core, unknown, found):
        found.extend(_read_parted(words) or _read_mended(words, unknown, surname_at))
    if not whole and (any(w in names for w in core) or not any(_is_plain(r) for r in found)):
        found.extend(_read_western(words, surname_at))
    return _most_likely(found) if len(found) > 1 else found


def _is_plain(reading: Reading) -> bool:
    return bool(reading.given) and not reading.mended


def _most_likely(found: list[Reading]) -> list[Reading]:
    """Without the readings of a surname's spelling as a rare surname where a frequent one fits.

    And without those that read half of Au Yeung (歐陽) as the surname and half as given.
    """
    double = {r.spelled for r in found if any(len(one) > 1 for one in r.surnames)}
    if double:
        found = [r for r in found if r.spelled in double or not _is_half(r, double)]
    sure = {
        (r.system, r.spelled)
        for r in found
        if not r.mended and not r.surnames.isdisjoint(MOSTLY_SURNAMES)
    }
    return [
        r
        for r in found
        if (r.system, r.spelled) not in sure or not r.surnames.isdisjoint(MOSTLY_SURNAMES)
    ]


def whole_reading(readings: Sequence[Reading]) -> bool:
    """Whether one of the readings has a surname and a given name of two syllables."""
    return any(len(r.given) > 1 and r.spelled for r in readings)


def _is_half(reading: Reading, double: set[str]) -> bool:
    """Whether the surname and a syllable beside it are together one of the surnames in `double`."""
    beside = {reading.given[0].text, reading.given[-1].text} if reading.given else set()
    halves = {reading.spelled + one for one in beside} | {one + reading.spelled for one in beside}
    return not halves.isdisjoint(double)


@lru_cache(maxsize=65_536)
def _is_sound(word: str) -> bool:
    """Whether a word is a surname, or syllables in some system."""
    return word in table().every_surname or is_syllables(word)


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
    others = tuple(w for w in words if w in names and len(w) > 3)
    joined = "".join(w for w in words if w not in others)
    if not 6 < len(joined) < 17:
        return []
    return [reading._replace(western=others, mended=True) for reading in _part_joined(joined)]


@lru_cache(maxsize=16_384)
def _part_joined(joined: str) -> tuple[Reading, ...]:
    found: list[Reading] = []
    for system in SYSTEMS:
        surnames, usual = table().surnames[system], table().usual[system]
        for i in range(2, min(9, len(joined) - 3)):
            for surname, behind in ((joined[:i], True), (joined[-i:], False)):
                if surname in surnames:
                    rest = joined[i:] if behind else joined[:-i]
                    found.extend(
                        Reading(
                            system,
                            surnames[surname],
                            surname,
                            given=(_unit(system, split[0]), _unit(system, split[1])),
                        )
                        for split in split_syllables(system, rest)
                        if len(split) == 2 and usual.issuperset(split)
                    )
    return tuple(found)


def _read_mended(words: Sequence[str], unknown: list[str], surname_at: int) -> Iterator[Reading]:
    """Read it with one unknown word corrected, if that makes a whole Chinese name of it."""
    if len(unknown) != 1 or not 1 < len(words) < 5:
        return
    if not any(_is_sound(w) and not is_western(w) for w in words):
        return
    place = words.index(unknown[0])
    seen: set[tuple[str, ...]] = set()
    others = tuple(w for w in words if is_western(w) and w != unknown[0])
    for correction in mend_word(unknown[0])[:_MOST_CORRECTIONS]:
        corrected = [*words[:place], *correction, *words[place + 1 :]]
        core = [w for w in corrected if w not in others]
        for system in SYSTEMS:
            for reading in _read_system(system, core, others, surname_at):
                key = (reading.system, reading.spelled, *(unit.text for unit in reading.given))
                if reading.spelled and len(reading.given) > 1 and key not in seen:
                    seen.add(key)
                    yield reading._replace(mended=True)


def _read_core(
    core: list[str], western: tuple[str, ...], surname_at: int, *, is_display: bool
) -> list[Reading]:
    if core[0] == "ah" and 1 < len(core) <= 3:
        return _read_endearment(core, western)
    found: list[Reading] = []
    alone = len(core) <= 2 and not western
    if alone and len(core) == 2 and not is_display:
        alone = core[0] not in table().sure_surnames
    for system in SYSTEMS:
        found.extend(_read_system(system, core, western, surname_at))
        if alone:
            found.extend(
                Reading(system, given=given)
                for given in _read_given(system, core)
                if len(given) > 1 or given[0].usual
            )
    return found


def _read_endearment(core: list[str], western: tuple[str, ...]) -> list[Reading]:
    return [
        Reading(system, given=(_unit(system, word),), western=western, nickname=True)
        for system in SYSTEMS
        for word in core[1:]
        if word in table().syllables[system]
    ]


def _read_system(
    system: str, core: list[str], western: tuple[str, ...], surname_at: int
) -> Iterator[Reading]:
    surnames, known = table().surnames_read_with[system], table().syllables[system]
    for word in core:
        if word not in known and word not in surnames and not split_syllables(system, word):
            return
    for surname, rest in _place_surname(core, surname_at):
        characters = surnames.get(surname)
        if characters is None or len(rest) > 3:
            continue
        if len(rest) > 1 and rest[0] in surnames:
            for given in _read_given(system, rest[1:]):
                if len(given) == 2:
                    yield Reading(
                        system,
                        surnames[rest[0]],
                        rest[0],
                        married=characters,
                        given=given,
                        western=western,
                    )
        for given in _read_given(system, rest):
            yield Reading(system, characters, surname, given=given, western=western)


def _place_surname(core: list[str], surname_at: int) -> Iterator[tuple[str, list[str]]]:
    """The places the surname may have: first, last, and in two words when there are enough."""
    if surname_at == 1 and len(core) > 1:
        sure, common = table().sure_surnames, table().common_surnames
        if core[0] in sure and core[-1] not in common:
            surname_at = _FIRST
        elif core[-1] in sure and core[0] not in table().usual_surnames:
            surname_at = _LAST
    if surname_at != _LAST:
        yield core[0], core[1:]
        if len(core) > 1:
            yield core[0] + core[1], core[2:]
    if surname_at != _FIRST and len(core) > 1:
        yield core[-1], core[:-1]
        if len(core) > 2:
            yield core[-2] + core[-1], core[:-2]


def _read_given(system: str, words: list[str]) -> list[tuple[Unit, ...]]:
    if not words:
        return [()]
    if len(words) > 2:
        return []
    if len(words) == 2:
        known = table().syllables[system]
        if words[0] in known and words[1] in known:
            return [(_unit(system, words[0]), _unit(system, words[1]))]
        return []
    return [tuple(_unit(system, s) for s in split) for split in split_syllables(system, words[0])]


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
