"""The functions of realtime and web chat on in-memory stores, and what lies between them."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from functions.realtime.handle_socket import app as socket
from functions.realtime.serve_realtime import app as tickets
from functions.webchat.serve_webchat import app as webchat
from rapport import wiring
from rapport.channels.base import Account
from rapport.contracts.content import TextContent
from rapport.contracts.inbound import ReceivedEvent
from rapport.conversations.memory import InMemoryConversations, InMemoryMessages
from rapport.conversations.service import Stores, receive
from rapport.identity.hearing import Engine
from rapport.identity.matching import Matcher, default_model
from rapport.identity.memory import InMemoryGraph
from rapport.identity.model import Source
from rapport.identity.rules import Rules
from rapport.identity.service import match_sender
from rapport.ingest.ports import QueueEntry
from rapport.ingest.service import Intake
from rapport.kernel.clock import FixedClock
from rapport.kernel.errors import NotFound
from rapport.notifications.memory import InMemoryLedger
from rapport.notifications.model import MessageStatus
from rapport.realtime.memory import InMemoryConnections, InMemorySockets, InMemoryTickets
from rapport.realtime.service import Realtime
from rapport.views.replay import Tables
from rapport.views.socket_actions import Switchboard
from tests.builders import NOW, CountedIds, a_message_id, an_entry

SITE = "https://shop.example.com"
MATCHER = Matcher(default_model())
DOCUMENT = {"token_key": "k" * 32, "allowed_origins": [SITE]}


class Queue:
    """A queue in a list."""

    def __init__(self) -> None:
        self.entries: list[QueueEntry] = []

    def send(self, entries: Sequence[QueueEntry]) -> list[QueueEntry]:
        self.entries += entries
        return []

    def take(self) -> list[ReceivedEvent]:
        taken, self.entries = self.entries, []
        return [ReceivedEvent.model_validate_json(entry.body) for entry in taken]


class Accounts:
    def get(self, channel: str, name: str) -> Account:
        if (channel, name) != ("webchat", "main"):
            raise NotFound("none")
        return Account(channel, name, DOCUMENT)

    def refresh(self, channel: str, name: str) -> bool:
        del channel, name
        return False


class Stack:
    """The functions, and what lies between them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock, self.ids, self.accounts = FixedClock(NOW), CountedIds(), Accounts()
        self.inbound, self.receipts, self.sockets = Queue(), Queue(), InMemorySockets()
        self.messages, self.conversations = InMemoryMessages(), InMemoryConversations()
        self.ledger, self.identities = InMemoryLedger(), InMemoryGraph()
        self.tables = Tables(self.messages, self.conversations, self.ledger, self.identities)
        self.connections = InMemoryConnections()
        numbers = iter(range(1, 1000))
        self.realtime = Realtime(
            InMemoryTickets(),
            self.connections,
            self.sockets,
            self.clock,
            lambda _bits: next(numbers),
            workers=1,
        )
        unused: Any = None
        self.intake = Intake(
            self.accounts,
            unused,
            self.inbound,
            self.receipts,
            unused,
            self.ids,
            unused,
            lambda: b"key",
        )
        board = Switchboard(self.realtime, self.tables, lambda: self.intake, self.ids)
        made = {
            "clock": self.clock,
            "ids": self.ids,
            "accounts": self.accounts,
            "intake": self.intake,
            "tables": self.tables,
            "realtime": self.realtime,
            "switchboard": board,
            "conversations": self.conversations,
        }
        for name, port in made.items():
            monkeypatch.setattr(wiring, name, lambda port=port: port)
        monkeypatch.setenv("WEBSOCKET_URL", "wss://sockets.example.com/dev")

    def call(
        self,
        handler: Any,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: str = "",
        **headers: str,
    ) -> tuple[int, Any]:
        claims = headers.pop("claims", None)
        event = {
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"content-type": "application/json", **headers},
            "body": None if body is None else json.dumps(body),
            "requestContext": {
                "http": {"method": method},
                "stage": "$default",
                "requestId": "r",
                "authorizer": {"jwt": {"claims": claims}} if claims else {},
            },
        }
        response = handler(event, None)
        return response["statusCode"], json.loads(response["body"] or "null")

    def session(self, **body: Any) -> dict[str, Any]:
        path = "/v1/webchat/sessions"
        status, answer = self.call(
            webchat.handler, "POST", path, {"account": "main"} | body, origin=SITE
        )
        assert status == 201
        return dict(answer)

    def socket(self, route: str, connection_id: str = "c1", **event: Any) -> int:
        context = {"connectionId": connection_id, "routeKey": route}
        status: int = socket.handler({"requestContext": context, **event}, None)["statusCode"]
        return status

    def say(self, connection_id: str = "c1", **action: Any) -> list[dict[str, Any]]:
        self.sockets.posted.pop(connection_id, None)
        assert self.socket("$default", connection_id, body=json.dumps(action)) == 200
        return self.heard(connection_id)

    def heard(self, connection_id: str = "c1") -> list[dict[str, Any]]:
        return [json.loads(data) for data in self.sockets.posted.pop(connection_id, [])]

    def visitor(self, connection_id: str = "c1") -> dict[str, Any]:
        session = self.session()
        bearer = f"Bearer {session['token']}"
        status, ticket = self.call(
            webchat.handler, "POST", "/v1/webchat/tickets", authorization=bearer
        )
        assert status == 201
        query = {"ticket": ticket["ticket"]}
        assert self.socket("$connect", connection_id, queryStringParameters=query) == 200
        return session | {"bearer": bearer}

    def agent(self, connection_id: str = "a1", group: str = "agent") -> None:
        claims: Any = {"sub": "agent-1", "cognito:groups": f"[{group}]"}
        status, ticket = self.call(tickets.handler, "POST", "/v1/realtime/tickets", claims=claims)
        assert (status, ticket["websocket_url"]) == (201, "wss://sockets.example.com/dev")
        query = {"ticket": ticket["ticket"]}
        assert self.socket("$connect", connection_id, queryStringParameters=query) == 200

    def engine(self) -> Engine:
        """What makes customers of senders."""
        return Engine(self.identities, Rules(), MATCHER, self.ids)

    def match_senders(self) -> None:
        """What `match_sender` does with the inbound queue."""
        for received in self.inbound.take():
            record = match_sender(received, graph=self.identities, engine=self.engine)
            assert record is not None
            stores = Stores(self.messages, self.conversations)
            receive(received, record.record_id, record.customer_id, stores=stores)

    def we_answer(self, visitor_id: str, text: str = "Hello!") -> str:
        record = self.identities.find(Source("webchat", "main", visitor_id))
        assert record is not None
        number = len(self.ledger.entries) + 1
        entry = an_entry(
            record_id=record.record_id,
            customer_id=record.customer_id,
            account_channel="webchat",
            channel="webchat",
            address=visitor_id,
            content=TextContent(text=text),
            status=MessageStatus.SENT,
            message_id=a_message_id(number, self.clock.now()),
            created_at=self.clock.now(),
        )
        self.ledger.enter(entry, [])
        return entry.message_id
