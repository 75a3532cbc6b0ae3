"""Every store on every engine: its in-memory twin, moto, and Amazon's own DynamoDB Local."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Protocol, TypeVar

from rapport.activity.memory import InMemoryActivities
from rapport.activity.ports import Activities
from rapport.activity.store import DynamoActivities
from rapport.contracts.events import Envelope
from rapport.conversations.memory import InMemoryConversations, InMemoryMessages
from rapport.conversations.ports import Conversations, Messages
from rapport.conversations.store import DynamoConversations, DynamoMessages
from rapport.entrypoint.stream import events_of
from rapport.idempotency.memory import InMemoryRequests
from rapport.idempotency.ports import Requests
from rapport.idempotency.store import DynamoRequests
from rapport.identity.memory import InMemoryGraph, InMemoryRuleBook
from rapport.identity.ports import Graph, RuleBook
from rapport.identity.rule_store import DynamoRuleBook
from rapport.identity.store import DynamoGraph
from rapport.notifications.memory import InMemoryLedger
from rapport.notifications.ports import Ledger
from rapport.notifications.store import DynamoLedger
from rapport.realtime.memory import InMemoryConnections, InMemoryTickets
from rapport.realtime.ports import Connections, Tickets
from rapport.realtime.store import DynamoConnections, DynamoTickets
from rapport.routing.memory import InMemoryRouting
from rapport.routing.ports import Routing
from rapport.routing.store import DynamoRouting
from tests.tables import table_definitions

Store = TypeVar("Store")
_numbers = count(1)


class Engine(Protocol):
    """Makes each store, empty; one of each kind a test."""

    def identities(self) -> Graph: ...
    def rule_book(self) -> RuleBook: ...
    def messages(self) -> Messages: ...
    def conversations(self) -> Conversations: ...
    def activities(self) -> Activities: ...
    def ledger(self) -> Ledger: ...
    def routing(self) -> Routing: ...
    def requests(self) -> Requests: ...
    def tickets(self) -> Tickets: ...
    def connections(self) -> Connections: ...
    def told(self) -> list[Envelope]:
        """The events that ride on what the stores hold now."""
        ...


class Memory:
    """The twins."""

    def __init__(self) -> None:
        self._made: list[Any] = []

    def _keep(self, store: Store) -> Store:
        self._made.append(store)
        return store

    def identities(self) -> Graph:
        return self._keep(InMemoryGraph())

    def rule_book(self) -> RuleBook:
        return InMemoryRuleBook()

    def messages(self) -> Messages:
        return self._keep(InMemoryMessages())

    def conversations(self) -> Conversations:
        return self._keep(InMemoryConversations())

    def activities(self) -> Activities:
        return InMemoryActivities()

    def ledger(self) -> Ledger:
        return self._keep(InMemoryLedger())

    def routing(self) -> Routing:
        return self._keep(InMemoryRouting())

    def requests(self) -> Requests:
        return InMemoryRequests()

    def tickets(self) -> Tickets:
        return InMemoryTickets()

    def connections(self) -> Connections:
        return InMemoryConnections()

    def told(self) -> list[Envelope]:
        return [event for store in self._made for event in store.events]


class Dynamo:
    """The stores on tables of template.yaml, created on first use under names of their own."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self._tables: dict[str, str] = {}

    def table(self, logical_id: str) -> str:
        """The name of a fresh, empty table."""
        if logical_id not in self._tables:
            definition = table_definitions()[logical_id]
            name = f"{logical_id}-{next(_numbers)}"
            self.client.create_table(**(definition | {"TableName": name}))
            self._tables[logical_id] = name
        return self._tables[logical_id]

    def _on(self, make: Callable[[Any, str], Store], logical_id: str) -> Store:
        return make(self.client, self.table(logical_id))

    def identities(self) -> Graph:
        return self._on(DynamoGraph, "IdentityTable")

    def rule_book(self) -> RuleBook:
        return self._on(DynamoRuleBook, "IdentityTable")

    def messages(self) -> Messages:
        return self._on(DynamoMessages, "ConversationsTable")

    def conversations(self) -> Conversations:
        return self._on(DynamoConversations, "ConversationsTable")

    def activities(self) -> Activities:
        return self._on(DynamoActivities, "ActivityTable")

    def ledger(self) -> Ledger:
        return self._on(DynamoLedger, "NotificationsTable")

    def routing(self) -> Routing:
        return self._on(DynamoRouting, "RoutingTable")

    def requests(self) -> Requests:
        return self._on(DynamoRequests, "ApiTable")

    def tickets(self) -> Tickets:
        return self._on(DynamoTickets, "RealtimeTable")

    def connections(self) -> Connections:
        return self._on(DynamoConnections, "RealtimeTable")

    def items(self) -> Sequence[dict[str, Any]]:
        """Every item of every table, as DynamoDB spells it."""
        found: list[dict[str, Any]] = []
        for name in self._tables.values():
            found += self.client.scan(TableName=name, ConsistentRead=True)["Items"]
        return found

    def told(self) -> list[Envelope]:
        return events_of({"Records": [{"dynamodb": {"NewImage": item}} for item in self.items()]})

    def drop(self) -> None:
        """Delete the tables."""
        for name in self._tables.values():
            self.client.delete_table(TableName=name)
