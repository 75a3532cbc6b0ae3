"""What may be seen of a person, and said to them, at which level of assurance.

Who writes to us has proven little, something or much (`sender_level`), and that decides what those
who answer may see and say: the table below, and one function, `sight`, that every view asks. A bot
sees no more than it may say. The table is explained in docs/assurance.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from rapport.contracts.caller import Caller
from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.graph import Statement
from rapport.identity.mentions import (
    SYSTEMS_OF_RECORD,
    TRAIT_OF_ATTRIBUTE,
    TRAIT_OF_NAMESPACE,
    vouched,
)
from rapport.identity.model import Record
from rapport.identity.profile import Profile
from rapport.kernel.errors import Forbidden, InvalidInput

CLAIMED, CHANNEL, VERIFIED = Assurance.CLAIMED, Assurance.CHANNEL, Assurance.VERIFIED

VOUCHING_CHANNELS = frozenset({"whatsapp", "messenger", "instagram", "line", "telegram"})
"""Platforms that authenticate who writes, so that the sender's id there is their own."""

DEVICES = frozenset({"anonymous_id"})
"""Identifiers that prove which browser writes, and not who sits before it."""

SYSTEM, SPEAKER = "rapport/customers.write", "rapport/conversations.write"


@dataclass(frozen=True, slots=True)
class Rule:
    """The least level at which a field may be seen, and said (None: never); and why.

    `hint`: from when its last characters may be seen, so that values can be compared.
    """

    see: Assurance
    say: Assurance | None
    why: str
    hint: Assurance | None = None


TABLE: Mapping[str, Rule] = {
    "name": Rule(CHANNEL, CHANNEL, "Greeting whom the platform vouches for."),
    "local_name": Rule(CHANNEL, CHANNEL, "As the name."),
    "language": Rule(CHANNEL, CHANNEL, "Answering in their language."),
    "tier": Rule(CHANNEL, CHANNEL, "Serving members as members."),
    "preferences": Rule(CHANNEL, CHANNEL, "Serving them as they like it."),
    "interests": Rule(CHANNEL, CHANNEL, "As preferences."),
    "messages": Rule(CHANNEL, CHANNEL, "One conversation on all channels."),
    "activity": Rule(CHANNEL, VERIFIED, "Pages and carts: what they write about; holds anything."),
    "orders": Rule(CHANNEL, CHANNEL, "Where an order is, the commonest question."),
    "purchases": Rule(CHANNEL, VERIFIED, "Context for staff; what was spent is theirs alone."),
    "phone": Rule(VERIFIED, VERIFIED, "A way to reach and to impersonate them.", CHANNEL),
    "email": Rule(VERIFIED, VERIFIED, "As the phone number.", CHANNEL),
    "loyalty": Rule(VERIFIED, VERIFIED, "Opens the loyalty account elsewhere.", CHANNEL),
    "date_of_birth": Rule(VERIFIED, VERIFIED, "Other firms ask it as proof of identity."),
    "gender": Rule(VERIFIED, VERIFIED, "Sensitive, and rarely needed."),
    "address": Rule(VERIFIED, VERIFIED, "Where they live."),
    "city": Rule(VERIFIED, VERIFIED, "As the address."),
    "region": Rule(VERIFIED, VERIFIED, "As the address."),
    "postcode": Rule(VERIFIED, VERIFIED, "As the address."),
    "country": Rule(VERIFIED, VERIFIED, "As the address."),
    "occupation": Rule(VERIFIED, VERIFIED, "Account data."),
    "account_events": Rule(VERIFIED, VERIFIED, "Tracked calls that carry traits: account data."),
    "birth_place": Rule(VERIFIED, None, "A common security question: compared, never told."),
    "national_id": Rule(VERIFIED, None, "Compared, never told."),
    "devices": Rule(VERIFIED, None, "Signs of fraud are matched; told, they could be imitated."),
    "places": Rule(VERIFIED, None, "As devices."),
    "identifier": Rule(VERIFIED, None, "Ids of accounts and browsers mean nothing to people."),
}
"""By field, that is by trait and by part of a customer's page."""

