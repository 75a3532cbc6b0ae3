"""Identifiers: a prefix that says what it names, then time and randomness, sortable as text."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from rapport.kernel.clock import Clock, SystemClock

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
TIME_CHARS = 10

_PAIRS = [one + two for one in ALPHABET for two in ALPHABET]


class Ids(Protocol):
    """Makes new identifiers."""

    def new(self, prefix: str) -> str:
        """A new id such as `msg_01k9…`: `prefix`, underscore, 26 characters (ULID layout)."""
        ...


class RandomIds:
    """48 bits of milliseconds and 80 random bits (the ULID layout), lower case."""

    def __init__(
        self,
        clock: Clock | None = None,
        randbits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self._clock = clock or SystemClock()
        self._randbits = randbits
        self._told = (-1, "")  # a millisecond, and its text, which many ids in a row begin with

    def new(self, prefix: str) -> str:
        """A new id; ids of later milliseconds sort after earlier ones."""
        millis = int(self._clock.now().timestamp() * 1000)
        told, time = self._told
        if told != millis:
            time = encode(millis, TIME_CHARS)
            self._told = (millis, time)
        return f"{prefix}_{time}{_sixteen(self._randbits(80))}"


def encode(number: int, width: int) -> str:
    """`number` in Crockford base 32, left-padded with zeros to `width` characters."""
    shifts = range((width - 1) // 2 * 10, -1, -10)
    return "".join([_PAIRS[number >> shift & 1023] for shift in shifts])[-width:]


def _sixteen(number: int) -> str:
    """The same of 80 bits, without a loop: it is most of what an id costs."""
    return (
        f"{_PAIRS[number >> 70]}{_PAIRS[number >> 60 & 1023]}"
        f"{_PAIRS[number >> 50 & 1023]}{_PAIRS[number >> 40 & 1023]}"
        f"{_PAIRS[number >> 30 & 1023]}{_PAIRS[number >> 20 & 1023]}"
        f"{_PAIRS[number >> 10 & 1023]}{_PAIRS[number & 1023]}"
    )


def time_prefix(moment: datetime) -> str:
    """The first ten characters of every id made in that millisecond: a lower bound for ranges."""
    return encode(int(moment.timestamp() * 1000), TIME_CHARS)
