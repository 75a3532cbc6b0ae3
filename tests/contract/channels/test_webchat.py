"""Our own widget's endpoint under the shared suite."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from rapport.channels.base import Request
from tests.contract.channels import sign
from tests.contract.channels.suite import NOW, WebhookContract

AT = int(NOW.timestamp())


class TestWebchat(WebhookContract):
    channel = "webchat"
    secret_key = "token_key"
    signature_header = "Authorization"
    document: ClassVar[dict[str, Any]] = {"token_key": "k" * 32}
    signs_body = False
    single = True
    names_sender = False
    window = timedelta(minutes=10)

    def claims(self, **changes: Any) -> dict[str, Any]:
        plain = {
            "sub": "vis_01abc",
            "acc": "main",
            "aud": "webchat",
            "iat": AT,
            "exp": AT + 600,
            "anonymous_id": "anon-1",
        }
        return {key: value for key, value in {**plain, **changes}.items() if value is not None}

    def bearer(self, claims: dict[str, Any], header: dict[str, Any] | None = None) -> Request:
        token = sign.token(claims, self.secret, header)
        return self.with_header(self.request, "Authorization", f"Bearer {token}")

    def signed(self, body: bytes, secret: str | None = None) -> Request:
        token = sign.token(self.claims(), secret or self.secret)
        headers = (("Authorization", f"Bearer {token}"),)
        return Request("POST", self.url, headers, body, NOW)

    def sample(self, **changes: Any) -> Any:
        if "timestamp" in changes or "sender" in changes:
            return None
        return {"message_id": "m-1", "type": "text", "text": changes.get("text", "Hello")}

    def test_the_id_is_the_visitors_and_the_time_is_ours(self) -> None:
        (event,) = self.receive(self.request).events
        assert event.provider_message_id == "vis_01abc:m-1"
        assert (event.from_, event.to, event.timestamp) == ("vis_01abc", "main", NOW)
        assert event.sender_ids == {"anonymous_id": "anon-1"}

    @pytest.mark.parametrize("claim", ["sub", "acc", "aud", "iat", "exp"])
    def test_every_claim_is_required(self, claim: str) -> None:  # [93]
        self.refused(self.bearer(self.claims(**{claim: None})))

    @pytest.mark.parametrize(
        "changes",
        [
            {"aud": "console"},
            {"acc": "other"},
            {"exp": AT},
            {"exp": AT - 1},
            {"iat": AT + 61},
            {"exp": "nan"},
            {"exp": float("nan")},
            {"exp": 1e400},
            {"exp": True},
            {"sub": "agt_01"},
            {"sub": "vis_"},
            {"sub": "vis_1\n"},
            {"sub": 7},
        ],
    )
    def test_a_token_for_something_else_is_refused(self, changes: dict[str, Any]) -> None:  # [93]
        self.refused(self.bearer(self.claims(**changes)))

    @pytest.mark.parametrize("algorithm", ["none", "None", "HS512", "RS256", "ES256", "", 7])
    def test_other_algorithms_are_refused(self, algorithm: Any) -> None:  # [93]
        self.refused(self.bearer(self.claims(), {"alg": algorithm, "typ": "JWT"}))

    def test_an_unsigned_token_is_refused(self) -> None:  # [93]
        head, body, _ = sign.token(self.claims(), "x", {"alg": "none"}).split(".")
        request = self.with_header(self.request, "Authorization", f"Bearer {head}.{body}.")
        self.refused(request)

    @pytest.mark.parametrize(
        "body",
        [
            {"text": "x"},
            {"message_id": "m"},
            {"message_id": "", "text": "x"},
            {"message_id": "a" * 65, "text": "x"},
            {"message_id": "a b", "text": "x"},
            {"message_id": "a\n", "text": "x"},
            {"message_id": 7, "text": "x"},
            {"message_id": "m", "text": ""},
            {"message_id": "m", "text": "x" * 4097},
            {"message_id": "m", "text": None},
            {"message_id": "m", "type": "typing"},
            {"message_id": "m", "type": "image", "text": "x"},
        ],
    )
    def test_another_body_is_refused(self, body: dict[str, Any]) -> None:
        assert self.refused(self.signed(self.encode(body))).reason == "malformed"

    def test_the_clock_is_the_requests_not_the_machines(self) -> None:
        long_ago = NOW - timedelta(days=900)
        at = int(long_ago.timestamp())
        request = self.bearer(self.claims(iat=at, exp=at + 60))
        assert self.receive(replace(request, received_at=long_ago)).valid
