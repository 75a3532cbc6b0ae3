"""docs/scale.md: what a year asks of each part, which quota binds first, and what it costs.

python -m benchmarks.planner            print it
python -m benchmarks.planner --write    into docs/scale.md
python -m benchmarks.planner --check    1 where docs/scale.md is out of date
python -m benchmarks.planner --messages 2e6 --interactions 10e6 --peak 20    another business's year
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.calls import Invocation
from benchmarks.cloud import BenchCloud
from benchmarks.cost import READ_UNIT
from benchmarks.demand import YEAR, Demand, Mix, demand
from benchmarks.quotas import QUOTAS, STORAGE_GB_MONTH, WEBSOCKET_MILLION_MINUTES, Quota
from benchmarks.stories import SPAN, STAFF, tell
from local.template import FUNCTION
from tests.tables import ROOT, resources

DOCUMENT = ROOT / "docs" / "scale.md"
Stages = Mapping[str, Sequence[Invocation]]


def counted() -> Stages:
    """Every stage of the benchmark's stories, and one that only a plan needs."""
    beginning = datetime.now(UTC).replace(microsecond=0) - SPAN
    with BenchCloud(beginning) as cloud:
        stages = dict(tell(cloud).stages)
        page = cloud.must(cloud.request("GET", "/v1/conversations", claims=STAFF)).json
        place = f"/v1/conversations/{page['items'][0]['conversation_id']}/resolve"
        resolved = partial(cloud.request, "POST", place, {}, claims=STAFF)
        stages["resolved"] = cloud.settle(lambda: cloud.must(resolved()))
    return stages


def ours(found: Demand) -> list[tuple[Quota, float]]:
    """What template.yaml itself limits, and the demand on it."""
    known, peak = resources(), found.mix.peak
    source, limits = "template.yaml", []
    settings = known.template["Globals"]["HttpApi"]["DefaultRouteSettings"]
    rate = float(settings["ThrottlingRateLimit"])
    title = "our own throttle of the HTTP API, counted over all routes"
    limits.append((Quota("", title, rate, "a second", True, source), found.calls["http"] * peak))
    busy = found.functions["DispatchMessagesFunction"][1] * found.mix.largest_medium * peak
    events = known.of_kind(FUNCTION)["DispatchMessagesFunction"]["Properties"]["Events"]
    most = min(
        float(one["Properties"]["ScalingConfig"]["MaximumConcurrency"]) for one in events.values()
    )
    title = "our own bound on senders of one medium (MaximumConcurrency)"
    limits.append((Quota("", title, most, "at once", True, source), busy))
    return limits


def binding(stages: Stages, mix: Mix) -> list[tuple[Quota, float, float]]:
    """Each limit, the peak's demand on it, and the share of this volume at which it binds."""
    found = demand(stages, mix)
    asked = [(quota, found.needs[quota.key]) for quota in QUOTAS] + ours(found)
    rows = []
    for number, (quota, need) in enumerate(asked):
        rows.append((quota, need, _binds_at(stages, mix, number, quota.limit)))
    return sorted(rows, key=lambda row: row[2])


def _binds_at(stages: Stages, mix: Mix, number: int, limit: float) -> float:
    """By halving: some demands grow faster than the volume."""

    def fits(share: float) -> bool:
        found = demand(stages, mix.times(share))
        needs = [found.needs[quota.key] for quota in QUOTAS] + [need for _, need in ours(found)]
        return needs[number] <= limit

    low, high = 0.0, 1024.0
    if fits(high):
        return float("inf")
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def rounded(value: float) -> str:
    """Three digits that mean something: drift below that is nobody's business."""
    if value == float("inf"):
        return "never"
    if value == 0:
        return "0"
    if abs(value) >= 100:
        digits = len(str(int(abs(value)))) - 3
        return f"{int(round(value, -digits)):,}"
    return f"{value:.3g}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; columns after the first two hold numbers."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def money(found: Demand) -> list[tuple[str, float]]:
    """The year's bill by line, USD."""
    stored = sum(found.stored.values()) / 1e9
    # It grows evenly over the year: half of it, on the mean.
    lines = [
        *found.bill.items(),
        ("DynamoDB storage, first year", stored / 2 * STORAGE_GB_MONTH * 12),
    ]
    minutes = found.mix.agents / found.mix.peak * YEAR / 60 / 1e6
    queue = found.queue_units * YEAR / 1e6 * READ_UNIT
    lines.append(("DynamoDB read units of routing's queue", queue))
    lines.append(("WebSocket minutes", minutes * WEBSOCKET_MILLION_MINUTES))
    return sorted(lines, key=lambda line: -line[1])


def render(stages: Stages, mix: Mix) -> str:
    """The document."""
    found = demand(stages, mix)
    parts: list[Callable[[], str]] = [
        lambda: _head(mix),
        lambda: _limits(binding(stages, mix), mix),
        lambda: _functions(found),
        lambda: _tables(found),
        lambda: _queues(found),
        lambda: _bill(found),
    ]
    return "\n\n".join(part() for part in parts) + "\n"


def _head(mix: Mix) -> str:
    return f"""\
# What a year needs

Computed by `python -m benchmarks.planner` from the calls that the real handlers make and the units
of the items they write (`make bench` counts the same); nothing here is typed in. `make scale`
writes it anew; with arguments, the planner prints another business's year.

The year: {rounded(mix.interactions)} journey interactions, {rounded(mix.messages)} of them calls
and messages (the 2022 industry report's). What it consists of is assumed:

{table(("Assumption", "Value"), _assumptions(mix))}

Time in functions is `benchmarks/cost.py`'s assumption (waiting and CPU a call), not measured."""


