"""Amazon SES through SNS under the shared suites."""

import base64
from typing import Any

import pytest

from rapport.contracts.inbound import Kind
from tests.contract.channels.sns_suite import SnsContract


class TestSes(SnsContract):
    channel = "ses"

    def sample(self, **changes: Any) -> Any:
        if "sender" in changes:
            return None
        text = changes.get("text", "Hello").encode("utf-8", "replace")
        mime = b"Subject: Hi\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text
        name = changes.get("name", "Ada")
        return {
            "notificationType": "Received",
            "mail": {
                "timestamp": changes.get("timestamp", "2026-11-20T11:59:50.000Z"),
                "source": "bounce+ada@mx.example.net",
                "messageId": "in-1",
                "commonHeaders": {"from": [f'"{name}" <ada@example.com>'], "subject": "Hi"},
            },
            "receipt": {
                "recipients": ["help@in.example.org"],
                "dmarcVerdict": {"status": "PASS"},
                "action": {"type": "SNS", "encoding": "BASE64"},
            },
            "content": base64.b64encode(mime).decode(),
        }

    def test_a_lone_surrogate_becomes_a_replacement_character(self) -> None:  # [52]
        payload = self.sample()
        payload["content"] = "Subject: x\r\n\r\nhalf \ud83d smile"
        payload["receipt"]["action"] = {"type": "SNS"}
        (event,) = self.events(payload)
        assert event.text == "half \ufffd smile"

    def test_dmarc_alone_vouches_for_the_sender(self) -> None:
        (event,) = self.receive(self.request).events
        assert event.sender_ids == {"email": "ada@example.com"}
        for status in ("FAIL", "GRAY", "PROCESSING_FAILED", None):
            payload = self.sample()
            payload["receipt"]["dmarcVerdict"] = {"status": status}
            (event,) = self.events(payload)
            assert event.sender_ids == {}
            assert event.extra.get("dmarc") == status

    def test_two_from_lines_are_vouched_for_by_nobody(self) -> None:
        payload = self.sample()
        payload["mail"]["headers"] = [{"name": "From", "value": x} for x in ("a@x.org", "b@y.org")]
        (event,) = self.events(payload)
        assert event.sender_ids == {}

    @pytest.mark.parametrize(
        "mime",
        [
            b"",
            b"\xff\xfe\x00",
            b"Content-Type: text/plain; charset=klingon\r\n\r\nqapla\xff",
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 50,
            b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
            b"Content-Type: =?\r\nSubject: =?utf-8?b?!!?=\r\n\r\nx",
            b"Content-Disposition: attachment; filename*=klingon''%ff\r\n\r\nx",
            b"From: <<>>,;:\r\nTo: @\r\n\r\nx",
        ],
    )
    def test_a_mail_however_badly_made_is_not_lost(self, mime: bytes) -> None:
        payload = self.sample()
        payload["content"] = base64.b64encode(mime).decode()
        (event,) = self.events(payload)
        assert event.kind == Kind.MESSAGE
        self.harmless(self.receive(self.signed(self.encode(payload))))

    def test_content_that_is_no_base64_is_marked_unreadable(self) -> None:
        (event,) = self.events({**self.sample(), "content": "é"})
        assert event.extra["unreadable"] is True
        assert event.text is None
