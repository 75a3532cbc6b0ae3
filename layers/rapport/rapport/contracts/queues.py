"""A queue as those see it who send to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class QueueEntry:
    """One message for a queue; `group` and `deduplication_id` for FIFO queues only."""

    body: str
    group: str | None = None
    deduplication_id: str | None = None


class Queue(Protocol):
    """A queue's sending side."""

    def send(self, entries: Sequence[QueueEntry]) -> list[QueueEntry]:
        """Send at most ten entries in one call; those that the queue did not take."""
        ...
