"""Count what the verifications' stream tells, and block or release prefixes by it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from rapport.contracts.events import Data, Envelope, Metadata, envelope
from rapport.contracts.otp import CodeOrdered, VerificationApproved
from rapport.contracts.otp_guard import PrefixBlocked, PrefixReleased, SpendAlarmRaised
from rapport.kernel.clock import Clock
from rapport.kernel.errors import Transient
from rapport.kernel.ids import Ids
from rapport.otp.guard_blocks import Prefix, recovered, standing
from rapport.otp.guard_books import (
    OPERATOR,
    Block,
    Kind,
    Minutes,
    Observation,
    PrefixBook,
    Spent,
    shard_of,
    spend_shard_of,
    spent,
)
from rapport.otp.guard_ports import GuardBooks
from rapport.otp.guard_rules import Ceiling, GuardRules, Level

TRIES = 8


def _observation(
    event: Envelope,
    kind: Kind,
    data: CodeOrdered | VerificationApproved,
    *,
    first: bool = False,
    cost: int = 0,
) -> Observation:
    at = event.metadata.occurred_at
    return Observation(
        event_id=event.metadata.event_id,
        kind=kind,
        operator=data.operator or "",
        block=data.block or "",
        started_at=data.started_at,
        at=at,
        first=first,
        cost=cost,
    )


def observation(event: Envelope) -> Observation | None:
    """What an event of the verifications' stream counts for; None for one that counts nothing.

    Codes that go to no telephone number have no operator, and count for what they cost.
    """
    if event.detail_type == CodeOrdered.detail_type:
        order = CodeOrdered.model_validate(event.data)
        return _observation(event, Kind.ORDERED, order, first=order.is_first, cost=order.cost)
    if event.detail_type == VerificationApproved.detail_type:
        return _observation(event, Kind.APPROVED, VerificationApproved.model_validate(event.data))
    return None


class Counting:
    """Counts observations, a batch at a time; a batch that comes again changes nothing."""

    def __init__(
        self, books: GuardBooks, rules: Callable[[], GuardRules], clock: Clock, ids: Ids
    ) -> None:
        self._books = books
        self._rules = rules
        self._clock = clock
        self._ids = ids

    def count(self, observations: Iterable[Observation]) -> list[str]:
        """Count a batch: a read and a write for each shard it touches. Raises `Transient`.

        The alarms about spending that this raised, such as `hour_near`; each is raised once.
        """
        raised: list[str] = []
        by_shard: dict[tuple[str, int], list[Observation]] = defaultdict(list)
        by_purse: dict[int, list[Observation]] = defaultdict(list)
        for one in observations:
            if one.operator:
                by_shard[one.operator, shard_of(one.block)].append(one)
            if one.cost:
                by_purse[spend_shard_of(one.event_id)].append(one)
        for (operator, shard), group in by_shard.items():
            self._insist(partial(self._count_prefix, operator, shard, group))
        for shard, group in by_purse.items():
            self._insist(partial(self._count_money, shard, group, raised))
        return raised

    def _insist(self, write: Callable[[bool], bool]) -> None:
        """Others count the same prefix at the same time: read again and count on top of theirs.

        The first read may lag, which costs half; after a lost race it may not.
        """
        for tried in range(TRIES):
            if write(tried > 0):
                return
        raise Transient("Others count the same prefix all the time; try again.")

    def _count_prefix(
        self,
        operator: str,
        shard: int,
        group: Sequence[Observation],
        as_of_now: bool,
    ) -> bool:
        now = self._clock.now()
        prefixes, _ = self._books.read([operator], spending=False, as_of_now=as_of_now)
        books = list(prefixes[operator].books)
        rules = self._rules()
        counted = books[shard].counting(group, now - rules.long_window, now - rules.window)
        books[shard] = counted.forgetting(now - rules.blocks.forget)
        events: list[Envelope] = []
        for block in {one.block for one in group}:
            minutes, known = Prefix(books).of_range(block)
            change = self._weigh(operator + block, "range", minutes, known, now)
            if change:
                books[shard] = books[shard].with_block(block, change[0])
                events.append(change[1])
        if not self._books.save_prefix(books[shard], events):
            return False
        return self._weigh_operator(operator, books, shard, now)

    def _weigh_operator(
        self, operator: str, books: list[PrefixBook], saved: int, now: datetime
    ) -> bool:
        """Block or release the operator prefix, which shard 0 keeps; a write only for a change."""
        minutes, known = Prefix(books).of_operator()
        change = self._weigh(operator, "operator", minutes, known, now)
        if change is None:
            return True
        book = books[0]
        if saved == 0:
            book = replace(book, version=book.version + 1)
        return self._books.save_prefix(book.with_block(OPERATOR, change[0]), [change[1]])

    def _weigh(
        self,
        prefix: str,
        level: str,
        minutes: Sequence[Minutes],
        known: Block | None,
        now: datetime,
    ) -> tuple[Block | None, Envelope] | None:
        """The block that `prefix` gets (None: loses) and the fact of it; None for no change."""
        if known is not None:
            counts = recovered(minutes, known, self._rules(), now)
            if counts is not None:
                released = PrefixReleased(
                    prefix=prefix, level=level, starts=counts.starts, approvals=counts.approvals
                )
                return None, self._fact(released, now)
        found = standing(minutes, known, self._level(level), self._rules(), now).block
        return (
            None
            if found is None or found == known
            else (found, self._blocked(found, prefix, level, now))
        )

    def _blocked(self, block: Block, prefix: str, level: str, now: datetime) -> Envelope:
        fact = PrefixBlocked(
            prefix=prefix,
            level=level,
            reason=block.reason,
            starts=block.counts.starts,
            approvals=block.counts.approvals,
            strikes=block.strikes,
            until=block.until,
        )
        return self._fact(fact, now)

    def _level(self, name: str) -> Level:
        return self._rules().range_level if name == "range" else self._rules().operator_level

    def _count_money(
        self, shard: int, group: Sequence[Observation], told_now: list[str], as_of_now: bool
    ) -> bool:
        now = self._clock.now()
        _, books = self._books.read([], spending=True, as_of_now=as_of_now)
        counted = [*books]
        counted[shard] = books[shard].counting(group, now)
        told = {name for book in counted for name, until in book.alarms.items() if until > now}
        raised = [
            (name, until, fact)
            for name, until, fact in self._alarms(spent(counted, now), now)
            if name not in told
        ]
        alarms = {name: until for name, until in counted[shard].alarms.items() if until > now}
        alarms |= {name: until for name, until, _ in raised}
        events = [self._fact(fact, now) for _, _, fact in raised]
        if not self._books.save_spend(replace(counted[shard], alarms=alarms), events):
            return False
        told_now += [name for name, _, _ in raised]
        return True

    def _alarms(
        self, money: Spent, now: datetime
    ) -> Iterator[tuple[str, datetime, SpendAlarmRaised]]:
        """The alarms that hold now, each with a name and the time before which it is told once."""
        windows: tuple[tuple[str, int, Ceiling, timedelta], ...] = (
            ("hour", money.hour, self._rules().hour, timedelta(hours=1)),
            ("day", money.day, self._rules().day, timedelta(hours=24)),
        )
        for window, cost, ceiling, length in windows:
            limits = (("near", ceiling.alarm * ceiling.most), ("reached", ceiling.open_to_all))
            for name, limit in limits:
                if cost >= limit:
                    fact = SpendAlarmRaised(
                        window=window,
                        spent=cost,
                        ceiling=ceiling.most,
                        reached=name == "reached",
                    )
                    yield f"{window}_{name}", now + length, fact

    def _fact(self, data: Data, now: datetime) -> Envelope:
        return envelope(data, Metadata(event_id=self._ids.new("evt"), occurred_at=now))
