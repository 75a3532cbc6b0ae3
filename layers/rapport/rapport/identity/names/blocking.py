"""Short canonical forms of a name, to find the names worth comparing with it."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain, product
from typing import Final

from rapport.identity.names.chinese import Reading
from rapport.identity.names.latin import sound_of
from rapport.identity.names.readings import HONG_KONG, MOSTLY_SURNAMES, PINYIN, table
from rapport.identity.names.units import HAN, level_spelling, usual_hong_kong, usual_pinyin

_MOST_KEYS: Final = 6
_MOST_SOUNDS: Final = 2


def blocking_keys(forms: Iterable[Iterable[Reading]]) -> tuple[str, ...]:
    """The keys of a name with these readings.

    A Chinese name has a key in Hong Kong's spelling and one in Pinyin as far as its script tells
    them, so that 陳大文 meets both "Chan Tai Man" and "Chen Dawen"; a Western name has its two main
    words by sound, in order of the alphabet, and nicknames under the full name.
    """
    return _first_few(map(_keys_of, chain.from_iterable(forms)))


def canonical_surnames(forms: Iterable[Iterable[Reading]]) -> tuple[str, ...]:
    """The canonical forms of the surname of a name with these readings."""
    return _first_few(map(_canonical_surnames, chain.from_iterable(forms)))


def _first_few(found: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(found)))[:_MOST_KEYS]


def _canonical_surnames(reading: Reading) -> Iterable[str]:
    """The likeliest first, since only some of them are looked up."""
    if not reading.foreign:
        return _likeliest_first(reading.surnames)
    if len(reading.western) == 1 and reading.spelled in table().given_names:
        # "Khan Peter", "Kelly Edward": the order does not tell which of the two is the surname.
        return tuple(map(sound_of, (*reading.western, reading.spelled)))
    return (sound_of(reading.spelled),)


@lru_cache(maxsize=4_096)
def _likeliest_first(surnames: frozenset[str]) -> list[str]:
    return sorted(surnames, key=lambda one: (one not in MOSTLY_SURNAMES, one))


def _keys_of(reading: Reading) -> Iterable[str]:
    if reading.given and reading.surnames and not reading.nickname:
        return _chinese_keys(reading)
    if reading.spelled and reading.western:
        first = _canonical_given(reading.western[0])
        return ("w " + " ".join(sorted((sound_of(reading.spelled), first))),)
    return ()


def _canonical_given(word: str) -> str:
    names = table().canonical_names.get(word)
    return sound_of(min(names)) if names else sound_of(word)


def _chinese_keys(reading: Reading) -> list[str]:
    if reading.system == HONG_KONG:
        given = "".join(unit.text for unit in reading.given)
        return [f"h {level_spelling(reading.spelled)} {given}"]
    if reading.system != HAN:
        surname = _surname_in_pinyin(reading)
        sounds = [sorted(unit.mandarin)[:_MOST_SOUNDS] for unit in reading.given]
        return [f"p {surname} {''.join(given)}" for given in product(*sounds)]
    spelled = table().surname_spellings
    if reading.spelled not in spelled[HONG_KONG]:
        return []
    characters = [unit.text for unit in reading.given]
    return [
        f"h {level_spelling(spelled[HONG_KONG][reading.spelled][0])} "
        + "".join(map(usual_hong_kong, characters)),
        f"p {spelled[PINYIN][reading.spelled][0]} " + "".join(map(usual_pinyin, characters)),
    ]


def _surname_in_pinyin(reading: Reading) -> str:
    spelled = table().surname_spellings[PINYIN]
    return min(spelled[surname][0] for surname in reading.surnames)
