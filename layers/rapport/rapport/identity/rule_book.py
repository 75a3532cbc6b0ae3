"""The rules in force, as functions read them."""

from datetime import datetime, timedelta

from rapport.identity.ports import RuleBook
from rapport.identity.rules import Rules
from rapport.kernel.clock import Clock

FRESH = timedelta(minutes=1)
"""For how long a function goes by the rules it read."""


class RulesInForce:
    """The rules in force, read at most once a minute."""

    def __init__(self, book: RuleBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        self._read: tuple[datetime, Rules] | None = None

    def __call__(self) -> Rules:
        """The rules, the defaults where nobody has changed them."""
        now = self._clock.now()
        if self._read is None or abs(now - self._read[0]) > FRESH:
            self._read = (now, self._book.current() or Rules())
        return self._read[1]
