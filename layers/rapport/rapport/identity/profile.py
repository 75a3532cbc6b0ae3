"""One profile of everything that was said of a person: which value is shown, and why.

Nothing is stored and nothing lost: a profile is computed when it is read, and lists every value
with all who said it. What is only claimed never competes with what somebody vouches for: facts and
claims are decided, and shown, apart.
"""

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from rapport.contracts.identity import Assurance
from rapport.identity.graph import Statement
from rapport.identity.matching.values import date_parts, gender_value, squeezed
from rapport.identity.mentions import Mention, mentions_of
from rapport.identity.model import Record
from rapport.identity.names import NameLevel, compare_names, parse_name
from rapport.identity.survivorship import ProfileRules, Survivorship
from rapport.kernel import email, phone
from rapport.kernel.errors import InvalidInput

NAMES = frozenset({"name", "local_name"})


@dataclass(frozen=True)
class Candidate:
    """One value, however it was spelled, and everyone who said it.

    `value` is the spelling of the most trusted. `assurance` is that of its surest mention; where
    somebody vouches for it, mere claims of the same count for nothing.
    """

    value: object
    assurance: Assurance
    mentions: tuple[Mention, ...]

    @property
    def counted(self) -> Sequence[Mention]:
        """The mentions that decide: those vouched for, or all where nobody vouches."""
        return [one for one in self.mentions if one.assurance.rank > 0] or self.mentions

    @property
    def at(self) -> datetime:
        """When it was said last."""
        return max(one.at for one in self.counted)

    @property
    def surest(self) -> Mention:
        """The latest of the surest mentions."""
        return max(self.mentions, key=lambda one: (one.assurance.rank, one.at, one.record_id))


@dataclass(frozen=True)
class Trait:
    """What is shown of one trait, by which rule and why; `candidates` are best first."""

    key: str
    value: object
    assurance: Assurance
    rule: Survivorship
    why: str
    candidates: tuple[Candidate, ...]

    @property
    def surest(self) -> Mention:
        """Who says so: the latest of the surest mentions of what is shown."""
        return self.candidates[0].surest


@dataclass(frozen=True)
class Profile:
    """All that was said of a person, decided when it is read."""

    mentions: tuple[Mention, ...]
    rules: ProfileRules

    @cached_property
    def facts(self) -> tuple[Trait, ...]:
        """What somebody vouches for, by trait."""
        return self._decided(lambda one: one.assurance.rank > 0)

    @cached_property
    def claims(self) -> tuple[Trait, ...]:
        """What is merely said and nobody vouches for, by trait: never a fact."""
        return self._decided(lambda one: one.assurance.rank == 0)

    def fact(self, *keys: str) -> Trait | None:
        """The first of these traits that is a fact."""
        return _first(self.facts, keys)

    def claim(self, *keys: str) -> Trait | None:
        """The first of these traits that is a claim."""
        return _first(self.claims, keys)

    @cached_property
    def _candidates(self) -> Mapping[str, tuple[Candidate, ...]]:
        by_trait: dict[str, list[Mention]] = {}
        for one in sorted(self.mentions, key=_position):
            by_trait.setdefault(one.trait, []).append(one)
        return {key: _told_apart(key, by_trait[key]) for key in sorted(by_trait)}

    def _decided(self, belongs: Callable[[Candidate], bool]) -> tuple[Trait, ...]:
        found = {key: [*filter(belongs, all_)] for key, all_ in self._candidates.items()}
        return tuple(_survivor(key, some, self.rules) for key, some in found.items() if some)


def profile_of(
    statements: Iterable[Statement], records: Iterable[Record], rules: ProfileRules
) -> Profile:
    """The profile of the person who made these statements and has these records."""
    return Profile(mentions_of(statements, records), rules)


Criterion = tuple[str, Callable[[Candidate], float]]

_TRUST: Criterion = ("the surest: {assurance}", lambda one: one.assurance.rank)
_RECENCY: Criterion = ("said last: {at:%Y-%m-%d}", lambda one: one.at.timestamp())
_SURE_RECENCY: Criterion = (
    "the latest that is {assurance}: {at:%Y-%m-%d}",
    lambda one: one.surest.at.timestamp(),
)
_SOURCES: Criterion = (
    "said by the most sources: {sources}",
    lambda one: len({mention.record_id for mention in one.counted}),
)
_SURE_SOURCES: Criterion = (
    "said by the most sources that are as sure: {sources}",
    lambda one: len({m.record_id for m in one.mentions if m.assurance is one.assurance}),
)
_LENGTH: Criterion = ("the longest", lambda one: len(_text(one.value)))

