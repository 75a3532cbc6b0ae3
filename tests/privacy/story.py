"""A day in which everything happens to the people whose data is looked for, mishaps included."""

import base64
import json
from typing import Any

from local.twins import webhooks
from local.twins.faults import Fault
from tests.faults.stories import GRACE
from tests.faults.world import ADMIN, WHATSAPP, claims
from tests.policy.tour import BASIC, SUPERVISOR
from tests.privacy.people import BARTHOLOMEW, XANTHIPPE, Person
from tests.privacy.verifying import verifying
from tests.privacy.watch import Watch

MESSENGER_ID, LINE_ID, TELEGRAM_ID = XANTHIPPE.addresses
SHOP = "https://shop.example"


def tell(world: Watch) -> None:
    """Everything, in order."""
    world.agent(GRACE, capacity=20)
    opened = world.asks("POST", "/v1/realtime/tickets", {}, claims(GRACE), "screen").json
    world.open_socket(opened["ticket"], "screen")
    writing(world)
    answering(world)
    browsing(world)
    managing(world)
    mistaking(world)
    verifying(world)
    poisoning(world)
    world.run_until_quiet()


def wamid(person: Person, number: int) -> str:
    """A WhatsApp id as Meta makes them: base64 of bytes that hold the customer's number."""
    inner = b"\x1c\x18\x0b" + person.digits.encode() + f"\x15\x02\x00\x12{number:020d}".encode()
    return f"wamid.{base64.b64encode(inner).decode()}"


def writing(world: Watch) -> None:
    """They write on every channel: text, a picture, something too large for a queue."""
    who, picture = XANTHIPPE, {"media_type": "image", "filename": f"{XANTHIPPE.name}.png"}
    mail = {"dmarc": "PASS", "subject": who.says(1)}
    for channel, sender, more in (
        ("messenger", MESSENGER_ID, {"media": picture}),
        ("line", LINE_ID, {}),
        ("telegram", TELEGRAM_ID, {}),
        ("twilio", who.phone, {"to": "+15550009999"}),
        ("aws_messaging", who.phone, {}),
        ("ses", who.email, {"extra": mail}),
    ):
        world.writes(sender, who.says(0), channel=channel, **more)
    for number, text in enumerate((who.says(1), who.says(0) + " x" * 40_000)):
        message = {"id": wamid(who, number), "type": "text", "text": {"body": text}}
        world.step()
        world.bring(world.whatsapp([message], who.digits))
        world.run_until_quiet()
    world.writes(BARTHOLOMEW.digits, BARTHOLOMEW.says(0))
    picture = {"media_type": "document", "filename": f"{BARTHOLOMEW.name}.pdf"}
    world.writes(BARTHOLOMEW.digits, BARTHOLOMEW.says(1), media=picture)


def answering(world: Watch) -> None:
    """They are answered, by providers that take it, refuse it quoting the number, or hang up."""
    listed = world.insist("GET", "/v1/conversations?limit=50", claims=claims(GRACE)).json
    for number, one in enumerate(listed["items"]):
        world.step()
        quoting = {"error": {"code": 131026, "message": XANTHIPPE.says(0)}}
        kinds = {
            0: Fault(kind="status", status=400, body=quoting),
            1: Fault(kind="status", status=500, body=quoting),
            2: Fault(kind="drop_after"),
        }
        if number in kinds:
            world.twins.faults.pending.append(kinds[number])
        _say(world, one["conversation_id"], number)
    world.step()
    status = webhooks.whatsapp_status(
        WHATSAPP,
        wamid(XANTHIPPE, 9),
        "failed",
        XANTHIPPE.digits,
        world.clock.now(),
        error_code=131000,
    )
    (told,) = status["entry"][0]["changes"][0]["value"]["statuses"]
    told["errors"][0]["error_data"] = {"details": XANTHIPPE.says(0)}
    world.bring(webhooks.meta_webhook(WHATSAPP, _url(world, "whatsapp"), status))
    world.run_until_quiet()


