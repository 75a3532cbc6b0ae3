"""A walk through what the stories of the fault explorer leave out, so that every right is used."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

from local.twins import webhooks
from local.twins.faults import Fault
from rapport.channels.base import Account
from rapport.conversations.store import DynamoConversations
from rapport.identity import changes
from tests.faults.stories import ANSWER, GRACE
from tests.faults.world import (
    ADA,
    ADMIN,
    BOB,
    MESSENGER,
    SES,
    TWILIO,
    WHATSAPP,
    World,
    claims,
)
from tests.policy import codes

LONG = "x" * 260_000
BASIC = "Basic d3JpdGUta2V5LWZvci10ZXN0czo="
SUPERVISOR = {"sub": "usr_boss", "cognito:groups": "[supervisor]"}


def large_bodies(world: World) -> None:
    """Bodies over the queue's limit go by the bucket, in every ingest function."""
    world.agent(GRACE)
    world.writes(ADA, LONG)
    world.step()
    page = {
        "type": "page",
        "anonymousId": "b",
        "messageId": "m",
        "properties": {"x": "語" * 9_000},  # 27 KB to Segment, twice that once escaped
    }
    world.asks("POST", "/v1/batch", {"batch": [page]}, None, "track", authorization=BASIC)
    conversation = world.conversation_of(GRACE)
    world.asks("POST", f"/v1/conversations/{conversation}/messages", ANSWER, claims(GRACE), "a")


def messenger(world: World) -> None:
    """Receipts that name only the provider's id, or nothing but a time."""
    world.agent(GRACE)
    world.writes("4711", "Hello", channel="messenger")
    world.step()
    conversation = world.conversation_of(GRACE)
    world.asks("POST", f"/v1/conversations/{conversation}/messages", ANSWER, claims(GRACE), "a")


def echoes(world: World) -> None:
    """A page's inbox shows our own message back to us: on timelines it is told apart by its id."""
    messenger(world)
    world.step()
    ours = world.twins.outbox()[-1]
    message = {"is_echo": True, "mid": ours.provider_message_id, "text": ours.text}
    item = webhooks.messenger_item("4711", MESSENGER, world.clock.now(), {"message": message})
    (entry,) = item["entry"][0]["messaging"]
    entry["sender"], entry["recipient"] = entry["recipient"], entry["sender"]
    url = world.twins.state.registrations["messenger", "main"].webhook_url
    world.bring(webhooks.meta_webhook(MESSENGER, url, item))
    world.run_until_quiet()
    head = _read(world, "GET", f"/v1/conversations/{world.conversation_of(GRACE)}")
    # Pages too small to hold both the echo and what it echoes.
    _read(world, "GET", f"/v1/conversations/{head['conversation_id']}/messages?limit=1")
    _read(world, "GET", f"/v1/customers/{head['customer_id']}/timeline?limit=1")


def long_receipt(world: World) -> None:
    """A provider explains a failure at length."""
    status = webhooks.whatsapp_status(
        WHATSAPP, "wamid.OTHER", "failed", ADA, world.clock.now(), error_code=131000
    )
    (told,) = status["entry"][0]["changes"][0]["value"]["statuses"]
    told["errors"][0]["error_data"] = {"details": LONG}
    url = world.twins.state.registrations["whatsapp", "main"].webhook_url
    world.bring(webhooks.meta_webhook(WHATSAPP, url, status))
    world.run_until(world.clock.now() + timedelta(seconds=10))


def race(world: World) -> None:
    """Another channel's message opened the conversation between our read and our write."""
    world.agent(GRACE)
    world.writes(ADA, "Hello")
    stale = patch.object(DynamoConversations, "touch", lambda *_: (False, None))
    with stale:
        world.writes(ADA, "Hello again")


def postponed(world: World, channel: str, sender: str, **more: Any) -> None:
    """A provider asks us to come again later, on each medium."""
    world.agent(GRACE)
    world.writes(sender, "Hello", channel=channel, **more)
    world.step()
    conversation = world.conversation_of(GRACE)
    world.twins.faults.pending.append(Fault(kind="status", status=429, body={}))
    answer = {"content": {"type": "text", "text": "Good morning.", "subject": "Hello"}}
    if channel != "ses":
        answer["content"].pop("subject")
    world.asks("POST", f"/v1/conversations/{conversation}/messages", answer, claims(GRACE), "a")


