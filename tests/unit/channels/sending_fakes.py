"""A provider that answers what it is told, and one builder of a message."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from rapport.channels.base import Account
from rapport.channels.sender import HttpResponse, OutboundMessage
from rapport.contracts.content import TextContent

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class CannedHttp:
    """Answers each request with the next of `answers` (the last one stays); remembers all."""

    answers: list[HttpResponse | Exception]
    requests: list[Request] = field(default_factory=list)

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> HttpResponse:
        self.requests.append(Request(method, url, headers, body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def only(self) -> Request:
        assert len(self.requests) == 1
        return self.requests[0]


def answering(
    status: int, value: Any = None, headers: Mapping[str, str] | None = None
) -> CannedHttp:
    return CannedHttp([answered(status, value, headers)])


def answered(
    status: int, value: Any = None, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return HttpResponse(status, dict(headers or {}), body)


def a_message(channel: str, to: str, **changes: Any) -> OutboundMessage:
    facts: dict[str, Any] = {
        "message_id": "msg_01",
        "reference": "ref_01",
        "channel": channel,
        "to": to,
        "content": TextContent(text="Hello"),
        "last_inbound_at": NOW - timedelta(minutes=5),
    }
    return OutboundMessage(**{**facts, **changes})


def an_account(channel: str, **document: Any) -> Account:
    return Account(channel, "main", document)