def _say(world: Watch, conversation: str, number: int) -> None:
    place = f"/v1/conversations/{conversation}"
    said = {"type": "text", "text": XANTHIPPE.says(number)}
    world.asks("POST", f"{place}/messages", {"content": said}, claims(GRACE), f"a-{number}")
    for one in world.asks("GET", f"{place}/messages", None, claims(GRACE), "g").json["items"]:
        world.asks("GET", f"{place}/messages/{one['ref']}", None, claims(GRACE), "g")
        world.asks("GET", f"{place}/messages/{one['ref']}/attachments/0", None, claims(GRACE), "g")
    world.asks("POST", f"{place}/resolve", {}, claims(GRACE), f"r-{number}")


def browsing(world: Watch) -> None:
    """They are tracked, chat on the website, and say on a socket what it does not take."""
    who = XANTHIPPE
    identify: dict[str, Any] = {"type": "identify", "userId": who.email}
    identify |= {"messageId": f"i-{who.email}"}
    identify |= {"traits": {"name": who.name, "email": who.email, "phone": who.phone}}
    page = {"type": "page", "anonymousId": "browser", "messageId": "p", "name": who.says(1)}
    batch = {"batch": [identify, page, {"type": "track", "event": who.says(0)}, {"type": who.name}]}
    world.step()
    world.asks("POST", "/v1/batch", batch, None, "batch", authorization=BASIC)
    opened = world.asks(
        "POST", "/v1/webchat/sessions", {"account": "main"}, None, "s", origin=SHOP
    ).json
    bearer = {"authorization": f"Bearer {opened['token']}"}
    assert any(_opens(world, bearer, number) == 200 for number in range(9))
    for action in (
        {"action": "message", "message_id": "m-1", "text": who.says(0)},
        {"action": who.name, "text": who.phone},
        {"action": "resume", "since": who.phone},
        {"action": "message", "message_id": who.phone, "text": who.says(0), who.name: 1},
    ):
        world.say_on_socket("widget", action)
    world.open_socket(who.phone, "forged")
    world.run_until_quiet()
    world.close_socket("widget")


def _opens(world: Watch, bearer: dict[str, str], number: int) -> int:
    ticket = world.asks("POST", "/v1/webchat/tickets", {}, None, f"t-{number}", **bearer).json
    return world.open_socket(ticket["ticket"], "widget")


def managing(world: Watch) -> None:
    """Staff register, search and read them."""
    who = XANTHIPPE
    known = [{"namespace": "email", "value": who.email}, {"namespace": "phone", "value": who.phone}]
    person = {"source_id": who.email, "name": who.name, "identifiers": known}
    world.step()
    world.asks("POST", "/v1/customers", person, SUPERVISOR, f"key-of-{who.phone}")
    query = f"/v1/customers?namespace=phone&value=%2B{who.digits}"
    found = world.insist("GET", query, claims=SUPERVISOR).json["items"]
    world.request("GET", f"/v1/customers/{found[0]['customer_id']}", claims=SUPERVISOR)


