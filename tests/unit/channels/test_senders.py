"""LINE, Telegram and Twilio: the requests they make and what the answers mean."""

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from pydantic import HttpUrl

from rapport.channels.line.outbound import Outbound as Line
from rapport.channels.sender import AnswerLost, ErrorClass, NotSent, Outcome
from rapport.channels.telegram.outbound import Outbound as Telegram
from rapport.channels.twilio.outbound import Outbound as Twilio
from rapport.contracts.content import MediaContent, TemplateContent, TextContent
from tests.unit.channels.sending_fakes import NOW, CannedHttp, a_message, an_account, answering

LINE = an_account("line", channel_access_token="tok")
BOT = an_account("telegram", bot_token="42:tok")
TWILIO = an_account(
    "twilio",
    account_sid="AC1",
    auth_token="secret",
    sms_from="+15005550006",
    whatsapp_from="+15005550007",
    content_sids={"order:en": "HX1"},
)
PICTURE = MediaContent(media_type="image", url=HttpUrl("https://x.example/a.jpg"), caption="c")
FAILED, RETRY, UNKNOWN, SENT = Outcome.FAILED, Outcome.RETRY, Outcome.UNKNOWN, Outcome.SENT


def line(http: CannedHttp, **changes: Any) -> Any:
    return Line().send(a_message("line", "U1", **changes), LINE, http, NOW)


def test_a_line_push_carries_a_retry_key_of_the_message() -> None:
    http = answering(200, {"sentMessages": [{"id": "461", "quoteToken": "q"}]})
    result = line(http, extra={"quote_token": "q0"}, last_inbound_at=None)
    assert (result.outcome, result.provider_message_id) == (SENT, "461")
    request = http.only
    assert request.url == "https://api.line.me/v2/bot/message/push"
    assert request.headers["authorization"] == "Bearer tok"
    assert UUID(request.headers["x-line-retry-key"])
    assert request.json == {
        "to": "U1",
        "messages": [{"type": "text", "text": "Hello", "quoteToken": "q0"}],
    }


def test_the_retry_key_is_the_same_for_every_attempt_and_different_for_every_message() -> None:
    http = answering(500)
    line(http)
    line(http)
    line(http, message_id="msg_02")
    keys = [request.headers["x-line-retry-key"] for request in http.requests]
    assert keys[0] == keys[1] != keys[2]


def test_a_line_picture_brings_its_caption_in_the_same_push() -> None:
    http = answering(200, {"sentMessages": [{"id": "461"}]})
    line(http, content=PICTURE)
    url = "https://x.example/a.jpg"
    assert http.only.json["messages"] == [
        {"type": "image", "originalContentUrl": url, "previewImageUrl": url},
        {"type": "text", "text": "c"},
    ]


@pytest.mark.parametrize(("kind", "needs"), [("video", "preview_url"), ("audio", "duration_ms")])
def test_line_wants_to_be_told_what_we_cannot_know(kind: Any, needs: str) -> None:
    content = MediaContent(media_type=kind, url=HttpUrl("https://x.example/a"))
    refusal = Line().refusal(a_message("line", "U1", content=content), LINE, NOW)
    assert refusal is not None
    assert needs in refusal.detail
    told = a_message("line", "U1", content=content, extra={needs: 1})
    assert Line().refusal(told, LINE, NOW) is None


def test_line_counts_utf_16_and_carries_no_documents_or_templates() -> None:
    for content, said in (
        (TextContent(text="😀" * 2501), "5000 UTF-16 units"),
        (MediaContent(media_type="document", url=HttpUrl("https://x.example/")), "no document"),
        (TemplateContent(name="a", language="en"), "no approved templates"),
    ):
        refusal = Line().refusal(a_message("line", "U1", content=content), LINE, NOW)
        assert refusal is not None
        assert said in refusal.detail