OTHERWISE = Rule(VERIFIED, VERIFIED, "Balances, plans, whatever a source adds: account data.")
"""Every trait that the table does not name."""


def rule_of(field: str) -> Rule:
    """The rule for a trait or a part of the page; `preferences.size` is one of `preferences`."""
    return TABLE.get(field.partition(".")[0], OTHERWISE)


class Basis(StrEnum):
    """Why somebody may see what they see."""

    SENDER = "sender"  # what the one who writes has proven
    LOOKUP = "lookup"  # staff look somebody up, with nobody at the other end
    REASON = "reason"  # staff gave a reason, which is logged
    SYSTEM = "system"  # a system of the business that keeps customers itself
    NONE = "none"  # a bot that does not say whom it talks to


class Sight(StrEnum):
    """How much of a value may be seen."""

    NONE = "none"
    HINT = "hint"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Talk:
    """The sender that a caller asks about.

    `level`: what the sender has proven. `own`: records that are the same sender's. `is_live`: their
    conversation is open and they write in it; `is_callers`: the caller has that conversation, or
    may act in any.
    """

    record_id: str
    level: Assurance
    own: frozenset[str]
    is_live: bool
    is_callers: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """What one caller may see of one customer now.

    `level` is up to where they see; `sender`, what the one they talk to has proven, up to where
    they may say. A sender's own words (`own` records) are always seen, and may be repeated.
    """

    level: Assurance
    basis: Basis
    sender: Assurance = CLAIMED
    own: frozenset[str] = frozenset()
    says_all: bool = False
    record_id: str | None = None


def grant(caller: Caller, talk: Talk | None, *, reason: str | None, may_open: bool) -> Grant:
    """What `caller` may see; `may_open`: an agent may, with a reason, open this customer.

    Raises `Forbidden` where they may not, `InvalidInput` for an application with a reason.
    """
    found = _by_sender(talk, caller) if talk else _without_sender(caller)
    if reason is None:
        return found
    if caller.is_application:
        raise InvalidInput("Only people give reasons.", field="reason")
    if not may_open:
        raise Forbidden("A colleague has this customer; a supervisor may open their data.")
    return replace(found, level=VERIFIED, basis=Basis.REASON)


def sight(field: str, record_id: str | None, allowed: Grant, *, is_own_word: bool = True) -> Sight:
    """How much may be seen of a `field` that `record_id` tells: the one place that decides.

    `is_own_word` is False for what staff or systems said of the sender.
    """
    if is_own_word and record_id in allowed.own:
        return Sight.FULL
    rule = rule_of(field)
    least = rule.see
    if allowed.says_all:  # a bot sees nothing that it may not say
        if rule.say is None:
            return Sight.NONE
        least = max(rule.see, rule.say, key=lambda one: one.rank)
    if allowed.level.rank >= least.rank:
        return Sight.FULL
    is_hinted = rule.hint is not None and not allowed.says_all
    if is_hinted and rule.hint is not None and allowed.level.rank >= rule.hint.rank:
        return Sight.HINT
    return Sight.NONE


def may_say(field: str, record_ids: Iterable[str], allowed: Grant) -> bool:
    """Whether what these records tell of a field may be told to the sender.

    It may where they have proven enough, or where nobody but they said it: to repeat what another
    source says as well would confirm a guess.
    """
    if frozenset(record_ids) <= allowed.own:
        return True
    least = rule_of(field).say
    return bool(allowed.record_id) and least is not None and allowed.sender.rank >= least.rank


def disclosed(profile: Profile, allowed: Grant) -> Profile:
    """What may be seen of a profile, decided anew: hidden values leave no trace in the rest."""
    seen = (
        one
        for one in profile.mentions
        if sight(one.trait, one.record_id, allowed, is_own_word=one.is_their_own_word) is Sight.FULL
    )
    return replace(profile, mentions=tuple(seen))


