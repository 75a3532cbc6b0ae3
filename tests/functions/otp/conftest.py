"""The functions of verification on twins or on DynamoDB (moto), their ports put in by hand."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from rapport import wiring, wiring_otp
from rapport.idempotency.memory import InMemoryRequests
from tests.builders import CountedIds
from tests.functions.api.conftest import Answer, Context, an_http_event, application
from tests.unit.otp.world import World

SCOPE = "verifications.write"


@dataclass
class Desk:
    """The functions, and the world behind them."""

    world: World

    def call(
        self, method: str, address: str, body: Any = None, *, claims: Any = None, **headers: str
    ) -> Answer:
        """One request by an application, or by whom `claims` name."""
        app = import_module("functions.otp.serve_verifications.app")
        event = an_http_event(
            method,
            address,
            body,
            claims=application(SCOPE) if claims is None else claims,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        return Answer(app.handler(event, Context()))

    def queue(self, function: str, *bodies: dict[str, Any]) -> list[str]:
        """Messages of a queue for a function; the ids of those that come again."""
        app = import_module(f"functions.otp.{function}.app")
        records = [
            {
                "messageId": str(number),
                "receiptHandle": f"handle-{number}",
                "body": json.dumps(body),
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:queue",
                "attributes": {},
                "messageAttributes": {},
            }
            for number, body in enumerate(bodies)
        ]
        answer = app.handler({"Records": records}, SimpleNamespace())
        return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


@pytest.fixture
def put_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[World], Desk]:
    """Puts a world behind the functions."""

    def put(world: World) -> Desk:
        ids, requests = CountedIds(), InMemoryRequests()
        ports: dict[str, Callable[[], Any]] = {
            "verification_office": lambda: world.office,
            "verification_services": lambda: world.services,
            "courier": lambda: world.courier,
            "clock": lambda: world.clock,
            "ids": lambda: ids,
            "requests": lambda: requests,
        }
        for name, port in ports.items():
            module = wiring if hasattr(wiring, name) else wiring_otp
            monkeypatch.setattr(module, name, port)
        return Desk(world)

    return put


@pytest.fixture
def desk(put_in: Callable[[World], Desk]) -> Desk:
    """The functions on twins."""
    return put_in(World())
