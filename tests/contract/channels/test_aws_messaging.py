"""AWS End User Messaging through SNS under the shared suites: texts, and receipts of both media."""

from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest

from rapport.channels.aws_messaging.payloads import MEDIA
from rapport.contracts.inbound import InboundEvent, Kind, Status
from tests.contract.channels.sns_suite import SnsContract

SENT_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
REPORTED_MS = 1795175990_500
REPORTED_AT = datetime(2026, 11, 20, 11, 59, 50, 500_000, UTC)
NOT_TEXT: list[Any] = [None, "", 7, [], {}, True]


def told(event_type: str, **changes: Any) -> dict[str, Any]:
    """A delivery event of a message of ours."""
    plain = {
        "eventType": event_type,
        "eventVersion": "1.0",
        "eventTimestamp": REPORTED_MS,
        "isFinal": True,
        "originationPhoneNumber": "+18885550101",
        "destinationPhoneNumber": "+14255550182",
        "messageId": "o-1",
        "messageStatus": event_type.partition("_")[2],
        "messageStatusDescription": "What became of it",
        "context": {"reference": "rec_1.msg_1"},
    }
    return {**plain, **changes}


class TestAwsMessaging(SnsContract):
    channel = "aws_messaging"

    def sample(self, **changes: Any) -> Any:
        if "timestamp" in changes:
            return None  # a text has no time of its own
        return {
            "originationNumber": changes.get("sender", "+14255550182"),
            "destinationNumber": "+18885550101",
            "messageKeyword": "KEYWORD_1",
            "messageBody": changes.get("text", "Hello"),
            "inboundMessageId": "in-1",
            "previousPublishedMessageId": "o-1",
        }

    def one(self, payload: Any) -> InboundEvent:
        (event,) = self.events(payload)
        return event

    def test_a_text_is_from_the_number_the_network_vouches_for(self) -> None:
        event = self.one(self.sample())
        assert (event.channel, event.from_, event.to) == ("sms", "+14255550182", "+18885550101")
        assert event.sender_ids == {"phone": "+14255550182"}
        assert (event.provider_message_id, event.reply_to) == ("in-1", "o-1")
        assert event.timestamp == SENT_AT
        assert event.extra == {"keyword": "KEYWORD_1"}

    @pytest.mark.parametrize("sender", ["12345", "SHOP", "14255550182", None])
    def test_a_short_code_and_a_name_are_claims(self, sender: str | None) -> None:
        event = self.one(self.sample(sender=sender))
        assert (event.kind, event.from_, event.sender_ids) == (Kind.MESSAGE, sender, {})

    def test_every_type_the_service_may_send_is_mapped(self) -> None:
        model = botocore.session.get_session().get_service_model("pinpoint-sms-voice-v2")
        kinds = [str(one).partition("_") for one in model.shape_for("EventType").metadata["enum"]]
        named = {(first, rest) for first, _, rest in kinds if first in MEDIA and rest != "ALL"}
        mapped = {(first, rest) for first in MEDIA for rest in MEDIA[first][1]}
        assert len(named) >= 39
        assert named <= mapped

    @pytest.mark.parametrize(
        ("event_type", "channel", "status"),
        [
            ("TEXT_PENDING", "sms", Status.QUEUED),
            ("TEXT_SUCCESSFUL", "sms", Status.SENT),
            ("TEXT_DELIVERED", "sms", Status.DELIVERED),
            ("TEXT_CARRIER_UNREACHABLE", "sms", Status.FAILED),
            ("TEXT_PROTECT_BLOCKED", "sms", Status.FAILED),
            ("TEXT_UNKNOWN", "sms", Status.UNKNOWN),
            ("TEXT_BRAND_NEW", "sms", Status.UNKNOWN),
            ("MEDIA_DELIVERED", "mms", Status.DELIVERED),
            ("MEDIA_FILE_SIZE_EXCEEDED", "mms", Status.FAILED),
            ("VOICE_INITIATED", "voice", Status.QUEUED),
            ("VOICE_RINGING", "voice", Status.SENT),
            ("VOICE_ANSWERED", "voice", Status.DELIVERED),
            ("VOICE_COMPLETED", "voice", Status.DELIVERED),
            ("VOICE_NO_ANSWER", "voice", Status.FAILED),
            ("VOICE_BRAND_NEW", "voice", Status.UNKNOWN),
        ],
    )
    def test_an_event_is_the_receipt_of_its_message(
        self, event_type: str, channel: str, status: Status
    ) -> None:
        event = self.one(told(event_type))
        assert (event.kind, event.channel, event.status) == (Kind.RECEIPT, channel, status)
        assert (event.provider_message_id, event.provider_status) == ("o-1", event_type)
        assert (event.from_, event.to) == ("+18885550101", "+14255550182")
        assert event.timestamp == REPORTED_AT
        assert event.extra["reference"] == "rec_1.msg_1"
        is_failure = status is Status.FAILED
        assert event.error_code == (event_type.partition("_")[2] if is_failure else None)
        assert event.error_detail == ("What became of it" if is_failure else None)

    @pytest.mark.parametrize("event_type", ["TEXT_UNREACHABLE", "VOICE_BUSY"])
    def test_a_failure_that_is_not_final_may_yet_arrive(self, event_type: str) -> None:
        assert self.one(told(event_type, isFinal=False)).status is Status.DEFERRED
        assert self.one(told(event_type, isFinal="no")).status is Status.FAILED
        assert self.one(told("TEXT_DELIVERED", isFinal=False)).status is Status.DELIVERED

    @pytest.mark.parametrize("context", [None, {}, [], "rec_1.msg_1", {"reference": 7}])
    def test_a_message_of_somebody_else_has_no_reference_of_ours(self, context: Any) -> None:
        event = self.one(told("TEXT_DELIVERED", context=context))
        assert event.kind is Kind.RECEIPT
        assert "reference" not in event.extra

    @pytest.mark.parametrize("moment", [None, "", -1, 10**18, 1.5, "soon", True, []])
    def test_an_event_without_a_time_has_its_notifications(self, moment: Any) -> None:
        assert self.one(told("TEXT_DELIVERED", eventTimestamp=moment)).timestamp == SENT_AT

    @pytest.mark.parametrize("value", NOT_TEXT)
    def test_what_names_no_message_is_neither_message_nor_receipt(self, value: Any) -> None:
        # A receipt without an id would count for all that its recipient was sent.
        event = self.one(told("TEXT_DELIVERED", messageId=value))
        assert (event.kind, event.status) == (Kind.OTHER, None)
        assert self.one({**self.sample(), "inboundMessageId": value}).kind is Kind.OTHER

    @pytest.mark.parametrize(
        "event_type", ["RCS_DELIVERED", "TEXTS_SENT", "text_delivered", "", None, 7]
    )
    def test_other_types_are_other(self, event_type: Any) -> None:
        event = self.one({**told("TEXT_DELIVERED"), "eventType": event_type})
        assert event.kind is Kind.OTHER
        assert event.extra.get("messageId") == "o-1"
