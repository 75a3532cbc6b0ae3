"""When a prefix is blocked, for how long, and when it is let go again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rapport.otp.guard_books import (
    OPERATOR,
    Block,
    Counts,
    Minutes,
    PrefixBook,
    shard_of,
    total,
)
from rapport.otp.guard_rules import GuardRules, Level

LOW_CONVERSION = "low_conversion"
OVER_BUDGET = "over_budget"


@dataclass(frozen=True)
class Standing:
    """How a prefix stands now: its block if it is shut, or would be with what has been counted.

    `block` is a block in force or due; None where starts may go on. `counts` are those of the long
    window, or since the last block ended where that is shorter.
    """

    counts: Counts
    block: Block | None

    def is_quiet(self, level: Level, rules: GuardRules) -> bool:
        """Whether hardly any code went there, or enough of them came back."""
        counts = self.counts
        return counts.unanswered < rules.quiet or _converts(counts, level)


@dataclass(frozen=True)
class Prefix:
    """All the shards of an operator prefix, read together."""

    books: Sequence[PrefixBook]

    def of_range(self, block: str) -> tuple[Sequence[Minutes], Block | None]:
        """What is counted of a range, and its last block."""
        book = self.books[shard_of(block)]
        return (book.range(block),), book.blocks.get(block)

    def of_operator(self) -> tuple[Sequence[Minutes], Block | None]:
        """What is counted of the whole prefix, and its last block."""
        totals = tuple(book.totals for book in self.books)
        return totals, self.books[0].blocks.get(OPERATOR)


def standing(
    minutes: Sequence[Minutes],
    known: Block | None,
    level: Level,
    rules: GuardRules,
    now: datetime,
    *,
    besides: int = 0,
) -> Standing:
    """How a prefix stands, with `besides` starts that are not counted yet."""
    known = remembered(known, rules, now)
    if known is not None and now < known.until:
        return Standing(total(minutes, now - rules.long_window), known)
    long = total(minutes, _since(known, now - rules.long_window)).plus(besides)
    short = total(minutes, _since(known, now - rules.window)).plus(besides)
    bars = ((short, level.unanswered), (long, level.patient))
    for counts, bar in bars:
        reason = _reason(counts, level, level.trial if known else bar, is_long=counts is long)
        if reason:
            return Standing(long, _block(reason, counts, known, rules, now))
    return Standing(long, None)


def recovered(
    minutes: Sequence[Minutes], block: Block, rules: GuardRules, now: datetime
) -> Counts | None:
    """The counts that lift `block` before its time: those that set it were answered after all.

    Only starts from before the block count, in both windows. Those after it are let through for
    other reasons, and would open the prefix to whoever it was closed to.
    """
    if block.reason != LOW_CONVERSION or not block.since <= now < block.until:
        return None
    short, long = (
        total(minutes, block.since - window, block.since)
        for window in (rules.window, rules.long_window)
    )
    enough = short.starts > 0 and all(
        counts.approvals >= rules.blocks.recovered * counts.starts for counts in (short, long)
    )
    return short if enough else None


def remembered(block: Block | None, rules: GuardRules, now: datetime) -> Block | None:
    """The last block, unless it ended so long ago that it no longer counts."""
    if block is None or now >= block.until + rules.blocks.forget:
        return None
    return block


def _since(known: Block | None, since: datetime) -> datetime:
    """A window begins anew where a block ended."""
    return max(since, known.until) if known else since


def _converts(counts: Counts, level: Level) -> bool:
    return counts.approvals >= level.conversion * counts.starts


def _reason(counts: Counts, level: Level, unanswered: int, *, is_long: bool) -> str | None:
    if not is_long and counts.starts > level.budget:
        return OVER_BUDGET
    is_low = counts.unanswered >= unanswered and not _converts(counts, level)
    return LOW_CONVERSION if is_low else None


def _block(
    reason: str, counts: Counts, known: Block | None, rules: GuardRules, now: datetime
) -> Block:
    strikes = known.strikes + 1 if known else 1
    length = rules.blocks.shortest
    for _ in range(strikes - 1):
        length = min(2 * length, rules.blocks.longest)
    return Block(reason, now, now + length, strikes, counts)
