"""What a statement tells, ready to compare: names, dates, what it vouches for and mentions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from rapport.identity.addresses import Address, parse_address
from rapport.identity.graph import Decision, DecisionKind, Pair, Statement
from rapport.identity.matching.values import BirthValue, birth_value, date_parts
from rapport.identity.model import Source
from rapport.identity.names import Name, parse_name
from rapport.identity.rules import SENDER, Rules

_REMEMBERED = 65_536

Holding = tuple[int, str, str, int]
"""An identifier during one tenure: its priority, namespace, value, and the tenure's number."""


@dataclass(slots=True, eq=False)
class Fact:
    """A statement, parsed by the rules whose `reader` it names; not to be changed.

    `id`, `at`, `event_id` and `attributes` are the statement's. `name` is None where it gives none
    that can be read. `vouched` are the identifiers that may join it to others, the most telling
    first; `mentioned` are means of contact that a statement which staff stand behind (`attested`,
    with a name) gives, vouched for or not; `claimed` is everything it names. `exclusive` are those
    of its identifiers of which a person has one. `shown` are the vouched as a set, `held` as of
    their first tenure, `alone` each device with what it goes with one of. `order` sorts facts by
    what they say. `ties` are vouched and mentioned together; `blocks` are texts that people who may
    be one share, of attested statements alone.
    """

    reader: object
    id: str
    at: datetime
    event_id: str
    attributes: Mapping[str, str]
    name: Name | None
    attested: bool
    vouched: tuple[Pair, ...]
    shown: frozenset[Pair]
    mentioned: tuple[Pair, ...]
    claimed: tuple[Pair, ...]
    exclusive: tuple[Pair, ...]
    held: tuple[Holding, ...]
    alone: tuple[tuple[Pair, Pair], ...]
    order: tuple[datetime, Source, str, str]
    birth: BirthValue | None
    address: Address | None
    ties: frozenset[Pair]
    blocks: tuple[str, ...]


BY_CONTENT = attrgetter("order")
"""The order of facts that depends on what they say alone."""


def read_fact(statement: Statement, rules: Rules) -> Fact:
    """Parse a statement by these rules. It keeps what was read of it last."""
    fact: Fact | None = statement.read
    if fact is None or fact.reader is not rules.reader:
        fact = vars(statement)["read"] = _remembered(statement, rules)
    return fact


def read_facts(statements: Iterable[Statement], rules: Rules) -> list[Fact]:
    """Parse statements by these rules."""
    reader = rules.reader
    return [
        fact if (fact := one.read) is not None and fact.reader is reader else read_fact(one, rules)
        for one in statements
    ]


def _remembered(statement: Statement, rules: Rules) -> Fact:
    """What these rules made of the same statement when it was loaded before, or make of it now."""
    read: dict[str, tuple[Statement, Fact]] = rules.read
    known = read.get(statement.statement_id)
    if known is not None and known[0] == statement:
        return known[1]
    if len(read) >= _REMEMBERED:
        read.clear()
    fact = _parse(statement, rules)
    read[statement.statement_id] = (statement, fact)
    return fact


def _parse(statement: Statement, rules: Rules) -> Fact:
    name = _name(statement)
    attested = name is not None and statement.attestation.is_staff
    held, mentioned, devices = _told(statement, rules, attested=attested)
    if attested or not held:
        # Nothing else may tie what it says to what it said before, under a proof or without.
        kind, sender = rules.namespace(SENDER), _sender(statement, name, rules)
        held += [(kind.priority, *pair, 0) for pair in sender]
        if kind.holds_one:
            devices |= dict.fromkeys(sender, kind.holds_one)
    ranked = [(namespace, value) for _, namespace, value, _ in held]
    shown = frozenset(ranked)
    birth = _birth(statement) if attested else None
    address = _address(statement) if attested else None
    return Fact(
        reader=rules.reader,
        id=statement.statement_id,
        at=statement.at,
        event_id=statement.event_id,
        attributes=statement.attributes,
        name=name,
        attested=attested,
        vouched=tuple(ranked),
        shown=shown,
        mentioned=tuple(mentioned),
        claimed=tuple([(one.namespace, one.value) for one in statement.identifiers]),
        exclusive=tuple([pair for pair in ranked if pair[0] in rules.protected]),
        held=tuple(held),
        alone=_alone(ranked, devices) if devices else (),
        order=(statement.at, statement.source, statement.event_id, statement.statement_id),
        birth=birth,
        address=address,
        ties=shown.union(mentioned) if mentioned else shown,
        blocks=_blocks(name, birth, address) if attested and name else (),
    )