def by_amazon(world: World) -> None:
    """A customer's texts to three of our accounts, each answered from its own kind of identity."""
    world.agent(GRACE)
    for number, identity in enumerate(codes.IDENTITIES):
        name = f"texts{number}"
        settings = {
            "origination_identity": identity,
            "region": "us-east-1",
            "configuration_set": "messaging",
            "allowed_topic_arns": [f"arn:aws:sns:us-east-1:000000000000:{name}"],
        }
        world.register(Account("aws_messaging", name, settings))
        world.writes("+14155550178", "Hello", channel="aws_messaging", account=name)
        world.step()
        path = f"/v1/conversations/{world.conversation_of(GRACE)}/messages"
        world.asks("POST", path, ANSWER, claims(GRACE), name)
    sent = [one.sender for one in world.twins.outbox("+14155550178", "aws_messaging")]
    assert sent == list(codes.IDENTITIES)


def reading(world: World) -> None:
    """Everything that staff and applications may read and change over HTTP."""
    world.agent(GRACE)
    world.step()
    picture = {"media_type": "image", "content_type": "image/png"}
    world.bring(world.customer(ADA, "Look", media=picture))
    world.run_until_quiet()
    conversation = world.conversation_of(GRACE)
    place = f"/v1/conversations/{conversation}"
    world.asks("POST", f"{place}/messages", ANSWER, claims(GRACE), "answer")
    listed = _read(world, "GET", f"{place}/messages")
    for one in listed["items"]:
        _read(world, "GET", f"{place}/messages/{one['ref']}")
        if one["attachments"]:
            _read(world, "GET", f"{place}/messages/{one['ref']}/attachments/0")
    _read(world, "GET", place)
    _read(world, "GET", "/v1/conversations?state=open")
    found = _read(world, "GET", f"/v1/customers?namespace=phone&value=%2B{ADA}")
    customer = found["items"][0]["customer_id"]
    _read(world, "GET", f"/v1/customers/{customer}")
    _read(world, "GET", f"/v1/customers/{customer}/timeline")
    _read(world, "GET", "/v1/agents")
    _read(world, "GET", f"/v1/agents/{GRACE}")
    claim = [{"namespace": "email", "value": "ada@example.com"}]
    person = {"source_id": "crm-1", "name": "Ada", "identifiers": claim}
    world.asks("POST", "/v1/customers", person, SUPERVISOR, "register")
    _read(world, "GET", "/v1/openapi.json")


def identity(world: World) -> None:
    """Who is one person: looked at, decided, taken back, left to a person, told by other rules."""
    world.agent(GRACE)
    world.writes(ADA, "Hello")
    world.writes("4711", "Hello", channel="messenger")
    proven = [{"namespace": "phone", "value": f"+{ADA}", "assurance": "verified"}]
    registered = {"source_id": "crm-1", "identifiers": proven}
    ada = world.asks("POST", "/v1/customers", registered, ADMIN, "r").json
    with patch.object(changes, "ROOM", 1):  # what one transaction has no room for follows later
        heads = _read(world, "GET", "/v1/conversations?state=open")["items"]
        (other,) = {one["customer_id"] for one in heads} - {ada["customer_id"]}
        body = {"customer_id": ada["customer_id"]}
        world.asks("POST", f"/v1/customers/{other}/merge", body, SUPERVISOR, "m")
        world.run_until_quiet()
        leaving = {"record_ids": [ada["record"]["record_id"]]}
        place = f"/v1/customers/{ada['customer_id']}"
        parted = world.asks("POST", f"{place}/unmerge", leaving, SUPERVISOR, "u")
        assert parted.status == 200, parted.text
        world.run_until_quiet()
    _read(world, "GET", f"{place}/evidence")
    rules(world)


def rules(world: World) -> None:
    """Rules that leave every likely pair to a person, and back again."""
    known = world.request("GET", "/v1/identity/rules", claims=ADMIN).json
    careful = known["rules"] | {"version": "careful-1", "join_bits": 60, "review_bits": 0}
    world.asks("POST", "/v1/identity/rules/trial", {"rules": careful}, ADMIN, "t")
    body = {"rules": careful, "replaces": known["version"]}
    assert world.asks("PUT", "/v1/identity/rules", body, ADMIN, "p").status == 200
    world.run_until(world.clock.now() + timedelta(minutes=2))
    world.asks("POST", "/v1/identity/rules/application", {}, ADMIN, "a")
    made = []
    for number in range(3):
        person = {
            "source_id": f"twin-{number}",
            "name": "Grace Hopper",
            "traits": {"address": "Flat 5A, 12 Harbour Road, Wan Chai"},
        }
        made.append(world.asks("POST", "/v1/customers", person, ADMIN, f"p{number}").json)
    reviews = _read(world, "GET", "/v1/identity/reviews")["items"]
    answer = {"is_same": False}
    answered = f"/v1/identity/reviews/{reviews[0]['review_id']}"
    assert world.asks("POST", answered, answer, SUPERVISOR, "no").status == 200
    left, right = reviews[1]["left_customer"], reviews[1]["right_customer"]
    world.asks("POST", f"/v1/customers/{left}/merge", {"customer_id": right}, SUPERVISOR, "m2")
    assert len(_read(world, "GET", "/v1/identity/reviews")["items"]) < len(reviews) - 1


