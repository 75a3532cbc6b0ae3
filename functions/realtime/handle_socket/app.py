"""Answer the sockets of agents and visitors: who may open one, and what they ask over it."""

from typing import Any

from rapport import wiring
from rapport.entrypoint.invocation import guarded
from rapport.entrypoint.observability import log, log_failure
from rapport.kernel.errors import Transient, Unauthenticated
from rapport.realtime.service import TooManySockets, connect, disconnect
from rapport.views.socket_actions import answer

TOO_MANY, NOT_ALLOWED, NOT_NOW, FINE = 429, 401, 503, {"statusCode": 200}


@guarded
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """`$connect?ticket=…`, `$disconnect`, and every frame (`$default`) of the WebSocket API."""
    connection_id = event["requestContext"]["connectionId"]
    match event["requestContext"]["routeKey"]:
        case "$connect":
            return _connect(connection_id, event.get("queryStringParameters") or {})
        case "$disconnect":
            disconnect(connection_id, realtime=wiring.realtime())
            log("socket_closed")
        case _:
            answer(
                connection_id,
                event.get("body") or "",
                board=wiring.switchboard(),
                failed=lambda error: log_failure("action_failed", error),
            )
    return FINE


def _connect(connection_id: str, query: dict[str, str]) -> dict[str, Any]:
    try:
        opened = connect(connection_id, query.get("ticket") or "", realtime=wiring.realtime())
    except (Unauthenticated, TooManySockets, Transient) as error:
        log_failure("socket_refused", error)
        status = {Unauthenticated: NOT_ALLOWED, TooManySockets: TOO_MANY}.get(type(error), NOT_NOW)
        return {"statusCode": status}
    log("socket_opened", kind=opened.owner.kind)
    return FINE
