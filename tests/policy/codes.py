"""One-time codes on every way: sent, sent again, not taken, not delivered, answered, ended."""

import re
from datetime import timedelta
from typing import Any

from local.twins.faults import Fault
from rapport.channels.base import Account
from tests.faults.stories import GRACE
from tests.faults.world import ADA, ADMIN, World, claims
from tests.platform.platform import Answer

SHOP = {
    "sub": "shop",
    "client_id": "shop",
    "scope": "rapport/verifications.write rapport/customers.write",
}
IDENTITIES = ("+15550001111", "pool-1", "SHOP")
"""A number, a pool and a sender id of AWS End User Messaging."""


def codes(world: World) -> None:
    """What an application does: addresses of its own visitors, services of its own."""
    define(world, "shop", [("sms", "twilio", "main"), ("email", "ses", "main")])
    world.request("GET", "/v1/verification-services/shop", claims=ADMIN)
    by_text = start(world, "+14155550123", "confirm_phone")
    world.run_until(world.clock.now() + timedelta(minutes=1))
    start(world, "+14155550123", "confirm_phone")
    assert not check(world, by_text, "000000").json["valid"]
    assert check(world, by_text, code_at(world, "+14155550123")).json["valid"]
    by_mail = start(world, "ada@example.com", "confirm_email")
    world.request("POST", f"/v1/verifications/{by_mail}/cancel", {}, claims=SHOP)
    assert world.request("GET", f"/v1/verifications/{by_mail}", claims=SHOP).status == 200


def not_taken(world: World) -> None:
    """A provider asks us to come again, or refuses; a text does not arrive, and a call follows."""
    define(world, "shop", [("sms", "twilio", "main"), ("voice", "twilio", "main")])
    world.twins.faults.pending.append(Fault(kind="status", status=429, body={}))
    start(world, "+14155550123", "confirm_phone")
    world.twins.state.failures["14155550124"] = "30003"
    start(world, "+14155550124", "confirm_phone")
    world.twins.faults.pending.append(Fault(kind="error_body", code=21610))
    start(world, "+14155550125", "confirm_phone")
    world.run_until(world.clock.now() + timedelta(minutes=3))


def by_amazon(world: World) -> None:
    """The same by AWS End User Messaging, from each kind of identity."""
    for number, identity in enumerate(IDENTITIES):
        name = f"number{number}"
        settings = {"origination_identity": identity, "region": "us-east-1"}
        world.register(Account("aws_messaging", name, settings))
        service = f"amazon{number}"
        channels = ("sms",) if identity == "SHOP" else ("sms", "voice")
        define(world, service, [(one, "aws_messaging", name) for one in channels])
        for place, channel in enumerate(channels):
            address = f"+1415555{number}{place}00"
            start(world, address, "confirm_phone", service=service, channel=channel)


def in_a_chat(world: World) -> None:
    """An officer has a code sent to the number on record; the customer answers where they are."""
    world.agent(GRACE)
    proven = [{"namespace": "phone", "value": f"+{ADA}", "assurance": "verified"}]
    person = {"source_id": "crm-1", "identifiers": proven}
    ada = world.asks("POST", "/v1/customers", person, SHOP, "register").json
    world.writes("4711", "Hello", channel="messenger")
    head = world.request("GET", "/v1/conversations?state=open", claims=claims(GRACE)).json
    (chat,) = head["items"]
    world.step()
    said = {
        "customer_id": ada["customer_id"],
        "purpose": "identity",
        "session": record_of(world, chat["customer_id"]),
    }
    asked = world.request("POST", "/v1/verifications", said, claims=claims(GRACE))
    assert asked.status == 201, asked.text
    soon(world)
    code = code_at(world, f"+{ADA}")
    for guess in (f"{int(code) ^ 1:06}", code):
        world.bring(world.customer("4711", f"it's {guess}", channel="messenger"))
        soon(world)
    place = f"/v1/verifications/{asked.json['verification_id']}"
    told = world.request("GET", place, claims=claims(GRACE)).json
    assert told["status"] == "approved", told


def soon(world: World) -> None:
    """Let happen what happens within seconds."""
    world.run_until(world.clock.now() + timedelta(seconds=15))


def define(world: World, name: str, routes: list[tuple[str, str, str]]) -> None:
    """Put a service in force."""
    document = {
        "fallback_after": 60,
        "wait": 10,
        "routes": [
            {"channel": channel, "provider": provider, "account": account}
            for channel, provider, account in routes
        ],
        "purposes": {
            "confirm_phone": {"confirms": "phone"},
            "confirm_email": {"confirms": "email"},
        },
    }
    body = {"document": document, "version": 0}
    answer = world.request("PUT", f"/v1/verification-services/{name}", body, claims=ADMIN)
    assert answer.status == 200, answer.text


def start(world: World, address: str, purpose: str, service: str = "shop", **more: Any) -> str:
    """Have a code sent to an address; the verification's id."""
    body = {"address": address, "purpose": purpose, "service": service, **more}
    body["session"] = f"web-{address}"
    answer = world.request("POST", "/v1/verifications", body, claims=SHOP)
    assert answer.status == 201, answer.text
    soon(world)
    return str(answer.json["verification_id"])


def check(world: World, verification_id: str, code: str) -> Answer:
    """A guess from the session of `start`."""
    body = {"code": code, "session": "web-+14155550123"}
    return world.request("POST", f"/v1/verifications/{verification_id}/check", body, claims=SHOP)


def code_at(world: World, phone: str) -> str:
    """The code that arrived at a phone last."""
    texts = [one.text or "" for one in world.twins.outbox(phone)]
    return [str(found[0]) for text in texts for found in re.finditer(r"\b\d{6}\b", text)][-1]


def record_of(world: World, customer_id: str) -> str:
    """The record of a customer who has one."""
    shown = world.request("GET", f"/v1/customers/{customer_id}", claims=ADMIN).json
    (record,) = shown["records"]
    return str(record["record_id"])
