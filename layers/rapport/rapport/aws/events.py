"""EventBridge: facts onto the bus."""

from collections.abc import Sequence
from typing import Any

from rapport.contracts.events import SOURCE, Envelope
from rapport.kernel.json import dumps

BATCH = 10


class EventBus:
    """One bus's sending side."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, events: Sequence[Envelope]) -> list[Envelope]:
        """One PutEvents of at most ten; those that the bus did not take (200 is no promise)."""
        answer = self._client.put_events(
            Entries=[
                {
                    "EventBusName": self._name,
                    "Source": SOURCE,
                    "DetailType": event.detail_type,
                    "Time": event.metadata.occurred_at,
                    "Detail": dumps(event.model_dump(mode="json", exclude={"detail_type"})),
                }
                for event in events
            ]
        )
        if not answer.get("FailedEntryCount"):
            return []
        return [
            event
            for event, entry in zip(events, answer["Entries"], strict=True)
            if entry.get("ErrorCode")
        ]
