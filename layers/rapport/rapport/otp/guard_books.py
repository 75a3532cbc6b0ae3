"""What the guard has counted: starts and approvals by prefix, and money. Pure, and immutable.

An operator prefix is kept in `PREFIX_SHARDS` books, each range in one of them; what was spent in
`SPEND_SHARDS`. An approval is counted where its start was, in the minute of the start, so that a
share is always one of the same starts. Each event counts once: a book remembers lately seen ones.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from zlib import crc32

PREFIX_SHARDS = 4
SPEND_SHARDS = 4
MINUTE = 60
HOUR = 3600
SEEN_MINUTES = 5
"""How long an event is remembered: a stream repeats a failed batch within seconds."""
COARSE_MINUTES = 30
MOST_RANGES = 500
"""Per book; beyond it the ranges that were used least lately give way (an item ends at 400 KB)."""
OPERATOR = "*"
"""Where a book keeps the block of the operator prefix itself; of no range's digits."""

Tally = tuple[int, int]
"""Starts, approvals."""
Minutes = Mapping[int, Tally]


class Kind(StrEnum):
    """`ordered`: a code was ordered from a provider. `approved`: one was answered rightly."""

    ORDERED = "ordered"
    APPROVED = "approved"


@dataclass(frozen=True)
class Observation:
    """One event of the verifications' stream.

    `first`: the order that began the verification, not a resend or fallback. `cost` is in
    millionths of a US dollar, of an order only.
    """

    event_id: str
    kind: Kind
    operator: str
    block: str
    started_at: datetime
    at: datetime
    first: bool = True
    cost: int = 0


@dataclass(frozen=True)
class Counts:
    """Starts of a window, and how many of them were approved."""

    starts: int = 0
    approvals: int = 0

    @property
    def unanswered(self) -> int:
        """Starts without approval, those still under way included."""
        return self.starts - self.approvals

    def plus(self, starts: int, approvals: int = 0) -> "Counts":
        """These and so many more."""
        return Counts(self.starts + starts, self.approvals + approvals)


@dataclass(frozen=True)
class Block:
    """A prefix is shut from `since` to `until`; `strikes` counts its blocks in a row, this one too.

    `counts` and `reason` tell why: `low_conversion` or `over_budget`.
    """

    reason: str
    since: datetime
    until: datetime
    strikes: int
    counts: Counts


@dataclass(frozen=True)
class PrefixBook:
    """One shard of an operator prefix: its totals and ranges by minute, and what is blocked."""

    operator: str
    shard: int
    version: int = 0
    totals: Minutes = field(default_factory=dict)
    ranges: Mapping[str, Minutes] = field(default_factory=dict)
    blocks: Mapping[str, Block] = field(default_factory=dict)
    seen: Mapping[int, Sequence[str]] = field(default_factory=dict)

    def range(self, block: str) -> Minutes:
        """What is counted of a range."""
        return self.ranges.get(block, {})

    def counting(
        self,
        observations: Iterable[Observation],
        since: datetime,
        fine_since: datetime | None = None,
    ) -> "PrefixBook":
        """The same with `observations` counted, and what began before `since` dropped.

        What began before `fine_since` is kept by the half hour only, to save room.
        """
        oldest = minute_of(since)
        fine = minute_of(fine_since) if fine_since else oldest
        totals, ranges = dict(self.totals), dict(self.ranges)
        seen = {minute: list(marks) for minute, marks in self.seen.items()}
        known = {mark for marks in seen.values() for mark in marks}
        for one in observations:
            if _mark(one) in known:
                continue
            known.add(_mark(one))
            seen.setdefault(minute_of(one.at), []).append(_mark(one))
            begun = minute_of(one.started_at)
            minute = _coarse(begun, fine)
            starts, approvals = _worth(one)
            if begun >= oldest and (starts or approvals):
                totals[minute] = _sum(totals.get(minute), starts, approvals)
                minutes = ranges[one.block] = dict(ranges.get(one.block, {}))
                minutes[minute] = _sum(minutes.get(minute), starts, approvals)
        return replace(
            self,
            totals=_compact(totals, oldest, fine),
            ranges=_kept(ranges, oldest, fine),
            seen=_latest(seen),
        )

    def forgetting(self, before: datetime) -> "PrefixBook":
        """The same without blocks that ended before then."""
        kept = {name: block for name, block in self.blocks.items() if block.until > before}
        return self if len(kept) == len(self.blocks) else replace(self, blocks=kept)

    def with_block(self, name: str, block: Block | None) -> "PrefixBook":
        """The same with `name` (a range's digits, or `OPERATOR`) blocked so, or not at all."""
        others = {key: value for key, value in self.blocks.items() if key != name}
        return replace(self, blocks=others if block is None else others | {name: block})


