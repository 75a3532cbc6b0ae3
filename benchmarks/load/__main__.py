"""`make load`: scaled-down load on the running local stack; 1 where something is lost or doubled.

Times are this machine's with everything else it does; only losses and doubles decide.
"""

import argparse
import math
import os
import sys
import time
from collections.abc import Sequence

from benchmarks.load.scenarios import FULL, SCENARIOS, SMALL, Outcome, run
from local.context import StackContext


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that `share` of all are not above."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def text(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as a table."""
    head = f"{'':34}{'n':>6}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>9}"
    lines = [head]
    for one in outcomes:
        lines.append(f"\n{one.name}: {one.throughput:.0f} a second, drained in {one.drain:.1f} s")
        for what, values in one.latencies.items():
            if values:
                shares = [percentile(values, share) * 1000 for share in (0.5, 0.95, 0.99, 1)]
                figures = "".join(f"{value:>9.0f}" for value in shares)
                lines.append(f"  {what:32}{len(values):>6}{figures}")
        if one.count:
            told = ", ".join(f"{name} {value}" for name, value in vars(one.count).items())
            lines.append(f"  {told}" + (f", reposted {one.reposted}" if one.reposted else ""))
        lines += [f"  WRONG: {wrong}" for wrong in one.wrongs]
    return "\n".join(lines)


def main() -> int:
    """Run as a program."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--small", action="store_true", help="as CI runs it")
    asked = parser.parse_args()
    began = time.monotonic()
    names = asked.names or tuple(SCENARIOS)
    if unknown := set(names) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    outcomes = run(StackContext.load(), SMALL if asked.small else FULL, names)
    print(text(outcomes))
    load = os.getloadavg()[0]
    print(f"\n{time.monotonic() - began:.0f} s on {os.cpu_count()} processors, load {load:.1f}.")
    return int(any(one.wrongs for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