@pytest.mark.parametrize(
    ("status", "body", "outcome", "error_class"),
    [
        (400, {"message": "The request body has 1 error(s)"}, FAILED, ErrorClass.INVALID_REQUEST),
        (
            400,
            {"message": "The property, 'to', in the request body is invalid"},
            FAILED,
            ErrorClass.RECIPIENT_INVALID,
        ),
        (401, {}, FAILED, ErrorClass.AUTH),
        (403, {}, FAILED, ErrorClass.POLICY),
        (404, {}, FAILED, ErrorClass.RECIPIENT_INVALID),
        (410, {}, FAILED, ErrorClass.INVALID_REQUEST),
        (413, {}, FAILED, ErrorClass.INVALID_REQUEST),
        (415, {}, FAILED, ErrorClass.INVALID_REQUEST),
        (429, {"message": "The API rate limit has been exceeded."}, RETRY, ErrorClass.RATE_LIMITED),
        (429, {"message": "You have reached your monthly limit."}, FAILED, ErrorClass.PAYMENT),
        (500, {}, RETRY, ErrorClass.TRANSIENT),
        (503, b"<html>", RETRY, ErrorClass.TRANSIENT),
        (200, {"message": "error inside a 200"}, RETRY, ErrorClass.TRANSIENT),
    ],
)
def test_every_line_error(
    status: int, body: Any, outcome: Outcome, error_class: ErrorClass
) -> None:
    result = line(answering(status, body))
    assert (result.outcome, result.error.error_class) == (outcome, error_class)


def test_409_means_that_an_earlier_copy_was_taken() -> None:
    body = {"message": "The retry key is already accepted", "sentMessages": [{"id": "461"}]}
    result = line(answering(409, body, {"x-line-accepted-request-id": "r"}))
    assert (result.outcome, result.provider_message_id) == (SENT, "461")


def test_line_is_tried_again_even_when_the_answer_was_lost() -> None:
    assert line(CannedHttp([AnswerLost("x")])).outcome is RETRY
    assert line(CannedHttp([NotSent("x")])).outcome is RETRY
    assert Line.idempotent
    assert not Telegram.idempotent


def telegram(http: CannedHttp, **changes: Any) -> Any:
    return Telegram().send(a_message("telegram", "42", **changes), BOT, http, NOW)


TAKEN = {"ok": True, "result": {"message_id": 12, "chat": {"id": 42}}}


def test_a_telegram_text_replies_to_the_message_of_its_chat() -> None:
    http = answering(200, TAKEN)
    result = telegram(http, reply_to="42:7")
    assert (result.outcome, result.provider_message_id) == (SENT, "42:12")
    assert http.only.url == "https://api.telegram.org/bot42:tok/sendMessage"
    assert http.only.json == {
        "chat_id": 42,
        "text": "Hello",
        "reply_parameters": {"message_id": 7, "allow_sending_without_reply": True},
    }


@pytest.mark.parametrize(
    ("kind", "method", "field"),
    [
        ("image", "sendPhoto", "photo"),
        ("video", "sendVideo", "video"),
        ("audio", "sendAudio", "audio"),
        ("document", "sendDocument", "document"),
    ],
)
def test_each_telegram_medium_has_its_method(kind: Any, method: str, field: str) -> None:
    http = answering(200, TAKEN)
    content = MediaContent(media_type=kind, url=HttpUrl("https://x.example/a"), caption="c")
    telegram(http, content=content)
    assert http.only.url.endswith(f"/{method}")
    assert http.only.json == {"chat_id": 42, field: "https://x.example/a", "caption": "c"}


