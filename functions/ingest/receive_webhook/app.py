"""Take a provider's webhook: judge it, queue its events, answer."""

from typing import Any

from rapport import wiring
from rapport.entrypoint.invocation import guarded
from rapport.entrypoint.webhook import answer_webhook


@guarded
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """`ANY /webhooks/{channel}/{account}` (payload 2.0)."""
    path = event.get("pathParameters") or {}
    return answer_webhook(
        event,
        path.get("channel", ""),
        path.get("account", ""),
        wiring.clock().now(),
        intake=wiring.intake(),
    )
