"""The envelope of everything on the bus: facts in the past tense, ids rather than personal data."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

SOURCE = "rapport"


class Metadata(BaseModel):
    """Who caused what, when. `event_id` is the key of de-duplication for consumers."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    occurred_at: datetime
    correlation_id: str | None = None
    causation_id: str | None = None


class Audience(StrEnum):
    """Who hears an event: `rules` a queue of ours by a rule of template.yaml; `subscribers` nobody
    of ours, but rules of your own; `relay` the relay alone, which makes an order of it."""

    RULES = "rules"
    SUBSCRIBERS = "subscribers"
    RELAY = "relay"


class Data(BaseModel):
    """The payload of one event type. Changes are additive; a breaking one is a new version."""

    model_config = ConfigDict(frozen=True)

    detail_type: ClassVar[str]
    audience: ClassVar[Audience] = Audience.RULES


class Envelope(BaseModel):
    """One event as it rides on an item (attribute `events`) and as the bus carries it."""

    model_config = ConfigDict(frozen=True)

    detail_type: str
    metadata: Metadata
    data: dict[str, object]


def envelope(data: Data, metadata: Metadata) -> Envelope:
    """Wrap the fact `data` for an item or the bus."""
    return Envelope(
        detail_type=data.detail_type,
        metadata=metadata,
        data=data.model_dump(mode="json", exclude_none=True),
    )


class Detail(BaseModel):
    """The body of an event on the bus."""

    model_config = ConfigDict(frozen=True)

    metadata: Metadata
    data: dict[str, object]


class BusEvent(BaseModel):
    """An event as EventBridge delivers it to a queue."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    detail_type: str = Field(alias="detail-type")
    detail: Detail