@dataclass(frozen=True)
class SpendBook:
    """One shard of what was spent, by five minutes, by the hour, and lately by the minute.

    `alarms`: until when each alarm has been told. All in millionths of a US dollar.
    """

    shard: int
    version: int = 0
    lately: Mapping[int, int] = field(default_factory=dict)
    fives: Mapping[int, int] = field(default_factory=dict)
    hours: Mapping[int, int] = field(default_factory=dict)
    alarms: Mapping[str, datetime] = field(default_factory=dict)
    seen: Mapping[int, Sequence[str]] = field(default_factory=dict)

    def counting(self, observations: Iterable[Observation], now: datetime) -> "SpendBook":
        """The same with the costs of `observations`, and without what no window reaches."""
        seen = {minute: list(marks) for minute, marks in self.seen.items()}
        known = {mark for marks in seen.values() for mark in marks}
        lately, fives, hours = dict(self.lately), dict(self.fives), dict(self.hours)
        for one in observations:
            if _mark(one) in known:
                continue
            known.add(_mark(one))
            seen.setdefault(minute_of(one.at), []).append(_mark(one))
            for slots, length in ((lately, MINUTE), (fives, 5 * MINUTE), (hours, HOUR)):
                slot = _slot(one.at, length)
                slots[slot] = slots.get(slot, 0) + one.cost
        return replace(
            self,
            lately=_slots_from(lately, _slot(now, MINUTE) - 1),
            fives=_slots_from(fives, _slot(now - timedelta(hours=1), 5 * MINUTE)),
            hours=_slots_from(hours, _slot(now - timedelta(hours=24), HOUR)),
            seen=_latest(seen),
        )


@dataclass(frozen=True)
class Spent:
    """What the last hour and day cost, and what a second costs now, over all shards."""

    hour: int = 0
    day: int = 0
    a_second: float = 0.0


def spent(books: Iterable[SpendBook], now: datetime) -> Spent:
    """The sums of sliding windows; the slot a window begins in counts whole, on the safe side."""
    hour_from, day_from = now - timedelta(hours=1), now - timedelta(hours=24)
    hour = day = before = current = 0
    this = _slot(now, MINUTE)
    for book in books:
        hour += sum(_slots_from(book.fives, _slot(hour_from, 5 * MINUTE)).values())
        day += sum(_slots_from(book.hours, _slot(day_from, HOUR)).values())
        before += book.lately.get(this - 1, 0)
        current += book.lately.get(this, 0)
    gone = max(5.0, now.timestamp() - this * MINUTE)
    return Spent(hour, day, max(before / MINUTE, current / gone))


def total(books: Iterable[Minutes], since: datetime, until: datetime | None = None) -> Counts:
    """The counts from the minute of `since` to that of `until`, both included."""
    oldest, newest = minute_of(since), minute_of(until) if until else None
    starts = approvals = 0
    for minutes in books:
        for minute, tally in minutes.items():
            if minute >= oldest and (newest is None or minute <= newest):
                starts += tally[0]
                approvals += tally[1]
    return Counts(starts, approvals)


def shard_of(block: str) -> int:
    """The shard of an operator prefix that keeps a range."""
    return crc32(block.encode()) % PREFIX_SHARDS


def spend_shard_of(event_id: str) -> int:
    """The shard that an event's cost goes to: the same whenever the event comes again."""
    return crc32(event_id.encode()) % SPEND_SHARDS


def minute_of(moment: datetime) -> int:
    """Minutes since 1970."""
    return _slot(moment, MINUTE)


def prefix_content(book: PrefixBook) -> str:
    """What an item holds of a book, as compact JSON."""
    return _dumps(
        {
            "totals": _written(book.totals),
            "ranges": {block: _written(minutes) for block, minutes in book.ranges.items()},
            "blocks": {name: _block_written(block) for name, block in book.blocks.items()},
            "seen": {str(minute): list(marks) for minute, marks in book.seen.items()},
        }
    )


def prefix_book(operator: str, shard: int, version: int, content: str) -> PrefixBook:
    """The book that `prefix_content` wrote."""
    read = json.loads(content)
    return PrefixBook(
        operator,
        shard,
        version,
        totals=_read(read["totals"]),
        ranges={block: _read(minutes) for block, minutes in read["ranges"].items()},
        blocks={name: _block_read(block) for name, block in read["blocks"].items()},
        seen={int(minute): tuple(marks) for minute, marks in read["seen"].items()},
    )


