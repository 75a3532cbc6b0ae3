"""What a customer did: one tracked event, by the record of the source that saw it."""

from dataclasses import dataclass, field
from datetime import datetime

from rapport.contracts.inbound import ReceivedEvent
from rapport.kernel.clock import believable
from rapport.kernel.ids import time_prefix


@dataclass(frozen=True)
class TrackedEvent:
    """One page view, cart or order. `key` is `channel#account#message id` of its source.

    `said` is the digest of what the source said of the person (see identity's statements).
    `kind` is Segment's call (identify, track, page, screen, group, alias), `name` the event's or
    page's name, `properties` what the source said about it.
    """

    key: str
    record_id: str
    kind: str
    at: datetime
    received_at: datetime
    said: str = ""
    name: str | None = None
    properties: dict[str, object] = field(default_factory=dict)
    context: dict[str, object] = field(default_factory=dict)

    @property
    def position(self) -> str:
        """Sorts the events of a record by time."""
        return f"{time_prefix(self.at)}#{self.key}"


def tracked_event(received: ReceivedEvent, record_id: str, said: str = "") -> TrackedEvent:
    """The tracked event that `received` carries."""
    event = received.event
    extra = event.extra
    message_id = event.provider_message_id or received.ingest_id
    properties = extra.get("properties") or extra.get("traits") or {}
    name = extra.get("event") or extra.get("name") or properties.get("name")
    return TrackedEvent(
        key=f"{received.account_channel}#{received.account}#{message_id}",
        record_id=record_id,
        kind=event.kind.value,
        at=believable(event.timestamp, received.received_at),
        received_at=received.received_at,
        said=said,
        name=str(name)[:256] if name else None,
        properties=properties,
        context=extra.get("context") or {},
    )
