"""Turn a name as it was written into what comparisons need."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from rapport.identity.names.blocking import blocking_keys, canonical_surnames
from rapport.identity.names.chinese import Reading, read_latin
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
from rapport.identity.names.units import is_western
from rapport.kernel.lazy import lazy

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


@dataclass(eq=False)
class Form:
    """A name as one field gave it, in one script.

    `words` are the folded words in order, without titles; `core` those left without particles;
    `joined` is `words` without spaces. `surname_at` is the surname's place in `core` (0 or -1),
    or 1 when unknown. `han` is the folded run of Han characters, empty for a Latin form; `beside`
    are the Western names which stand beside it.
    """

    text: str
    is_display: bool
    words: tuple[str, ...] = ()
    core: tuple[str, ...] = ()
    joined: str = ""
    surname_at: int = 1
    script: str = "LATIN"
    han: str = ""
    beside: tuple[str, ...] = ()

    @lazy
    def readings(self) -> Sequence[Reading]:
        """The ways to read it."""
        if self.han:
            return read_han(self.text, self.beside, is_display=self.is_display)
        if len(self.core) > _MOST_WORDS:
            return ()
        return read_latin(self.core, self.surname_at, self.is_display)

    @lazy
    def is_clean(self) -> bool:
        """Whether no word looks misspelled."""
        return bool(self.han) or _is_clean(self.core, self.readings)

    @lazy
    def has_given(self) -> bool:
        """Whether there may be a Chinese given name, by readings that correct nothing."""
        return bool(self.han) or any(one.given and not one.mended for one in self.readings)

    @lazy
    def is_mended(self) -> bool:
        """Whether some readings correct a syllable or move a space."""
        return any(one.mended for one in self.readings)

    @lazy
    def rotations(self) -> tuple[str, ...]:
        """The joined words begun at each of them."""
        return _rotate(self.words)

    @lazy
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


class _Texts(NamedTuple):
    full: str
    given: str
    middle: str
    surname: str
    local: str
    display: str


class Name(_Texts):
    """The texts of one name, immutable, and what follows from them, worked out on first use.

    Many names are stored and never compared. A name is as fast to hash and to compare as the tuple
    of texts which it is.
    """

    @lazy
    def forms(self) -> tuple[Form, ...]:
        """The ways it was given, in order of trust."""
        if len(self._every_form) < 2:
            return tuple(self._every_form)
        distinct: dict[tuple[str, str], Form] = {}
        for form in self._every_form:
            distinct.setdefault((form.joined, form.han), form)
        return tuple(distinct.values())

    @lazy
    def _every_form(self) -> list[Form]:
        """The forms, also those that only repeat another in other capitals."""
        forms: list[Form] = []
        for text in (self.full, self.local):
            if text:
                forms.extend(_parse_text(text))
        if self.given or self.surname:
            forms.extend(_parse_parts(self.given, self.middle, self.surname))
        if self.display:
            forms.extend(_parse_text(self.display, is_display=True))
        return forms

    @lazy
    def keys(self) -> tuple[str, ...]:
        """A few short canonical forms to block on.

        Names that agree in EXACT, FORM or NICKNAME mostly share one.
        """
        return blocking_keys(form.readings for form in self._every_form)

    @lazy
    def surnames(self) -> tuple[str, ...]:
        """The surname's canonical forms (characters for a Chinese one), shared across scripts."""
        return canonical_surnames(form.readings for form in self._every_form)

    @property
    def is_empty(self) -> bool:
        """Whether no name was given, or none in a script that can be read."""
        return not (_is_plain(self.full or self.display) or self.forms)

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
    The same texts mostly give the same object, so that what was worked out stays with it.
    """
    return Name(full, given, middle, surname, local, display)


def _is_plain(text: str) -> bool:
    """Whether a text is but English letters and spaces, hence surely words."""
    return text.isascii() and text.replace(" ", "").isalpha()


def _parse_parts(given: str, middle: str, surname: str) -> list[Form]:
    first = " ".join(part for part in (given, middle) if part)
    if find_han(first + surname):
        return _parse_text("".join((surname, first)))
    if not (given and surname):
        return _parse_text(given or surname)
    return _parse_text(f"{surname}, {first}")


def _parse_text(text: str, *, is_display: bool = False) -> list[Form]:
    if _is_plain(text):
        return [_parse_plain(text, is_display=is_display)]
    runs = [] if text.isascii() else find_han(text)
    latin = _parse_latin(without_han(text) if runs else text, is_display=is_display)
    if not runs:
        return [latin] if latin else []
    beside = latin.core if latin and all(map(is_western, latin.core)) else ()
    forms = [Form(run, is_display, han=fold_han(run), beside=beside) for run in runs[:2]]
    if latin and len(beside) != 1:
        forms.append(latin)
    return forms


def _parse_latin(text: str, *, is_display: bool) -> Form | None:
    if text.isspace():
        return None
    folded = fold_latin(text)
    if _ORDINAL.search(folded):
        folded = _cut_peerage(folded)
    if "abd" in folded:
        folded = _ABD.sub("abd", folded)
    before, comma, after = folded.partition(",")
    heads = _plain_words(split_words(before))
    tails = _plain_words(split_words(after)) if comma else []
    if heads and len(tails) == 1 and (tails[0] in _BEHIND or tails[0] in _BEFORE):
        tails = []
    if not (heads or tails):
        return None
    surname_at = 1
    if heads and tails:
        surname_at = 0 if len(heads) == 1 else 1
    elif not folded.islower() or text != folded:
        surname_at = find_shouted(text)
    written = " ".join(text.split()).casefold()
    return _build_form(written, heads + tails, surname_at, script_of(text), is_display=is_display)


def _parse_plain(text: str, *, is_display: bool) -> Form:
    """Parse English letters and spaces, as most names are, without a look for signs."""
    folded = text.lower()
    words = _ABD.sub("abd", folded).split() if "abd" in folded else folded.split()
    surname_at = 1 if text == folded or text.istitle() else find_shouted(text)
    written = " ".join(folded.split())
    return _build_form(written, _plain_words(words), surname_at, "LATIN", is_display=is_display)


def _build_form(
    text: str, words: list[str], surname_at: int, script: str, *, is_display: bool
) -> Form:
    core = _without_particles(words)
    return Form(text, is_display, tuple(words), tuple(core), "".join(words), surname_at, script)


def _is_clean(core: tuple[str, ...], readings: Sequence[Reading]) -> bool:
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


def _plain_words(words: list[str]) -> list[str]:
    """The words without the titles before and the suffixes behind; one word stays in any case."""
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


def _without_particles(words: list[str]) -> list[str]:
    """Leave out "van der" and the like, unless every other word may be Chinese syllables."""
    if len(words) < 3 or _SMALL_WORDS.isdisjoint(words):
        return words
    plain = [w for w in words if w not in _SMALL_WORDS]
    return plain if len(plain) > 1 and any(map(is_western, plain)) else words
