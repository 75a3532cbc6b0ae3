"""Turn a name as it was written into what comparisons need."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from rapport.identity.names.blocking import blocking_keys
from rapport.identity.names.chinese import Reading, is_western, read_latin
from rapport.identity.names.han import read_han
from rapport.identity.names.readings import fold_han, table
from rapport.identity.names.scripts import (
    find_han,
    find_shouted,
    fold_latin,
    script_of,
    split_words,
    without_han,
)

_TITLES: Final = (
    "mr mrs ms miss mx dr prof professor sir dame lord lady rev reverend hon madam mme monsieur"
    " mlle herr frau sr sra srta don dona senor senora captain capt col colonel gen major lt sgt"
    " maj sheikh shaikh sheik haji hajji mullah maulavi qari ustad eng engr"
)
_SUFFIXES: Final = (
    "jr sr snr jnr junior senior ii iii iv phd md msc bsc mba esq esquire bt baronet obe mbe cbe"
    " kbe kcb gbs cpa dds dvm"
)
_PARTICLES: Final = (
    "van von der den de del della di da dos das do du la le las los el al ul bin ibn bint binti"
    " zu zum zur ter ten af av"
)
_BEFORE: Final = frozenset(_TITLES.split())
_BEFORE_WHOLE: Final = frozenset({"don", "dona", "major", "lord", "lady", "gen", "prof", "col"})
"""Titles that are names as well: left out only before two more words."""
_BEHIND: Final = frozenset(_SUFFIXES.split())
_SMALL_WORDS: Final = frozenset(_PARTICLES.split())
_ORDINAL: Final = re.compile(r"\b\d{1,2}(?:st|nd|rd|th)\b", re.IGNORECASE)
_RANK: Final = re.compile(
    r"^(?:baron|baroness|viscount|viscountess|earl|countess|duke|duchess|marquess|baronet)\b"
    r"(?:\s+of)?\s*|\s+of\s+.*$"
)
_ABD: Final = re.compile(
    r"\b(?:abd|abdul|abdel|abdal|abdur|abdus)[\s-]+(?:(?:al|el|ul|ar|as)[\s-]+)?"
)
_MOST_WORDS: Final = 7
_SPACES: Final = re.compile(r"\s+")


@dataclass(frozen=True, eq=False)
class Form:
    """A name as one field gave it, in one script.

    `words` are the folded words in order, without titles; `core` those left without particles;
    `joined` is `words` without spaces. `surname_at` is the surname's place in `core` (0 or -1),
    or 1 when unknown. `han` is the folded run of Han characters, empty for a Latin form.
    """

    text: str
    words: tuple[str, ...]
    core: tuple[str, ...]
    joined: str
    surname_at: int
    han: str
    readings: tuple[Reading, ...]
    is_display: bool
    script: str = "LATIN"

    @cached_property
    def is_clean(self) -> bool:
        """Whether no word looks misspelled."""
        return bool(self.han) or _is_clean(self.core, self.readings)

    @cached_property
    def has_given(self) -> bool:
        """Whether there may be a Chinese given name, by readings that correct nothing."""
        return bool(self.han) or any(one.given and not one.mended for one in self.readings)

    @cached_property
    def is_mended(self) -> bool:
        """Whether some readings correct a syllable or move a space."""
        return any(one.mended for one in self.readings)

    @cached_property
    def rotations(self) -> tuple[str, ...]:
        """The joined words begun at each of them."""
        return _rotate(self.words)

    @cached_property
    def proper_rotations(self) -> tuple[str, ...]:
        """The same without Western names."""
        return _rotate(tuple(w for w in self.words if w not in table().given_names))

    @property
    def is_whole(self) -> bool:
        """Whether both a surname and a given name seem to be there."""
        return len(self.han) > 1 or len(self.core) > 1

    @property
    def is_spelled_out(self) -> bool:
        """Whether they are there as more than initials: a family has several K. Dubois."""
        return len(self.han) > 1 or sum(len(word) > 1 for word in self.core) > 1


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A parsed name: immutable, and equal to another parsed from the same texts.

    `forms` are the ways it was given, in order of trust; `keys` a few short canonical forms to
    block on, which names that agree in EXACT, FORM or NICKNAME mostly share; `surnames` the
    surname's canonical forms (characters for a Chinese one), shared across scripts.
    """

    texts: tuple[str, ...]
    forms: tuple[Form, ...]
    keys: tuple[str, ...]
    surnames: tuple[str, ...]
    hashed: int

    @property
    def is_empty(self) -> bool:
        """Whether no name was given, or none in a script that can be read."""
        return not self.forms

    @property
    def is_whole(self) -> bool:
        """Whether a surname and a given name seem to be there, not "Rebecca" or 陳 alone."""
        return any(form.is_whole and not form.is_display for form in self.forms)

    @property
    def is_clean(self) -> bool:
        """Whether no word of it looks misspelled."""
        return all(form.is_clean for form in self.forms)

    @property
    def has_han(self) -> bool:
        """Whether it was given in Han characters."""
        return any(form.han for form in self.forms)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The words of the first form, or its Han characters."""
        if not self.forms:
            return ()
        return self.forms[0].core or tuple(self.forms[0].han)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Name) and self.texts == other.texts)

    def __hash__(self) -> int:
        return self.hashed


@lru_cache(maxsize=65_536)
def parse_name(  # noqa: PLR0917 - the arguments are told apart by keyword
    full: str = "",
    given: str = "",
    middle: str = "",
    surname: str = "",
    local: str = "",
    display: str = "",
) -> Name:
    """Parse what one source said of a name; every argument may be empty, in any script.

    `full` is the whole name in any order; `given`, `middle` and `surname` its parts where they are
    known; `local` the name in the local script; `display` what the person is called in a chat.
    """
    forms: list[Form] = []
    for text in (full, local):
        if text:
            forms.extend(_parse_text(text))
    if given or surname:
        forms.extend(_parse_parts(given, middle, surname))
    if display:
        forms.extend(_parse_text(display, is_display=True))
    texts = (full, given, middle, surname, local, display)
    keys, surnames = blocking_keys(form.readings for form in forms)
    return Name(texts, tuple(_without_repeats(forms)), keys, surnames, hash(texts))


def _without_repeats(forms: list[Form]) -> Iterator[Form]:
    seen: set[tuple[str, str]] = set()
    for form in forms:
        if (form.joined, form.han) not in seen:
            seen.add((form.joined, form.han))
            yield form


def _parse_parts(given: str, middle: str, surname: str) -> list[Form]:
    first = " ".join(part for part in (given, middle) if part)
    if find_han(first + surname):
        return _parse_text("".join((surname, first)))
    if not (given and surname):
        return _parse_text(given or surname)
    return _parse_text(f"{surname}, {first}")


def _parse_text(text: str, *, is_display: bool = False) -> list[Form]:
    runs = [] if text.isascii() else find_han(text)
    rest = without_han(text) if runs else text
    forms: list[Form] = []
    latin = _parse_latin(rest, is_display=is_display)
    beside = latin.core if latin and all(map(is_western, latin.core)) and runs else ()
    for run in runs[:2]:
        folded = fold_han(run)
        readings = tuple(read_han(run, beside, is_display=is_display))
        forms.append(Form(run, (), (), "", 1, folded, readings, is_display))
    if latin and not (beside and len(beside) == 1):
        forms.append(latin)
    return forms


def _parse_latin(text: str, *, is_display: bool) -> Form | None:
    folded = fold_latin(text)
    if _ORDINAL.search(folded):
        folded = _cut_peerage(folded)
    if "ab" in folded:
        folded = _ABD.sub("abd", folded)
    before, comma, after = folded.partition(",")
    heads, tails = _plain_words(before), _plain_words(after) if comma else []
    if heads and len(tails) == 1 and (tails[0] in _BEHIND or tails[0] in _BEFORE):
        tails = []
    words = tuple(heads + tails)
    if not words:
        return None
    surname_at = 1
    if heads and tails:
        surname_at = 0 if len(heads) == 1 else 1
    elif not folded.islower() or text != folded:
        surname_at = find_shouted(text)
    return _build_form(text, words, surname_at, is_display=is_display)


def _build_form(text: str, words: tuple[str, ...], surname_at: int, *, is_display: bool) -> Form:
    core = _without_particles(words)
    readings: tuple[Reading, ...] = ()
    if len(core) <= _MOST_WORDS:
        readings = tuple(read_latin(core, surname_at, is_display=is_display))
    return Form(
        text=_SPACES.sub(" ", text.strip()).casefold(),
        words=words,
        core=core,
        joined="".join(words),
        surname_at=surname_at,
        han="",
        readings=readings,
        is_display=is_display,
        script=script_of(text),
    )


def _is_clean(core: tuple[str, ...], readings: tuple[Reading, ...]) -> bool:
    names = table()
    for reading in readings:
        sure = reading.spelled and not reading.mended and all(u.usual for u in reading.given)
        if sure and names.given_names.issuperset(reading.western):
            return True
    return all(word in names.given_names or word in names.every_surname for word in core)


def _rotate(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("".join(words[i:] + words[:i]) for i in range(min(len(words), 5)))


def _cut_peerage(folded: str) -> str:
    """Take away "1st baron clifford of chudleigh" behind a name, or its ordinal and rank alone."""
    before, _, after = folded.partition(_ORDINAL.search(folded)[0])  # type: ignore[index]
    if split_words(before):
        return before.rstrip(" ,")
    return _RANK.sub("", after.strip())


def _plain_words(folded: str) -> list[str]:
    """Its words without the titles before and the suffixes behind; one word stays in any case."""
    words = split_words(folded)
    while len(words) > 1 and words[0] in _BEFORE:
        if words[0] in _BEFORE_WHOLE and len(words) < 3:
            break
        del words[0]
    while len(words) > 1 and words[-1] in _BEHIND:
        del words[-1]
    return _split_handle(words[0]) if len(words) == 1 else words


def _split_handle(word: str) -> list[str]:
    """Part a given name and a Chinese surname written as one, as in "cynthialam"."""
    names = table()
    if word in names.given_names or len(word) < 6:
        return [word]
    for i in range(len(word) - 2, 3, -1):
        if word[:i] in names.given_names and word[i:] in names.every_surname:
            return [word[:i], word[i:]]
    return [word]


def _without_particles(words: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out "van der" and the like, unless every other word may be Chinese syllables."""
    if len(words) < 3:
        return words
    plain = tuple(w for w in words if w not in _SMALL_WORDS)
    if len(plain) < 2 or len(plain) == len(words) or not any(map(is_western, plain)):
        return words
    return plain
