"""LINE's webhook under the shared suite."""

from typing import Any, ClassVar

from rapport.channels.base import Request
from tests.contract.channels import sign
from tests.contract.channels.suite import NOW, WebhookContract


class TestLine(WebhookContract):
    channel = "line"
    secret_key = "channel_secret"
    signature_header = "x-line-signature"
    document: ClassVar[dict[str, Any]] = {"channel_secret": "5e" * 16, "destination": "Ubot"}
    foreign: ClassVar[dict[str, Any]] = {"destination": "Uother"}
    names_sender = False

    def signed(self, body: bytes, secret: str | None = None) -> Request:
        headers = (("x-line-signature", sign.line(body, secret or self.secret)),)
        return Request("POST", self.url, headers, body, NOW)

    def event(self, number: int = 1, **changes: Any) -> dict[str, Any]:
        return {
            "type": "message",
            "mode": "active",
            "timestamp": changes.get("timestamp", 1795175990500),
            "source": {"type": "user", "userId": changes.get("sender", "U1")},
            "webhookEventId": f"01JD{number}",
            "deliveryContext": {"isRedelivery": False},
            "replyToken": "rt",
            "message": {"id": str(number), "type": "text", "text": changes.get("text", "Hello")},
        }

    def sample(self, **changes: Any) -> Any:
        return {"destination": "Ubot", "events": [self.event(**changes)]}

    def batch(self, count: int) -> Any:
        return {"destination": "Ubot", "events": [self.event(number) for number in range(count)]}
