"""How DynamoDB streams call our functions: which events are new on which item."""

import json
from collections.abc import Iterator
from typing import Any

from rapport.contracts.events import Envelope


def events_of(batch: dict[str, Any]) -> list[Envelope]:
    """The events in a batch of stream records that their items did not carry before.

    An update that leaves attribute `events` in place must not publish again, so those in the old
    image do not count. Deletions say nothing.
    """
    return [event for record in batch["Records"] for event in _new(record["dynamodb"])]


def _new(change: dict[str, Any]) -> Iterator[Envelope]:
    old = {event["metadata"]["event_id"] for event in _events(change.get("OldImage"))}
    for event in _events(change.get("NewImage")):
        if event["metadata"]["event_id"] not in old:
            yield Envelope.model_validate(event)


def _events(image: dict[str, Any] | None) -> list[dict[str, Any]]:
    attribute = (image or {}).get("events")
    return json.loads(attribute["S"]) if attribute else []
