"""What the guard needs from storage. A method is one atomic AWS call."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from rapport.contracts.events import Envelope
from rapport.otp.guard_blocks import Prefix
from rapport.otp.guard_books import PrefixBook, SpendBook


class GuardBooks(Protocol):
    """What was counted of prefixes and money."""

    def read(
        self, operators: Sequence[str], *, spending: bool, as_of_now: bool = False
    ) -> tuple[Mapping[str, Prefix], Sequence[SpendBook]]:
        """The books of operator prefixes (at most 20) and, if asked, of money.

        Empty ones where nothing is counted yet. Unless `as_of_now`, a read may lag a write by a
        moment, and costs half.
        """
        ...

    def save_prefix(self, book: PrefixBook, events: Sequence[Envelope]) -> bool:
        """Put a book that was read as `book.version`; False where another write came first."""
        ...

    def save_spend(self, book: SpendBook, events: Sequence[Envelope]) -> bool:
        """Put a book that was read as `book.version`; False where another write came first."""
        ...


class Sources(Protocol):
    """The starts of each source."""

    def count(self, source: str, window: timedelta, now: datetime) -> int:
        """Count one start more; how many there are in the window that `now` lies in.

        Windows follow one another, e.g. every ten minutes on the ten.
        """
        ...
