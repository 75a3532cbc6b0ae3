"""Hear what a source says about a person, and keep the customers that follow from all of it.

A statement that was heard before costs one read. Another costs a read of its keys, one of the
components behind them, and one transaction. Two writers of one component meet at its version, two
first contacts at the identifier they share: the later one reads again.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from rapport.identity.changes import (
    consequences,
    fitted,
    record_events,
    reviews_of,
)
from rapport.identity.claims import candidates, claims_of, joined, names_of
from rapport.identity.graph import (
    Component,
    Decision,
    Link,
    Pair,
    Signal,
    Statement,
)
from rapport.identity.lookup import distinct, load
from rapport.identity.matching import Matcher
from rapport.identity.model import Heard, Record, Sender
from rapport.identity.ports import Change, Graph
from rapport.identity.recording import record_of, retold
from rapport.identity.resolution import Keys, joining_pairs, lookup_keys, relates, resolve
from rapport.identity.rules import Rules
from rapport.identity.statements import (
    claim_key,
    component_of,
    customers,
    digest_heard,
    digest_said,
    united,
)
from rapport.kernel.errors import Conflict, NotFound, Transient
from rapport.kernel.ids import Ids

ATTEMPTS = 6

MAX_STATEMENTS = 300
"""Of a component: one more is a crowd behind one identifier, not a person or a household."""

MAX_PARTS = 40
"""How many components become one at once; a transaction has no room for more."""

MAX_PAIRS = 30
"""Identifiers, and blocks, looked up at once when a component is considered anew."""

_AGE = attrgetter("component_id")

Result = TypeVar("Result")


@dataclass(frozen=True)
class Engine:
    """Identity online: hear statements and signals, take decisions, keep customers."""

    graph: Graph
    rules: Rules
    matcher: Matcher
    ids: Ids

    def hear(self, heard: Heard) -> Record:
        """The record behind `heard`, with the customer it belongs to as of now.

        Raises `Transient` when other writers kept winning; the queue brings the event again.
        """
        digest = digest_heard(heard.sender, heard.at)
        return _persist(lambda: self._hear(heard, digest))

    def signal(self, signal: Signal) -> None:
        """Note what a carrier or registry says of an identifier; twice is once."""
        _persist(lambda: self._signal(replace(signal, at=_kept(signal.at))))

    def decide(
        self,
        decisions: Sequence[Decision],
        component_ids: Collection[str],
        closing: Collection[str] = (),
    ) -> Component:
        """Append people's decisions about statements of these components; twice is once.

        `closing` are reviews that they answer. Raises `NotFound` where a component is unknown or
        none holds such a statement.
        """

        def attempt() -> Component:
            change = self.considered(decisions, component_ids)
            if change.component.decisions != _decided(change.before):
                self.graph.write(fitted(change._replace(closed=closing)))
            return change.component

        return _persist(attempt)

    def considered(self, decisions: Sequence[Decision], component_ids: Collection[str]) -> Change:
        """What these decisions would change; nothing is written."""
        parts = distinct(load(component_ids, graph=self.graph).values())
        held = {one.statement_id for part in parts for one in part.statements}
        if not {side for one in decisions for side in one.sides} <= held:
            raise NotFound("There is no such statement.")
        taken = {one.decision_id: part for part in parts for one in part.decisions}
        news = tuple(
            replace(one, at=_kept(one.at)) for one in decisions if one.decision_id not in taken
        )
        if not news:
            part = taken[decisions[0].decision_id]
            return Change(part, before=(part,))
        fresh = Component(component_of(self.ids.new("stm")), decisions=news)
        at = max(one.at for one in decisions)
        return self._change(parts, fresh, decisions[0].decision_id, at)

    def reconsidered(self, component: Component) -> Change:
        """What these rules would make of a component that was resolved by others."""
        near = self._neighbours(component)
        latest = max(one.heard_at for one in component.statements)
        change = self._change(near, component, f"{component.component_id}.rules", latest)
        names = names_of(self._keys(component))
        seen = self.graph.look_up(None, names.all)
        return change._replace(claims=joined(names, component.component_id, seen, change))

    def reconsider(self, component_id: str) -> Change:
        """Resolve a component anew, by these rules; raises `NotFound`."""

        def attempt() -> Change:
            found = load([component_id], graph=self.graph).get(component_id)
            if found is None:
                raise NotFound("There is no such component.")
            change = self.reconsidered(found)
            is_news = set(change.component.customers) != set(found.customers)
            if is_news or change.absorbed or change.claims:
                self.graph.write(fitted(change))
            return change

        return _persist(attempt)

    def _hear(self, heard: Heard, digest: str) -> Record:
        sender = heard.sender
        statement = self._statement(heard, digest)
        names = names_of(lookup_keys(statement, self.rules, self.matcher), statement)
        seen = self.graph.look_up(sender.source, names.all)
        known, record_id = seen.record, ""
        if known is not None and digest in known.said:
            return self._retold(known, sender, digest, known.said[digest])
        found = load(candidates(names.leading, seen), graph=self.graph)
        home = found.get(known.component_id) if known else None
        if known is not None and home is not None:
            whose = _said_before(home, sender, digest)
            if whose is not None:
                return self._retold(known, sender, digest, whose)
            record_id = known.record_id
            if len(home.statements) >= MAX_STATEMENTS:
                # A crowd behind one sender: what it says from now on lies in another component.
                home = None
        near = self._near(statement, distinct(found.values()), home) if found else []
        statement = statement.on_record(record_id or self.ids.new("rec"))
        news = Component(component_of(statement.statement_id), (statement,))
        change = self._change(near, news, heard.event_id, heard.heard_at)
        record = record_of(known, statement, digest, sender, change.component)
        speaking = record.speaking(digest)
        claims, notes = claims_of(names, seen, found, change)
        is_new = frozenset((statement.statement_id,)) in change.component.customers
        facts = record_events(speaking, known, heard.event_id, heard.heard_at, created=is_new)
        change = change._replace(
            record=record,
            known=known,
            pointers=[one for one in change.pointers if one.source != record.source],
            claims=claims,
            notes=notes,
            events=[*facts, *change.events],
        )
        self.graph.write(fitted(change))
        return speaking

    def _retold(self, known: Record, sender: Sender, digest: str, customer_id: str) -> Record:
        """It was said before: only what the record shows of itself may change."""
        record = retold(known, sender, digest, customer_id)
        if record != known:
            self.graph.save(record, known)
        return record.speaking(digest)

    def _signal(self, signal: Signal) -> None:
        pair = (signal.namespace, signal.value)
        names = names_of(Keys((pair,), ()))
        seen = self.graph.look_up(None, names.all)
        found = load(candidates(names.leading, seen), graph=self.graph)
        near = [one for one in distinct(found.values()) if pair in self._pairs(one)]
        if any(signal in one.signals for one in near):
            return
        news = Component(component_of(self.ids.new("stm")), signals=(signal,))
        change = self._change(near, news, signal.event_id, signal.at)
        claims, notes = claims_of(names, seen, found, change)
        self.graph.write(fitted(change._replace(claims=claims, notes=notes)))

    def _change(
        self, near: Sequence[Component], news: Component, event_id: str, at: datetime
    ) -> Change:
        """`news` and what it touches as one component, resolved; the older component goes on."""
        known = [*near, news] if news.version else [*near]
        home = known[0] if len(known) == 1 else min(known, key=_AGE, default=news)
        whole = united(home.component_id, [*near, news]) if near else news
        resolution = resolve(whole, self.rules, self.matcher)
        whole = whole.resolved(resolution.customers, home.version + 1)
        kept = _touching(near, news, whole, self._pairs) if near else near
        if len(kept) < len(near):  # some only looked alike
            change = self._change(kept, news, event_id, at)
            uncertain: list[Link] = [*(one.link for one in change.reviews), *resolution.reviews]
            reviews = reviews_of(uncertain, [*near, news], change.component, at)
            return change._replace(reviews=reviews)
        forwards, pointers, events = consequences(whole, known, event_id, at)
        return Change(
            component=whole,
            absorbed={one.component_id: one.version for one in known if one is not home},
            forwards=forwards,
            pointers=pointers,
            reviews=reviews_of(resolution.reviews, (), whole, at) if resolution.reviews else (),
            events=events,
            before=tuple(known),
        )

    def _near(
        self, statement: Statement, found: Sequence[Component], home: Component | None
    ) -> list[Component]:
        """The components that `statement` may concern; no crowd beyond `MAX_STATEMENTS`."""
        pairs = joining_pairs(statement, self.rules)
        near, room = [], MAX_STATEMENTS - (len(home.statements) if home else 0)
        for one in sorted(found, key=_AGE):
            if home is not None and one.component_id == home.component_id:
                near.append(one)
            elif (
                len(one.statements) < room
                and len(near) < MAX_PARTS
                and (pairs & self._pairs(one) or relates(statement, one, self.rules, self.matcher))
            ):
                near.append(one)
                room -= len(one.statements)
        return near

    def _neighbours(self, component: Component) -> list[Component]:
        """The components that may concern one by these rules, and those that may concern those."""
        near: dict[str, Component] = {component.component_id: component}
        ahead, room = [component], MAX_STATEMENTS - len(component.statements)
        while ahead:
            here = ahead.pop()
            keys = self._keys(here)
            # What was a mere claim by other rules may join by these.
            claimed = [*map(claim_key, keys.identifiers)]
            names = [*names_of(keys).leading, *claimed]
            seen = self.graph.look_up(None, names)
            for one in distinct(load(candidates(names, seen), graph=self.graph).values()):
                if one.component_id in near or len(one.statements) > room:
                    continue
                if self._are_near(here, one):
                    near[one.component_id] = one
                    ahead.append(one)
                    room -= len(one.statements)
        return [*near.values()][1 : MAX_PARTS + 1]

    def _are_near(self, one: Component, other: Component) -> bool:
        return not self._pairs(one).isdisjoint(self._pairs(other)) or any(
            relates(said, other, self.rules, self.matcher) for said in one.statements
        )

    def _keys(self, component: Component) -> Keys:
        """What leads to a component by these rules."""
        keys = [lookup_keys(one, self.rules, self.matcher) for one in component.statements]
        pairs = dict.fromkeys(pair for one in keys for pair in one.identifiers)
        blocks = dict.fromkeys(block for one in keys for block in one.blocks)
        return Keys((*pairs,)[:MAX_PAIRS], (*blocks,)[:MAX_PAIRS])

    def _pairs(self, component: Component) -> set[Pair]:
        """The identifiers that tie others to a component."""
        pairs = {(one.namespace, one.value) for one in component.signals}
        for statement in component.statements:
            pairs |= joining_pairs(statement, self.rules)
        return pairs

    def _statement(self, heard: Heard, digest: str) -> Statement:
        """What is heard as a statement, on no record yet."""
        sender = heard.sender
        statement = Statement(
            statement_id=self.ids.new("stm"),
            record_id="",
            source=sender.source,
            channel=sender.channel,
            at=_kept(heard.at),
            heard_at=_kept(heard.heard_at),
            event_id=heard.event_id,
            identifiers=sender.identifiers,
            attributes=sender.attributes,
            attestation=sender.attestation,
        )
        vars(statement)["digest"] = digest  # its property need not reckon it again
        return statement


def _persist(attempt: Callable[[], Result]) -> Result:
    for _ in range(ATTEMPTS):
        try:
            return attempt()
        except Conflict:
            continue
    raise Transient("Others were changing the same customers; try again.")


def _kept(at: datetime) -> datetime:
    """As precise as it is stored: what is decided now is decided so again."""
    rest = at.microsecond % 1000
    return at.replace(microsecond=at.microsecond - rest) if rest else at


def _said_before(home: Component, sender: Sender, digest: str) -> str | None:
    """Whose it is that the sender said just this before, longer ago than its record remembers."""
    for one in home.statements:
        if one.source == sender.source and digest_said(one) == digest:
            return customers(home)[one.statement_id]
    return None


def _touching(
    near: Sequence[Component],
    news: Component,
    whole: Component,
    pairs: Callable[[Component], set[Pair]],
) -> list[Component]:
    """Those of `near` that are tied to `news`: by a sender, a customer, an identifier, a decision.

    What one sender said lies in one component, whosever it is.
    """
    whose = customers(whole)
    if len(whole.customers) == 1 and news.statements and all(part.statements for part in near):
        return [*near]
    decided = {side for one in news.decisions for side in one.sides}
    mine = {whose[one.statement_id] for one in news.statements}
    senders = {one.source for one in news.statements}
    tied_pairs = pairs(news)

    def is_tied(part: Component) -> bool:
        for one in part.statements:
            if (
                one.source in senders
                or one.statement_id in decided
                or whose[one.statement_id] in mine
            ):
                return True
        return not tied_pairs.isdisjoint(pairs(part))

    kept: list[Component] = []
    rest = list(near)
    while tied := [part for part in rest if is_tied(part)]:
        kept += tied
        rest = [part for part in rest if part not in tied]
        if not rest:
            break
        for part in tied:
            tied_pairs |= pairs(part)
            mine |= {whose[one.statement_id] for one in part.statements}
    return [part for part in near if part in kept]


def _decided(parts: Iterable[Component]) -> tuple[Decision, ...]:
    return tuple(dict.fromkeys(one for part in parts for one in part.decisions))
