"""What identity says: who a sender is, and the facts about it that others may hear."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from rapport.contracts.events import Audience, Data


class Assurance(StrEnum):
    """How sure we are that an identifier is its record's own; see `rank`."""

    CLAIMED = "claimed"
    CHANNEL = "channel"
    VERIFIED = "verified"

    rank: int
    """0 for claimed, 1 for channel, 2 for verified: compare these, never the names."""

    def __init__(self, _value: str) -> None:
        self.rank = len(type(self).__members__)


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier in its comparable spelling, e.g. phone `+14155550100`, and how sure we are.

    `method` says how it was proven or claimed: channel, otp, link, login, card, device, carrier;
    self, staff_keyed, caller_id; empty where the source does not tell.
    """

    namespace: str
    value: str
    assurance: Assurance
    method: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """Namespace and value."""
        return self.namespace, self.value


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


class CustomersMerged(Data):
    """Customers turned out to be one person: `customer_id` goes on, the `merged` point at it."""

    detail_type: ClassVar[str] = "CustomersMerged.v1"
    audience: ClassVar[Audience] = Audience.RULES

    component_id: str
    customer_id: str
    merged: list[str]


class CustomersUnmerged(Data):
    """A customer turned out to be several persons: `customer_id` keeps the rest, each of
    `restored` stands on its own again (or for the first time)."""

    detail_type: ClassVar[str] = "CustomersUnmerged.v1"
    audience: ClassVar[Audience] = Audience.RULES

    component_id: str
    customer_id: str
    restored: list[str]
