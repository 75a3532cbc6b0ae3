"""What pumping attacks cost, and what honest people lose, through the real fraud guard.

`python -m benchmarks.otp_report [--seed N] [--days N] [--only NAME] [--workers N]` lives seeded
weeks in virtual time (see `otp_world`) and prints a table; it fails when a goal is missed.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from benchmarks.otp_world import Attack, Honest, Outcome, World
from rapport.otp.guard_rules import Ceiling, GuardRules, Prices

MOST_LOST = 0.001
"""Of honest starts, over the week."""

RULES = GuardRules(
    version="report",
    countries=frozenset({"TW", "HK", "BR", "ES", "GB"}),
    # Assumed prices of one SMS; put your provider's into your own rules.
    prices=Prices(
        default=100_000,
        by_channel={
            "sms": {"TW": 45_000, "HK": 60_000, "BR": 25_000, "ES": 70_000, "GB": 50_000},
        },
    ),
    hour=Ceiling(most=250_000_000),
    day=Ceiling(most=2_000_000_000),
)
STRANGE = (
    "+449098790000",  # premium rate
    "+979123456789",  # international premium rate
    "+881612345678",  # satellite
    "+870773123456",  # satellite
    "+80812345678",  # shared cost
    "+447000000000",  # a personal number's range
    "+886999999999999",  # too long for anyone
    "+10005551234",  # an area that was never assigned
    "+447400123456",  # and one honest mobile among them
)
ATTACKS: tuple[Attack | None, ...] = (
    None,
    Attack("sequential numbers"),
    Attack("300 rented ranges", ranges=300),
    Attack("30 rented ranges", ranges=30),
    Attack("strange numbers", numbers=STRANGE, lasts=timedelta(minutes=3)),
    Attack("patient: 1 a second for 12 h", ranges=300, rate=1.0, lasts=timedelta(hours=12)),
)


COLUMNS = (
    "Attack",
    "Starts",
    "Sent",
    "It cost, USD",
    "Unguarded, USD",
    "Dearest hour of all codes, USD",
    "Honest starts",
    "Refused",
    "Lost",
    "Blocks",
)


@dataclass(frozen=True)
class Line:
    """One week of the report."""

    attack: Attack | None
    outcome: Outcome

    @property
    def failures(self) -> list[str]:
        """The goals it misses."""
        name = self.attack.name if self.attack else "no attack"
        found = []
        if self.outcome.loss >= MOST_LOST:
            found.append(f"{name}: honest people lost {self.outcome.loss:.3%}")
        dearest = max(self.outcome.attack_cost_by_hour.values(), default=0)
        if dearest >= RULES.hour.most or self.outcome.attack_cost >= RULES.day.most:
            found.append(f"{name}: the attack cost more than the ceiling of its hour or day")
        if max(self.outcome.cost_by_hour.values(), default=0) > RULES.hour.most:
            found.append(f"{name}: all codes of an hour cost more than its ceiling")
        return found


def live(attack: Attack | None, seed: int, days: float) -> Line:
    """Live one week under one attack."""
    world = World(seed, RULES, Honest(), attack, lasts=timedelta(days=days))
    return Line(attack, world.live())


def table(lines: Sequence[Line], seed: int, days: float) -> str:
    """The report in Markdown."""
    hour, day = _usd(RULES.hour.most), _usd(RULES.day.most)
    rows = [
        f"Seed {seed}, {days:g} days; ceilings: {hour} USD an hour, {day} USD a day.",
        "",
        _cells(COLUMNS),
        _cells(["---", *["--:"] * (len(COLUMNS) - 1)]),
    ]
    return "\n".join([*rows, *(_row(line) for line in lines), "", *map(_why, lines)])


def _row(line: Line) -> str:
    outcome, attack = line.outcome, line.attack
    each = sum(RULES.prices.by_channel["sms"].values()) / len(RULES.prices.by_channel["sms"])
    cells = (
        attack.name if attack else "none",
        f"{outcome.attacked:,}",
        f"{outcome.attack_sent:,}",
        _usd(outcome.attack_cost),
        _usd(int(outcome.attacked * each)),
        _usd(max(outcome.cost_by_hour.values(), default=0)),
        f"{outcome.honest:,}",
        f"{outcome.honest_refused:,}",
        f"{outcome.loss:.4%}",
        f"{outcome.facts['PrefixBlocked.v1']:,}",
    )
    return _cells(cells)


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _why(line: Line) -> str:
    name = line.attack.name if line.attack else "none"
    attack = _counts(line.outcome.attack_reasons)
    return f"- {name}: attack refused by {attack}; honest by {_counts(line.outcome.honest_reasons)}"


def _counts(reasons: dict[str, int]) -> str:
    ordered = sorted(reasons.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {count:,}" for name, count in ordered) or "nothing"


def _usd(micro: int) -> str:
    return f"{micro / 1_000_000:,.2f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.otp_report", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--only", help="attacks whose name has this in it")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args(arguments)
    attacks = [
        one for one in ATTACKS if not chosen.only or chosen.only in (one.name if one else "none")
    ]
    work = partial(live, seed=chosen.seed, days=chosen.days)
    with ProcessPoolExecutor(chosen.workers) as pool:
        lines = []
        for line in pool.map(work, attacks):
            lines.append(line)
            print(_row(line), file=sys.stderr, flush=True)
    print(table(lines, chosen.seed, chosen.days))
    failures = [failure for line in lines for failure in line.failures]
    print("\n".join(["", *failures]) if failures else "\nEvery goal is met.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
