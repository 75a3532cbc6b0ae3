"""Read a name in Han characters: surname, given name, titles and endearments."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from rapport.identity.names.chinese import Reading
from rapport.identity.names.readings import MOSTLY_SURNAMES, fold_han, sounds_of, table
from rapport.identity.names.units import HAN, Unit

_HAN_TITLES: Final = (
    "先生", "小姐", "女士", "太太", "夫人", "博士", "医生", "老师", "同学", "师奶", "经理", "律师",
)  # fmt: skip
_HAN_SUFFIXES: Final = "仔姐哥妹太生叔姨伯婶婆公嫂"
_HAN_PREFIXES: Final = "阿小老大"


def read_han(
    text: str, western: tuple[str, ...] = (), *, is_display: bool = False
) -> list[Reading]:
    """The readings of a run of Han characters, its titles and endearments taken off."""
    folded = fold_han(text)
    titled = next((t for t in _HAN_TITLES if folded.endswith(t) and len(folded) > len(t)), "")
    folded = folded.removesuffix(titled)
    known = table().surname_characters
    if titled and folded in known:
        return [Reading(HAN, frozenset([folded]), folded, western=western)]
    return _read_nickname(folded, western) or list(
        _split_han(folded, western, is_display=is_display)
    )


def _read_nickname(folded: str, western: tuple[str, ...]) -> list[Reading]:
    if len(folded) == 2 and folded[0] in _HAN_PREFIXES:
        return [
            Reading(HAN, given=_units(folded[1:]), western=western, nickname=True),
            Reading(HAN, given=_units(folded), western=western),
        ]
    if len(folded) == 2 and folded[1] in _HAN_SUFFIXES and folded[0] != "阿":
        found = Reading(HAN, given=_units(folded[:1]), western=western, nickname=True)
        if folded[0] not in table().surname_characters:
            return [found]
        surname = Reading(HAN, frozenset(folded[0]), folded[0], western=western)
        return [surname, found, *_split_han(folded, western, is_display=True)]
    return []


def _split_han(folded: str, western: tuple[str, ...], *, is_display: bool) -> Iterator[Reading]:
    known = table().surname_characters
    size = len(folded)
    if size == 1:
        yield Reading(HAN, given=_units(folded), western=western, nickname=True)
        return
    if size > 2 and folded[:2] in known:
        yield Reading(
            HAN, frozenset([folded[:2]]), folded[:2], given=_units(folded[2:]), western=western
        )
        return
    if size == 4 and folded[0] in known and folded[1] in known:
        yield Reading(
            HAN,
            frozenset(folded[1]),
            folded[1],
            married=frozenset(folded[0]),
            given=_units(folded[2:]),
            western=western,
        )
        return
    if folded[0] in known or size > 2:
        yield Reading(
            HAN, frozenset(folded[0]), folded[0], given=_units(folded[1:]), western=western
        )
    if size == 2 and (is_display or folded[0] not in MOSTLY_SURNAMES):
        yield Reading(HAN, given=_units(folded), western=western)


def _units(characters: str) -> tuple[Unit, ...]:
    return tuple(map(_character, characters))


@lru_cache(maxsize=16_384)
def _character(character: str) -> Unit:
    sounds = sounds_of(character)
    return Unit(HAN, character, sounds.cantonese, sounds.mandarin, usual=True)
