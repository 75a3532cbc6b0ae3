"""Mend a misspelled syllable: which syllables and surnames are one edit away."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache

from rapidfuzz.distance import OSA

from rapport.identity.names.readings import every_usual, table


@cache
def _by_deletion() -> dict[str, tuple[str, ...]]:
    """The usual syllables and surnames by each text that is one deletion from them."""
    names = table()
    known = every_usual().union(names.every_surname)
    index: defaultdict[str, list[str]] = defaultdict(list)
    for word in sorted(known):
        for text in {word, *_deletions(word)}:
            index[text].append(word)
    return {text: tuple(words) for text, words in index.items()}


def _deletions(word: str) -> Iterator[str]:
    return (word[:i] + word[i + 1 :] for i in range(len(word)))


@lru_cache(maxsize=16_384)
def mend_syllable(word: str) -> tuple[str, ...]:
    """The usual syllables and surnames one edit from a word, in order of the alphabet."""
    index = _by_deletion()
    near = {c for text in (word, *_deletions(word)) for c in index.get(text, ())}
    return tuple(sorted(c for c in near if OSA.distance(word, c, score_cutoff=1) <= 1))


@lru_cache(maxsize=16_384)
def mend_word(word: str) -> tuple[tuple[str, ...], ...]:
    """The ways to read a misspelled word as one syllable, or as a sound one and a mended one."""
    found: list[tuple[str, ...]] = [(c,) for c in mend_syllable(word)] if len(word) < 8 else []
    if len(word) > 4:
        usual = every_usual()
        for i in range(2, len(word) - 1):
            head, tail = word[:i], word[i:]
            if head in usual:
                found.extend((head, c) for c in mend_syllable(tail) if len(c) > 1)
            if tail in usual:
                found.extend((c, tail) for c in mend_syllable(head) if len(c) > 1)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=16_384)
def near_surnames(word: str) -> frozenset[str]:
    """The surnames, as characters, that a word may be a misspelling of."""
    if len(word) < 3 or len(word) > 9:
        return frozenset()
    every = table().every_surname
    mended = mend_syllable(word)
    if len(word) == 3:
        mended = tuple(m for m in mended if sorted(m) == sorted(word))
    return frozenset().union(*(every.get(m, frozenset()) for m in mended))
