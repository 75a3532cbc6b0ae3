"""Measure the product against the numbers we hold.

make bench                          everything, into benchmarks/RESULTS.md and last.json: ten
                                    minutes, and 5 GB of memory for a million customers
python -m benchmarks --counts       calls and units alone, in seconds; fails when over budget
python -m benchmarks --only cpu     or `cold`, `identity`: that part of it, printed only
python -m benchmarks --times        cold starts in CPU time even where valgrind could count
"""

import argparse
import json
import platform
import sys
from pathlib import Path

from benchmarks import report
from benchmarks.budgets import PRICES
from benchmarks.cold import CPU, LEAN_LAYER, Meter, best_meter, cold_starts
from benchmarks.cost import bill
from benchmarks.counts import counts, invocations_of, run_stories
from benchmarks.identity.speed import measure
from benchmarks.replaying import replay_of, timings
from benchmarks.report import Results
from benchmarks.stories import Stories
from benchmarks.stub import Stub

HERE = Path(__file__).parent
CUSTOMERS = (50_000, 1_000_000)


def main() -> int:
    """Run what is asked for; 1 where something is over budget."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--counts", action="store_true", help="calls and units alone")
    parser.add_argument("--json", action="store_true", help="with --counts: for programs")
    parser.add_argument(
        "--only", choices=("cpu", "cold", "identity"), help="one part, printed only"
    )
    parser.add_argument("--times", action="store_true", help="cold starts in CPU time")
    asked = parser.parse_args()
    results = _counted(stories := run_stories())
    if asked.counts:
        print(json.dumps(report.document(results)) if asked.json else report.counts_text(results))
        return int(not all(count.is_within for count in results.counts))
    with Stub() as stub:
        if asked.only in (None, "cpu"):
            _measure_cpu(stories, stub, results)
        if asked.only in (None, "cold"):
            _measure_cold(stories, stub, results, CPU if asked.times else best_meter())
    if asked.only in (None, "identity"):
        _measure_identity(results)
    print(report.text(results))
    if not asked.only:
        _write(results)
    return int(bool(results.failures))


def _counted(stories: Stories) -> Results:
    bills = {price.title: bill(invocations_of(price.stages, stories)) for price in PRICES}
    return Results(counts(stories), bills)


def _measure_cpu(stories: Stories, stub: Stub, results: Results) -> None:
    _say("CPU of each path against its floor program")
    results.timings = timings(replay_of(stories, stub))


def _measure_cold(stories: Stories, stub: Stub, results: Results, meter: Meter) -> None:
    results.cold_unit = meter.unit
    for one in cold_starts(stories, stub, meter):
        _say(f"cold start of {one.function}: {one.ratio:.2f}")
        results.colds.append(one)
    if not LEAN_LAYER.exists():
        results.notes.append("Cold starts used .venv: run `make build` for the lean layer.")


def _measure_identity(results: Results) -> None:
    for customers in CUSTOMERS:
        _say(f"identity among {customers:,} customers")
        results.speeds += measure(customers)


def _say(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)


def _write(results: Results) -> None:
    made_by = (
        f"Made by `make bench` on {platform.machine()}, Python {platform.python_version()}. Calls,"
        " units and cost are exact; of times only the ratios mean anything."
    )
    body = f"# The numbers we hold, last measured\n\n{made_by}\n\n```\n{report.text(results)}```\n"
    (HERE / "RESULTS.md").write_text(body)
    (HERE / "last.json").write_text(json.dumps(report.document(results), indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
