"""The syllables of Chinese given names, and what a word in Latin letters may be read as."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapport.identity.names.readings import (
    HONG_KONG,
    SYSTEMS,
    every_syllable,
    every_usual,
    shared_characters,
    sounds_of,
    table,
)

HAN: Final = "han"
MANDARIN: Final = "mandarin"
_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One syllable or character of a given name.

    `text` is the folded character, or the spelling with its free variants (Wah and Wa, Yee and Yi)
    levelled; `cantonese` and `mandarin` are its sounds, as far as it tells them; `usual` tells
    whether it is a common part of given names.
    """

    system: str
    text: str
    cantonese: frozenset[str]
    mandarin: frozenset[str]
    usual: bool


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
        return Unit(system, level_spelling(spelling), sounds, _NONE, usual)
    return Unit(MANDARIN, spelling, _NONE, sounds, usual)


@lru_cache(maxsize=65_536)
def split_syllables(system: str, word: str) -> tuple[tuple[str, ...], ...]:
    """The ways to read a word as one or two syllables of a system; () if there is none."""
    if word in table().syllables[system]:
        return ((word,),)
    usual = table().usual[system]
    return tuple([(a, b) for a, b in _part(word) if a in usual and b in usual][:3])


@lru_cache(maxsize=65_536)
def _part(word: str) -> list[tuple[str, str]]:
    """The ways to part a word into two syllables that are usual in some system."""
    if not 3 < len(word) < 13:
        return []
    usual = every_usual()
    return [
        (word[:i], word[i:]) for i in range(1, len(word)) if word[:i] in usual and word[i:] in usual
    ]


@lru_cache(maxsize=65_536)
def is_syllables(word: str) -> bool:
    """Whether a word may be one or two Chinese syllables in some system."""
    return word in every_syllable() or (
        bool(_part(word)) and any(split_syllables(system, word) for system in SYSTEMS)
    )


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
    if word in every_syllable() or word in names.every_surname:
        return False
    return word in names.given_names or not is_syllables(word)


def match_units(a: Unit, b: Unit) -> bool:
    """Whether two syllables may be one."""
    if a.system == b.system != MANDARIN:
        return a.text == b.text
    if not (a.cantonese.isdisjoint(b.cantonese) and a.mandarin.isdisjoint(b.mandarin)):
        return True
    if a.system in (b.system, HAN) or b.system == HAN:
        return False
    return shared_characters(a.cantonese or b.cantonese, a.mandarin or b.mandarin) > 0


@lru_cache(maxsize=65_536)
def is_sound(word: str) -> bool:
    """Whether a word is a surname, or syllables in some system."""
    return word in table().every_surname or is_syllables(word)


@lru_cache(maxsize=16_384)
def systems_reading(word: str) -> frozenset[str]:
    """The systems in which a word is a surname or syllables."""
    readings = table()
    return frozenset(
        system
        for system in SYSTEMS
        if word in readings.surnames_read_with[system] or split_syllables(system, word)
    )


@lru_cache(maxsize=65_536)
def read_syllables(system: str, word: str) -> tuple[tuple[Unit, ...], ...]:
    """The ways to read a word as one or two syllables of a system; () if there is none."""
    return tuple(
        [tuple([_unit(system, one) for one in split]) for split in split_syllables(system, word)]
    )
