"""What every webhook that comes through Amazon SNS must withstand besides the shared suite."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from rapport.channels.base import Received, Request
from tests.contract.channels import sign
from tests.contract.channels.suite import NOW, WebhookContract

TOPIC = "arn:aws:sns:eu-west-1:111122223333:topic"
AUTHORITY = sign.Authority()
IMPOSTOR = sign.Authority()
SUBSCRIBE = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"


class SnsContract(WebhookContract):
    """Inherit and fill in `sample`: the envelope, its signature and attacks on both are here."""

    secret_key = "allowed_topic_arns"
    signature_header = None
    document: ClassVar[dict[str, Any]] = {
        "allowed_topic_arns": [TOPIC],
        "trusted_root_pem": AUTHORITY.root_pem,
    }
    window = timedelta(hours=1)
    single = True
    refuses_garbage = False  # what lies inside an authentic envelope becomes "other"
    names_sender = False
    pem = AUTHORITY.leaf_pem

    def certificates(self, url: str) -> bytes:
        if url != sign.CERT_URL:
            raise FileNotFoundError(url)
        return self.pem.encode()

    def envelope(self, message: str, **changes: Any) -> dict[str, Any]:
        plain = {
            "Type": "Notification",
            "MessageId": "22b80b92",
            "TopicArn": TOPIC,
            "Message": message,
            "Timestamp": "2026-11-20T12:00:00.000Z",
            "SignatureVersion": "2",
            "SigningCertURL": sign.CERT_URL,
        }
        return {key: value for key, value in {**plain, **changes}.items() if value is not None}

    def posted(self, envelope: dict[str, Any]) -> Request:
        headers = (("Content-Type", "text/plain; charset=UTF-8"),)
        return Request("POST", self.url, headers, json.dumps(envelope).encode(), NOW)

    def signed(self, body: bytes, secret: str | None = None) -> Request:
        envelope = self.envelope(body.decode("utf-8", "replace"))
        envelope["Signature"] = (IMPOSTOR if secret else AUTHORITY).sign(envelope)
        return self.posted(envelope)

    def changed(self, request: Request) -> None:
        """White space between JSON's tokens is not signed; everything that is said is."""
        received = self.receive(request)
        if received.valid:
            assert received.events == self.receive(self.request).events

    @pytest.mark.parametrize(
        "url",
        [
            "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
            "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
            "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
            "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
            "https://sns.eu-west-1.amazonaws.com/a.pem?x=1",
            "https://sns.eu-west-1.amazonaws.com/a.pem#x",
            "https://sns.eu-west-1.amazonaws.com/../a.txt",
            "https://sns.eu-west-1.amazonaws.com\n.evil.example/a.pem",
            "https://sns.eu-west-1.amazonaws.com/a.pem\n",
            "https://sns.x.s3.amazonaws.com/a.pem",
            "https://evil-sns.eu-west-1.amazonaws.com/a.pem",
            "https://sns.amazonaws.com/a.pem",
            "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
            "file:///etc/passwd.pem",
            "",
            7,
        ],
    )
    def test_a_certificate_is_asked_for_at_snss_hosts_only(self, url: Any) -> None:
        asked: list[str] = []
        self.certificates = asked.append  # type: ignore[assignment]
        envelope = self.envelope("x", SigningCertURL=url)
        envelope["Signature"] = AUTHORITY.sign(envelope)
        assert self.refused(self.posted(envelope)).reason == "untrusted_cert_url"
        assert not asked

    @pytest.mark.parametrize("subject", ["sns.amazonaws.com.evil.example", "evil.example", ""])
    def test_a_certificate_of_another_name_is_refused(self, subject: str) -> None:
        other = sign.Authority(subject or "x")
        envelope = self.envelope("x")
        envelope["Signature"] = other.sign(envelope)
        self.pem = other.leaf_pem
        document = {**self.document, "trusted_root_pem": other.root_pem}
        assert self.refused(self.posted(envelope), document).reason == "untrusted_cert"

    def test_a_certificate_of_another_root_is_refused(self) -> None:
        envelope = self.envelope("x")
        envelope["Signature"] = IMPOSTOR.sign(envelope)
        self.pem = IMPOSTOR.leaf_pem
        assert self.refused(self.posted(envelope)).reason == "untrusted_cert"
        self.pem = IMPOSTOR.leaf_pem + IMPOSTOR.root_pem  # bringing one's own root does not help
        assert self.refused(self.posted(envelope)).reason == "untrusted_cert"

    def test_a_chain_that_ends_at_the_root_is_followed(self) -> None:
        self.pem = AUTHORITY.leaf_pem + AUTHORITY.root_pem
        assert self.receive(self.request).valid

    def test_without_a_root_the_host_it_came_from_decides(self) -> None:
        document = {"allowed_topic_arns": TOPIC}
        assert self.receive(self.request, document).valid

    @pytest.mark.parametrize("pem", ["", "no pem", "-----BEGIN CERTIFICATE-----\nAA\n"])
    def test_what_is_no_certificate_is_refused(self, pem: str) -> None:
        self.pem = pem
        assert self.refused(self.request).reason == "untrusted_cert"

    def test_a_certificate_that_cannot_be_had_lets_sns_try_again(self) -> None:
        url = sign.CERT_URL.replace("abab", "cdcd")
        envelope = self.envelope("x", SigningCertURL=url)
        envelope["Signature"] = AUTHORITY.sign(envelope)
        received = self.refused(self.posted(envelope))
        assert (received.reason, received.response.status) == ("untrusted_cert", 503)

    @pytest.mark.parametrize("days", [-330, 500])
    def test_the_certificate_must_be_valid_when_the_message_arrives(self, days: int) -> None:
        moment = NOW + timedelta(days=days)
        envelope = self.envelope("x", Timestamp=moment.isoformat())
        envelope["Signature"] = AUTHORITY.sign(envelope)
        request = replace(self.posted(envelope), received_at=moment)
        assert self.refused(request).reason == "untrusted_cert"

    @pytest.mark.parametrize("version", ["1", "2"])
    def test_a_signature_of_one_version_is_not_one_of_the_other(self, version: str) -> None:
        envelope = self.envelope("x", SignatureVersion=version)
        envelope["Signature"] = AUTHORITY.sign(envelope)
        assert self.receive(self.posted(envelope)).valid
        envelope["SignatureVersion"] = "2" if version == "1" else "1"
        assert self.refused(self.posted(envelope)).reason == "bad_signature"

    @pytest.mark.parametrize("version", ["3", "", "02", 2, None, ["2"]])
    def test_other_versions_are_refused(self, version: Any) -> None:
        envelope = {**self.envelope("x"), "SignatureVersion": version, "Signature": "AAAA"}
        assert self.refused(self.posted(envelope)).reason == "unsupported_version"

    def test_somebody_elses_topic_is_refused(self) -> None:  # [68]
        envelope = self.envelope("x", TopicArn=TOPIC + "2")
        envelope["Signature"] = AUTHORITY.sign(envelope)
        received = self.refused(self.posted(envelope))
        assert (received.reason, received.response.status) == ("unexpected_topic", 403)

    @pytest.mark.parametrize("value", ["nan", "", "0", "1795176000", "inf", "2026-13-40"])
    def test_a_timestamp_that_is_no_time_is_refused(self, value: str) -> None:  # [70]
        envelope = self.envelope("x", Timestamp=value)
        envelope["Signature"] = AUTHORITY.sign(envelope)
        self.refused(self.posted(envelope))

    @pytest.mark.parametrize("key", ["Type", "Message", "MessageId", "Timestamp", "TopicArn"])
    @pytest.mark.parametrize("value", [None, 7, {}, [], True])
    def test_an_envelope_of_the_wrong_types_is_refused(self, key: str, value: Any) -> None:
        envelope = {**self.envelope("x"), "Signature": "AAAA", key: value}
        self.refused(self.posted(envelope))

    @pytest.mark.parametrize("signature", ["", "AAAA", "=", "é", None, 7, "A" * 344])
    def test_another_signature_is_refused(self, signature: Any) -> None:  # [66, 67]
        self.refused(self.posted({**self.envelope("x"), "Signature": signature}))

    def test_raw_delivery_has_no_signature_and_is_refused(self) -> None:
        request = self.with_header(self.request, "x-amz-sns-rawdelivery", "true")
        assert self.refused(request).reason == "missing_signature"

    def confirmation(self, kind: str, url: str = SUBSCRIBE) -> Received:
        envelope = self.envelope("m", Type=kind, SubscribeURL=url, Token="t")
        envelope["Signature"] = AUTHORITY.sign(envelope)
        received = self.receive(self.posted(envelope))
        assert received.valid
        assert received.events == ()
        return received

    def test_a_subscription_is_confirmed_by_one_visit(self) -> None:
        assert self.confirmation("SubscriptionConfirmation").visit == SUBSCRIBE

    def test_an_unsubscription_is_never_undone_by_a_visit(self) -> None:
        assert self.confirmation("UnsubscribeConfirmation").visit is None

    @pytest.mark.parametrize(
        "url",
        [
            "https://sns.eu-west-1.amazonaws.com.evil.example/?Action=ConfirmSubscription",
            "http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
            "https://169.254.169.254/?Action=ConfirmSubscription",
            "https://sns.eu-west-1.amazonaws.com@evil.example/?x",
            "https://sns.eu-west-1.amazonaws.com/?x\n",
        ],
    )
    def test_no_other_host_is_visited(self, url: str) -> None:
        assert self.confirmation("SubscriptionConfirmation", url).visit is None

    def test_a_message_over_snss_own_limit_is_refused(self) -> None:
        assert self.refused(self.signed(b"x" * (256 * 1024 + 1))).reason == "too_large"
