"""What goes wrong between a function and what it calls: around port methods, each one call."""

from collections.abc import Callable
from typing import Any

from rapport.kernel.errors import Transient
from tests.platform.cloud import Died
from tests.simulation.chance import Chance
from tests.simulation.plan import Spell
from tests.simulation.timeline import Timeline

LOST = "The answer did not come."
CALLS = frozenset({"death", "throttled", "lost", "again", "partial"})
"""The spells that hit calls of AWS."""


class AnswerNeverCame(Exception):
    """botocore's time-out: the call may have taken effect, and here it has."""


class Weather:
    """The spells of now, and whom they hit. `base` is the share of calls at which one dies.

    `clocks` are the spells so far in which clocks were off.
    """

    def __init__(self, chance: Chance, timeline: Timeline, base: float = 0.0005) -> None:
        self._chance = chance
        self._timeline = timeline
        self._base = base
        self.active: list[Spell] = []
        self.clocks: list[Spell] = []
        self.is_calm = False
        self.faults = 0
        self.told: Callable[[str], None] | None = None

    def begin(self, spell: Spell) -> None:
        """A spell begins."""
        self.active.append(spell)
        if spell.kind == "clock":
            self.clocks.append(spell)

    def end(self, spell: Spell) -> None:
        """A spell is over."""
        self.active.remove(spell)

    def hits(self, kind: str, *names: object) -> bool:
        """Whether a spell of `kind` hits what is named, now."""
        return any(
            spell.kind == kind and self._is_hit(spell.share, spell.number, names)
            for spell in self.active
        )

    def skew(self, function: str) -> int:
        """How far a function's clock is off, in milliseconds."""
        return sum(spell.skew for spell in self.active if spell.function in ("", function))

    def fault(self, port: str, method: str) -> str | None:
        """How this call goes wrong; None for most."""
        if self.is_calm:
            return None
        names = (port, method)
        if self._is_hit(self._base, "base", names):
            return self._chance.pick(("died before", "died after"), "when", self._timeline.ms)
        for spell in self.active:
            if spell.kind in CALLS and self._is_hit(spell.share, spell.number, names):
                if spell.kind != "death":
                    return spell.kind
                return self._chance.pick(("died before", "died after"), "how", self._timeline.ms)
        return None

    def call(self, fault: str | None, port: str, method: str, act: Callable[[], Any]) -> Any:
        """Make one call with its fault."""
        if fault is None:
            return act()
        self.faults += 1
        if fault == "partial":
            return act()
        if self.told:
            self.told(f"{port}.{method}: {fault}")
        if fault == "died before":
            raise Died
        if fault == "throttled":
            raise Transient("The table is busy; try again.")
        act()
        if fault == "died after":
            raise Died
        if fault == "lost":
            raise AnswerNeverCame(LOST)
        return act()  # the first answer was lost, and botocore has asked again

    def _is_hit(self, share: float, spell: object, names: object) -> bool:
        return self._chance.happens(share, "hit", spell, names, self._timeline.ms)