@pytest.mark.parametrize("status", [200, None])
@pytest.mark.parametrize(
    ("code", "description", "outcome", "error_class"),
    [
        (429, "Too Many Requests: retry after 5", RETRY, ErrorClass.RATE_LIMITED),
        (403, "Forbidden: bot was blocked by the user", FAILED, ErrorClass.OPTED_OUT),
        (403, "Forbidden: user is deactivated", FAILED, ErrorClass.RECIPIENT_INVALID),
        (
            403,
            "Forbidden: bot can't initiate conversation with a user",
            FAILED,
            ErrorClass.RECIPIENT_INVALID,
        ),
        (400, "Bad Request: chat not found", FAILED, ErrorClass.RECIPIENT_INVALID),
        (400, "Bad Request: PEER_ID_INVALID", FAILED, ErrorClass.RECIPIENT_INVALID),
        (400, "Bad Request: can't parse entities", FAILED, ErrorClass.INVALID_REQUEST),
        (
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            FAILED,
            ErrorClass.RECIPIENT_INVALID,
        ),
        (401, "Unauthorized", FAILED, ErrorClass.AUTH),
        (404, "Not Found", FAILED, ErrorClass.AUTH),
        (409, "Conflict", FAILED, ErrorClass.INVALID_REQUEST),
        (413, "Request Entity Too Large", FAILED, ErrorClass.INVALID_REQUEST),
        (500, "Internal Server Error", UNKNOWN, ErrorClass.TRANSIENT),
    ],
)
def test_every_telegram_error_also_inside_a_200(
    code: int, description: str, outcome: Outcome, error_class: ErrorClass, status: int | None
) -> None:
    body = {"ok": False, "error_code": code, "description": description}
    result = telegram(answering(status or code, body))
    assert (result.outcome, result.error.error_class) == (outcome, error_class)


def test_telegram_names_its_wait_in_the_body() -> None:
    body = {"ok": False, "error_code": 429, "description": "", "parameters": {"retry_after": 5}}
    assert telegram(answering(429, body)).error.retry_after == timedelta(seconds=5)


def test_telegram_limits_and_lost_answers() -> None:
    refusal = Telegram().refusal(
        a_message("telegram", "42", content=TextContent(text="x" * 4097)), BOT, NOW
    )
    assert refusal is not None
    assert "4096" in refusal.detail
    assert telegram(CannedHttp([AnswerLost("x")])).outcome is UNKNOWN
    assert telegram(answering(200, b"")).outcome is UNKNOWN
    assert telegram(answering(502, b"<html>")).outcome is UNKNOWN


def twilio(http: CannedHttp, channel: str = "sms", **changes: Any) -> Any:
    return Twilio().send(a_message(channel, "+4915112345678", **changes), TWILIO, http, NOW)


def form(http: CannedHttp) -> dict[str, str]:
    return dict(parse_qsl(http.only.body.decode(), strict_parsing=True))


QUEUED = {"sid": "SM1", "status": "queued", "error_code": None}


def test_an_sms_is_the_form_that_twilio_documents() -> None:
    http = answering(201, QUEUED)
    result = twilio(http, status_callback="https://hooks.example/t?a=1", last_inbound_at=None)
    assert (result.outcome, result.provider_message_id) == (SENT, "SM1")
    request = http.only
    assert request.url == "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"
    assert request.headers["authorization"] == f"Basic {base64.b64encode(b'AC1:secret').decode()}"
    assert request.body.startswith(b"To=%2B4915112345678&From=%2B15005550006&Body=Hello")
    assert form(http)["StatusCallback"] == "https://hooks.example/t?a=1"


def test_whatsapp_by_twilio_prefixes_numbers_and_keeps_the_window() -> None:
    http = answering(201, QUEUED)
    twilio(http, "whatsapp", content=PICTURE)
    assert form(http) == {
        "To": "whatsapp:+4915112345678",
        "From": "whatsapp:+15005550007",
        "Body": "c",
        "MediaUrl": "https://x.example/a.jpg",
    }
    late = twilio(http, "whatsapp", last_inbound_at=NOW - timedelta(days=1))
    assert late.error.error_class is ErrorClass.WINDOW_CLOSED


