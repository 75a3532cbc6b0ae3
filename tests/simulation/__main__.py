"""Live through seeded worlds: many small ones, one again, or a long one.

python -m tests.simulation --seeds N [--from S] [--jobs J] | --seed S [--long] [--trace] [--whole]
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from rapport.entrypoint.observability import logger
from tests.simulation.plan import LONG, SMALL, Size, plan_of
from tests.simulation.shrink import shrink, told
from tests.simulation.world import Ending, live


def main() -> int:
    """The exit status: 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, help="how many worlds")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worlds at a time")
    parser.add_argument("--seed", type=int, help="one world again")
    parser.add_argument("--long", action="store_true", help="2,000 customers, 90 days")
    parser.add_argument("--trace", action="store_true", help="tell what happens")
    parser.add_argument("--whole", action="store_true", help="do not shrink a failing world")
    given = parser.parse_args()
    size = LONG if given.long else SMALL
    _silence()
    if given.seeds:
        return _many(range(given.first, given.first + given.seeds), size, given.jobs)
    return _one(given.seed or given.first, size, is_told=given.trace, is_whole=given.whole)


def _many(seeds: range, size: Size, jobs: int) -> int:
    """All of them; the first that fails is told in short."""
    began, failed = time.monotonic(), []
    with ProcessPoolExecutor(jobs, initializer=_silence) as pool:
        for seed, line, is_broken in pool.map(_line, seeds, [size] * len(seeds)):
            print(line, flush=True)
            if is_broken:
                failed.append(seed)
    spent = time.monotonic() - began
    print(f"{len(seeds)} worlds, {len(failed)} broken, {spent / len(seeds):.1f} s each")
    return _one(failed[0], size, is_told=False, is_whole=size == LONG) if failed else 0


def _one(seed: int, size: Size, *, is_told: bool, is_whole: bool) -> int:
    began = time.process_time()
    ending = live(plan_of(seed, size), told=print if is_told else None)
    print(_told(ending, time.process_time() - began))
    if ending.broken is None:
        return 0
    option = " --long" if size == LONG else ""
    print(f"\nAgain: python -m tests.simulation --seed {seed}{option} --trace\n")
    if not is_whole:
        print("In short:")
        print(told(shrink(ending)))
    return 1


def _line(seed: int, size: Size) -> tuple[int, str, bool]:
    began = time.process_time()
    ending = live(plan_of(seed, size))
    return seed, _told(ending, time.process_time() - began), ending.broken is not None


def _told(ending: Ending, seconds: float) -> str:
    figures = ", ".join(f"{number} {name}" for name, number in ending.figures.items())
    lines = [f"seed {ending.plan.seed}  {seconds:.1f} s  {ending.digest}  {figures}"]
    if ending.broken is not None:
        again = f"python -m tests.simulation --seed {ending.plan.seed}"
        lines.append(f"  BROKEN {ending.broken}\n  {again}")
    return "\n".join(lines)


def _silence() -> None:
    """A thousand failures on purpose need no log line each."""
    logger().setLevel("CRITICAL")


if __name__ == "__main__":
    sys.exit(main())
