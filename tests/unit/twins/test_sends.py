"""Our senders against the twins: what phones receive, what receipts say, what goes wrong."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.credentials import ReadOnlyCredentials
from pydantic import HttpUrl

from local.twins.customer import Action
from local.twins.faults import Fault
from local.twins.receipts import ReceiptSettings
from local.twins.twins import TwinHttp, Twins
from rapport.channels import registry
from rapport.channels.aws_messaging.outbound import Outbound as AwsMessaging
from rapport.channels.base import Account
from rapport.channels.sender import ErrorClass, OutboundMessage, Outcome, Sender, SendResult
from rapport.channels.ses.outbound import Outbound as Ses
from rapport.contracts.content import MediaContent, TemplateContent, TextContent
from rapport.contracts.inbound import InboundEvent, Kind, Status
from rapport.kernel.clock import FixedClock
from tests.unit.twins.accounts import DOCUMENTS, NOW, account, received, twins

TO = {
    "whatsapp": "4915112345678",
    "messenger": "P1",
    "line": "U1",
    "telegram": "42",
    "twilio": "+4915112345678",
    "ses": "jane@example.com",
    "aws_messaging": "+4915112345678",
}
CALLBACK = "https://hooks.example.org/webhooks/twilio/main?ref=1"


def sender(channel: str) -> Sender:
    of_amazon = {"ses": Ses, "aws_messaging": AwsMessaging}.get(channel)
    if of_amazon:
        return of_amazon(lambda: ReadOnlyCredentials("AKID", "secret", None))
    return registry.sender(channel)


def send(made: Twins, channel: str, by: Account | None = None, **changes: Any) -> SendResult:
    facts: dict[str, Any] = {
        "message_id": "msg_01",
        "reference": "ref_01",
        "channel": {"twilio": "sms", "ses": "email", "aws_messaging": "sms"}.get(channel, channel),
        "to": TO[channel],
        "content": TextContent(text="Grüße 😀", subject="Hallo" if channel == "ses" else None),
        "last_inbound_at": NOW - timedelta(minutes=1),
        "status_callback": CALLBACK,
    }
    message = OutboundMessage(**{**facts, **changes})
    return sender(channel).send(message, by or account(channel), TwinHttp(made), NOW)


def events(made: Twins) -> Iterator[InboundEvent]:
    for run in made.take_receipts():
        for webhook in run.webhooks:
            found = received(made, webhook)
            assert found.valid, found.reason
            yield from found.events


@pytest.mark.parametrize("channel", DOCUMENTS)
def test_a_text_reaches_the_phone(channel: str) -> None:
    made = twins()
    result = send(made, channel)
    assert result.outcome is Outcome.SENT
    only = made.outbox(f"+{TO[channel]}" if channel == "whatsapp" else TO[channel])
    assert [(item.text or "").strip() for item in only] == ["Grüße 😀"]
    assert only[0].provider_message_id == result.provider_message_id
    assert made.outbox("nobody") == []
    assert made.outbox(channel="nothing") == []


@pytest.mark.parametrize("channel", DOCUMENTS)
def test_receipts_follow_where_the_provider_gives_any(channel: str) -> None:
    made = twins()
    result = send(made, channel)
    statuses = [event.status for event in events(made) if event.kind is Kind.RECEIPT]
    expected = {
        "whatsapp": [Status.SENT, Status.DELIVERED, Status.READ],
        "messenger": [Status.DELIVERED, Status.READ],
        "line": [],
        "telegram": [],
        "twilio": [Status.SENT, Status.DELIVERED],
        "ses": [Status.SENT, Status.DELIVERED, Status.READ],
        "aws_messaging": [Status.SENT, Status.DELIVERED],
    }
    assert statuses == expected[channel]
    assert result.outcome is Outcome.SENT
    assert made.take_receipts() == []


@pytest.mark.parametrize("channel", ["whatsapp", "ses", "aws_messaging"])
def test_the_reference_comes_back_with_the_receipts(channel: str) -> None:
    made = twins()
    result = send(made, channel)
    for event in events(made):
        assert event.provider_message_id == result.provider_message_id
        assert "ref_01" in event.extra.values()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (ReceiptSettings(enabled=False), []),
        (ReceiptSettings(order="reverse"), ["read", "delivered", "sent"]),
        (ReceiptSettings(copies=2, statuses=("read",)), ["read", "read"]),
    ],
)
def test_receipts_come_as_they_were_ordered(settings: ReceiptSettings, expected: list[str]) -> None:
    made = twins()
    made.settings.receipts = settings
    send(made, "whatsapp")
    assert [event.status for event in events(made)] == expected


@pytest.mark.parametrize(
    ("channel", "code", "status"),
    [
        ("whatsapp", "131026", Status.FAILED),
        ("twilio", "30003", Status.FAILED),
        ("ses", "5.1.1", Status.BOUNCED),
        ("aws_messaging", "CARRIER_BLOCKED", Status.FAILED),
    ],
)
def test_a_message_may_fail_after_it_was_taken(channel: str, code: str, status: Status) -> None:
    made = twins()
    made.state.failures[TO[channel].lstrip("+")] = code
    assert send(made, channel).outcome is Outcome.SENT
    assert made.outbox() == []
    last = list(events(made))[-1]
    assert (last.status, last.error_code) == (status, code)


@pytest.mark.parametrize(
    ("channel", "key"),
    [
        ("whatsapp", "access_token"),
        ("messenger", "access_token"),
        ("line", "channel_access_token"),
        ("telegram", "bot_token"),
        ("twilio", "auth_token"),
    ],
)
def test_a_wrong_credential_is_an_auth_error(channel: str, key: str) -> None:
    made = twins()
    result = send(made, channel, account(channel, **{key: "1:wrong"}))
    assert result.error is not None
    assert (result.outcome, result.error.error_class) == (Outcome.FAILED, ErrorClass.AUTH)
    assert made.outbox() == []


def test_a_mailbox_that_is_not_verified_may_not_send() -> None:
    result = send(twins(), "ses", account("ses", from_address="evil@shop.example"))
    assert result.error is not None
    assert result.error.code == "MessageRejected"


def test_templates_and_media_reach_the_phone_too() -> None:
    made = twins()
    template = TemplateContent(name="HX1", language="en", parameters=("A",))
    picture = MediaContent(media_type="image", url=HttpUrl("https://x.example/a.jpg"), caption="c")
    for channel in ("whatsapp", "twilio", "ses"):
        assert send(made, channel, content=template).outcome is Outcome.SENT
        assert made.outbox()[-1].template is not None
        assert made.outbox()[-1].template["parameters"] == ["A"]  # type: ignore[index]
    for channel in ("whatsapp", "line", "telegram", "twilio"):
        assert (
            send(made, channel, content=picture, message_id=f"m{channel}").outcome is Outcome.SENT
        )
    assert {item.media_url for item in made.outbox()[3:]} == {"https://x.example/a.jpg", None}


def test_line_recognises_a_repeated_message() -> None:
    made = twins()
    made.faults.pending.append(Fault("drop_after"))
    assert send(made, "line").outcome is Outcome.RETRY
    again = send(made, "line")
    assert again.outcome is Outcome.SENT
    assert [item.provider_message_id for item in made.outbox()] == [again.provider_message_id]
    assert len(made.state.requests) == 2


def test_a_lost_answer_is_unknown_and_the_message_may_have_arrived() -> None:
    for kind, arrived in (("drop_after", 1), ("drop_before", 0)):
        made = twins()
        made.faults.pending.append(Fault(kind))  # type: ignore[arg-type]
        assert send(made, "whatsapp").outcome is Outcome.UNKNOWN
        assert len(made.outbox()) == arrived


def test_a_refused_connection_is_tried_again() -> None:
    made = twins()
    made.faults.pending.append(Fault("refuse"))
    assert send(made, "whatsapp").outcome is Outcome.RETRY


def test_a_request_that_a_proxy_doubles_arrives_twice_except_at_line() -> None:
    for channel, arrived in (("twilio", 2), ("line", 1)):
        made = twins()
        made.faults.pending.append(Fault("duplicate"))
        assert send(made, channel).outcome is Outcome.SENT
        assert len(made.outbox()) == arrived


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ("whatsapp", 131047),
        ("messenger", 190),
        ("line", "Failed"),
        ("telegram", 403),
        ("twilio", 21610),
        ("ses", "MessageRejected"),
    ],
)
def test_an_error_inside_a_200_is_an_error(channel: str, code: Any) -> None:
    made = twins()
    made.faults.pending.append(
        Fault("error_body", code=code, status=400 if channel == "line" else 200)
    )
    result = send(made, channel)
    assert result.error is not None
    assert result.outcome is Outcome.FAILED
    assert made.outbox() == []
    assert send(made, channel).outcome is Outcome.SENT  # one time only


def test_faults_fit_the_requests_they_name() -> None:
    made = twins()
    slept: list[float] = []
    made._wait = slept.append
    made.faults.pending += [
        Fault("status", {"to": "+4999"}, status=500),
        Fault("status", {"channel": "messenger"}, status=429, headers={"Retry-After": "9"}),
        Fault("status", {"nonsense": "x"}, status=500),
        Fault("delay", {"host": "api.twilio.com", "path": "Messages"}, times=2, seconds=3),
    ]
    assert send(made, "whatsapp").outcome is Outcome.SENT
    limited = send(made, "messenger")
    assert limited.error is not None
    assert limited.error.retry_after == timedelta(seconds=9)
    assert [send(made, "twilio").outcome for _ in range(3)] == [Outcome.SENT] * 3
    assert slept == [3, 3]
    assert len(made.faults.pending) == 2


@pytest.mark.parametrize("channel", ["twilio", "aws_messaging"])
def test_who_said_stop_is_not_reached_until_they_start_again(channel: str) -> None:
    made = twins()
    made.customer(Action(channel, TO[channel], text="STOP "))
    refused = send(made, channel)
    assert refused.error is not None
    assert refused.error.error_class is ErrorClass.OPTED_OUT
    made.customer(Action(channel, TO[channel], text="start"))
    assert send(made, channel).outcome is Outcome.SENT


def test_who_blocked_a_bot_is_refused_by_telegram_and_passed_over_by_line() -> None:
    made = twins()
    for channel in ("telegram", "line"):
        made.customer(Action(channel, TO[channel], membership="unfollow"))
    refused = send(made, "telegram")
    assert refused.error is not None
    assert refused.error.error_class is ErrorClass.OPTED_OUT
    assert send(made, "line").outcome is Outcome.SENT
    assert made.outbox() == []


def test_windows_are_kept_when_asked_to() -> None:
    made = twins()
    clock = made.state.clock
    assert isinstance(clock, FixedClock)
    made.state.enforce_windows = True
    closed = send(made, "messenger")
    assert closed.error is not None
    assert closed.error.error_class is ErrorClass.WINDOW_CLOSED
    made.customer(Action("messenger", "P1", text="Hi"))
    assert send(made, "messenger").outcome is Outcome.SENT
    assert send(made, "whatsapp").outcome is Outcome.SENT  # Meta says so later
    assert [event.error_code for event in events(made)][-1] == "131047"
    clock.advance(timedelta(days=1))
    assert send(made, "messenger").outcome is Outcome.FAILED


def test_reset_forgets_everything_but_the_accounts() -> None:
    made = twins()
    send(made, "whatsapp")
    made.faults.pending.append(Fault("status"))
    made.reset()
    assert (made.outbox(), made.take_receipts(), made.state.requests) == ([], [], [])
    assert send(made, "whatsapp").outcome is Outcome.SENT


def test_an_unknown_host_has_no_twin() -> None:
    assert TwinHttp(twins()).send("GET", "https://example.com/", {}, b"").status == 404
