"""One-time codes at the twins: what our senders ask for arrives, and can be read or heard there."""

import json
from typing import Any

import pytest
from botocore.credentials import ReadOnlyCredentials

from local.twins import codes
from local.twins.faults import Fault
from local.twins.twins import TwinHttp, Twins
from rapport.channels import registry
from rapport.channels.aws_messaging.outbound import Outbound as AwsMessaging
from rapport.channels.base import Account
from rapport.channels.sender import ErrorClass, OutboundMessage, Outcome, SendResult
from rapport.channels.speech import DIGITS
from rapport.contracts.content import TemplateContent, TextContent
from rapport.contracts.inbound import InboundEvent, Kind, Status
from tests.unit.twins.accounts import HOOKS, NOW, account, received, twins

TO = "+4915112345678"
CODE = "047119"
REFERENCE = f"ver_{'0' * 42}.1"
CALLBACK = f"https://hooks.example.org/webhooks/twilio/main?reference={REFERENCE}"
AWS = account("aws_messaging", origination_identity="pool-1")
SPOKEN = TextContent(text=f"Your code is {', '.join(CODE)}. Once more: {', '.join(CODE)}.")
WRITTEN = TextContent(text=f"{CODE} is your code. It is valid for 10 minutes.")


def send(made: Twins, by: Account, **changes: Any) -> SendResult:
    facts: dict[str, Any] = {
        "message_id": REFERENCE,
        "reference": REFERENCE,
        "channel": "sms",
        "to": TO,
        "content": WRITTEN,
        "status_callback": CALLBACK,
        "extra": {"code": CODE, "locale": "en"},
    }
    keys = ReadOnlyCredentials("AKID", "secret", None)
    is_aws = by.channel == "aws_messaging"
    sender = AwsMessaging(lambda: keys) if is_aws else registry.sender(by.channel)
    return sender.send(OutboundMessage(**{**facts, **changes}), by, TwinHttp(made), NOW)


@pytest.fixture
def made() -> Twins:
    known = twins()
    known.register(AWS, f"{HOOKS}/aws_messaging/main")
    return known


def events(made: Twins) -> list[InboundEvent]:
    hooks = [webhook for run in made.take_receipts() for webhook in run.webhooks]
    found = [received(made, webhook) for webhook in hooks]
    assert all(one.valid for one in found)
    return [event for one in found for event in one.events]


@pytest.mark.parametrize("by", [account("twilio"), AWS], ids=["Twilio", "AWS"])
@pytest.mark.parametrize("locale", DIGITS)
def test_a_call_says_a_code_that_can_be_heard(made: Twins, by: Account, locale: str) -> None:
    extra = {"code": CODE, "locale": locale}
    result = send(made, by, channel="voice", content=SPOKEN, extra=extra)
    if by is AWS and locale == "zh-HK":
        assert result.error is not None
        assert result.error.error_class is ErrorClass.UNSUPPORTED
        return
    assert result.outcome is Outcome.SENT
    (heard,) = codes.codes(made.outbox(TO, "voice"))
    assert (heard.code, heard.verification_id) == (CODE, REFERENCE.partition(".")[0])


@pytest.mark.parametrize("by", [account("twilio"), AWS], ids=["Twilio", "AWS"])
def test_a_text_message_shows_its_code(made: Twins, by: Account) -> None:
    assert send(made, by).outcome is Outcome.SENT
    (read,) = codes.codes(made.outbox(TO))
    assert (read.channel, read.code) == ("sms", CODE)
    assert list(codes.codes(made.outbox("+4915112345679"))) == []


def test_whatsapp_takes_a_code_only_with_a_button_that_copies_it(made: Twins) -> None:
    template = TemplateContent(name="verification_code", language="en", parameters=(CODE,))
    whatsapp = account("whatsapp")
    facts = {"channel": "whatsapp", "content": template}

    refused = send(made, whatsapp, **facts, extra={})
    assert refused.error is not None
    assert (refused.outcome, refused.error.code) == (Outcome.FAILED, "131008")
    assert made.outbox() == []
    other = TemplateContent(name="hello", language="en", parameters=("Jane",))
    assert send(made, whatsapp, channel="whatsapp", content=other, extra={}).outcome is Outcome.SENT

    assert send(made, whatsapp, **facts).outcome is Outcome.SENT
    assert [one.code for one in codes.codes(made.outbox(TO))] == [CODE]