def _told(
    statement: Statement, rules: Rules, *, attested: bool
) -> tuple[list[Holding], list[Pair], dict[Pair, tuple[str, ...]]]:
    """What it vouches for, the most telling first, what staff mention in it, and of what it vouches
    for the devices, with the namespaces of which each goes with one value."""
    held: list[Holding] = []
    mentioned: list[Pair] = []
    devices: dict[Pair, tuple[str, ...]] = {}
    for one in statement.identifiers:
        pair = (one.namespace, one.value)
        kind = rules.namespace(one.namespace)
        vouches, mentions = kind.joins(one), attested and kind.mentioned
        if (vouches or mentions) and not rules.is_blocked(pair):
            if vouches:
                held.append((kind.priority, *pair, 0))
                if kind.holds_one:
                    devices[pair] = kind.holds_one
            if mentions:
                mentioned.append(pair)
    return sorted(set(held)) if len(held) > 1 else held, mentioned, devices


def in_force(decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions that nobody took back, oldest first.

    A decision that was itself withdrawn withdraws nothing.
    """
    latest_first = sorted(decisions, key=lambda one: (one.at, one.decision_id), reverse=True)
    withdrawn: set[str] = set()
    for one in latest_first:
        if one.withdraws and one.decision_id not in withdrawn:
            withdrawn.add(one.withdraws)
    kept = (one for one in latest_first if one.decision_id not in withdrawn and not one.withdraws)
    return list(kept)[::-1]


def retracted(decisions: Sequence[Decision]) -> frozenset[str]:
    """The statements that were never true, by decisions in force."""
    return frozenset(one.left for one in decisions if one.kind is DecisionKind.RETRACT)


def _sender(statement: Statement, name: Name | None, rules: Rules) -> list[Pair]:
    """The sender as such; of an office's mailbox, whoever writes there under one name."""
    source = statement.source
    value = f"{source.channel}#{source.account}#{source.sender}"
    if not any(one.assurance.rank and rules.is_blocked(one.pair) for one in statement.identifiers):
        return [(SENDER, value)]
    return [(SENDER, f"{value}#{name.keys[0]}")] if name is not None and name.keys else []


def _alone(
    vouched: Sequence[Pair], devices: Mapping[Pair, Collection[str]]
) -> tuple[tuple[Pair, Pair], ...]:
    return tuple(
        (one, other)
        for one in vouched
        for other in vouched
        if one in devices and other[0] in devices[one]
    )


def _name(statement: Statement) -> Name | None:
    if not statement.attributes:
        return None
    get = statement.attributes.get
    name = parse_name(
        full=get("full_name", ""),
        given=get("given_name", ""),
        middle=get("middle_name", ""),
        surname=get("surname", ""),
        local=get("local_name", ""),
        display=get("display_name", ""),
    )
    return None if name.is_empty else name


def _blocks(name: Name, birth: BirthValue | None, address: Address | None) -> tuple[str, ...]:
    """Birth date and surname; numbers of the address and surname."""
    blocks = []
    surnames = name.surnames[:3]
    if birth and birth.is_complete:
        small, large = sorted((birth.month, birth.day))
        blocks += [f"b:{birth.year}{small:02d}{large:02d}:{one}" for one in surnames]
    if address:
        blocks += [f"a:{address.key}:{one}" for one in surnames]
    return tuple(blocks)


def _birth(statement: Statement) -> BirthValue | None:
    text = statement.attributes.get("date_of_birth", "")
    if text:
        return birth_value(*date_parts(text, day_first=True))
    get = statement.attributes.get
    return birth_value(get("birth_year", ""), get("birth_month", ""), get("birth_day", ""))


def _address(statement: Statement) -> Address | None:
    get = statement.attributes.get
    parts = (get(one, "") for one in ("address", "unit", "street_number", "street", "city"))
    text = ", ".join(part for part in parts if part)
    return parse_address(text) if text else None
