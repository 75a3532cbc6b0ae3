"""The deterministic part: calls and units of each row, held against its budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.budgets import ROWS, Row
from benchmarks.calls import Invocation
from benchmarks.cloud import BenchCloud
from benchmarks.stories import SPAN, Stories, tell


@dataclass(frozen=True)
class Count:
    """One row's AWS calls, calls of a provider's API, and units; `detail` names each call."""

    row: Row
    calls: int
    provider_calls: int
    write_units: int
    read_units: float
    detail: str

    @property
    def is_within(self) -> bool:
        """Whether no count is over its budget."""
        held = [(self.calls, self.row.calls), (self.write_units, self.row.units)]
        return all(budget is None or count <= budget for count, budget in held)


def run_stories() -> Stories:
    """Everything once, on an empty stack; the end is now, so that replays are in time."""
    beginning = datetime.now(UTC).replace(microsecond=0) - SPAN
    with BenchCloud(beginning) as cloud:
        return tell(cloud)


def counts(stories: Stories) -> list[Count]:
    """Every row's count."""
    return [_count(row, invocations_of(row.stages, stories)) for row in ROWS]


def invocations_of(stages: Sequence[str], stories: Stories) -> list[Invocation]:
    """The invocations of several stages, in order."""
    return [one for stage in stages for one in stories.stages[stage]]


def _count(row: Row, invocations: Sequence[Invocation]) -> Count:
    calls = [call for one in invocations for call in one.calls]
    to_aws = [call for call in calls if call.is_aws]
    return Count(
        row=row,
        calls=len(to_aws),
        provider_calls=len(calls) - len(to_aws),
        write_units=sum(call.write_units for call in calls),
        read_units=sum(call.read_units for call in calls),
        detail=", ".join(_named(one) for one in invocations if one.calls),
    )


def _named(invocation: Invocation) -> str:
    calls = [
        (call.operation if call.is_aws else "the provider's API")
        + (f" {call.write_units}" if call.write_units else "")
        for call in invocation.calls
    ]
    return f"{invocation.function}: {' + '.join(calls)}"