def test_twilio_tells_how_a_call_ended(made: Twins) -> None:
    send(made, account("twilio"), channel="voice", content=SPOKEN)
    (told,) = events(made)
    assert (told.kind, told.status, told.provider_status) == (
        Kind.RECEIPT,
        Status.DELIVERED,
        "completed",
    )
    assert told.extra["reference"] == REFERENCE


def test_twilio_tells_more_of_a_call_to_those_who_ask(made: Twins) -> None:
    form = (
        f"To=%2B491511234567&From=%2B15005550008&Twiml=%3CResponse%2F%3E&StatusCallback={CALLBACK}"
    )
    asked = "".join(f"&StatusCallbackEvent={one}" for one in ("ringing", "answered", "completed"))
    path = "/2010-04-01/Accounts/AC1/Calls.json"
    basic = {"authorization": "Basic QUMxOnR3LXRva2Vu"}  # AC1:tw-token
    answered = made.handle("POST", "api.twilio.com", path, basic, (form + asked).encode())
    assert answered.status == 201
    assert [one.provider_status for one in events(made)] == ["ringing", "in-progress", "completed"]


@pytest.mark.parametrize("ends", ["busy", "no-answer"])
def test_nobody_may_pick_up(made: Twins, ends: str) -> None:
    made.state.failures[TO[1:]] = ends
    assert send(made, account("twilio"), channel="voice", content=SPOKEN).outcome is Outcome.SENT
    assert made.outbox() == []
    assert [(one.status, one.provider_status) for one in events(made)] == [(Status.FAILED, ends)]


def test_amazon_tells_how_a_call_went(made: Twins) -> None:
    send(made, AWS, channel="voice", content=SPOKEN)
    told = events(made)
    ways = ["VOICE_RINGING", "VOICE_ANSWERED", "VOICE_COMPLETED"]
    assert [one.provider_status for one in told] == ways
    assert {(one.channel, one.extra["reference"]) for one in told} == {("voice", REFERENCE)}


@pytest.mark.parametrize(
    ("channel", "ordered", "told"),
    [
        ("voice", "busy", "VOICE_BUSY"),
        ("voice", "no-answer", "VOICE_NO_ANSWER"),
        ("voice", "30003", "VOICE_FAILED"),
        ("sms", "CARRIER_BLOCKED", "TEXT_CARRIER_BLOCKED"),
        ("sms", "30003", "TEXT_UNREACHABLE"),
    ],
)
def test_amazon_tells_of_a_code_that_nobody_got(
    made: Twins, channel: str, ordered: str, told: str
) -> None:
    made.state.failures[TO[1:]] = ordered
    content = SPOKEN if channel == "voice" else WRITTEN
    assert send(made, AWS, channel=channel, content=content).outcome is Outcome.SENT
    assert made.outbox() == []
    last = events(made)[-1]
    assert (last.status, last.provider_status) == (Status.FAILED, told)
    assert last.extra["reference"] == REFERENCE


def test_amazon_tells_nothing_without_a_configuration_set(made: Twins) -> None:
    silent = account("aws_messaging", origination_identity="pool-1", configuration_set="")
    assert send(made, silent).outcome is Outcome.SENT
    assert events(made) == []


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        (account("twilio", voice_from="+15005550001"), {}, "21210"),
        (account("twilio"), {"to": "+0"}, "21211"),
        (account("twilio", auth_token="wrong"), {}, "20003"),
        (AWS, {"to": "+0"}, None),
        (
            Account("aws_messaging", "x", {**AWS.document, "origination_identity": "pool-2"}),
            {},
            None,
        ),
    ],
)
def test_what_a_provider_would_not_take_is_refused(
    made: Twins, by: Account, changes: dict[str, Any], code: str | None
) -> None:
    result = send(made, by, channel="voice", content=SPOKEN, **changes)
    assert result.outcome is Outcome.FAILED
    assert result.error is not None
    assert code is None or result.error.code == code
    assert made.outbox() == []


