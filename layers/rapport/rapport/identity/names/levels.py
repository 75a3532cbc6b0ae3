"""How well two names agree: the levels a comparison can end in."""

from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Final, NamedTuple


class NameOutcome(StrEnum):
    """What a comparison says of the question whether two names name one person."""

    AGREE = "agree"
    UNKNOWN = "unknown"
    CONFLICT = "conflict"


class NameLevel(IntEnum):
    """How two names relate, from best to worst."""

    EXACT = 0  # the same tokens in the same places
    FORM = 1  # the same name in another script, romanisation or order
    NICKNAME = 2  # a nickname or initial, or an English or middle name added or left out
    TYPO = 3  # one or two edits over the aligned tokens
    PARTIAL = 4  # only a part is comparable, and it agrees
    UNKNOWN = 5  # nothing is comparable
    SIBLING = 6  # the surname agrees, the given names conflict
    CONFLICT = 7  # the names conflict


EXACT, FORM, NICKNAME, TYPO, PARTIAL, UNKNOWN, SIBLING, CONFLICT = NameLevel
"""The levels by themselves: looking a member up in its class takes ten times as long."""

_AGREE, _UNKNOWN, _CONFLICT = NameOutcome
_OUTCOMES: Final = (*[_AGREE] * 4, *[_UNKNOWN] * 2, *[_CONFLICT] * 2)
"""The outcome of each level."""


class NameMatch(NamedTuple):
    """The result of comparing two names.

    `similarity` is in [0, 1] and orders pairs within a level; it is no probability. `outcome` is
    AGREE up to TYPO and for a PARTIAL in which a whole given name agrees, UNKNOWN for the other
    PARTIALs (only a surname, or one syllable of two, is shared) and for UNKNOWN, else CONFLICT.
    Two equal names that are but a given name ("Rebecca") are EXACT with a similarity of 0.7.
    """

    outcome: NameOutcome
    level: NameLevel
    similarity: float

    @property
    def agrees(self) -> bool:
        """Whether the names may be taken for one person's as far as names can tell."""
        return self.outcome is _AGREE

    @property
    def conflicts(self) -> bool:
        """Whether the names speak against one person."""
        return self.outcome is _CONFLICT


@lru_cache(maxsize=4_096)
def judge(level: NameLevel, similarity: float, *, agrees: bool = False) -> NameMatch:
    """The match of a level; `agrees` says of a PARTIAL that a whole given name agrees."""
    outcome = _AGREE if agrees and level is PARTIAL else _OUTCOMES[level]
    return NameMatch(outcome, level, round(abs(similarity), 4))