def spend_content(book: SpendBook) -> str:
    """What an item holds of a book, as compact JSON."""
    return _dumps(
        {
            "lately": {str(slot): cost for slot, cost in book.lately.items()},
            "fives": {str(slot): cost for slot, cost in book.fives.items()},
            "hours": {str(slot): cost for slot, cost in book.hours.items()},
            "alarms": {name: _seconds(until) for name, until in book.alarms.items()},
            "seen": {str(minute): list(marks) for minute, marks in book.seen.items()},
        }
    )


def spend_book(shard: int, version: int, content: str) -> SpendBook:
    """The book that `spend_content` wrote."""
    read = json.loads(content)
    return SpendBook(
        shard,
        version,
        lately={int(slot): cost for slot, cost in read["lately"].items()},
        fives={int(slot): cost for slot, cost in read["fives"].items()},
        hours={int(slot): cost for slot, cost in read["hours"].items()},
        alarms={name: _moment(until) for name, until in read["alarms"].items()},
        seen={int(minute): tuple(marks) for minute, marks in read["seen"].items()},
    )


def _dumps(value: object) -> str:
    # Ours to write and ours to read: the kernel's reader is for what strangers wrote.
    return json.dumps(value, separators=(",", ":"))


def _mark(one: Observation) -> str:
    """A digest of the event's id: 40 bits, kept for minutes."""
    return blake2b(one.event_id.encode(), digest_size=5).hexdigest()


def _worth(one: Observation) -> Tally:
    if one.kind is Kind.APPROVED:
        return 0, 1
    return (1, 0) if one.first else (0, 0)


def _sum(known: Tally | None, starts: int, approvals: int) -> Tally:
    before = known or (0, 0)
    return before[0] + starts, before[1] + approvals


def _coarse(minute: int, fine: int) -> int:
    """The slot of a minute: itself, or the half hour it lies in when that is before `fine`."""
    return minute if minute >= fine else minute - minute % COARSE_MINUTES


def _compact(minutes: Minutes, oldest: int, fine: int) -> Minutes:
    oldest -= COARSE_MINUTES - 1 if fine > oldest else 0  # a half hour that began before goes on
    if all(minute >= oldest and _coarse(minute, fine) == minute for minute in minutes):
        return minutes
    compact: dict[int, Tally] = {}
    for minute, tally in minutes.items():
        if minute >= oldest:
            slot = _coarse(minute, fine)
            compact[slot] = _sum(compact.get(slot), *tally)
    return compact


def _kept(ranges: Mapping[str, Minutes], oldest: int, fine: int) -> Mapping[str, Minutes]:
    recent = {block: _compact(minutes, oldest, fine) for block, minutes in ranges.items()}
    used = {block: minutes for block, minutes in recent.items() if minutes}
    if len(used) <= MOST_RANGES:
        return used
    latest_first = sorted(used.items(), key=lambda item: -max(item[1]))
    return dict(latest_first[:MOST_RANGES])


def _latest(seen: Mapping[int, list[str]]) -> Mapping[int, Sequence[str]]:
    newest = max(seen, default=0)
    return {
        minute: tuple(marks) for minute, marks in seen.items() if minute > newest - SEEN_MINUTES
    }


def _slots_from(slots: Mapping[int, int], oldest: int) -> Mapping[int, int]:
    return {slot: cost for slot, cost in slots.items() if slot >= oldest}


def _slot(moment: datetime, length: int) -> int:
    return _seconds(moment) // length


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _written(minutes: Minutes) -> dict[str, list[int]]:
    return {str(minute): list(tally) for minute, tally in minutes.items()}


def _read(minutes: Mapping[str, Sequence[int]]) -> dict[int, Tally]:
    return {int(minute): (tally[0], tally[1]) for minute, tally in minutes.items()}


def _block_written(block: Block) -> list[object]:
    counts = [block.counts.starts, block.counts.approvals]
    return [block.reason, _seconds(block.since), _seconds(block.until), block.strikes, *counts]


def _block_read(written: Sequence[object]) -> Block:
    reason, since, until, strikes, starts, approvals = written
    counts = Counts(int(str(starts)), int(str(approvals)))
    times = _moment(int(str(since))), _moment(int(str(until)))
    return Block(str(reason), *times, int(str(strikes)), counts)