@pytest.mark.parametrize(
    ("form", "code"),
    [("From=%2B15005550008", 21205), ("Twiml=%3CResponse%2F%3E", 21213), ("X=1", 21213)],
)
def test_twilio_names_what_a_call_lacks(made: Twins, form: str, code: int) -> None:
    path = "/2010-04-01/Accounts/AC1/Calls.json"
    basic = {"authorization": "Basic QUMxOnR3LXRva2Vu"}
    body = f"To=%2B491511234567&{form}".encode()
    answered = made.handle("POST", "api.twilio.com", path, basic, body)
    assert f'"code": {code}'.encode() in answered.body


@pytest.mark.parametrize(
    ("twiml", "code"),
    [("<Response>", 12100), ("<Response><Hangup/></Response>", 12200), ("x" * 4001, 32018)],
)
def test_twilio_reads_only_words_it_can_say(made: Twins, twiml: str, code: int) -> None:
    path = "/2010-04-01/Accounts/AC1/Calls.json"
    basic = {"authorization": "Basic QUMxOnR3LXRva2Vu"}
    body = f"To=%2B491511234567&From=%2B15005550008&Twiml={twiml}".encode()
    answered = made.handle("POST", "api.twilio.com", path, basic, body)
    assert f'"code": {code}'.encode() in answered.body


@pytest.mark.parametrize(
    ("headers", "changes", "name"),
    [
        ({"x-amz-target": "PinpointSMSVoiceV2.Nothing"}, {}, "UnknownOperationException"),
        ({"authorization": ""}, {}, "MissingAuthenticationTokenException"),
        ({}, {"OriginationIdentity": ""}, "ValidationException"),
        ({}, {"OriginationIdentity": "pool-2"}, "ResourceNotFoundException"),
        ({}, {"DestinationPhoneNumber": "+0"}, "ValidationException"),
        ({}, {"TimeToLive": 1}, "ValidationException"),
        ({}, {"MessageBody": "<speak>"}, "ValidationException"),
        ({}, {"MessageBody": "<p/>"}, "ValidationException"),
        ({}, {"MessageBody": "x" * 6001}, "ValidationException"),
        ({}, {"VoiceId": "Matthew"}, "ValidationException"),
    ],
)
def test_aws_refuses_by_name(
    made: Twins, headers: dict[str, str], changes: dict[str, Any], name: str
) -> None:
    signature = (
        "AWS4-HMAC-SHA256 Credential=AKID/20261122/eu-west-1/sms-voice/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=0"
    )
    usual = {
        "authorization": signature,
        "x-amz-date": "20261122T090000Z",
        "x-amz-target": "PinpointSMSVoiceV2.SendVoiceMessage",
        "content-type": "application/x-amz-json-1.0",
    }
    body = {
        "DestinationPhoneNumber": TO,
        "OriginationIdentity": "pool-1",
        "MessageBody": "<speak>Hello</speak>",
        "MessageBodyTextType": "SSML",
    }
    host, asked = "sms-voice.eu-west-1.amazonaws.com", json.dumps({**body, **changes}).encode()
    answered = made.handle("POST", host, "/", {**usual, **headers}, asked)
    assert answered.status == 400
    assert name.encode() in answered.body


def test_an_ordered_refusal_may_quote_what_was_sent(made: Twins) -> None:
    made.faults.pending.append(Fault("status", status=400, code=21619, quotes=True))
    result = send(made, account("twilio"))
    assert (result.outcome, result.error and result.error.code) == (Outcome.FAILED, "21619")
    assert result.error is not None
    assert CODE not in str(result.error)


@pytest.mark.parametrize(("by", "channel"), [(account("twilio"), "voice"), (AWS, "voice")])
def test_a_fault_may_mean_calls_alone(made: Twins, by: Account, channel: str) -> None:
    made.faults.pending.append(Fault("status", match={"channel": channel}, status=503))
    assert send(made, by).outcome is Outcome.SENT
    assert send(made, by, channel="voice", content=SPOKEN).outcome is not Outcome.SENT
