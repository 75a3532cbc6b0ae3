"""Take Segment's tracking calls from web, app and in-store sources."""

from typing import Any

from rapport import wiring
from rapport.entrypoint.invocation import guarded
from rapport.entrypoint.webhook import answer_webhook

ACCOUNT = "default"
"""SDKs know a host and a write key, no account: all sources share one account document."""


@guarded
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """`POST /v1/{identify|track|page|screen|group|alias|batch|import}` (payload 2.0)."""
    return answer_webhook(event, "segment", ACCOUNT, wiring.clock().now(), intake=wiring.intake())
