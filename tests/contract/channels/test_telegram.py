"""Telegram's webhook under the shared suite."""

from typing import Any, ClassVar

from rapport.channels.base import Request
from tests.contract.channels.suite import NOW, WebhookContract


class TestTelegram(WebhookContract):
    channel = "telegram"
    secret_key = "secret_token"
    signature_header = "X-Telegram-Bot-Api-Secret-Token"
    document: ClassVar[dict[str, Any]] = {"secret_token": "tg_Secret-1", "bot_token": "900:AAE"}
    signs_body = False  # the token stands in a header, the body is not signed
    single = True

    def signed(self, body: bytes, secret: str | None = None) -> Request:
        headers = (("X-Telegram-Bot-Api-Secret-Token", secret or self.secret),)
        return Request("POST", self.url, headers, body, NOW)

    def sample(self, **changes: Any) -> Any:
        sender = {"id": changes.get("sender", 42), "first_name": changes.get("name", "Ada")}
        message = {
            "message_id": 12,
            "from": sender,
            "chat": {"id": 42, "type": "private"},
            "date": changes.get("timestamp", 1795175990),
            "text": changes.get("text", "Hello"),
        }
        return {"update_id": 7001, "message": message}

    def test_the_bot_is_named_by_its_token_or_its_id(self) -> None:
        (event,) = self.receive(self.request).events
        assert event.to == "900"
        (event,) = self.receive(self.request, {**self.document, "bot_id": 901}).events
        assert event.to == "901"

    def test_a_longer_or_shorter_token_is_refused(self) -> None:
        for token in (self.secret[:-1], self.secret + "1", self.secret.upper()):
            request = self.with_header(self.request, self.signature_header, token)
            assert self.refused(request).reason == "bad_signature"

    def test_the_largest_size_of_a_photo_is_the_one_to_fetch(self) -> None:
        payload = self.sample()
        payload["message"]["photo"] = [{"file_id": "s"}, {"file_id": "L", "file_size": 9}]
        (event,) = self.events(payload)
        assert [file.provider_media_id for file in event.attachments] == ["L"]
