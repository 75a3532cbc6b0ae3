"""Randomness by name: the same question gets the same answer, whatever else was asked before.

So a world with an action less goes on as before where the action meant nothing, which is what lets
a failing seed shrink. Integers and one division only: no stream of numbers, no libm, no hash seed.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
_SPAN = 1 << 53


class Chance:
    """Answers of one seed."""

    def __init__(self, seed: int) -> None:
        key = str(seed).encode()
        self._begun = {size: blake2b(key=key, digest_size=size) for size in range(1, 65)}

    def bits(self, number: int, *names: object) -> int:
        """A number of at most `number` (up to 512) bits."""
        hashed = self._begun[(number + 7) // 8].copy()
        hashed.update("|".join(map(str, names)).encode())
        return int.from_bytes(hashed.digest(), "big") & ((1 << number) - 1)

    def unit(self, *names: object) -> float:
        """A number from 0 up to, but not, 1."""
        return self.bits(53, *names) / _SPAN

    def happens(self, share: float, *names: object) -> bool:
        """Yes in `share` of all cases."""
        return share > 0 and self.unit(*names) < share

    def between(self, low: int, high: int, *names: object) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + self.bits(64, *names) % (high - low + 1)

    def pick(self, options: Sequence[T], *names: object) -> T:
        """One of `options`."""
        return options[self.bits(64, *names) % len(options)]
