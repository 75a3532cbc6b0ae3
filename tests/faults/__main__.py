"""Explore faults from the command line: all stories, one story, or one fault again.

python -m tests.faults [--story NAME] [--call N --mode MODE] [--quick] [--calls] [--jobs N]
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from rapport.entrypoint.observability import logger
from tests.faults.explorer import Verdict, explore, judge, table, tell
from tests.faults.stories import STORIES


def main() -> int:
    """The exit status: 1 where a fault changes an end."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--story", choices=sorted(STORIES))
    parser.add_argument("--call", type=int)
    parser.add_argument("--mode")
    parser.add_argument("--quick", action="store_true", help="leave out deaths told already")
    parser.add_argument("--calls", action="store_true", help="list the calls of each story")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="stories at a time")
    given = parser.parse_args()
    _silence()
    if given.call:
        return _again(given.story, given.call, given.mode or "before")
    names = [given.story] if given.story else list(STORIES)
    if given.calls:
        for name in names:
            print(name)
            print(
                "\n".join(f"  {call} {' '.join(call.modes)}" for call in tell(STORIES[name]).calls)
            )
        return 0
    return _all(names, given.jobs, exhaustive=not given.quick)


def _all(names: list[str], jobs: int, *, exhaustive: bool) -> int:
    verdicts: list[Verdict] = []
    seconds: dict[str, float] = {}
    with ProcessPoolExecutor(jobs, initializer=_silence) as pool:
        for name, found, spent in pool.map(partial(_explored, exhaustive), names):
            verdicts += found
            seconds[name] = spent
    print(table(verdicts, seconds))
    bad = [one for one in verdicts if one.outcome == "DIFFERS"]
    for one in bad:
        print(f"\n{one.call} {one.mode}\n  {one.command}")
        print("\n".join(f"    {reason[:600]}" for reason in one.reasons[:12]))
    return 1 if bad else 0


def _explored(exhaustive: bool, name: str) -> tuple[str, list[Verdict], float]:
    began = time.process_time()
    found = list(explore(STORIES[name], exhaustive=exhaustive))
    return name, found, time.process_time() - began


def _silence() -> None:
    """A thousand failures on purpose need no log line each."""
    logger().setLevel("CRITICAL")


def _again(name: str, number: int, mode: str) -> int:
    base = tell(STORIES[name])
    call = base.calls[number - 1]
    verdict = judge(STORIES[name], base, call, mode)
    disturbed = tell(STORIES[name], (number, mode))
    for one in disturbed.calls:
        print(f"{one}{'   <-- ' + mode if one.number == number else ''}")
    print(verdict.outcome)
    print("\n".join(f"  {reason}" for reason in verdict.reasons))
    return 1 if verdict.outcome == "DIFFERS" else 0


if __name__ == "__main__":
    sys.exit(main())
