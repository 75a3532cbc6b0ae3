"""API Gateway's HTTP API: which route, whose token, what event (payload 2.0)."""

import base64
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from local.template import FUNCTION
from tests.tables import resources

DOMAIN = "api.rapport.example"
_TEXT = re.compile(r"^(text/|application/(json|javascript|xml|x-www-form-urlencoded)|.*\+json)")


@dataclass(frozen=True)
class Route:
    """One route of template.yaml."""

    function: str
    method: str
    path: str
    is_public: bool

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path's parameters; None where it is another route's."""
        if self.method not in ("ANY", method):
            return None
        found = re.fullmatch(_expression(self.path), path)
        return {k: unquote(v) for k, v in found.groupdict().items()} if found else None

    @property
    def precedence(self) -> tuple[int, int, int]:
        """A full match goes before a greedy one, more literal before less, a method before ANY."""
        is_greedy = "+}" in self.path
        return (is_greedy, self.path.count("{"), self.method == "ANY")


@functools.cache
def _expression(path: str) -> str:
    parts = []
    for part in path.strip("/").split("/"):
        if part.endswith("+}"):
            parts.append(f"(?P<{part[1:-2]}>.+)")
        elif part.startswith("{"):
            parts.append(f"(?P<{part[1:-1]}>[^/]+)")
        else:
            parts.append(re.escape(part))
    return "/" + "/".join(parts)


def routes() -> list[Route]:
    """Every route, the one to try first first."""
    found = []
    for name, function in resources().of_kind(FUNCTION).items():
        for event in function["Properties"].get("Events", {}).values():
            if event["Type"] != "HttpApi":
                continue
            own = event["Properties"]
            is_public = own.get("Auth", {}).get("Authorizer") == "NONE"
            found.append(Route(name, own["Method"].upper(), own["Path"], is_public))
    return sorted(found, key=lambda route: route.precedence)


def find(method: str, path: str, known: list[Route]) -> tuple[Route, dict[str, str]] | None:
    """The route of a request and its parameters."""
    for route in known:
        parameters = route.match(method, path)
        if parameters is not None:
            return route, parameters
    return None


def event_of(
    route: Route,
    parameters: Mapping[str, str],
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    claims: Mapping[str, Any] | None,
    request_id: str,
) -> dict[str, Any]:
    """The event that the function gets."""
    parts = urlsplit(url)
    named = {name.lower(): value for name, value in headers.items()}
    is_text = bool(_TEXT.match(named.get("content-type", "text/plain")))
    context: dict[str, Any] = {
        "accountId": "000000000000",
        "apiId": "api",
        "domainName": parts.hostname or DOMAIN,
        "http": {
            "method": method,
            "path": parts.path,
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": named.get("user-agent", "tests"),
        },
        "requestId": request_id,
        "routeKey": f"{route.method} {route.path}",
        "stage": "$default",
    }
    if claims is not None:
        context["authorizer"] = {"jwt": {"claims": dict(claims), "scopes": None}}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": context["routeKey"],
        "rawPath": parts.path,
        "rawQueryString": parts.query,
        "headers": {"host": parts.hostname or DOMAIN, **named},
        "requestContext": context,
        "isBase64Encoded": not is_text,
    }
    if parameters:
        event["pathParameters"] = dict(parameters)
    if body:
        event["body"] = body.decode() if is_text else base64.b64encode(body).decode()
    return event
