"""Sockets: who opens one, what is asked over it, and what is pushed."""

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.realtime.handle_socket import app as socket
from functions.realtime.push_changes import app as pusher
from functions.realtime.serve_realtime import app as tickets
from functions.webchat.serve_webchat import app as webchat
from rapport.contracts.inbound import Kind, Status
from rapport.conversations.items import conversation_item, message_item
from rapport.conversations.keys import head_key
from rapport.kernel.errors import Transient
from rapport.notifications.model import MessageStatus
from rapport.notifications.service import record_receipt
from tests.builders import a_conversation, a_message
from tests.functions.realtime.stack import Stack


def test_a_socket_opens_once_with_its_ticket(stack: Stack) -> None:
    assert stack.socket("$connect", queryStringParameters=None) == 401
    assert stack.socket("$connect", queryStringParameters={"ticket": "tkt_x"}) == 401
    stack.visitor("c1")
    assert stack.say("c1", action="ping")[0]["type"] == "pong"
    assert stack.socket("$disconnect", "c1") == 200
    assert stack.say("c1", action="ping")[0]["code"] == "unauthenticated"


def test_a_busy_table_refuses_a_socket_for_now(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_args: object) -> None:
        raise Transient("busy")

    monkeypatch.setattr(stack.realtime.tickets, "use", busy)
    assert stack.socket("$connect", queryStringParameters={"ticket": "x"}) == 503


@pytest.mark.parametrize("group", ["agent", "supervisor", "admin"])
def test_staff_get_tickets_and_nobody_else(stack: Stack, group: str) -> None:
    stack.agent(group=group)
    assert stack.call(tickets.handler, "POST", "/v1/realtime/tickets")[0] == 401
    claims: Any = {"sub": "x", "client_id": "x", "scope": "rapport/agents.write"}
    assert stack.call(tickets.handler, "POST", "/v1/realtime/tickets", claims=claims)[0] == 403


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "invalid_input"),
        ("{", "invalid_input"),
        ("[]", "invalid_input"),
        ("7", "invalid_input"),
        ('{"action":"dance"}', "invalid_input"),
        ('{"action":7}', "invalid_input"),
        ('{"action":"resume","since":7}', "invalid_input"),
        ('{"action":"resume","since":"soon"}', "invalid_input"),
        ('{"action":"ack","message_ids":[]}', "invalid_input"),
        ('{"action":"message","message_id":"a b","text":"x"}', "invalid_input"),
        ('{"action":"ping","action":"ping"}', "invalid_input"),
        ("[" * 900, "invalid_input"),
    ],
)
def test_what_is_not_an_action_is_answered_with_an_error(
    stack: Stack, body: str, code: str
) -> None:
    stack.visitor("c1")
    assert stack.socket("$default", "c1", body=body) == 200
    (frame,) = stack.heard("c1")
    assert (frame["type"], frame["code"]) == ("error", code)
    assert "dance" not in json.dumps(frame)


