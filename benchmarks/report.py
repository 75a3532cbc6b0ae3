"""The results as a table that needs no explaining, for a terminal, a file and a program."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.budgets import (
    COLD_RATIO,
    CPU_RATIO,
    IDENTITY_P99_US,
    IDENTITY_PER_SECOND,
    PRICES,
    Price,
)
from benchmarks.cold import ColdStart
from benchmarks.cost import ASSUMPTIONS, Line, total
from benchmarks.counts import Count
from benchmarks.identity.speed import Speed
from benchmarks.processor import Timing

PASS, FAIL, REPORTED = "pass", "FAIL", "-"


@dataclass
class Results:
    """Everything measured; what was not asked for is empty."""

    counts: list[Count]
    bills: dict[str, list[Line]]
    timings: dict[str, list[Timing]] = field(default_factory=dict)
    colds: list[ColdStart] = field(default_factory=list)
    cold_unit: str = "ms"
    speeds: list[Speed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """Every number over its budget."""
        found = [count.row.title.strip() for count in self.counts if not count.is_within]
        found += [price.title for price in PRICES if _over(price, self.bills[price.title])]
        found += [f"CPU: {title.strip()}" for title in self.timings if _is_slow(self, title)]
        found += [f"cold start: {one.function}" for one in self.colds if one.ratio > COLD_RATIO]
        found += [f"identity, {one.customers:,} customers" for one in self.speeds if _lags(one)]
        return found


def _over(price: Price, bill: Sequence[Line]) -> bool:
    return price.usd is not None and total(bill) > price.usd


def _is_slow(results: Results, title: str) -> bool:
    row = next(count.row for count in results.counts if count.row.title == title)
    return row.cpu_ratio is not None and _ratio(results.timings[title]) > row.cpu_ratio


def _lags(speed: Speed) -> bool:
    slow = speed.per_second < IDENTITY_PER_SECOND or speed.p99 > IDENTITY_P99_US
    return speed.is_total and slow


def _ratio(timings: Sequence[Timing]) -> float:
    return sum(one.handler_us for one in timings) / sum(one.floor_us for one in timings)


def text(results: Results) -> str:
    """The whole report."""
    parts = [_counts(results), _costs(results)]
    if results.timings:
        parts.append(_cpu(results))
    if results.colds:
        parts.append(_cold(results))
    if results.speeds:
        parts.append(_speeds(results))
    parts.append("\n".join([*results.notes, _verdict(results)]))
    return "\n\n".join(parts) + "\n"


def counts_text(results: Results) -> str:
    """Calls and units alone."""
    over = [count.row.title.strip() for count in results.counts if not count.is_within]
    verdict = f"Over budget: {'; '.join(over)}." if over else "Every count is within its budget."
    return f"{_counts(results)}\n\n{verdict}\n"


def _counts(results: Results) -> str:
    head = ("AWS calls and DynamoDB units, counted", "calls", "write units", "read", "")
    rows = [
        (
            count.row.title,
            _held(count.calls, count.row.calls),
            _held(count.write_units, count.row.units),
            f"{count.read_units:g}",
            _mark(count.is_within, held=(count.row.calls, count.row.units) != (None, None)),
        )
        for count in results.counts
    ]
    return _table(head, rows)


def _costs(results: Results) -> str:
    head = ("USD per million, computed from the counts", "USD", "", "")
    rows = []
    for price in PRICES:
        bill = results.bills[price.title]
        held = _held(f"{total(bill):.2f}", f"{price.usd:.2f}" if price.usd else None)
        mark = _mark(not _over(price, bill), held=price.usd is not None)
        rows.append((price.title, held, mark, ""))
        rows += [
            (f"    {line.what}", f"{line.usd:.2f}", "", f"= {line.quantity:.3f} x {line.price:g}")
            for line in bill
        ]
    return f"{_table(head, rows)}\n\n{ASSUMPTIONS}"


def _cpu(results: Results) -> str:
    head = ("CPU against a floor program: same calls, same JSON", "ratio", "ms", "floor ms", "")
    rows = []
    for title, timings in results.timings.items():
        row = next(count.row for count in results.counts if count.row.title == title)
        ours = sum(one.handler_us for one in timings) / 1000
        floor = sum(one.floor_us for one in timings) / 1000
        ratio = _held(f"{ours / floor:.2f}", f"{row.cpu_ratio:.1f}" if row.cpu_ratio else None)
        mark = _mark(not _is_slow(results, title), held=row.cpu_ratio is not None)
        rows.append((title, ratio, f"{ours:.2f}", f"{floor:.2f}", mark))
    return _table(head, rows)


def _cold(results: Results) -> str:
    unit = results.cold_unit
    head = ("Cold start against boto3 and the clients needed", "ratio", unit, f"floor {unit}", "")
    rows = [
        (
            one.function,
            _held(f"{one.ratio:.2f}", f"{COLD_RATIO}"),
            f"{one.start:.0f}",
            f"{one.floor:.0f}",
            _mark(one.ratio <= COLD_RATIO, held=True),
        )
        for one in results.colds
    ]
    return _table(head, rows)


def _speeds(results: Results) -> str:
    head = ("Identity in one process, of a core", "events/s", "p50 us", "p95 us", "p99 us", "")
    rows = []
    for one in results.speeds:
        held = one.is_total
        rows.append(
            (
                f"{one.customers:,} customers" if held else f"  {one.kind}",
                _held(f"{one.per_second:,.0f}", f"{IDENTITY_PER_SECOND:,}" if held else None),
                f"{one.p50:,.0f}",
                f"{one.p95:,.0f}",
                _held(f"{one.p99:,.0f}", IDENTITY_P99_US if held else None),
                _mark(not _lags(one), held=held),
            )
        )
    return _table(head, rows)


def _held(value: Any, budget: Any) -> str:
    return f"{value}" if budget is None else f"{value} of {budget}"


def _mark(is_within: bool, *, held: bool) -> str:
    return (PASS if is_within else FAIL) if held else REPORTED


def _verdict(results: Results) -> str:
    if not results.failures:
        return "Everything is within its budget."
    return "Over budget: " + "; ".join(results.failures) + "."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [_line(head, widths), "  ".join("-" * width for width in widths).rstrip()]
    lines += [_line(row, widths) for row in rows]
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([first, *others]).rstrip()


def document(results: Results) -> dict[str, Any]:
    """The same for programs."""
    return {
        "counts": [
            {
                "path": count.row.title.strip(),
                "stages": count.row.stages,
                "calls": count.calls,
                "calls_budget": count.row.calls,
                "provider_calls": count.provider_calls,
                "write_units": count.write_units,
                "write_units_budget": count.row.units,
                "read_units": count.read_units,
                "within": count.is_within,
                "detail": count.detail,
            }
            for count in results.counts
        ],
        "usd_per_million": {
            price.title: {
                "usd": round(total(results.bills[price.title]), 2),
                "budget": price.usd,
                "lines": {
                    line.what: [round(line.quantity, 4), line.price]
                    for line in results.bills[price.title]
                },
            }
            for price in PRICES
        },
        "cpu": {
            title.strip(): {
                "ratio": round(_ratio(timings), 2),
                "budget": CPU_RATIO,
                "functions": {
                    one.function: [round(one.handler_us), round(one.floor_us)] for one in timings
                },
            }
            for title, timings in results.timings.items()
        },
        "cold_start": {
            one.function: {
                "ratio": round(one.ratio, 2),
                "start": round(one.start, 1),
                "floor": round(one.floor, 1),
                "unit": results.cold_unit,
                "clients": one.services,
            }
            for one in results.colds
        },
        "identity": [asdict(one) for one in results.speeds],
        "over_budget": results.failures,
    }
