"""What identity says: who a sender is, and the facts about it that others may hear."""

from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from rapport.contracts.events import Audience, Data


class Assurance(StrEnum):
    """How sure we are that an identifier is its record's own; see `rank`."""

    CLAIMED = "claimed"
    CHANNEL = "channel"
    VERIFIED = "verified"

    @property
    def rank(self) -> int:
        """0 for claimed, 1 for channel, 2 for verified: compare these, never the names."""
        return ("claimed", "channel", "verified").index(self.value)


class Identifier(BaseModel):
    """One identifier in its comparable spelling, e.g. phone `+14155550100`, and how sure we are."""

    model_config = ConfigDict(frozen=True)

    namespace: str
    value: str
    assurance: Assurance


class RecordAttached(Data):
    """A source's record was attached to a customer; `created` says that the customer is new."""

    detail_type: ClassVar[str] = "RecordAttached.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    record_id: str
    customer_id: str
    channel: str
    created: bool


class IdentifierAdded(Data):
    """A known record gained an identifier; only its namespace and assurance are told."""

    detail_type: ClassVar[str] = "IdentifierAdded.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    record_id: str
    customer_id: str
    namespace: str
    assurance: Assurance
