"""A visitor's calls: only their own, and the way of every channel."""

import json
from datetime import timedelta
from typing import Any

import pytest

from functions.webchat.serve_webchat import app as webchat
from tests.functions.realtime.stack import Stack


def test_a_message_by_http_takes_the_way_of_every_channel(stack: Stack) -> None:
    session = stack.session()
    bearer = f"Bearer {session['token']}"
    body = {"message_id": "m1", "type": "text", "text": "Hi"}
    status, answer = stack.call(
        webchat.handler, "POST", "/v1/webchat/messages", body, authorization=bearer
    )
    assert (status, answer) == (202, {"message_id": f"{session['visitor_id']}:m1"})
    (entry,) = stack.inbound.entries
    assert session["visitor_id"] not in (entry.group or "")
    (received,) = stack.inbound.take()
    assert (received.account_channel, received.event.from_) == ("webchat", session["visitor_id"])


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "Basic a", "Bearer a.b.c"])
def test_nobody_speaks_or_reads_without_a_token(stack: Stack, authorization: str) -> None:
    body = {"message_id": "m1", "text": "Hi"}
    for method, path in (("POST", "messages"), ("GET", "messages"), ("POST", "tickets")):
        address = f"/v1/webchat/{path}"
        status, problem = stack.call(
            webchat.handler, method, address, body, authorization=authorization
        )
        assert (status, problem["type"]) == (401, "urn:rapport:problem:unauthenticated")
    assert stack.inbound.entries == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message_id": "m1"},
        {"message_id": "a b", "text": "x"},
        {"message_id": "m", "text": ""},
        {"message_id": "m", "text": "x" * 4097},
        {"message_id": "m", "type": "image", "text": "x"},
        [],
    ],
)
def test_a_malformed_message_is_refused_with_the_fix(stack: Stack, body: Any) -> None:
    bearer = f"Bearer {stack.session()['token']}"
    status, problem = stack.call(
        webchat.handler, "POST", "/v1/webchat/messages", body, authorization=bearer
    )
    assert status == 400
    assert problem["errors"]


def test_a_foreign_website_gets_no_session(stack: Stack) -> None:
    body = {"account": "main"}
    for headers in ({}, {"origin": "https://evil.example"}):
        status, _ = stack.call(webchat.handler, "POST", "/v1/webchat/sessions", body, **headers)
        assert status == 403


def test_a_visitor_reads_their_own_record_in_order_and_in_pages(stack: Stack) -> None:
    session, other = stack.visitor("c1"), stack.visitor("c2")
    for number in range(3):
        stack.clock.advance(timedelta(seconds=1))
        stack.say("c1", action="message", message_id=f"m{number}", text=f"Question {number}")
        stack.match_senders()
        stack.clock.advance(timedelta(seconds=1))
        stack.we_answer(session["visitor_id"], f"Answer {number}")
    stack.say("c2", action="message", message_id="m9", text="Another's")
    stack.match_senders()
    read = stack.call(
        webchat.handler,
        "GET",
        "/v1/webchat/messages",
        query="limit=4",
        authorization=session["bearer"],
    )[1]
    texts = [one["text"] for one in read["messages"]]
    assert texts == ["Question 1", "Answer 1", "Question 2", "Answer 2"]
    earlier = stack.call(
        webchat.handler,
        "GET",
        "/v1/webchat/messages",
        query=f"before={read['before']}",
        authorization=session["bearer"],
    )[1]
    assert [one["text"] for one in earlier["messages"]][:2] == ["Question 0", "Answer 0"]
    assert "before" not in earlier
    mine = stack.call(
        webchat.handler, "GET", "/v1/webchat/messages", authorization=other["bearer"]
    )[1]
    assert [one["text"] for one in mine["messages"]] == ["Another's"]
    for secret in ("agent-1", "cus_", "rec_"):
        assert secret not in json.dumps([read, earlier])


def test_an_anonymous_id_shared_with_another_opens_no_history(stack: Stack) -> None:
    first = stack.session(anonymous_id="a-1")
    second = stack.session(anonymous_id="a-1")
    for session in (first, second):
        stack.call(
            webchat.handler,
            "POST",
            "/v1/webchat/messages",
            {"message_id": "m1", "text": session["visitor_id"]},
            authorization=f"Bearer {session['token']}",
        )
    stack.match_senders()
    assert len({record.customer_id for record in stack.identities.found.values()}) == 1
    read = stack.call(
        webchat.handler,
        "GET",
        "/v1/webchat/messages",
        authorization=f"Bearer {second['token']}",
    )[1]
    assert [one["text"] for one in read["messages"]] == [second["visitor_id"]]
