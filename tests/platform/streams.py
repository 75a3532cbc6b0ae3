"""DynamoDB streams and their event source mappings: filters, order, bisection, retries, give-up."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.platform.dynamo import Change
from tests.platform.patterns import matches

RETRY_AFTER = timedelta(seconds=1)


@dataclass
class Batch:
    """Changes that go to the function together, and how often they did."""

    changes: list[Change]
    attempts: int = 0
    due: datetime | None = None


@dataclass
class StreamMapping:
    """One reader of one table's stream."""

    function: str
    table: str
    stream_arn: str
    size: int
    retries: int
    bisects: bool
    patterns: tuple[dict[str, Any], ...]
    pending: list[Change] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    given_up: list[Change] = field(default_factory=list)

    def hear(self, change: Change) -> None:
        """A change of any table; kept if it is of this one and passes a filter."""
        if change.table != self.table:
            return
        record = change.record(self.stream_arn)
        if not self.patterns or any(matches(pattern, record) for pattern in self.patterns):
            self.pending.append(change)

    def take(self, now: datetime) -> Batch | None:
        """The next batch, in order: nothing overtakes one that waits for its retry."""
        if not self.batches and self.pending:
            self.batches.append(Batch(self.pending[: self.size]))
            self.pending = self.pending[self.size :]
        if not self.batches or (self.batches[0].due is not None and self.batches[0].due > now):
            return None
        return self.batches[0]

    def done(self) -> None:
        """The batch was taken."""
        self.batches.pop(0)

    def failed(self, now: datetime) -> None:
        """The function raised or died: halve the batch, or try again, or give up."""
        batch = self.batches.pop(0)
        batch.attempts += 1
        if batch.attempts > self.retries:
            self.given_up += batch.changes
            return
        batch.due = now + RETRY_AFTER
        if self.bisects and len(batch.changes) > 1:
            middle = len(batch.changes) // 2
            halves = (batch.changes[:middle], batch.changes[middle:])
            self.batches[:0] = [Batch(half, batch.attempts, batch.due) for half in halves]
        else:
            self.batches.insert(0, batch)

    def next_due(self) -> datetime | None:
        """When the batch that waits is due."""
        return self.batches[0].due if self.batches else None
