"""Who said what of a person, when, and how sure it is: what a profile is made of.

A statement's attributes, its identifiers and a record's traits all become mentions of traits, in
one vocabulary. A mention is never changed or dropped; which of several values is shown is decided
when a profile is read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.graph import ATTRIBUTES, Statement
from rapport.identity.model import NAMES, Attestation, Record
from rapport.identity.names.scripts import find_han, without_han
from rapport.identity.senders import attributes_of

SYSTEMS_OF_RECORD = frozenset({"crm"})
"""Channels whose records the business keeps itself: nobody writes to us from there."""

ATTESTED = {
    Attestation.NONE: Assurance.CLAIMED,
    Attestation.SELF: Assurance.CLAIMED,
    Attestation.AGENT: Assurance.CLAIMED,  # what staff key in is what somebody told them
    Attestation.KBA: Assurance.CHANNEL,
    Attestation.IMPORT: Assurance.VERIFIED,
}
"""How sure an attribute is by who stands behind it."""

TRAIT_OF_NAMESPACE = {
    "phone": "phone",
    "email": "email",
    "loyalty": "loyalty",
    "national_id": "national_id",
}
"""Identifiers that are traits as well; others (user ids, cookies) only identify."""

ALIASES = {
    "locale": "language",
    "lang": "language",
    "preferred_language": "language",
    "preferredLanguage": "language",
    "loyaltyTier": "tier",
    "loyalty_tier": "tier",
    "membership": "tier",
    "membership_tier": "tier",
    "membershipTier": "tier",
    "loyalty_number": "loyalty",
    "loyaltyNumber": "loyalty",
    "preference": "preferences",
}
"""Traits by their usual other names."""

# A column of somebody's table: only the identifier of that name can be vouched for.
_WEAK = ("email", "phone", "national_id")
_PLAIN = ("gender", "occupation", "birth_place", *_WEAK)
_ROAD = ("street_number", "street", "unit")
_PLACE = ("city", "region", "postcode", "country")
_BIRTH = ("birth_year", "birth_month", "birth_day")

_NAMES = ("full_name", "given_name", "middle_name", "surname", "display_name")
TRAIT_OF_ATTRIBUTE = (
    dict.fromkeys(_NAMES, "name")
    | dict.fromkeys(_BIRTH, "date_of_birth")
    | dict.fromkeys(_ROAD, "address")
)
"""The traits that attributes of another name are parts of."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One source's word on one trait, as it spelled it.

    `statement_id` and `event_id` are empty for a trait that lies on the record only; `at` is then
    the latest time that its record said anything that identifies.
    """

    trait: str
    value: object
    assurance: Assurance
    attestation: Attestation
    record_id: str
    channel: str
    at: datetime
    statement_id: str = ""
    event_id: str = ""

    @property
    def is_their_own_word(self) -> bool:
        """Whether the sender said it himself, not staff or a system of the business of him."""
        return not self.attestation.is_staff and self.channel not in SYSTEMS_OF_RECORD


def mentions_of(statements: Iterable[Statement], records: Iterable[Record]) -> tuple[Mention, ...]:
    """Everything that was said of one person; the order of the input does not matter.

    A record repeats what its statements said; only what they lack is taken from it.
    """
    statements = sorted(statements, key=lambda one: (one.at, one.statement_id))
    found = [mention for one in statements for mention in _stated(one)]
    told = {(one.record_id, one.trait, one.value): one.assurance.rank for one in found}
    by_record: dict[str, list[Statement]] = {}
    for one in statements:
        by_record.setdefault(one.record_id, []).append(one)
    for record in sorted(records, key=lambda one: one.record_id):
        said = by_record.get(record.record_id, [])
        for mention in _recorded(record, said):
            text = mention.value if isinstance(mention.value, str) else None
            known = told.get((mention.record_id, mention.trait, text), -1) if text else -1
            if known < mention.assurance.rank:
                found.append(mention)
    return tuple(found)


def vouched(identifiers: Iterable[Identifier]) -> frozenset[tuple[str, str]]:
    """The identifiers that are more than a claim."""
    return frozenset(one.pair for one in identifiers if one.assurance.rank > 0)


def is_account(sender: str, identifiers: Iterable[Identifier]) -> bool:
    """Whether a server that knows its users speaks, of one who has an account there."""
    return sender.startswith("user:") and any(
        one.namespace == "user_id" and one.assurance.rank > 0 for one in identifiers
    )


def _stated(statement: Statement) -> Iterator[Mention]:
    level = max(
        ATTESTED[statement.attestation],
        _kept(statement.source.sender, statement.channel, statement.identifiers),
        key=lambda one: one.rank,
    )
    for trait, text, weakest in _attributes(statement.attributes):
        yield _said(statement, trait, text, weakest or level)
    for one in statement.identifiers:
        if trait := TRAIT_OF_NAMESPACE.get(one.namespace, ""):
            yield _said(statement, trait, one.value, one.assurance)


def _said(statement: Statement, trait: str, value: object, assurance: Assurance) -> Mention:
    return Mention(
        trait=trait,
        value=value,
        assurance=assurance,
        attestation=statement.attestation,
        record_id=statement.record_id,
        channel=statement.channel,
        at=statement.at,
        statement_id=statement.statement_id,
        event_id=statement.event_id,
    )


def _recorded(record: Record, said: list[Statement]) -> Iterator[Mention]:
    """What lies on the record itself: traits that do not identify, and what predates statements."""
    attestation = _attestation(said)
    level = _level(record, attestation)
    at = max((one.at for one in said), default=record.created_at)

    def mention(trait: str, value: object, assurance: Assurance) -> Mention:
        return Mention(trait, value, assurance, attestation, record.record_id, record.channel, at)

    named = {"full_name": record.name} if record.name else {}
    if not any(name in one.attributes for one in said for name in NAMES):
        for trait, text, _ in _attributes(named):
            yield mention(trait, text, level)
    for trait, text, weakest in _attributes(attributes_of(record.traits)):
        yield mention(trait, text, weakest or level)
    for key, value in record.traits.items():
        if attributes_of({key: value}) or value is None:
            continue
        trait = ALIASES.get(key, key)
        for part, each in _parts(trait, value):
            yield mention(part, each, Assurance.CLAIMED if trait in _WEAK else level)
    for one in record.identifiers:
        if trait := TRAIT_OF_NAMESPACE.get(one.namespace, ""):
            yield mention(trait, one.value, one.assurance)


def _attestation(said: Iterable[Statement]) -> Attestation:
    """Who stands behind a record: the business if it ever did, for it keeps that record."""
    ranked = (Attestation.IMPORT, Attestation.KBA, Attestation.AGENT, Attestation.SELF)
    found = {one.attestation for one in said}
    return next((one for one in ranked if one in found), Attestation.NONE)


def _level(record: Record, attestation: Attestation) -> Assurance:
    """How sure a record's traits are.

    Passed questions vouch for the caller of that moment, not for what the record holds.
    """
    if attestation is Attestation.IMPORT:
        return Assurance.VERIFIED
    return _kept(record.source.sender, record.channel, record.identifiers)


def _kept(sender: str, channel: str, identifiers: Iterable[Identifier]) -> Assurance:
    """How sure it is what the business keeps: as sure as what it knows the person by.

    So an administrator who vouches for an identifier vouches for what they enter with it, and what
    an agent keys in stays a claim. `claimed` for what the business does not keep.
    """
    if channel in SYSTEMS_OF_RECORD:
        found = (one.assurance for one in identifiers)
        return max(found, key=lambda one: one.rank, default=Assurance.CLAIMED)
    return Assurance.CHANNEL if is_account(sender, identifiers) else Assurance.CLAIMED


def _parts(trait: str, value: object) -> Iterator[tuple[str, object]]:
    """Preferences one by one, whether they come as a list or an object; else the value whole."""
    if trait == "preferences" and isinstance(value, Mapping):
        for key, each in value.items():
            yield f"preferences.{key}", each
    elif isinstance(value, list | tuple):
        for each in value:
            yield trait, each
    else:
        yield trait, value


def _attributes(said: Mapping[str, str]) -> Iterator[tuple[str, str, Assurance | None]]:
    """Traits of raw attributes; with the assurance where that does not depend on who speaks."""
    yield from _names(said)
    birth = said.get("date_of_birth") or "-".join(said[one] for one in _BIRTH if said.get(one))
    if birth:
        yield "date_of_birth", birth, None
    yield from _address(said)
    for attribute in _PLAIN:
        if said.get(attribute):
            yield attribute, said[attribute], Assurance.CLAIMED if attribute in _WEAK else None
    for attribute, text in said.items():
        if text and attribute not in ATTRIBUTES:
            yield ALIASES.get(attribute, attribute), text, None


def _names(said: Mapping[str, str]) -> Iterator[tuple[str, str, Assurance | None]]:
    parts = (said.get(one) for one in ("given_name", "middle_name", "surname"))
    whole = said.get("full_name") or " ".join(part for part in parts if part)
    if whole:
        latin = " ".join(without_han(whole).split())
        if han := " ".join(find_han(whole)):
            yield "local_name", han, None
        if re.search(r"\w", latin):
            yield "name", latin, None
    if said.get("local_name"):
        yield "local_name", said["local_name"], None
    if said.get("display_name"):  # what they are called in an app, by their own choice
        yield "name", said["display_name"], Assurance.CLAIMED


def _address(said: Mapping[str, str]) -> Iterator[tuple[str, str, Assurance | None]]:
    """One address where a road is told; a mere city or country is a trait of its own."""
    road = said.get("address") or " ".join(said[one] for one in _ROAD if said.get(one))
    place = [one for one in _PLACE if said.get(one)]
    if road:
        yield "address", ", ".join([road, *(said[one] for one in place)]), None
    else:
        for attribute in place:
            yield attribute, said[attribute], None