def seen(statement: Statement, allowed: Grant) -> Statement:
    """What may be seen of a statement itself: for whoever asks why records are one person."""
    attested = statement.attestation
    is_own = not attested.is_staff and statement.channel not in SYSTEMS_OF_RECORD

    def looked(field: str) -> Sight:
        return sight(field, statement.record_id, allowed, is_own_word=is_own)

    identifiers = []
    for one in statement.identifiers:
        extent = looked(field_of_identifier(one.namespace))
        if extent is not Sight.NONE:
            is_hint = extent is Sight.HINT
            identifiers.append(replace(one, value=hint(one.value)) if is_hint else one)
    attributes = {
        key: text
        for key, text in statement.attributes.items()
        if looked(TRAIT_OF_ATTRIBUTE.get(key, key)) is Sight.FULL
    }
    return replace(statement, identifiers=tuple(identifiers), attributes=attributes)


def field_of_identifier(namespace: str) -> str:
    """The table's field for identifiers of that type: most are ids and nothing more."""
    return TRAIT_OF_NAMESPACE.get(namespace, "identifier")


def withheld(profile: Profile, allowed: Grant) -> list[str]:
    """The traits of which something is not shown: what more proof would open.

    At `claimed` not even that is told: what there is to know of whom is data as well.
    """
    if allowed.level is CLAIMED:
        return []
    shown = set(map(id, disclosed(profile, allowed).mentions))
    return sorted({one.trait for one in profile.mentions if id(one) not in shown})


def hint(value: str) -> str:
    """A value by its last characters, a mail address by its first and its domain."""
    local, at, domain = value.rpartition("@")
    if at and local:
        return f"{local[0]}•••@{domain}"
    return f"•••{value[-4:]}" if len(value) >= 8 else "•••"


def sender_level(record: Record, *, is_shared: bool) -> Assurance:
    """What the sender of a record has proven by writing from it.

    A browser proves no person; a sender through whom several people write, no one of them.
    """
    if is_shared or record.channel in SYSTEMS_OF_RECORD:
        return CLAIMED
    proven = [one.assurance for one in record.identifiers if one.namespace not in DEVICES]
    if record.channel in VOUCHING_CHANNELS:
        proven.append(CHANNEL)
    return max(proven, key=lambda one: one.rank, default=CLAIMED)


def same_sender(record: Record, others: Iterable[Record], *, is_shared: bool) -> frozenset[str]:
    """Records that rest on nothing but what the sender of `record` vouches for as well.

    A visitor's chat and the pages of the same browser; not the account somebody used in it. Of a
    shared sender, that one record alone; of a system of record, none: it is no sender.
    """
    if record.channel in SYSTEMS_OF_RECORD:
        return frozenset()
    if is_shared:
        return frozenset({record.record_id})
    held = vouched(record.identifiers)
    return frozenset(
        {record.record_id}
        | {
            one.record_id
            for one in others
            if one.channel not in SYSTEMS_OF_RECORD and _is_part(one.identifiers, held)
        }
    )


def _is_part(identifiers: Iterable[Identifier], held: frozenset[tuple[str, str]]) -> bool:
    own = vouched(identifiers)
    return bool(own) and own <= held


def _by_sender(talk: Talk, caller: Caller) -> Grant:
    is_bot = caller.is_application
    is_theirs = talk.is_live and (is_bot or talk.is_callers)
    own = talk.own if is_theirs else frozenset()
    level = talk.level
    if not is_theirs:
        # People look somebody up; a bot speaks to nobody, and could name anybody.
        level = CLAIMED if is_bot else min(level, CHANNEL, key=lambda one: one.rank)
    return Grant(level, Basis.SENDER, level, own, is_bot, talk.record_id)


def _without_sender(caller: Caller) -> Grant:
    if not caller.is_application:
        return Grant(CHANNEL, Basis.LOOKUP)
    if caller.has(SYSTEM) and not caller.has(SPEAKER):
        return Grant(VERIFIED, Basis.SYSTEM)
    return Grant(CLAIMED, Basis.NONE, says_all=True)