_CRITERIA: Mapping[Survivorship, tuple[Criterion, ...]] = {
    Survivorship.MOST_TRUSTED: (_TRUST, _SURE_SOURCES, _SURE_RECENCY, _LENGTH),
    Survivorship.MOST_RECENT: (_RECENCY, _TRUST, _SOURCES, _LENGTH),
    Survivorship.MOST_RECENT_VERIFIED: (_TRUST, _SURE_RECENCY, _SOURCES, _LENGTH),
    Survivorship.MOST_FREQUENT: (_SOURCES, _TRUST, _RECENCY, _LENGTH),
    Survivorship.LONGEST: (_LENGTH, _TRUST, _RECENCY, _SOURCES),
    Survivorship.UNION: (_TRUST, _SURE_RECENCY, _SOURCES, _LENGTH),
}


def _survivor(key: str, candidates: Sequence[Candidate], rules: ProfileRules) -> Trait:
    rule = rules.rule(key.partition(".")[0])
    criteria = _CRITERIA[rule]
    ranked = sorted(candidates, key=lambda one: _text(one.value))
    ranked.sort(key=lambda one: [measure(one) for _, measure in criteria], reverse=True)
    best = ranked[0]
    value, assurance = best.value, best.assurance
    # A preference is said under a name of its own: two values of it do not add up.
    if rule is Survivorship.UNION and "." not in key:
        value = [one.value for one in ranked]
        assurance = min((one.assurance for one in ranked), key=lambda one: one.rank)
        why = f"All that was said: {len(ranked)}."
    else:
        why = _why(ranked, criteria)
    return Trait(key, value, assurance, rule, why, tuple(ranked))


def _why(ranked: Sequence[Candidate], criteria: Iterable[Criterion]) -> str:
    best = ranked[0]
    if len(ranked) == 1:
        return "The only value."
    for told, measure in criteria:
        if measure(best) != measure(ranked[1]):
            reason = told.format(
                assurance=best.assurance.value,
                at=(best.surest.at if told == _SURE_RECENCY[0] else best.at).astimezone(UTC),
                sources=int(measure(best)),
            )
            return f"Of {len(ranked)} values {reason}."
    return f"Of {len(ranked)} values that nothing tells apart, the first by spelling."


def _told_apart(trait: str, mentions: Iterable[Mention]) -> tuple[Candidate, ...]:
    groups: dict[str, list[Mention]] = {}
    for one in mentions:
        groups.setdefault(_spelling(trait, one.value), []).append(one)
    if trait in NAMES:
        groups = _same_names(groups)
    return tuple(_candidate(group) for group in groups.values())


def _same_names(groups: Mapping[str, list[Mention]]) -> dict[str, list[Mention]]:
    """One group for a name in whatever order and romanisation; the oldest stands for it."""
    merged: dict[str, list[Mention]] = {}
    for spelling, mentions in groups.items():
        name = parse_name(full=spelling)
        same = next(
            (
                one
                for one in merged
                if compare_names(parse_name(full=one), name).level <= NameLevel.FORM
            ),
            spelling,
        )
        merged.setdefault(same, []).extend(mentions)
    return merged


def _candidate(mentions: Sequence[Mention]) -> Candidate:
    mentions = sorted(mentions, key=_position)
    often: dict[str, int] = {}
    for one in mentions:
        often[_text(one.value)] = often.get(_text(one.value), 0) + 1
    shown = max(
        mentions,
        key=lambda one: (
            one.assurance.rank,
            _is_written_with_care(one.value),
            often[_text(one.value)],
            one.at,
            _text(one.value),
        ),
    )
    return Candidate(shown.value, shown.assurance, tuple(mentions))


def _is_written_with_care(value: object) -> bool:
    """Not all in capitals or all in small letters, as forms and till keyboards give it."""
    return isinstance(value, str) and value not in (value.upper(), value.lower())


def _spelling(trait: str, value: object) -> str:
    """What is the same for two spellings of one value."""
    if not isinstance(value, str):
        return _text(value)
    match trait:
        case "phone" | "email":
            return _contact(trait, value)
        case "date_of_birth":
            parts = date_parts(value, True)
            return "-".join(part.lstrip("0") for part in parts) if all(parts) else squeezed(value)
        case "gender":
            known = gender_value(value)
            return known.text if known else squeezed(value)
        case "address" | "loyalty" | "national_id":
            return squeezed(value)
        case _:
            return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def _contact(trait: str, value: str) -> str:
    try:
        return phone.normalise(value) if trait == "phone" else email.normalise(value)
    except InvalidInput:
        return squeezed(value)


def _position(one: Mention) -> tuple[object, ...]:
    return one.at, one.record_id, one.statement_id, one.assurance.rank, _text(one.value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _first(traits: Iterable[Trait], keys: Iterable[str]) -> Trait | None:
    by_key = {one.key: one for one in traits}
    return next((by_key[key] for key in keys if key in by_key), None)
