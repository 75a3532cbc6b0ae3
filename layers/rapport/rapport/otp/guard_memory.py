"""The guard's counters in memory: the twin of `guard_store`, for tests and simulations."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from rapport.contracts.events import Envelope
from rapport.otp.guard_blocks import Prefix
from rapport.otp.guard_books import PREFIX_SHARDS, SPEND_SHARDS, PrefixBook, SpendBook


class InMemoryGuardBooks:
    """`GuardBooks` in dictionaries; `events` collects what would ride on the items."""

    def __init__(self) -> None:
        self.prefixes: dict[tuple[str, int], PrefixBook] = {}
        self.spending: dict[int, SpendBook] = {}
        self.events: list[Envelope] = []

    def read(
        self, operators: Sequence[str], *, spending: bool, as_of_now: bool = False
    ) -> tuple[dict[str, Prefix], Sequence[SpendBook]]:
        """All shards of each prefix, and of money."""
        found = {
            operator: Prefix(
                [
                    self.prefixes.get((operator, shard), PrefixBook(operator, shard))
                    for shard in range(PREFIX_SHARDS)
                ]
            )
            for operator in operators
        }
        purses = [
            self.spending.get(shard, SpendBook(shard)) for shard in range(SPEND_SHARDS) if spending
        ]
        return found, purses

    def save_prefix(self, book: PrefixBook, events: Sequence[Envelope]) -> bool:
        """Put a book over the version it was read as."""
        key = (book.operator, book.shard)
        known = self.prefixes.get(key)
        if (known.version if known else 0) != book.version:
            return False
        self.prefixes[key] = replace(book, version=book.version + 1)
        self.events.extend(events)
        return True

    def save_spend(self, book: SpendBook, events: Sequence[Envelope]) -> bool:
        """Put a book over the version it was read as."""
        known = self.spending.get(book.shard)
        if (known.version if known else 0) != book.version:
            return False
        self.spending[book.shard] = replace(book, version=book.version + 1)
        self.events.extend(events)
        return True


class InMemorySources:
    """`Sources` in a dictionary."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, int], int] = {}

    def count(self, source: str, window: timedelta, now: datetime) -> int:
        """One start more in the window that `now` lies in."""
        key = (source, int(now.timestamp() // window.total_seconds()))
        self.counts[key] = self.counts.get(key, 0) + 1
        return self.counts[key]
