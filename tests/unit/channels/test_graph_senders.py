"""WhatsApp and Messenger: the requests they make and what Meta's answers mean."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import HttpUrl

from rapport.channels.messenger.outbound import Outbound as Messenger
from rapport.channels.sender import AnswerLost, ErrorClass, NotSent, Outcome
from rapport.channels.whatsapp.outbound import Outbound as WhatsApp
from rapport.contracts.content import MediaContent, TemplateContent, TextContent
from tests.unit.channels.sending_fakes import (
    NOW,
    CannedHttp,
    a_message,
    an_account,
    answered,
    answering,
)

WHATSAPP = an_account("whatsapp", access_token="tok", phone_number_id="106540")
PAGE = an_account("messenger", access_token="tok", page_id="PAGE", graph_version="v25.0")
TAKEN = {"messages": [{"id": "wamid.OUT", "message_status": "accepted"}]}
TO = "16505551234"


def error(code: int, **more: Any) -> dict[str, Any]:
    return {"error": {"message": "No +16505551234 tok", "code": code, **more}}


def test_a_whatsapp_text_is_the_request_that_pywa_makes() -> None:
    http = answering(200, TAKEN)
    result = WhatsApp().send(a_message("whatsapp", TO), WHATSAPP, http, NOW)
    assert (result.outcome, result.provider_message_id) == (Outcome.SENT, "wamid.OUT")
    request = http.only
    assert request.url == "https://graph.facebook.com/v26.0/106540/messages"
    assert request.headers["authorization"] == "Bearer tok"
    assert request.json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": TO,
        "type": "text",
        "text": {"body": "Hello", "preview_url": False},
        "biz_opaque_callback_data": "ref_01",
    }


def test_a_whatsapp_template_carries_language_and_parameters_outside_the_window() -> None:
    http = answering(200, TAKEN)
    content = TemplateContent(name="order_conf", language="en_US", parameters=("A1",))
    message = a_message("whatsapp", f"+{TO}", content=content, last_inbound_at=None, reply_to="w1")
    assert WhatsApp().send(message, WHATSAPP, http, NOW).outcome is Outcome.SENT
    body = http.only.json
    assert body["to"] == TO
    assert body["context"] == {"message_id": "w1"}
    assert body["template"] == {
        "name": "order_conf",
        "language": {"code": "en_US"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "A1"}]}],
    }


def test_whatsapp_media_go_by_link() -> None:
    http = answering(200, TAKEN)
    content = MediaContent(
        media_type="document", url=HttpUrl("https://x.example/a.pdf"), caption="c", filename="a.pdf"
    )
    WhatsApp().send(a_message("whatsapp", TO, content=content), WHATSAPP, http, NOW)
    assert http.only.json["document"] == {
        "link": "https://x.example/a.pdf",
        "caption": "c",
        "filename": "a.pdf",
    }


@pytest.mark.parametrize(
    ("age", "open_"),
    [
        (timedelta(hours=23, minutes=59), True),
        (timedelta(hours=24), False),
        (timedelta(days=6), False),
        (None, False),
    ],
)
def test_whatsapp_allows_free_text_within_24_hours_only(age: timedelta | None, open_: bool) -> None:
    message = a_message("whatsapp", TO, last_inbound_at=NOW - age if age else None)
    refusal = WhatsApp().refusal(message, WHATSAPP, NOW)
    assert (refusal is None) is open_
    if refusal:
        assert refusal.error_class is ErrorClass.WINDOW_CLOSED


def test_what_refusal_names_never_leaves_even_when_nobody_asked_first() -> None:
    http = answering(200, TAKEN)
    message = a_message("whatsapp", TO, last_inbound_at=None)
    assert WhatsApp().send(message, WHATSAPP, http, NOW).outcome is Outcome.FAILED
    assert http.requests == []


@pytest.mark.parametrize(
    ("content", "error_class", "said"),
    [
        (TextContent(text="x" * 4097), ErrorClass.INVALID_REQUEST, "4096 characters"),
        (
            MediaContent(media_type="image", url=HttpUrl("https://x.example/"), caption="x" * 1025),
            ErrorClass.INVALID_REQUEST,
            "1024 characters",
        ),
        (
            MediaContent(media_type="audio", url=HttpUrl("https://x.example/"), caption="x"),
            ErrorClass.UNSUPPORTED,
            "caption",
        ),
        (
            MediaContent(media_type="image", url=HttpUrl("http://x.example/")),
            ErrorClass.INVALID_REQUEST,
            "https",
        ),
    ],
)
def test_whatsapp_names_the_limit_that_is_passed(
    content: Any, error_class: ErrorClass, said: str
) -> None:
    refusal = WhatsApp().refusal(a_message("whatsapp", TO, content=content), WHATSAPP, NOW)
    assert refusal is not None
    assert refusal.error_class is error_class
    assert said in refusal.detail


def test_an_account_without_a_token_is_refused_before_anything_leaves() -> None:
    refusal = WhatsApp().refusal(a_message("whatsapp", TO), an_account("whatsapp"), NOW)
    assert refusal is not None
    assert refusal.error_class is ErrorClass.AUTH
    assert "access_token" in refusal.detail


FAILED, RETRY, UNKNOWN = Outcome.FAILED, Outcome.RETRY, Outcome.UNKNOWN
ROWS: list[tuple[tuple[int, ...], ErrorClass, Outcome]] = [
    ((0, 190, 3, 10, 200, 230, 299), ErrorClass.AUTH, FAILED),
    ((4, 80007, 130429, 133016, 131056), ErrorClass.RATE_LIMITED, RETRY),
    ((131057,), ErrorClass.TRANSIENT, RETRY),
    ((1, 2, 131000, 131016, 133004), ErrorClass.TRANSIENT, UNKNOWN),
    ((131048, 131064, 368, 131031, 130497), ErrorClass.POLICY, FAILED),
    ((132015, 132016, 132068, 132069, 131049, 130472), ErrorClass.POLICY, FAILED),
    ((33, 100, 131008, 131009, 131051, 132000, 132001), ErrorClass.INVALID_REQUEST, FAILED),
    ((132005, 132007, 132008, 132012, 131052, 131053), ErrorClass.INVALID_REQUEST, FAILED),
    ((131026, 131021, 131030, 131062, 137000), ErrorClass.RECIPIENT_INVALID, FAILED),
    ((131047,), ErrorClass.WINDOW_CLOSED, FAILED),
    ((131050,), ErrorClass.OPTED_OUT, FAILED),
    ((131042, 131044), ErrorClass.PAYMENT, FAILED),
]


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(
    ("code", "error_class", "outcome"),
    [(code, error_class, outcome) for codes, error_class, outcome in ROWS for code in codes],
)
def test_every_documented_graph_code_decides_whatever_the_status(
    code: int, error_class: ErrorClass, outcome: Outcome, status: int
) -> None:
    result = WhatsApp().send(
        a_message("whatsapp", TO), WHATSAPP, answering(status, error(code)), NOW
    )
    assert result.error is not None
    assert (result.outcome, result.error.error_class, result.error.code) == (
        outcome,
        error_class,
        str(code),
    )
    assert TO not in result.error.detail
    assert "tok" not in result.error.detail.split()


@pytest.mark.parametrize(
    ("code", "subcode", "error_class"),
    [
        (10, 2018278, ErrorClass.WINDOW_CLOSED),
        (10, 1893063, ErrorClass.POLICY),
        (551, 1545041, ErrorClass.RECIPIENT_INVALID),
        (100, 2018001, ErrorClass.RECIPIENT_INVALID),
        (100, 2018109, ErrorClass.INVALID_REQUEST),
        (17, 0, ErrorClass.RATE_LIMITED),
        (32, 0, ErrorClass.RATE_LIMITED),
        (613, 0, ErrorClass.RATE_LIMITED),
        (1200, 0, ErrorClass.TRANSIENT),
    ],
)
def test_a_subcode_says_more_than_its_code(
    code: int, subcode: int, error_class: ErrorClass
) -> None:
    http = answering(400, error(code, error_subcode=subcode))
    result = Messenger().send(a_message("messenger", "P1"), PAGE, http, NOW)
    assert result.error is not None
    assert result.error.error_class is error_class


@pytest.mark.parametrize(
    ("status", "body", "error_class", "outcome"),
    [
        (500, b"<html>", ErrorClass.TRANSIENT, UNKNOWN),
        (503, error(987654), ErrorClass.TRANSIENT, UNKNOWN),
        (400, error(987654), ErrorClass.INVALID_REQUEST, FAILED),
        (400, error(987654, is_transient=True), ErrorClass.TRANSIENT, RETRY),
        (200, error(987654), ErrorClass.INVALID_REQUEST, FAILED),
        (200, b"", ErrorClass.TRANSIENT, UNKNOWN),
        (200, {"messages": []}, ErrorClass.TRANSIENT, UNKNOWN),
        (200, ["messages"], ErrorClass.TRANSIENT, UNKNOWN),
        (429, b"", ErrorClass.RATE_LIMITED, RETRY),
        (401, b"", ErrorClass.AUTH, FAILED),
        (302, b"", ErrorClass.INVALID_REQUEST, FAILED),
        (408, b"", ErrorClass.TRANSIENT, UNKNOWN),
    ],
)
def test_answers_without_a_known_code_are_read_by_status(
    status: int, body: Any, error_class: ErrorClass, outcome: Outcome
) -> None:
    result = WhatsApp().send(a_message("whatsapp", TO), WHATSAPP, answering(status, body), NOW)
    assert result.error is not None
    assert (result.outcome, result.error.error_class) == (outcome, error_class)


def test_what_never_left_is_tried_again_and_what_may_have_is_not() -> None:
    for problem, outcome in ((NotSent("x"), RETRY), (AnswerLost("x"), UNKNOWN)):
        result = WhatsApp().send(a_message("whatsapp", TO), WHATSAPP, CannedHttp([problem]), NOW)
        assert result.outcome is outcome


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "17"}, timedelta(seconds=17)),
        ({"retry-after": "99999999999999"}, timedelta(days=1)),
        (
            {
                "retry-after": "Sun, 22 Nov 2026 09:01:00 GMT",
                "date": "Sun, 22 Nov 2026 09:00:00 GMT",
            },
            timedelta(minutes=1),
        ),
        ({"retry-after": "soon", "date": "today"}, timedelta(seconds=6)),
        ({}, timedelta(seconds=6)),
    ],
)
def test_retry_after_is_honoured(headers: dict[str, str], wait: timedelta) -> None:
    http = answering(429, error(131056), headers)
    result = WhatsApp().send(a_message("whatsapp", TO), WHATSAPP, http, NOW)
    assert result.error is not None
    assert result.error.retry_after == wait


def test_while_a_token_rotates_a_refused_one_gives_way_to_the_next() -> None:
    account = an_account("whatsapp", access_token=["old", "new"], phone_number_id="106540")
    http = CannedHttp([answered(401, error(190)), answered(200, TAKEN)])
    assert WhatsApp().send(a_message("whatsapp", TO), account, http, NOW).outcome is Outcome.SENT
    tokens = [request.headers["authorization"] for request in http.requests]
    assert tokens == ["Bearer old", "Bearer new"]


def test_a_messenger_text_within_24_hours_is_a_response() -> None:
    http = answering(200, {"recipient_id": "P1", "message_id": "m_1"})
    result = Messenger().send(a_message("messenger", "P1"), PAGE, http, NOW)
    assert (result.outcome, result.provider_message_id) == (Outcome.SENT, "m_1")
    assert http.only.url == "https://graph.facebook.com/v25.0/PAGE/messages"
    assert http.only.json == {
        "recipient": {"id": "P1"},
        "messaging_type": "RESPONSE",
        "message": {"text": "Hello"},
    }


def test_up_to_seven_days_a_human_agent_may_answer_on_messenger() -> None:
    http = answering(200, {"message_id": "m_1"})
    message = a_message("messenger", "P1", last_inbound_at=NOW - timedelta(days=6))
    assert Messenger().send(message, PAGE, http, NOW).outcome is Outcome.SENT
    assert http.only.json["messaging_type"] == "MESSAGE_TAG"
    assert http.only.json["tag"] == "HUMAN_AGENT"


@pytest.mark.parametrize(
    ("age", "automated"), [(timedelta(days=7), False), (timedelta(hours=25), True)]
)
def test_messenger_is_closed_after_seven_days_and_to_machines_after_one(
    age: timedelta, automated: bool
) -> None:
    message = a_message("messenger", "P1", last_inbound_at=NOW - age, automated=automated)
    refusal = Messenger().refusal(message, PAGE, NOW)
    assert refusal is not None
    assert refusal.error_class is ErrorClass.WINDOW_CLOSED


def test_meta_itself_says_whether_a_machine_may_write_to_somebody_we_did_not_hear_from() -> None:
    message = a_message("messenger", "P1", last_inbound_at=None, automated=True)
    http = answering(200, {"message_id": "m_1"})
    assert Messenger().send(message, PAGE, http, NOW).outcome is Outcome.SENT
    assert http.only.json["messaging_type"] == "RESPONSE"
    closed = answering(400, {"error": {"code": 10, "error_subcode": 2018278}})
    result = Messenger().send(message, PAGE, closed, NOW)
    assert result.error is not None
    assert result.error.error_class is ErrorClass.WINDOW_CLOSED


def test_messenger_media_and_limits() -> None:
    http = answering(200, {"message_id": "m_1"})
    media = MediaContent(media_type="document", url=HttpUrl("https://x.example/a.pdf"))
    Messenger().send(a_message("messenger", "P1", content=media), PAGE, http, NOW)
    assert http.only.json["message"] == {
        "attachment": {
            "type": "file",
            "payload": {"url": "https://x.example/a.pdf", "is_reusable": False},
        }
    }
    long = a_message("messenger", "P1", content=TextContent(text="é" * 1001))  # 2002 bytes
    refusal = Messenger().refusal(long, PAGE, NOW)
    assert refusal is not None
    assert "2000 bytes" in refusal.detail
    template = a_message("messenger", "P1", content=TemplateContent(name="a", language="en"))
    refusal = Messenger().refusal(template, PAGE, NOW)
    assert refusal is not None
    assert refusal.error_class is ErrorClass.UNSUPPORTED