def mistaking(world: Watch) -> None:
    """Clients send their data where it does not belong: keys, paths, queries, headers."""
    who, boss = XANTHIPPE, SUPERVISOR
    mistakes: tuple[tuple[str, str, Any], ...] = (
        ("POST", "/v1/customers", {who.name: who.phone, "identifiers": [{who.phone: who.email}]}),
        (
            "POST",
            "/v1/customers",
            {"source_id": "a", "traits": {who.digits: {}, "ok": [who.email]}},
        ),
        ("POST", "/v1/customers", {"source_id": "a", "identifiers": [{"namespace": who.email}]}),
        ("POST", "/v1/customers", who.says(1)),
        ("GET", f"/v1/customers?namespace={who.email}&value={who.digits}&{who.digits}=1", None),
        ("GET", f"/v1/customers/{who.email}", None),
        ("GET", f"/v1/customers/cus_{who.digits}/timeline?cursor={who.digits}", None),
        ("GET", f"/v1/conversations/{who.phone}", None),
        ("GET", f"/v1/conversations?state={who.email}", None),
        ("GET", f"/v1/agents/{who.email}", None),
        ("PUT", f"/v1/agents/{who.email}", {"name": who.name, "capacity": who.phone}),
        ("PUT", f"/v1/agents/{who.email}/presence", {"presence": who.name}),
        ("POST", "/v1/customers", b'{"name": "' + who.email.encode() + b'", nonsense'),
    )
    for number, (method, path, body) in enumerate(mistakes):
        key = {"idempotency-key": f"{who.phone}-{number}"}
        world.request(method, path, body, claims=boss, headers=key)
    world.request("GET", f"/v1/channel-accounts/whatsapp/{who.email}", claims=ADMIN)
    document = {"document": {who.name: "***", "app_secret": who.phone}}
    world.request("PUT", f"/v1/channel-accounts/whatsapp/{who.digits}", document, claims=ADMIN)
    world.request("POST", f"/webhooks/whatsapp/{who.email}", {"from": who.phone})
    world.request("POST", f"/webhooks/{who.digits}/main", who.says(0).encode())
    world.request(
        "GET", f"/webhooks/whatsapp/main?hub.verify_token={who.digits}&hub.mode=subscribe"
    )
    world.request("POST", "/v1/webchat/sessions", {"account": who.email}, headers={"origin": SHOP})
    forged = {"x-hub-signature-256": who.email}
    world.request("POST", "/webhooks/whatsapp/main", {"from": who.says(0)}, headers=forged)


def poisoning(world: Watch) -> None:
    """Their data lies in queues and streams in forms that no function can read."""
    who = XANTHIPPE
    poison: tuple[Any, ...] = (
        {"ingest_id": who.says(0)},
        {
            "detail-type": "ConversationOpened.v1",
            "detail": {"metadata": {who.phone: 1}, "data": {}},
        },
        {
            "detail-type": "ConversationOpened.v1",
            "detail": _detail({"conversation_id": [who.phone]}),
        },
        {"detail-type": "MessageReceived.v1", "detail": _detail({"ingest_id": who.phone})},
        {"detail-type": "MessageReceived.v1", "detail": _detail({who.email: who.phone})},
        {"object_key": who.email},
        {"record_id": who.phone, "message_id": who.email},
        who.says(0),
    )
    for name, queue in world.queues.items():
        if queue.dead_letters is None:
            continue
        for number, one in enumerate(poison):
            own = (f"{name}-{number}", f"{number}") if queue.is_fifo else ()
            queue.send(json.dumps(one), *own)
            queue.send(json.dumps(one)[:-2], *(f"{part}-cut" for part in own))
    record = {"dynamodb": {"Keys": {}, "NewImage": {"events": {"S": json.dumps([_bad(who)])}}}}
    for function in world.known.of_kind("AWS::Serverless::Function"):
        world.invoke(function, {"Records": [record], "body": who.says(0)})
        world.invoke(function, {"Records": [{"body": who.says(0), "dynamodb": who.phone}]})
        world.invoke(function, {"requestContext": {"http": who.phone}, "rawPath": who.email})
    world.run_until_quiet()


def _bad(who: Person) -> dict[str, Any]:
    return {"metadata": {"event_id": who.phone, "occurred_at": who.email}, "data": who.name}


def _detail(data: dict[str, Any]) -> dict[str, Any]:
    metadata = {"event_id": "evt_1", "occurred_at": "2026-03-02T09:00:00Z"}
    return {"metadata": metadata, "data": data}


def _url(world: Watch, channel: str) -> str:
    return world.twins.state.registrations[channel, "main"].webhook_url
