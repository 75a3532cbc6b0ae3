"""WhatsApp's webhook under the shared suite."""

import json
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from rapport.channels.base import Request
from tests.contract.channels import sign
from tests.contract.channels.suite import NOW, WebhookContract

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


class MetaContract(WebhookContract):
    """What holds for all of Meta's channels: signature and subscription handshake."""

    secret_key = "app_secret"
    signature_header = "X-Hub-Signature-256"
    document: ClassVar[dict[str, Any]] = {"app_secret": SECRET, "verify_token": "vt-Ω-77"}

    def signed(self, body: bytes, secret: str | None = None) -> Request:
        signature = sign.meta(body, secret or self.secret)
        headers = (("Content-Type", "application/json"), (self.signature_header or "", signature))
        return Request("POST", self.url, headers, body, NOW)

    def subscribe(self, query: str) -> Request:
        return Request("GET", f"{self.url}?{query}", (), b"", NOW)

    def test_the_handshake_echoes_the_challenge_as_plain_text(self) -> None:
        query = "hub.mode=subscribe&hub.challenge=%3Cb%3E1158&hub.verify_token=vt-%CE%A9-77"
        received = self.receive(self.subscribe(query))
        assert received.valid
        assert received.events == ()
        assert received.response.status == 200
        assert received.response.body == "<b>1158"
        assert received.response.content_type.startswith("text/plain")

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "hub.mode=subscribe&hub.challenge=1",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=vt-%CE%A9-78",
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=vt-%CE%A9-77",
            "hub.mode=subscribe&hub.verify_token=vt-%CE%A9-77",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=x&hub.verify_token=vt-%CE%A9-77",
            "hub.mode=subscribe&hub.challenge=1&hub.challenge=2&hub.verify_token=vt-%CE%A9-77",
        ],
    )
    def test_any_other_handshake_is_refused(self, query: str) -> None:  # [65]
        self.refused(self.subscribe(query))

    def test_a_handshake_without_a_configured_token_is_refused(self) -> None:
        query = "hub.mode=subscribe&hub.challenge=1&hub.verify_token="
        received = self.refused(self.subscribe(query), {"app_secret": SECRET})
        assert received.reason == "misconfigured"

    def test_the_older_sha1_signature_never_counts(self) -> None:
        request = self.with_header(self.request, "X-Hub-Signature-256", None)
        request = self.with_header(request, "X-Hub-Signature", "sha1=" + "0" * 40)
        assert self.refused(request).reason == "missing_signature"

    def test_a_body_written_anew_is_refused(self) -> None:
        body = json.dumps(json.loads(self.request.body), indent=1).encode()
        self.refused(replace(self.request, body=body))


class TestWhatsApp(MetaContract):
    channel = "whatsapp"
    document: ClassVar[dict[str, Any]] = {**MetaContract.document, "phone_number_id": "1001"}
    foreign: ClassVar[dict[str, Any]] = {"phone_number_id": ["2002", "2003"]}

    def value(self, messages: list[Any], name: str = "Ada") -> dict[str, Any]:
        contacts = [{"profile": {"name": name}, "wa_id": "4915112345678", "user_id": "DE.9981"}]
        metadata = {"display_phone_number": "4930123456", "phone_number_id": "1001"}
        return {"metadata": metadata, "contacts": contacts, "messages": messages}

    def payload(self, value: dict[str, Any]) -> dict[str, Any]:
        changes = [{"field": "messages", "value": value}]
        entry = [{"id": "77", "changes": changes}]
        return {"object": "whatsapp_business_account", "entry": entry}

    def message(self, number: int = 1, **changes: Any) -> dict[str, Any]:
        return {
            "from": changes.get("sender", "4915112345678"),
            "id": f"wamid.{number}",
            "timestamp": changes.get("timestamp", "1795175990"),
            "type": "text",
            "text": {"body": changes.get("text", "Hello")},
        }

    def sample(self, **changes: Any) -> Any:
        value = self.value([self.message(**changes)], changes.get("name", "Ada"))
        if "sender" in changes:
            value["contacts"] = []
        return self.payload(value)

    def batch(self, count: int) -> Any:
        return self.payload(self.value([self.message(number) for number in range(count)]))

    def test_the_number_and_the_scoped_id_are_vouched_for(self) -> None:
        (event,) = self.receive(self.request).events
        assert event.sender_ids == {"phone": "+4915112345678", "bsuid": "DE.9981"}

    def test_one_bad_message_does_not_take_its_neighbours_along(self) -> None:
        value = self.value([self.message(1), {"text": 5}, 7, self.message(2)])
        events = self.events(self.payload(value))
        assert [event.provider_message_id for event in events] == ["wamid.1", None, "wamid.2"]

    def test_page_objects_on_this_address_are_read_as_messenger(self) -> None:
        item = {
            "sender": {"id": "P"},
            "recipient": {"id": "G"},
            "message": {"mid": "m", "text": "x"},
        }
        (event,) = self.events({"object": "page", "entry": [{"id": "G", "messaging": [item]}]})
        assert event.channel == "messenger"
