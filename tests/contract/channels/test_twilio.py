"""Twilio's webhooks under the shared suite."""

import hashlib
import json
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.channels.base import Request
from rapport.contracts.inbound import Kind
from tests.contract.channels import sign
from tests.contract.channels.suite import FUZZ, NOW, WebhookContract

FORM = "application/x-www-form-urlencoded"
SHARED = "X-Twilio-Webhooks-Signature-Settings"


class TestTwilio(WebhookContract):
    channel = "twilio"
    url = "https://hooks.example.org/webhooks/twilio/main?tenant=9"
    secret_key = "auth_token"
    signature_header = "X-Twilio-Signature"
    document: ClassVar[dict[str, Any]] = {
        "auth_token": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
        "account_sid": "AC1",
        "shared_keys": {"SK1": "a-shared-key"},
    }
    foreign: ClassVar[dict[str, Any]] = {"account_sid": "AC2"}
    refuses_garbage = False  # any bytes are some form
    single = True

    def encode(self, payload: Any) -> bytes:
        """As a form; values that no form can carry are written as JSON."""
        if not isinstance(payload, dict):
            return b""
        pairs = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in payload.items()
        }
        return urlencode(pairs, errors="replace").encode()

    def signed(self, body: bytes, secret: str | None = None) -> Request:
        try:
            signature = sign.twilio(self.url, body, secret or self.secret, form=True)
        except UnicodeDecodeError:
            signature = "AAAA"
        headers = (("Content-Type", FORM), ("X-Twilio-Signature", signature))
        return Request("POST", self.url, headers, body, NOW)

    def sample(self, **changes: Any) -> Any:
        if "timestamp" in changes:
            return None  # messages carry no time
        return {
            "MessageSid": "SM1",
            "AccountSid": "AC1",
            "From": changes.get("sender", "+4915112345678"),
            "To": "+15005550006",
            "Body": changes.get("text", "Hello"),
            "ProfileName": changes.get("name", "Ada"),
            "NumMedia": "0",
            "FromCity": "",
            "SmsStatus": "received",
        }

    def changed(self, request: Request) -> None:
        """Only what changes the decoded parameters changes what Twilio signs."""
        received = self.receive(request)
        if received.valid:
            assert received.events == self.receive(self.request).events

    def test_a_lone_surrogate_becomes_a_replacement_character(self) -> None:  # [52]
        body = self.encode(self.sample()).replace(b"Hello", b"half+%ED%A0%BD+smile")
        received = self.receive(self.signed(body))
        self.harmless(received)
        assert received.valid

    def test_an_answer_to_a_message_is_empty_twiml(self) -> None:
        response = self.receive(self.request).response
        assert (response.status, response.body) == (200, "<Response/>")
        assert response.content_type == "text/xml"

    @FUZZ
    @given(pairs=st.lists(st.tuples(st.text(max_size=6), st.text(max_size=9)), max_size=9))
    def test_any_parameters_are_signed_as_twilio_signs_them(
        self, pairs: list[tuple[str, str]]
    ) -> None:
        body = urlencode(pairs).encode()
        received = self.receive(self.signed(body))
        assert received.valid, received.reason

    def test_an_empty_value_is_part_of_what_is_signed(self) -> None:
        body = self.request.body.replace(b"&FromCity=", b"")
        self.refused(replace(self.request, body=body))

    def test_another_encoding_of_the_same_values_is_the_same_to_twilio(self) -> None:
        body = self.encode(self.sample(text="a b"))
        request = self.signed(body)
        assert self.receive(replace(request, body=body.replace(b"a+b", b"a%20b"))).valid

    def test_more_parameters_than_anyone_sends_are_refused(self) -> None:
        body = b"&".join(b"a%d=1" % number for number in range(1001))
        assert self.refused(self.signed(body)).reason == "malformed"

    @pytest.mark.parametrize(
        "called",
        [
            "https://public.example.com/webhooks/twilio/main?tenant=9",
            "https://public.example.com:443/webhooks/twilio/main?tenant=9",
        ],
    )
    def test_the_configured_address_replaces_scheme_and_host(self, called: str) -> None:
        document = {**self.document, "public_base_url": "https://public.example.com"}
        body = self.encode(self.sample())
        signature = sign.twilio(called, body, self.secret, form=True)
        request = self.with_header(self.request, "X-Twilio-Signature", signature)
        request = replace(request, url=self.url.replace("https://", "http://"))
        assert self.receive(request, document).valid
        self.refused(request)
        self.refused(request, {**self.document, "public_base_url": "public.example.com"})

    def test_a_fragment_with_connection_overrides_is_not_signed(self) -> None:
        request = replace(self.request, url=self.url + "#rc=2&rp=all")
        assert self.receive(request).valid

    @pytest.mark.parametrize("change", ["tenant=8", "Tenant=9", "tenant=9&", "", "tenant=%39"])
    def test_the_raw_query_is_part_of_what_is_signed(self, change: str) -> None:
        self.refused(replace(self.request, url=self.url.replace("tenant=9", change)))

    def test_a_get_is_a_webhook_whose_parameters_are_in_the_address(self) -> None:
        url = f"{self.url}&{self.encode(self.sample()).decode()}"
        headers = (("X-Twilio-Signature", sign.twilio(url, b"", self.secret, form=False)),)
        (event,) = self.receive(Request("GET", url, headers, b"", NOW)).events
        assert (event.kind, event.text) == (Kind.MESSAGE, "Hello")
        self.refused(Request("GET", url + "&NumMedia=1", headers, b"", NOW))

    def json_request(self, body: bytes, signed_body: bytes | None = None) -> Request:
        digest = hashlib.sha256(body if signed_body is None else signed_body).hexdigest()
        url = f"{self.url}&bodySHA256={digest}"
        signature = sign.twilio(url, b"", self.secret, form=False)
        headers = (("Content-Type", "application/json"), ("X-Twilio-Signature", signature))
        return Request("POST", url, headers, body, NOW)

    def test_a_json_body_counts_by_its_hash(self) -> None:
        assert self.receive(self.json_request(b'{"a": 1}')).valid
        self.refused(self.json_request(b'{"a": 2}', signed_body=b'{"a": 1}'))
        assert self.refused(self.json_request(b"{")).reason == "malformed"

    def test_a_json_body_without_its_hash_is_refused(self) -> None:
        signature = sign.twilio(self.url, b"", self.secret, form=False)
        headers = (("Content-Type", "application/json"), ("X-Twilio-Signature", signature))
        self.refused(Request("POST", self.url, headers, b"{}", NOW))

    def test_a_signed_json_address_does_not_carry_a_form(self) -> None:
        request = self.json_request(b"")
        headers = tuple((k, FORM if k == "Content-Type" else v) for k, v in request.headers)
        self.refused(replace(request, headers=headers, body=self.request.body))

    def shared(self, settings: str, key: str, algorithm: str = "sha256") -> Request:
        body = self.encode(self.sample())
        signature = sign.twilio(self.url, body, key, form=True, algorithm=algorithm)
        request = self.with_header(self.request, "X-Twilio-Signature", signature)
        return self.with_header(request, SHARED, settings)

    def test_a_shared_key_signs_with_the_algorithm_it_names(self) -> None:
        assert self.receive(self.shared("key=SK1,algorithm=HMAC_SHA256", "a-shared-key")).valid
        request = self.shared("key=SK1,algorithm=HMAC_SHA1", "a-shared-key", "sha1")
        assert self.receive(request).valid

    @pytest.mark.parametrize(
        "settings",
        [
            "",
            "key=SK1",
            "key=SK2,algorithm=HMAC_SHA256",
            "key=SK1,algorithm=HMAC_MD5",
            "key=SK1,algorithm=none",
            "algorithm=HMAC_SHA256",
            "key=SK1,algorithm=HMAC_SHA1",
        ],
    )
    def test_other_signature_settings_are_refused(self, settings: str) -> None:  # [66, 72]
        self.refused(self.shared(settings, "a-shared-key"))

    def test_the_auth_token_does_not_stand_in_for_a_named_shared_key(self) -> None:  # [72]
        self.refused(self.shared("key=SK1,algorithm=HMAC_SHA256", self.secret))
        self.refused(self.shared("key=SK1,algorithm=HMAC_SHA1", self.secret, "sha1"))

    def test_our_reference_in_the_callback_address_comes_back(self) -> None:
        url = f"{self.url}&reference={quote_plus('att 1')}"
        body = b"MessageSid=SM9&MessageStatus=sent"
        headers = (
            ("Content-Type", FORM),
            ("X-Twilio-Signature", sign.twilio(url, body, self.secret, form=True)),
        )
        (event,) = self.receive(Request("POST", url, headers, body, NOW)).events
        assert event.extra["reference"] == "att 1"
