"""Senders of codes: what they ask of Twilio and AWS, against AWS's own model of its API."""

import json
import re
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import botocore.session
import pytest
from botocore.credentials import ReadOnlyCredentials
from botocore.validate import ParamValidator

from rapport.channels.aws_messaging.outbound import ERRORS as AWS_ERRORS
from rapport.channels.aws_messaging.outbound import REASONS, SSML_LIMIT, ssml
from rapport.channels.aws_messaging.outbound import VOICES as AWS_VOICES
from rapport.channels.aws_messaging.outbound import Outbound as AwsMessaging
from rapport.channels.sender import AnswerLost, ErrorClass, NotSent, Outcome
from rapport.channels.speech import DIGITS, speak, spoken_locale
from rapport.channels.twilio.outbound import Outbound as Twilio
from rapport.channels.twilio.voice import MAX_TWIML, VOICES, twiml
from rapport.contracts.content import TextContent
from tests.unit.channels.sending_fakes import NOW, CannedHttp, a_message, an_account, answering

TO = "+886912345678"
TWILIO = an_account(
    "twilio", account_sid="AC1", auth_token="secret", voice_from="+15005550006", sms_from="+1500"
)
AWS = an_account(
    "aws_messaging",
    origination_identity="pool-1",
    voice_identity="+15005550006",
    region="eu-west-1",
    configuration_set="events",
    max_price="0.25",
    max_price_per_minute="0.40",
)
KEYS = ReadOnlyCredentials("AKID", "secret", "session")
WORDS = TextContent(text="Your code is 0, 4, 7, 1, 1, 9. Once more: 0, 4, 7, 1, 1, 9.")
LOCALES = ("en", "zh-HK", "zh-TW", "zh-CN", "ja", "es", "pt-BR")


def a_call(**changes: Any) -> Any:
    extra = {"code": "047119", "locale": "en", **changes.pop("extra", {})}
    content = changes.pop("content", WORDS)
    return a_message("voice", changes.pop("to", TO), content=content, extra=extra, **changes)


def by_twilio(http: CannedHttp, **changes: Any) -> Any:
    return Twilio().send(a_call(**changes), TWILIO, http, NOW)


def by_aws(http: CannedHttp, message: Any) -> Any:
    return AwsMessaging(lambda: KEYS).send(message, AWS, http, NOW)


def said(xml: str) -> list[str]:
    """The pieces a listener hears."""
    return [(node.text or "") for node in ET.fromstring(xml).iter("Say")]


def digits_heard(pieces: list[str], locale: str) -> str:
    words = {word: str(i) for i, word in enumerate(DIGITS[locale])}
    return "".join(words[piece] for piece in pieces if piece in words)


# What is said ----------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", ["0123", "047119", "9876543210"])
@pytest.mark.parametrize("text", ["Code {c}.", "{c}, again {c}", "No digits", "您的驗證碼是 {c}。"])
def test_a_code_is_heard_twice_digit_by_digit_in_every_language(
    locale: str, code: str, text: str
) -> None:
    content = TextContent(text=text.replace("{c}", code))
    message = a_call(content=content, extra={"code": code, "locale": locale})
    xml = twiml(message, TWILIO)
    assert digits_heard(said(xml), locale) == code * 2
    assert code not in xml
    assert len(xml) <= MAX_TWIML


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_has_ten_different_words_and_a_voice_that_speaks_it(locale: str) -> None:
    assert len(set(DIGITS[locale])) == 10
    language = VOICES[locale].language.partition("-")[0]
    mother = {"zh-HK": "yue", "zh-TW": "cmn", "zh-CN": "cmn"}.get(locale, locale.partition("-")[0])
    assert language == mother


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("zh-Hant-HK", "zh-HK"),
        ("yue-HK", "zh-HK"),
        ("zh_TW", "zh-TW"),
        ("zh-Hant", "zh-TW"),
        ("zh-Hans-SG", "zh-CN"),
        ("zh", "zh-CN"),
        ("pt-PT", "pt-BR"),
        ("es-MX", "es"),
        ("EN-gb", "en"),
        ("ja-JP", "ja"),
        ("xx", "en"),
        ("", "en"),
    ],
)
def test_the_nearest_language_is_spoken(asked: str, spoken: str) -> None:
    assert spoken_locale(asked) == spoken