def test_a_template_goes_by_content_sid_and_numbered_variables() -> None:
    http = answering(201, QUEUED)
    content = TemplateContent(name="order", language="en", parameters=("A1", "B"))
    twilio(http, "whatsapp", content=content, last_inbound_at=None)
    assert form(http)["ContentSid"] == "HX1"
    assert form(http)["ContentVariables"] == '{"1":"A1","2":"B"}'
    unknown = TemplateContent(name="other", language="en")
    assert twilio(http, content=unknown).error.error_class is ErrorClass.INVALID_REQUEST


def test_a_messaging_service_and_an_api_key_take_precedence() -> None:
    account = an_account(
        "twilio",
        account_sid="AC1",
        api_key_sid="SK1",
        api_key_secret="s",
        messaging_service_sid="MG1",
    )
    http = answering(201, QUEUED)
    Twilio().send(a_message("sms", "+4915112345678"), account, http, NOW)
    assert form(http)["MessagingServiceSid"] == "MG1"
    assert http.only.headers["authorization"] == f"Basic {base64.b64encode(b'SK1:s').decode()}"
    refusal = Twilio().refusal(a_message("whatsapp", "+4915112345678"), account, NOW)
    assert refusal is not None
    assert "whatsapp_from" in refusal.detail


@pytest.mark.parametrize(
    ("code", "outcome", "error_class"),
    [
        (20003, FAILED, ErrorClass.AUTH),
        (20429, RETRY, ErrorClass.RATE_LIMITED),
        (21611, RETRY, ErrorClass.RATE_LIMITED),
        (63018, RETRY, ErrorClass.RATE_LIMITED),
        (21211, FAILED, ErrorClass.RECIPIENT_INVALID),
        (21614, FAILED, ErrorClass.RECIPIENT_INVALID),
        (63003, FAILED, ErrorClass.RECIPIENT_INVALID),
        (63024, FAILED, ErrorClass.RECIPIENT_INVALID),
        (21606, FAILED, ErrorClass.INVALID_REQUEST),
        (21617, FAILED, ErrorClass.INVALID_REQUEST),
        (63007, FAILED, ErrorClass.INVALID_REQUEST),
        (21608, FAILED, ErrorClass.POLICY),
        (21408, FAILED, ErrorClass.POLICY),
        (63013, FAILED, ErrorClass.POLICY),
        (63032, FAILED, ErrorClass.POLICY),
        (63049, FAILED, ErrorClass.POLICY),
        (21610, FAILED, ErrorClass.OPTED_OUT),
        (63016, FAILED, ErrorClass.WINDOW_CLOSED),
        (20500, UNKNOWN, ErrorClass.TRANSIENT),
        (99999, FAILED, ErrorClass.INVALID_REQUEST),
    ],
)
def test_every_twilio_error(code: int, outcome: Outcome, error_class: ErrorClass) -> None:
    body = {"code": code, "message": "The 'To' number +4915112345678 is not valid", "status": 400}
    result = twilio(answering(400, body))
    assert (result.outcome, result.error.error_class) == (outcome, error_class)
    assert "+49" not in result.error.detail


def test_a_twilio_message_that_failed_at_once_is_not_sent() -> None:
    body = {"sid": "SM1", "status": "failed", "error_code": 21610}
    assert twilio(answering(201, body)).error.error_class is ErrorClass.OPTED_OUT
    assert twilio(answering(201, {**body, "error_code": 1})).outcome is FAILED
    assert twilio(answering(201, b"oops")).outcome is UNKNOWN
    assert twilio(answering(503, b"oops")).outcome is UNKNOWN
    assert twilio(CannedHttp([AnswerLost("x")])).outcome is UNKNOWN
    assert twilio(answering(429, {}, {"retry-after": "3"})).error.retry_after.seconds == 3


def test_twilio_takes_1600_characters() -> None:
    refusal = twilio(answering(201, QUEUED), content=TextContent(text="x" * 1601)).error
    assert refusal.error_class is ErrorClass.INVALID_REQUEST
    assert "1600" in refusal.detail