def _assumptions(mix: Mix) -> list[tuple[str, str]]:
    return [
        ("Peak second against the year's mean", f"{mix.peak:g} times"),
        ("Messages that customers write", f"{mix.inbound:.0%} (the rest are ours)"),
        ("Customer's messages in a conversation", f"{mix.per_conversation:g}"),
        ("Conversations begun by somebody new", f"{mix.new_people:.0%}"),
        ("Receipts for a message of ours", f"{mix.receipts}"),
        ("Other interactions", "tracked events, one a request"),
        ("Tracked events of new visitors", f"{mix.new_visitors:.0%}"),
        ("Handling time of a conversation", f"{mix.handling_minutes:g} minutes"),
        ("Conversations at once an agent, occupancy", f"{mix.at_once:g}, {mix.occupancy:.0%}"),
        ("Agents there at the peak (follows)", rounded(mix.agents)),
        ("Our messages on the largest medium", f"{mix.largest_medium:.0%}"),
        ("Channel accounts that an environment reads", f"{mix.accounts}"),
    ]


def _limits(rows: Sequence[tuple[Quota, float, float]], mix: Mix) -> str:
    first = rows[0][0]
    told = [
        (
            quota.title,
            rounded(quota.limit),
            rounded(need),
            rounded(need / quota.limit),
            rounded(mix.messages * share) if share != float("inf") else "never",
            quota.unit,
            "yes" if quota.can_be_raised else "**no**",
            quota.source,
        )
        for quota, need, share in rows
    ]
    hard = next(quota for quota, _, _ in rows if not quota.can_be_raised)
    return f"""\
## What binds first

First: **{first.title}**. First of those that nobody raises: **{hard.title}**.
"Binds at" is the yearly number of messages, in the same mix, at which the peak meets the limit.

{table(("Limit", "Value", "Peak", "Share", "Binds at", "Unit", "Can be raised", "Source"), told)}"""


def _functions(found: Demand) -> str:
    peak = found.mix.peak
    rows = [
        (name.removesuffix("Function"), rounded(rate), rounded(rate * peak), rounded(busy * peak))
        for name, (rate, busy) in sorted(found.functions.items(), key=lambda one: -one[1][1])
    ]
    head = ("Function", "Invocations a second, mean", "peak", "Environments at the peak")
    return f"## Functions\n\n{table(head, rows)}"


def _tables(found: Demand) -> str:
    peak, reads = found.mix.peak, found.mix.peak * found.calls["queue reads"]
    rows = [
        (
            name.removesuffix("Table"),
            rounded(found.writes[name]),
            rounded(found.writes[name] * peak),
            rounded(found.reads[name] * peak),
            rounded(found.stored[name] / 1e9),
        )
        for name in sorted(found.writes | found.reads, key=lambda one: -found.writes[one])
    ]
    head = ("Table", "Write units a second, mean", "peak", "Read units, peak", "GB new in the year")
    return f"""\
## Tables

{table(head, rows)}

Routing's own reads of its queue come on top: {rounded(reads)} a second at the peak, each of the
whole partition: {rounded(found.queue_bytes / 1024)} KB with {rounded(found.mix.agents)} agents on
it (those who are offline lie there too: with shifts it is more)."""


def _queues(found: Demand) -> str:
    peak = found.mix.peak
    rows = [
        (name, rounded(rate), rounded(rate * peak))
        for name, rate in sorted(found.messages.items(), key=lambda one: -one[1])
    ]
    others = [
        ("EventBridge bus (events)", found.calls["events"]),
        ("HTTP API (requests)", found.calls["http"]),
        ("WebSocket API (frames pushed)", found.calls["pushes"]),
    ]
    rows += [(name, rounded(rate), rounded(rate * peak)) for name, rate in others]
    head = ("Queue, bus, API", "Messages a second, mean", "peak")
    return f"## Queues, bus and APIs\n\n{table(head, rows)}"


def _bill(found: Demand) -> str:
    lines = money(found)
    total = sum(usd for _, usd in lines)
    rows = [(what, rounded(usd), f"{usd / total:.0%}") for what, usd in lines]
    rows.append(("**Total**", f"**{rounded(total)}**", ""))
    each = total / found.mix.interactions * 1e6
    return f"""\
## What the year costs

List prices of us-east-1 (`benchmarks/cost.py`), USD: {rounded(each)} a million interactions. Left
out: providers' fees, KMS, backups, data transfer, Cognito, what people read, support.

{table(("Line", "USD a year", "Share"), rows)}"""


def main() -> int:
    """Run as a program."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.planner",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--messages", type=float, default=Mix.messages)
    parser.add_argument("--interactions", type=float, default=Mix.interactions)
    parser.add_argument("--peak", type=float, default=Mix.peak)
    parser.add_argument("--write", action="store_true", help="into docs/scale.md")
    parser.add_argument("--check", action="store_true", help="1 where docs/scale.md is old")
    asked = parser.parse_args()
    mix = Mix(asked.messages, asked.interactions, asked.peak)
    text = render(counted(), mix)
    if asked.check:
        return _checked(DOCUMENT, text)
    if asked.write:
        DOCUMENT.write_text(text)
    else:
        print(text)
    return 0


def _checked(document: Path, text: str) -> int:
    if document.exists() and document.read_text() == text:
        return 0
    print("docs/scale.md is out of date: run `make scale`.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