def test_a_code_that_nobody_names_is_found_in_the_text_and_prices_are_not() -> None:
    pieces = speak("In 10 minutes: 123456", None, "en")
    assert [piece.words for piece in pieces if piece.is_digit] == [*DIGITS["en"][1:7]] * 2


def test_every_digit_has_a_pause_of_its_own() -> None:
    xml = twiml(a_call(), TWILIO)
    assert len(re.findall(r"<Say [^>]*>[a-z]+</Say><Pause length=\"1\"/>", xml)) == 12


# Twilio ----------------------------------------------------------------------------------------


def test_a_call_by_twilio_brings_its_words_along() -> None:
    http = answering(201, {"sid": "CA1", "status": "queued"})
    result = by_twilio(http, status_callback="https://x.example/cb?reference=r.1")
    assert (result.outcome, result.provider_message_id) == (Outcome.SENT, "CA1")
    assert http.only.url == "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json"
    assert http.only.headers["authorization"].startswith("Basic ")
    form = {key: value[0] for key, value in parse_qs(http.only.body.decode()).items()}
    assert (form["To"], form["From"]) == (TO, "+15005550006")
    assert form["StatusCallback"] == "https://x.example/cb?reference=r.1"
    assert said(form["Twiml"])[0] == "Your code is"


def test_text_messages_of_the_same_account_still_go_out_as_text() -> None:
    http = answering(201, {"sid": "SM1", "status": "queued"})
    Twilio().send(a_message("sms", TO), TWILIO, http, NOW)
    assert http.only.url.endswith("/Messages.json")


def test_words_are_escaped_and_cannot_add_verbs() -> None:
    evil = TextContent(text='</Say><Dial>+1900</Dial><Say voice="x">Tom & Jerry 047119')
    root = ET.fromstring(twiml(a_call(content=evil), TWILIO))
    assert {node.tag for node in root} == {"Say", "Pause"}
    odd = an_account("twilio", **{**TWILIO.document, "voices": {"en": '"/><Dial>'}})
    assert {node.tag for node in ET.fromstring(twiml(a_call(), odd))} == {"Say", "Pause"}


def test_a_voice_may_be_chosen_for_a_language() -> None:
    account = an_account("twilio", **{**TWILIO.document, "voices": {"en": "Polly.Amy"}})
    assert 'voice="Polly.Amy"' in twiml(a_call(), account)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"extra": {"code": "12a4"}}, ErrorClass.INVALID_REQUEST),
        ({"extra": {"code": "１２３４"}}, ErrorClass.INVALID_REQUEST),
        ({"content": TextContent(text="x" * 1001)}, ErrorClass.INVALID_REQUEST),
        ({"content": TextContent(text="a" + "&" * 999)}, ErrorClass.INVALID_REQUEST),
    ],
)
def test_what_cannot_be_said_is_refused_before_anything_leaves(
    changes: dict[str, Any], error: ErrorClass
) -> None:
    http = answering(201, {"sid": "CA1"})
    result = by_twilio(http, **changes)
    assert (result.outcome, result.error.error_class) == (Outcome.FAILED, error)
    assert http.requests == []


def test_an_account_without_a_number_to_call_from_is_told_so() -> None:
    account = an_account("twilio", account_sid="AC1", auth_token="secret")
    refusal = Twilio().refusal(a_call(), account, NOW)
    assert refusal is not None
    assert "voice_from" in refusal.detail


