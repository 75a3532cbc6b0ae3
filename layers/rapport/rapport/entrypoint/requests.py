"""One HTTP request as API Gateway hands it to us (payload 2.0), and one answer back."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote

from rapport.entrypoint.problems import FieldErrors, UnsupportedMediaType
from rapport.kernel import json
from rapport.kernel.errors import InvalidInput, TooLarge

MAX_BODY = 256 * 1024
MAX_QUERY_FIELDS = 50
MARGIN = timedelta(seconds=2)
SECURITY_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


@dataclass(frozen=True)
class HttpRequest:
    """`body` are the bytes, `remaining` the time until the function would be stopped."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    raw_body: str
    is_base64: bool
    claims: Mapping[str, Any] | None
    request_id: str
    remaining: timedelta

    def body(self) -> bytes:
        """The body's bytes; raises `TooLarge` over 256 KiB, `InvalidInput` on broken base64."""
        if len(self.raw_body) > MAX_BODY * 4 // 3 + 4:
            raise TooLarge("Send at most 256 KiB.")
        try:
            data = (
                base64.b64decode(self.raw_body, validate=True)
                if self.is_base64
                else self.raw_body.encode("utf-8", "surrogatepass")
            )
        except binascii.Error:
            raise InvalidInput("The body is not valid base64.", field="body") from None
        if len(data) > MAX_BODY:
            raise TooLarge("Send at most 256 KiB.")
        return data

    def json(self) -> Any:
        """The body as JSON; an absent one is an empty object."""
        data = self.body()
        if not data.strip():
            return {}
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise UnsupportedMediaType("Send JSON, with `Content-Type: application/json`.")
        return json.loads(data)

    def query(self) -> dict[str, str]:
        """The query's parameters, each given once; empty ones count as absent."""
        try:
            pairs = parse_qsl(self.query_string, max_num_fields=MAX_QUERY_FIELDS)
        except ValueError:
            raise InvalidInput("Too many query parameters.", field="query") from None
        if len({name for name, _ in pairs}) != len(pairs):
            raise FieldErrors([("query", "Give each parameter once.")])
        return dict(pairs)


@dataclass(frozen=True)
class HttpResponse:
    """An answer; `body` is JSON text, a problem document where the status says so."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_event(self) -> dict[str, Any]:
        """As API Gateway takes it."""
        kind = "application/problem+json" if self.status >= 400 else "application/json"
        content = {"content-type": kind} if self.body else {}
        return {
            "statusCode": self.status,
            "headers": {**SECURITY_HEADERS, **content, **self.headers},
            "body": self.body,
        }


def request_of(event: Mapping[str, Any], context: Any) -> HttpRequest:
    """The request of a payload-2.0 event."""
    inside = event.get("requestContext") or {}
    jwt = (inside.get("authorizer") or {}).get("jwt") or {}
    http = inside.get("http") or {}
    return HttpRequest(
        method=str(http.get("method", "GET")),
        path=_path(str(event.get("rawPath", "/")), str(inside.get("stage", ""))),
        query_string=str(event.get("rawQueryString") or ""),
        headers={str(k).lower(): str(v) for k, v in (event.get("headers") or {}).items()},
        raw_body=event.get("body") or "",
        is_base64=bool(event.get("isBase64Encoded")),
        claims=jwt.get("claims"),
        request_id=str(inside.get("requestId") or ""),
        remaining=_remaining(context),
    )


def path_parameter(raw: str) -> str | None:
    """A path segment decoded; None for what none of our ids can be."""
    value = unquote(raw)
    return value if value.isascii() and value.isprintable() and len(value) <= 1500 else None


def _path(raw: str, stage: str) -> str:
    """A stage other than `$default` stands before the path."""
    prefix = f"/{stage}"
    if stage and stage != "$default" and raw.startswith(f"{prefix}/"):
        return raw.removeprefix(prefix)
    return raw


def _remaining(context: Any) -> timedelta:
    """Until the attempt has certainly ended: the function's time-out, and a margin for clocks."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    return timedelta(milliseconds=left() if left else 30_000) + MARGIN
