"""Requests as the twins' APIs take them, and the ways they answer."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from rapport.channels.sender import HttpResponse


@dataclass(frozen=True)
class Call:
    """One request to a provider's API; header names are lower case, `path` is without query."""

    method: str
    host: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def bearer(self) -> str:
        """The token of `Authorization: Bearer`; empty without."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""

    @property
    def basic(self) -> tuple[str, str]:
        """User and password of `Authorization: Basic`; empty without."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return "", ""
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return "", ""
        return user, password

    @property
    def parameters(self) -> dict[str, str]:
        """The query's parameters."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


def answer(status: int, value: Any, **headers: str) -> HttpResponse:
    """A JSON answer; a header's underscores become dashes."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = json.dumps(value).encode()
    return HttpResponse(status, {"content-type": "application/json", **named}, body)


def octets(content: bytes, content_type: str) -> HttpResponse:
    """A file."""
    return HttpResponse(200, {"content-type": content_type}, content)


def as_text(value: object) -> str | None:
    """`value` if it is a text."""
    return value if isinstance(value, str) else None
