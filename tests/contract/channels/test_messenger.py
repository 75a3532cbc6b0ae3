"""Messenger's webhook under the shared suite."""

from typing import Any, ClassVar

from tests.contract.channels.test_whatsapp import MetaContract


class TestMessenger(MetaContract):
    channel = "messenger"
    document: ClassVar[dict[str, Any]] = {**MetaContract.document, "page_id": "PAGE"}
    foreign: ClassVar[dict[str, Any]] = {"page_id": "OTHER"}
    names_sender = False

    def item(self, number: int = 1, **changes: Any) -> dict[str, Any]:
        return {
            "sender": {"id": changes.get("sender", "P1")},
            "recipient": {"id": "PAGE"},
            "timestamp": changes.get("timestamp", 1795175990123),
            "message": {"mid": f"m_{number}", "text": changes.get("text", "Hello")},
        }

    def sample(self, **changes: Any) -> Any:
        messaging = [self.item(**changes)]
        return {"object": "page", "entry": [{"id": "PAGE", "time": 1, "messaging": messaging}]}

    def batch(self, count: int) -> Any:
        items = [self.item(number) for number in range(count)]
        return {"object": "page", "entry": [{"id": "PAGE", "messaging": items}]}

    def test_instagram_on_the_same_address_is_bound_by_its_own_id(self) -> None:
        request = self.signed(self.encode({**self.sample(), "object": "instagram"}))
        (event,) = self.receive(request, {**self.document, "ig_id": "PAGE"}).events
        assert event.channel == "instagram"
        received = self.refused(request, {**self.document, "ig_id": "OTHER"})
        assert received.reason == "unexpected_account"
