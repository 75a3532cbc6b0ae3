"""What activity needs from storage. A method is one atomic AWS call."""

from datetime import datetime
from typing import Protocol

from rapport.activity.model import TrackedEvent


class Activities(Protocol):
    """Tracked events by their key, and by record in time order."""

    def add(self, event: TrackedEvent) -> None:
        """Store an event; a second one of the same key changes nothing."""
        ...

    def of_record(
        self, record_id: str, *, before: datetime | None, limit: int
    ) -> list[TrackedEvent]:
        """Up to `limit` events of a record older than `before`, latest first."""
        ...