@pytest.mark.parametrize(
    ("status", "code", "outcome", "error"),
    [
        (401, 20003, Outcome.FAILED, ErrorClass.AUTH),
        (429, 20429, Outcome.RETRY, ErrorClass.RATE_LIMITED),
        (400, 21211, Outcome.FAILED, ErrorClass.RECIPIENT_INVALID),
        (400, 21215, Outcome.FAILED, ErrorClass.POLICY),
        (400, 21216, Outcome.FAILED, ErrorClass.POLICY),
        (400, 32018, Outcome.FAILED, ErrorClass.INVALID_REQUEST),
        (500, 20500, Outcome.UNKNOWN, ErrorClass.TRANSIENT),
        (400, 99999, Outcome.FAILED, ErrorClass.INVALID_REQUEST),
        (503, None, Outcome.UNKNOWN, ErrorClass.TRANSIENT),
    ],
)
def test_twilios_errors_of_calls(
    status: int, code: int | None, outcome: Outcome, error: ErrorClass
) -> None:
    result = by_twilio(answering(status, {"code": code, "message": f"{TO} is bad"}))
    assert (result.outcome, result.error.error_class) == (outcome, error)
    assert TO not in result.error.detail


@pytest.mark.parametrize(
    ("fault", "outcome"), [(AnswerLost("x"), Outcome.UNKNOWN), (NotSent("x"), Outcome.RETRY)]
)
def test_a_lost_answer_never_calls_twice(fault: Exception, outcome: Outcome) -> None:
    assert by_twilio(CannedHttp([fault])).outcome is outcome
    assert by_aws(CannedHttp([fault]), a_call()).outcome is outcome


# AWS -------------------------------------------------------------------------------------------


def model() -> Any:
    return botocore.session.get_session().get_service_model("pinpoint-sms-voice-v2")


@pytest.mark.parametrize(
    ("message", "operation"),
    [
        (a_message("sms", TO, content=TextContent(text="047119 是您的驗證碼")), "SendTextMessage"),
        (a_call(), "SendVoiceMessage"),
        (a_call(extra={"locale": "ja"}), "SendVoiceMessage"),
    ],
)
def test_a_request_to_aws_is_one_that_its_own_model_accepts(message: Any, operation: str) -> None:
    http = answering(200, {"MessageId": "m-1"})
    result = by_aws(http, message)
    assert (result.outcome, result.provider_message_id) == (Outcome.SENT, "m-1")
    request = http.only
    assert request.url == "https://sms-voice.eu-west-1.amazonaws.com/"
    metadata, shape = model().metadata, model().operation_model(operation).input_shape
    assert request.headers["x-amz-target"] == f"{metadata['targetPrefix']}.{operation}"
    assert request.headers["content-type"] == f"application/x-amz-json-{metadata['jsonVersion']}"
    scope = f"/eu-west-1/{metadata['signingName']}/aws4_request"
    assert scope in request.headers["authorization"]
    assert request.headers["x-amz-security-token"] == "session"
    body = request.json
    assert not ParamValidator().validate(body, shape).has_errors()
    for name, value in body.items():
        member = shape.members[name]
        if isinstance(value, str) and "pattern" in member.metadata:
            assert re.fullmatch(member.metadata["pattern"], value), name
        if getattr(member, "enum", None):
            assert value in member.enum
    assert body["Context"] == {"reference": "ref_01"}
    assert body["OriginationIdentity"] == ("+15005550006" if "Voice" in operation else "pool-1")


def test_every_error_of_aws_is_one_of_its_model() -> None:
    known = {
        shape.name
        for operation in ("SendTextMessage", "SendVoiceMessage")
        for shape in model().operation_model(operation).error_shapes
    }
    assert known <= set(AWS_ERRORS)
    reasons = {
        reason
        for name in (
            "ConflictExceptionReason",
            "ValidationExceptionReason",
            "ServiceQuotaExceededExceptionReason",
            "AccessDeniedExceptionReason",
        )
        for reason in model().shape_for(name).enum
    }
    assert set(REASONS) <= reasons
    assert {voice for voice, _ in AWS_VOICES.values()} <= set(model().shape_for("VoiceId").enum)