def accounts(world: World) -> None:
    """A channel account's whole life."""
    place = "/v1/channel-accounts/line/shop"
    document = {"document": {"channel_secret": "one", "channel_access_token": "two"}}
    for method, path, body in (
        ("PUT", place, document),
        ("PUT", place, document),
        ("GET", place, None),
        ("GET", "/v1/channel-accounts", None),
        ("POST", f"{place}/rotate", {"key": "channel_secret", "value": "three"}),
        ("DELETE", place, None),
        ("PUT", place, document),
    ):
        world.asks(method, path, body, ADMIN, f"{method} {path}")


def sockets(world: World) -> None:
    """An agent's screen and a visitor's widget: tickets, resume, typing, receipts, messages."""
    world.agent(GRACE)
    ticket = world.asks("POST", "/v1/realtime/tickets", {}, claims(GRACE), "ticket").json["ticket"]
    assert world.open_socket(ticket, "screen") == 200
    world.step()
    origin = {"account": "main", "anonymous_id": "browser-1"}
    opened = world.asks(
        "POST", "/v1/webchat/sessions", origin, None, "s", origin="https://shop.example"
    ).json
    bearer = {"authorization": f"Bearer {opened['token']}"}
    widget = world.asks("POST", "/v1/webchat/tickets", {}, None, "t", **bearer).json["ticket"]
    assert world.open_socket(widget, "widget") == 200
    say = {"action": "message", "message_id": "m-1", "text": "Hello"}
    world.say_on_socket("widget", say)
    world.run_until_quiet()
    conversation = world.conversation_of(GRACE)
    answered = world.asks(
        "POST", f"/v1/conversations/{conversation}/messages", ANSWER, claims(GRACE), "a"
    ).json
    message = answered["message"]["message_id"]
    world.say_on_socket("screen", {"action": "typing", "conversation_id": conversation})
    world.say_on_socket("widget", {"action": "typing"})
    world.say_on_socket("widget", {"action": "ack", "message_ids": [message], "status": "read"})
    for connection in ("screen", "widget"):
        world.say_on_socket(connection, {"action": "resume", "since": "2026-03-02T09:00:00Z"})
        world.say_on_socket(connection, {"action": "ping"})
    world.asks("GET", "/v1/webchat/messages", None, None, "h", **bearer)
    world.run_until_quiet()
    world.sockets.open.discard("widget")  # it vanished without a word
    world.step()
    world.asks("POST", f"/v1/conversations/{conversation}/messages", ANSWER, claims(GRACE), "b")
    world.close_socket("screen")


def crowded(world: World) -> None:
    """Work that only the sweep finds: it died or was lost on every other way."""
    world.agent(GRACE, capacity=1)
    world.writes(ADA, "Hello")
    world.writes(BOB, "Hello")
    world.step()
    place = f"/v1/conversations/{world.conversation_of(GRACE)}"
    world.queues["RoutingQueue"].max_receives = 0  # everything goes straight to the dead letters
    world.asks("POST", f"{place}/resolve", {}, claims(GRACE), "resolve")
    world.queues["RoutingQueue"].max_receives = 5
    # The place was never freed: another agent comes, and her fact is lost as well.
    world.queues["RoutingQueue"].max_receives = 0
    world.agent("usr_ida")
    world.queues["RoutingQueue"].max_receives = 5
    world.step()


TOUR = {
    "large bodies": large_bodies,
    "messenger": messenger,
    "echoes": echoes,
    "long receipt": long_receipt,
    "race": race,
    "postponed chat": lambda world: postponed(world, "whatsapp", ADA),
    "postponed text": lambda world: postponed(world, "twilio", "+14155550177", to="+15550009999"),
    "postponed mail": lambda world: postponed(
        world, "ses", "ada@example.com", extra={"dmarc": "PASS", "subject": "Hello"}
    ),
    "texts by Amazon": by_amazon,
    "reading": reading,
    "identity": identity,
    "accounts": accounts,
    "sockets": sockets,
    "crowded": crowded,
    "codes": codes.codes,
    "codes not taken": codes.not_taken,
    "codes by Amazon": codes.by_amazon,
    "codes in a chat": codes.in_a_chat,
}


def walk(name: str) -> World:
    """Walk one part; the world as it was left."""
    with World() as world:
        world.register(TWILIO)
        world.register(SES)
        TOUR[name](world)
        world.run_until(world.clock.now() + timedelta(minutes=1))
    return world


def _read(world: World, method: str, path: str) -> Any:
    answer = world.request(method, path, claims=SUPERVISOR)
    assert answer.status == 200, f"{path}: {answer.status} {answer.text}"
    return answer.json
