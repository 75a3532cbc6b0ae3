"""Make a failing plan short: leave out what the failure does not need."""

from collections.abc import Sequence
from dataclasses import replace

from tests.simulation.plan import Action, Plan, Spell
from tests.simulation.world import Ending, Plant, live

Part = Action | Spell


def shrink(failed: Ending, plant: Plant | None = None, most: int = 150) -> Ending:
    """The shortest failing world found in `most` tries; the same rule is broken in it."""
    assert failed.broken is not None
    rule = failed.broken.rule
    best = failed
    parts: list[Part] = [*failed.plan.actions, *failed.plan.spells]
    size, tries = len(parts) // 2, 0
    while size and tries < most:
        start, is_smaller = 0, False
        while start < len(parts) and tries < most:
            without = parts[:start] + parts[start + size :]
            ending = live(_plan(failed.plan, without), plant)
            tries += 1
            if ending.broken is not None and ending.broken.rule == rule:
                parts, best, is_smaller = without, ending, True
            else:
                start += size
        if not is_smaller or size > 1:
            size //= 2
    return best


def _plan(plan: Plan, parts: Sequence[Part]) -> Plan:
    return replace(
        plan,
        actions=tuple(one for one in parts if isinstance(one, Action)),
        spells=tuple(one for one in parts if isinstance(one, Spell)),
    )


def told(ending: Ending) -> str:
    """What a failing world was, for people."""
    plan = ending.plan
    parts: list[Part] = sorted([*plan.actions, *plan.spells], key=_when)
    lines = [f"  {part}" for part in parts]
    return "\n".join([*lines, f"  => {ending.broken}"])


def _when(part: Part) -> int:
    return part.at if isinstance(part, Action) else part.start
