"""The API's functions on in-memory twins: a request in, status, headers and JSON out."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from rapport import wiring
from rapport.activity.memory import InMemoryActivities
from rapport.channels import registry
from rapport.channels.base import Account
from rapport.conversations.memory import InMemoryConversations, InMemoryMessages
from rapport.entrypoint.http import Api
from rapport.idempotency.memory import InMemoryRequests
from rapport.identity.graph import Component
from rapport.identity.memory import InMemoryGraph, InMemoryRuleBook
from rapport.identity.model import Record
from rapport.identity.statements import identifier_key
from rapport.ingest.memory import InMemoryAccountDocuments
from rapport.kernel.clock import FixedClock
from rapport.notifications.memory import InMemoryLedger
from rapport.routing.memory import InMemoryRouting
from tests.builders import NOW, CountedIds
from tools.openapi import apis

AGENT, COLLEAGUE = "agent-1", "agent-2"


class Accounts:
    """Every account exists."""

    def get(self, channel: str, name: str) -> Account:
        return Account(channel, name, {"access_token": "t", "phone_number_id": "1"})


class FixedLinks:
    """Links that say what they open."""

    def link(self, key: str, life: timedelta) -> str:
        return f"https://bucket.example/{key}?for={int(life.total_seconds())}"


@dataclass
class Context:
    """What Lambda tells a function about its time."""

    left: int = 10_000

    def get_remaining_time_in_millis(self) -> int:
        return self.left


@dataclass
class Stage:
    """Everything a test may look at, and the way to call the API."""

    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))
    ids: CountedIds = field(default_factory=CountedIds)
    identities: InMemoryGraph = field(default_factory=InMemoryGraph)
    rule_book: InMemoryRuleBook = field(default_factory=InMemoryRuleBook)
    messages: InMemoryMessages = field(default_factory=InMemoryMessages)
    conversations: InMemoryConversations = field(default_factory=InMemoryConversations)
    activities: InMemoryActivities = field(default_factory=InMemoryActivities)
    ledger: InMemoryLedger = field(default_factory=InMemoryLedger)
    routing: InMemoryRouting = field(default_factory=InMemoryRouting)
    requests: InMemoryRequests = field(default_factory=InMemoryRequests)
    documents: InMemoryAccountDocuments = field(default_factory=InMemoryAccountDocuments)
    apis: list[Api] = field(default_factory=apis)

    def know(self, component: Component, *records: Record) -> None:
        """Let identity know these statements, and these records of them."""
        self.identities.components[component.component_id] = component
        for record in records:
            self.identities.found[record.source] = record
        for one in component.statements:
            for item in one.identifiers:
                key = identifier_key(item.pair)
                held = self.identities.holders.get(key, frozenset())
                self.identities.holders[key] = held | {component.component_id}

    def call(
        self,
        method: str,
        address: str,
        body: Any = None,
        *,
        claims: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        context: Any = None,
    ) -> "Answer":
        """One request through the gateway to whichever function has the path."""
        event = an_http_event(method, address, body, claims=claims, headers=headers)
        path = address.partition("?")[0]
        api = next(
            (api for api in self.apis if any(r.pattern.fullmatch(path) for r in api.routes)),
            self.apis[0],
        )
        return Answer(api(event, context or Context()))


class Answer:
    """What the gateway was answered."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.status: int = event["statusCode"]
        self.headers: dict[str, str] = event["headers"]
        self.text: str = event["body"]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def an_http_event(
    method: str,
    address: str,
    body: Any = None,
    *,
    claims: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A payload-2.0 event; `body` as JSON unless it is bytes."""
    path, _, query = address.partition("?")
    sent: dict[str, Any] = {}
    if isinstance(body, bytes):
        sent = {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    elif body is not None:
        sent = {"body": json.dumps(body), "isBase64Encoded": False}
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"content-type": "application/json", **(headers or {})},
        "requestContext": {
            "http": {"method": method, "path": path},
            "stage": "$default",
            "requestId": "request-1",
            **({"authorizer": {"jwt": {"claims": claims}}} if claims is not None else {}),
        },
        **sent,
    }


def person(*groups: str, sub: str = AGENT) -> dict[str, Any]:
    """A person's claims as API Gateway hands them on."""
    return {"sub": sub, "username": sub, "cognito:groups": f"[{' '.join(groups)}]"}


def application(*scopes: str, sub: str = "client-1") -> dict[str, Any]:
    """An application's claims."""
    return {
        "sub": sub,
        "client_id": sub,
        "scope": " ".join(f"rapport/{scope}" for scope in scopes),
        "token_use": "access",
    }


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The API on empty twins."""
    wiring.reset()
    made = Stage()
    for name in (
        "clock", "ids", "identities", "rule_book", "messages", "conversations", "activities",
        "ledger", "routing", "requests",
    ):  # fmt: skip
        monkeypatch.setattr(wiring, name, lambda name=name: getattr(made, name))
    monkeypatch.setattr(wiring, "account_documents", lambda: made.documents)
    monkeypatch.setattr(wiring, "accounts", Accounts)
    monkeypatch.setattr(wiring, "links", FixedLinks)
    assert registry.PROVIDERS
    yield made
    wiring.reset()
