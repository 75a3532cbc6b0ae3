"""The main job on the whole stack: a customer writes, is known, is answered."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local import demo, seed
from local.api import Api, sign_in
from local.context import StackContext
from local.demo import Officer, eventually, text_of
from local.screen import Screen
from local.twins.delivery import Postman
from local.twins.webhooks import Said, meta_webhook, whatsapp_message
from rapport.channels.base import Account

pytestmark = pytest.mark.stack


def writes(providers: Api, channel: str, sender: str, text: str, **more: Any) -> dict[str, Any]:
    answer = providers.post(
        "/customer/send", {"channel": channel, "from": sender, "text": text, **more}
    )
    assert set(answer["statuses"]) == {200}, answer
    return dict(answer)


def messages(officer: Officer, conversation_id: str) -> list[dict[str, Any]]:
    page = officer.api.get(f"/v1/conversations/{conversation_id}/messages", limit="100")
    return list(page["items"])


def message(officer: Officer, conversation_id: str, message_id: str) -> dict[str, Any]:
    found = [one for one in messages(officer, conversation_id) if one["message_id"] == message_id]
    assert len(found) == 1
    return found[0]


def until_status(
    officer: Officer, conversation_id: str, sent: dict[str, Any], status: str
) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        one = message(officer, conversation_id, sent["message_id"])
        return one if one["status"] == status else None

    return eventually(f"status {status}", look)


def test_story_s0_the_agent_sees_advertisement_pages_cart_and_chat(
    stack: StackContext, officer: Officer
) -> None:
    customer_id = demo.sneaker_shop(stack, officer)
    customer = officer.api.get(f"/v1/customers/{customer_id}")
    told = [
        (entry.get("activity") or {}).get("name") or text_of(entry["message"])
        for entry in reversed(customer["timeline"]["items"])
    ]
    assert told == [
        "Ad Clicked",
        "Running shoes",
        "Cloud Runner 3",
        "Product Added",
        "Do these run small? I wear a 42.",
        "Yes, half a size. Take the 42.5.",
    ]


def test_story_s2_until_the_code_messenger_whatsapp_and_sms(
    stack: StackContext, officer: Officer
) -> None:
    by_messenger, by_phone = demo.jane_asks(stack, officer)
    assert by_messenger.customer_id != by_phone.customer_id, "only a code may join them"
    customer = officer.api.get(f"/v1/customers/{by_phone.customer_id}")
    assert customer["name"] == "Jane Wong"
    channels = {record["channel"] for record in customer["records"]}
    assert {"crm", "whatsapp", "sms"} <= channels


@pytest.mark.parametrize(
    ("channel", "sender"),
    [
        ("whatsapp", None),
        ("messenger", "psid"),
        ("line", "line"),
        ("telegram", "number"),
        ("sms", None),
        ("email", "mail"),
    ],
)
def test_a_webhook_delivered_five_times_at_once_is_one_message_conversation_and_assignment(
    stack: StackContext,
    officer: Officer,
    providers: Api,
    somebody: str,
    channel: str,
    sender: str | None,
) -> None:
    who = {
        None: somebody,
        "psid": somebody[1:],
        "number": somebody[1:],
        "line": f"U{uuid.uuid4().hex}",
        "mail": f"c{somebody[1:]}@example.com",
    }[sender]
    text = f"five times {uuid.uuid4().hex}"
    answer = writes(providers, channel, who, text, times=5, concurrently=True)
    assert len(answer["statuses"]) == 5
    seen = officer.sees(text)
    time.sleep(1)  # whatever a late copy would do, it has done by now
    assert [text_of(one) for one in messages(officer, seen.conversation_id)] == [text]
    mine = officer.api.get("/v1/conversations", assignee="me", limit="100")["items"]
    assert [one["customer_id"] for one in mine].count(seen.customer_id) == 1
    table = stack.client("dynamodb").query(
        TableName=stack.resources["RoutingTable"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "QUEUE#default"}},
    )
    holders = [item for item in table["Items"] if seen.conversation_id in json.dumps(item)]
    assert len(holders) == 1, "one agent holds it, and it waits no longer"


def test_segments_own_sdk_fills_the_customers_timeline(
    stack: StackContext, officer: Officer
) -> None:
    import segment.analytics as segment

    user = f"user-{uuid.uuid4()}"
    segment.default_client = None
    segment.write_key = seed.write_key(stack)
    segment.host = stack.http_api_url
    segment.sync_mode = False  # as in production: batches from a thread, flushed at the end
    segment.identify(user, {"name": "Ada Byron", "plan": "gold"})
    segment.track(user, "Order Completed", {"total": 129.0, "currency": "USD"})
    segment.page(user, "Shop", "Checkout", {"url": "https://shop.example/checkout"})
    segment.flush()

    def look() -> dict[str, Any] | None:
        found = officer.api.get("/v1/customers", namespace="user_id", value=user)["items"]
        if not found:
            return None
        customer = officer.api.get(f"/v1/customers/{found[0]['customer_id']}")
        return customer if len(customer["timeline"]["items"]) == 3 else None

    customer = eventually("three tracked events", look)
    kinds = sorted(entry["activity"]["kind"] for entry in customer["timeline"]["items"])
    assert kinds == ["identify", "page", "track"]
    assert customer["name"] == "Ada Byron"


def test_whatsapp_outside_its_window_is_refused_before_anything_is_sent(
    stack: StackContext, officer: Officer, providers: Api, somebody: str
) -> None:
    text = f"yesterday's question {uuid.uuid4().hex}"
    said = Said(
        sender=somebody,
        message_id=f"wamid.{uuid.uuid4().hex}",
        at=datetime.now(UTC) - timedelta(hours=25),
        text=text,
    )
    account = Account("whatsapp", "main", seed.known_document(stack, "whatsapp", "main"))
    webhook = meta_webhook(
        account,
        f"{stack.http_api_url}/webhooks/whatsapp/main",
        whatsapp_message(said, account),
    )
    assert Postman().deliver(webhook).status == 200
    seen = officer.sees(text)
    path = f"/v1/conversations/{seen.conversation_id}/messages"
    refused = officer.api.call("POST", path, {"content": {"type": "text", "text": "Hello?"}})
    assert refused.status == 409
    assert "window" in refused.body["type"]
    assert len(messages(officer, seen.conversation_id)) == 1, "nothing was entered"
    template = {"type": "template", "name": "hello", "language": "en", "parameters": ["Jane"]}
    sent = officer.api.post(path, {"content": template})["message"]
    until_status(officer, seen.conversation_id, sent, "read")


def test_a_failure_shows_the_providers_reason(
    officer: Officer, providers: Api, somebody: str
) -> None:
    text = f"hello {uuid.uuid4().hex}"
    writes(providers, "whatsapp", somebody, text)
    seen = officer.sees(text)
    providers.post("/settings", {"failures": {somebody: "131026"}})
    sent = officer.answers(seen.conversation_id, "Can you read this?")
    failed = until_status(officer, seen.conversation_id, sent, "failed")
    assert failed["failure"]["code"] == "131026"


def test_a_lost_answer_is_unknown_and_never_sent_twice(
    officer: Officer, providers: Api, somebody: str
) -> None:
    number = somebody[1:]  # Telegram recognises no repetition and tells no receipts
    text = f"hello {uuid.uuid4().hex}"
    writes(providers, "telegram", number, text)
    seen = officer.sees(text)
    providers.post(
        "/faults", {"match": {"host": "api.telegram.org"}, "kind": "drop_after", "times": 1}
    )
    answer = f"once {uuid.uuid4().hex}"
    sent = officer.answers(seen.conversation_id, answer)
    until_status(officer, seen.conversation_id, sent, "unknown")
    box = providers.get("/outbox", to=number, channel="telegram")["messages"]
    assert [one["text"] for one in box].count(answer) <= 1


def test_resolving_frees_capacity_for_the_one_who_waits_longest(
    stack: StackContext, officer: Officer, providers: Api
) -> None:
    agent = officer.api.get(f"/v1/agents/{officer.agent_id}")
    admin = Api(
        stack.http_api_url,
        sign_in(stack, "ada@bank.example", seed.passwords(stack)["ada@bank.example"]),
    )
    admin.put(f"/v1/agents/{officer.agent_id}", {"name": agent["name"], "capacity": 1})
    try:
        texts = [f"queue {number} {uuid.uuid4().hex}" for number in range(3)]
        for number, text in enumerate(texts):
            writes(providers, "line", f"U{uuid.uuid4().hex}", text)
            if number == 0:
                officer.sees(text)
            time.sleep(0.3)
        for text in texts:
            seen = officer.sees(text)
            mine = officer.api.get("/v1/conversations", assignee="me")["items"]
            assert [one["conversation_id"] for one in mine] == [seen.conversation_id]
            officer.api.post(f"/v1/conversations/{seen.conversation_id}/resolve")
    finally:
        given = {"name": agent["name"], "capacity": agent["capacity"]}
        admin.put(f"/v1/agents/{officer.agent_id}", given)


def test_a_screen_that_comes_back_misses_nothing(
    stack: StackContext, officer: Officer, providers: Api, somebody: str
) -> None:
    first = f"before {uuid.uuid4().hex}"
    writes(providers, "sms", somebody, first)
    seen = officer.sees(first)
    away = datetime.now(UTC).isoformat()
    officer.screen.close()
    second = f"meanwhile {uuid.uuid4().hex}"
    writes(providers, "sms", somebody, second)
    eventually(
        "the second message",
        lambda: second in [text_of(one) for one in messages(officer, seen.conversation_id)],
    )
    ticket = officer.api.post("/v1/realtime/tickets")
    with Screen(stack.websocket_url, ticket["ticket"]) as again:
        again.send(action="resume", since=away)
        again.wait("message", text=second)
        again.wait("resumed")
        ids = [frame["id"] for frame in again.frames()]
        assert len(ids) == len(set(ids))


def test_a_ticket_opens_one_socket_only(stack: StackContext, officer: Officer) -> None:
    from websockets.exceptions import InvalidStatus

    ticket = officer.api.post("/v1/realtime/tickets")["ticket"]
    Screen(stack.websocket_url, ticket).close()
    with pytest.raises(InvalidStatus):
        Screen(stack.websocket_url, ticket)


def test_nobody_reads_the_api_without_a_token(stack: StackContext) -> None:
    nobody = Api(stack.http_api_url)
    for path in ("/v1/customers?namespace=phone&value=1", "/v1/conversations", "/v1/agents"):
        assert nobody.call("GET", path).status == 401
    forged = Api(stack.http_api_url, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.")
    assert forged.call("GET", "/v1/conversations").status == 401
