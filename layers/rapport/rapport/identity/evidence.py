"""What a statement tells, ready to compare: names, dates, what it vouches for and mentions."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from rapport.identity.addresses import Address, parse_address
from rapport.identity.graph import Decision, DecisionKind, Pair, Statement
from rapport.identity.matching.values import BirthValue, birth_value, date_parts
from rapport.identity.names import Name, parse_name
from rapport.identity.rules import SENDER, Rules

_REMEMBERED = 65_536
_ORDER = attrgetter("order")


Holding = tuple[int, str, str, int]
"""An identifier during one tenure: its priority, namespace, value, and the tenure's number."""


class Fact(NamedTuple):
    """A statement, parsed.

    `name` is None where it gives none that can be read. `vouched` are the identifiers that may join
    it to others, the most telling first; `mentioned` are means of contact that a statement which
    staff stand behind (`attested`, with a name) gives, vouched for or not; `claimed` is everything
    it names. `exclusive` are those of its identifiers of which a person has one. `held` are the
    vouched as of their first tenure, `alone` each device with what it goes with one of. `order`
    sorts facts by what they say. `ties` are vouched and mentioned together; `blocks` are texts that
    people who may be one share, of attested statements alone.
    """

    statement: Statement
    name: Name | None
    attested: bool
    vouched: tuple[Pair, ...]
    mentioned: tuple[Pair, ...]
    claimed: frozenset[Pair]
    exclusive: tuple[Pair, ...]
    held: tuple[Holding, ...]
    alone: tuple[tuple[Pair, Pair], ...]
    order: tuple[datetime, str, str, str, str, str]
    birth: BirthValue | None
    address: Address | None
    ties: frozenset[Pair]
    blocks: tuple[str, ...]

    @property
    def id(self) -> str:
        """The statement's id."""
        return self.statement.statement_id

    @property
    def at(self) -> datetime:
        """When it was said, by the source's clock."""
        return self.statement.at


def read_fact(statement: Statement, rules: Rules) -> Fact:
    """Parse a statement by these rules, which remember it by its id."""
    fact: Fact | None = rules.read.get(statement.statement_id)
    if fact is None or fact.statement is not statement:
        same = fact is not None and fact.statement == statement
        fact = fact._replace(statement=statement) if fact and same else _parse(statement, rules)
        if len(rules.read) >= _REMEMBERED:
            rules.read.clear()
        rules.read[statement.statement_id] = fact
    return fact


def _parse(statement: Statement, rules: Rules) -> Fact:
    joining = rules.joining(statement.identifiers)
    held = sorted({_held(one.pair, rules) for one in joining})
    name = _name(statement)
    attested = name is not None and statement.attestation.is_staff
    if attested or not held:
        # Nothing else may tie what it says to what it said before, under a proof or without.
        held += [_held(pair, rules) for pair in _sender(statement, name, rules)]
    ranked = [(namespace, value) for _, namespace, value, _ in held]
    mentioned = _mentioned(statement, rules) if attested else ()
    birth = _birth(statement) if attested else None
    address = _address(statement) if attested else None
    return Fact(
        statement=statement,
        name=name,
        attested=attested,
        vouched=tuple(ranked),
        mentioned=mentioned,
        claimed=frozenset([one.pair for one in statement.identifiers]),
        exclusive=tuple([pair for pair in ranked if pair[0] in rules.protected]),
        held=tuple(held),
        alone=_alone(ranked, rules),
        order=_order(statement),
        birth=birth,
        address=address,
        ties=frozenset((*ranked, *mentioned)),
        blocks=_blocks(name, birth, address) if attested and name else (),
    )


def read_facts(statements: Iterable[Statement], rules: Rules) -> list[Fact]:
    """Parse statements, in an order that depends on what they say alone."""
    facts = [read_fact(one, rules) for one in statements]
    facts.sort(key=_ORDER)
    return facts


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


def _held(pair: Pair, rules: Rules) -> Holding:
    return rules.namespace(pair[0]).priority, *pair, 0


def _sender(statement: Statement, name: Name | None, rules: Rules) -> list[Pair]:
    """The sender as such; of an office's mailbox, whoever writes there under one name."""
    source = statement.source
    value = f"{source.channel}#{source.account}#{source.sender}"
    if not any(one.assurance.rank and rules.is_blocked(one.pair) for one in statement.identifiers):
        return [(SENDER, value)]
    return [(SENDER, f"{value}#{name.keys[0]}")] if name is not None and name.keys else []


def _alone(vouched: Sequence[Pair], rules: Rules) -> tuple[tuple[Pair, Pair], ...]:
    return tuple(
        (one, other)
        for one in vouched
        if (single := rules.namespace(one[0]).holds_one)
        for other in vouched
        if other[0] in single
    )


def _order(statement: Statement) -> tuple[datetime, str, str, str, str, str]:
    source = statement.source
    sender = (source.channel, source.account, source.sender)
    return (statement.at, *sender, statement.event_id, statement.statement_id)


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


def _mentioned(statement: Statement, rules: Rules) -> tuple[Pair, ...]:
    return tuple(
        one.pair
        for one in statement.identifiers
        if rules.namespace(one.namespace).mentioned and not rules.is_blocked(one.pair)
    )


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