def test_a_fault_of_ours_is_told_without_its_words(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.visitor("c1")

    def broken(*_args: object) -> None:
        raise ValueError("+14155550100")

    monkeypatch.setattr(stack.identities, "look_up", broken)
    (frame,) = stack.say("c1", action="resume")
    assert (frame["code"], "4155" in json.dumps(frame)) == ("internal", False)


def test_agents_neither_speak_as_visitors_nor_acknowledge(stack: Stack) -> None:
    stack.agent("a1")
    for action in (
        {"action": "message", "message_id": "m", "text": "x"},
        {"action": "ack", "message_ids": ["msg_1"]},
    ):
        assert stack.say("a1", **action)[0]["code"] == "forbidden"
    assert stack.inbound.entries == []


def test_a_visitors_ack_becomes_a_receipt_of_their_own_messages_only(stack: Stack) -> None:
    session = stack.visitor("c1")
    other = stack.visitor("c2")
    for connection_id in ("c1", "c2"):
        stack.say(connection_id, action="message", message_id="m1", text="Hi")
    stack.match_senders()
    mine = stack.we_answer(session["visitor_id"])
    theirs = stack.we_answer(other["visitor_id"])
    ids = [mine, mine, theirs, "msg_unknown", "x#y"]
    assert stack.say("c1", action="ack", message_ids=ids, status="read") == []
    (received,) = stack.receipts.take()
    assert (received.event.kind, received.event.status) == (Kind.RECEIPT, Status.READ)
    stack.ledger.entries = {
        key: _with_provider_id(entry) for key, entry in stack.ledger.entries.items()
    }
    assert record_receipt(received, None, ledger=stack.ledger, clock=stack.clock)
    read = {one.message_id: one.status for one in stack.ledger.entries.values()}
    assert read == {mine: MessageStatus.READ, theirs: MessageStatus.SENT}
    assert stack.say("c1", action="ack", message_ids=[mine]) == []
    assert stack.receipts.entries == []


def _with_provider_id(entry: Any) -> Any:
    return replace(entry, provider_message_id=entry.message_id)


def test_typing_reaches_the_other_side_and_only_in_ones_own_conversation(stack: Stack) -> None:
    stack.visitor("c1")
    stack.agent("a1")
    assert stack.say("c1", action="typing") == []
    stack.say("c1", action="message", message_id="m1", text="Hi")
    stack.match_senders()
    (head,) = stack.conversations.current.values()
    conversation_id = head.conversation_id
    assert stack.say("a1", action="typing", conversation_id=conversation_id)[0]["code"] == (
        "not_found"
    )
    _assign(stack, "agent-1")
    stack.heard("c1")
    assert stack.say("a1", action="typing", conversation_id=conversation_id) == []
    (seen,) = stack.heard("c1")
    assert (seen["type"], seen["who"], "conversation_id" in seen) == ("typing", "agent", False)
    stack.say("c1", action="typing")
    (told,) = stack.heard("a1")
    assert (told["who"], told["conversation_id"]) == ("customer", conversation_id)


def _assign(stack: Stack, agent_id: str) -> None:
    for customer_id, head in stack.conversations.current.items():
        stack.conversations.current[customer_id] = replace(
            head, assignee=agent_id, version=head.version + 1
        )


def test_the_stream_reader_pushes_to_the_assignee_and_to_nobody_else(stack: Stack) -> None:
    stack.agent("a1")
    head = a_conversation(assignee="agent-1", version=2)
    free = a_conversation("cus_02")
    stack.conversations.current = {head.customer_id: head, free.customer_id: free}
    old = conversation_item(a_conversation(), [], head_key(head.customer_id))
    records = [
        _record(conversation_item(head, [], head_key(head.customer_id)), old),
        _record(message_item(a_message(1), [])),
        _record(message_item(a_message(2, customer_id="cus_02"), [])),
        _record(message_item(a_message(3, kind=Kind.EDIT), [])),
        {"eventName": "INSERT", "dynamodb": {"NewImage": {"pk": {"S": "x"}}}},
        _record(_agent_item("away"), _agent_item("online")),
        _record(_agent_item("away"), _agent_item("away")),
    ]
    pusher.handler({"Records": records}, None)
    frames = stack.heard("a1")
    assert [frame["type"] for frame in frames] == ["assignment", "message", "presence"]
    assert [frame["id"] for frame in frames] == [
        f"{head.conversation_id}.2.assignment",
        "whatsapp#main#wamid.1",
        "evt_away",
    ]


def _record(new: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, Any]:
    images = {"NewImage": new} | ({"OldImage": old} if old else {})
    return {"eventName": "MODIFY", "dynamodb": images | {"ApproximateCreationDateTime": 1.0}}


def _agent_item(presence: str) -> dict[str, Any]:
    events = json.dumps([{"metadata": {"event_id": f"evt_{presence}"}}])
    return {
        "pk": {"S": "QUEUE#default"},
        "sk": {"S": "AGENT#agent-1"},
        "presence": {"S": presence},
        "events": {"S": events},
    }


def test_a_batch_for_nobody_reads_nothing(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_args: object) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(stack.conversations, "heads", never)
    monkeypatch.setattr(stack.connections, "of", never)
    pusher.handler({"Records": [{"eventName": "REMOVE", "dynamodb": {"OldImage": {}}}]}, None)


def test_importing_the_handlers_needs_no_environment() -> None:
    assert all(callable(one.handler) for one in (socket, pusher, tickets, webchat))
