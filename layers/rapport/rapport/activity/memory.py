"""Activity in memory: the twin of `store`."""

from datetime import datetime

from rapport.activity.model import TrackedEvent
from rapport.kernel.ids import time_prefix


class InMemoryActivities:
    """`Activities` in a dictionary."""

    def __init__(self) -> None:
        self.stored: dict[str, TrackedEvent] = {}

    def add(self, event: TrackedEvent) -> None:
        """Store an event unless its key is there."""
        self.stored.setdefault(event.key, event)

    def of_record(
        self, record_id: str, *, before: datetime | None, limit: int
    ) -> list[TrackedEvent]:
        """Latest first, older than `before`."""
        found = [
            event
            for event in self.stored.values()
            if event.record_id == record_id
            and (before is None or event.position < time_prefix(before))
        ]
        return sorted(found, key=lambda event: event.position, reverse=True)[:limit]
