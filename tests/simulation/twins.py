"""All twins of one world, and where the events on their items go."""

from collections.abc import Sequence
from typing import Any

from rapport.activity.memory import InMemoryActivities
from rapport.contracts.events import Envelope
from rapport.idempotency.memory import InMemoryRequests
from rapport.identity.memory import InMemoryRuleBook
from rapport.otp.guard_memory import InMemoryGuardBooks, InMemorySources
from rapport.otp.memory import InMemoryServices, InMemoryVerifications
from rapport.otp.settings import default_service
from rapport.routing.memory import InMemoryRouting
from tests.simulation.stores import (
    Conversations,
    Identities,
    Lags,
    Ledger,
    Messages,
    Objects,
)


class Stores:
    """The stores by the names that `rapport.wiring` has for them."""

    def __init__(self, lags: Lags) -> None:
        self.identities = Identities(lags)
        self.rule_book = InMemoryRuleBook()
        self.messages = Messages()
        self.conversations = Conversations()
        self.activities = InMemoryActivities()
        self.ledger = Ledger(lags)
        self.routing = InMemoryRouting()
        self.requests = InMemoryRequests()
        self.objects = Objects()
        self.verifications = InMemoryVerifications()
        self.verification_services = InMemoryServices(default_service())
        self.guard_books = InMemoryGuardBooks()
        self.sources = InMemorySources()
        self.tables = {
            "verifications": "OtpTable",
            "guard_books": "OtpTable",
            "identities": "IdentityTable",
            "messages": "ConversationsTable",
            "conversations": "ConversationsTable",
            "ledger": "NotificationsTable",
            "routing": "RoutingTable",
        }
        self._told = dict.fromkeys(self.tables, 0)

    @property
    def named(self) -> dict[str, Any]:
        """Each twin by its name in the wiring."""
        return {name: twin for name, twin in vars(self).items() if name in _NAMES}

    def news(self, port: str) -> Sequence[Envelope]:
        """The events that were written since this was last asked."""
        events: list[Envelope] = vars(self)[port].events
        told, self._told[port] = self._told[port], len(events)
        return events[told:]


_NAMES = frozenset(
    {
        "identities",
        "rule_book",
        "messages",
        "conversations",
        "activities",
        "ledger",
        "routing",
        "requests",
        "objects",
        "verifications",
        "verification_services",
        "guard_books",
        "sources",
    }
)