@pytest.mark.parametrize("locale", sorted(set(LOCALES) - {"zh-HK"}))
def test_a_call_by_aws_says_a_code_twice_slowly(locale: str) -> None:
    message = a_call(extra={"code": "9876543210", "locale": locale})
    root = ET.fromstring(ssml(message))
    heard = [node.text or "" for node in root.iter("prosody") if node.get("rate") == "slow"]
    assert digits_heard(heard, locale) == "9876543210" * 2
    assert len(ssml(message)) < SSML_LIMIT


def test_aws_has_no_cantonese_voice_and_says_so_before_calling() -> None:
    http = answering(200, {"MessageId": "m-1"})
    result = by_aws(http, a_call(extra={"locale": "zh-HK"}))
    assert result.error.error_class is ErrorClass.UNSUPPORTED
    assert http.requests == []


def test_words_to_aws_are_escaped() -> None:
    evil = TextContent(text='</speak><audio src="https://x.example"/>& 047119')
    root = ET.fromstring(ssml(a_call(content=evil)))
    assert {node.tag for node in root.iter()} == {"speak", "lang", "break", "prosody"}


@pytest.mark.parametrize("to", ["0912345678", "+0912", "", "+886912345678\n", "tel:+886912345678"])
def test_aws_is_asked_to_reach_full_numbers_alone(to: str) -> None:
    http = answering(200, {"MessageId": "m-1"})
    assert by_aws(http, a_message("sms", to)).error.error_class is ErrorClass.RECIPIENT_INVALID
    assert http.requests == []


@pytest.mark.parametrize(
    ("status", "name", "reason", "outcome", "error"),
    [
        (400, "ThrottlingException", "", Outcome.RETRY, ErrorClass.RATE_LIMITED),
        (
            400,
            "ConflictException",
            "DESTINATION_PHONE_NUMBER_OPTED_OUT",
            Outcome.FAILED,
            ErrorClass.OPTED_OUT,
        ),
        (
            400,
            "ServiceQuotaExceededException",
            "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT",
            Outcome.FAILED,
            ErrorClass.PAYMENT,
        ),
        (400, "ValidationException", "PRICE_OVER_THRESHOLD", Outcome.FAILED, ErrorClass.POLICY),
        (400, "ValidationException", "BRAND_NEW", Outcome.FAILED, ErrorClass.INVALID_REQUEST),
        (400, "AccessDeniedException", "", Outcome.FAILED, ErrorClass.AUTH),
        (400, "ExpiredTokenException", "", Outcome.RETRY, ErrorClass.AUTH),
        (500, "InternalServerException", "", Outcome.UNKNOWN, ErrorClass.TRANSIENT),
        (503, "", "", Outcome.UNKNOWN, ErrorClass.TRANSIENT),
        (400, "NewException", "", Outcome.FAILED, ErrorClass.INVALID_REQUEST),
    ],
)
def test_errors_of_aws(
    status: int, name: str, reason: str, outcome: Outcome, error: ErrorClass
) -> None:
    body = {"__type": f"com.amazonaws.smsvoice#{name}", "Message": f"{TO}", "Reason": reason}
    result = by_aws(answering(status, json.loads(json.dumps(body))), a_message("sms", TO))
    assert (result.outcome, result.error.error_class) == (outcome, error)
    assert TO not in result.error.detail


def test_without_credentials_or_region_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    http = answering(200, {"MessageId": "m-1"})
    message = a_message("sms", TO)
    assert AwsMessaging(lambda: None).send(message, AWS, http, NOW).outcome is Outcome.FAILED
    monkeypatch.delenv("AWS_REGION", raising=False)
    nowhere = an_account("aws_messaging", origination_identity="pool-1", region="x.example/#")
    result = AwsMessaging(lambda: KEYS).send(message, nowhere, http, NOW)
    assert result.error is not None
    assert result.error.error_class is ErrorClass.AUTH
    assert http.requests == []
