"""Stories of one-time codes: started, answered, guessed wrong, sent again, followed by a call."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from local.twins.codes import codes
from tests.faults.verifications import Expected
from tests.faults.world import ADA, ADMIN, TWILIO, Said, World, claims

GRACE = "usr_grace"
STRANGER = "7000001"
ADDRESS = "+14155550177"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SHOP = {
    "sub": "shop-system",
    "client_id": "shop-system",
    "scope": "rapport/customers.write rapport/verifications.write",
}
ACCOUNT = {
    "source_id": "account-4711",
    "name": "Customer Ada",
    "identifiers": [{"namespace": "phone", "value": f"+{ADA}", "assurance": "verified"}],
}
SMS_ALONE = {
    "routes": [{"channel": one, "provider": "twilio"} for one in ("sms", "voice")],
    "fallback_after": None,
    "purposes": {"identity": {}, "confirm_phone": {"confirms": "phone"}},
}
VISITOR = {
    "address": ADDRESS,
    "service": "sms_alone",
    "purpose": "confirm_phone",
    "session": "web-7f3a",
    "source": "visitor-1",
}


def a_stranger_chats(world: World) -> None:
    """Somebody says by Messenger that she is Ada; the shop knows Ada's telephone."""
    world.agent(GRACE, capacity=5)
    world.register(TWILIO)
    with world.uncounted():
        _defines(world)
        world.request("POST", "/v1/customers", ACCOUNT, claims=SHOP)
        world.writes(STRANGER, "I am Ada. Where is my order?", channel="messenger")


def the_shop_asks(world: World) -> None:
    """An application may verify addresses."""
    world.register(TWILIO)
    with world.uncounted():
        _defines(world)


def a_code_is_out(world: World) -> None:
    """… and the agent has had a code sent to that telephone."""
    a_stranger_chats(world)
    with world.uncounted():
        start(world)


def start(world: World) -> None:
    """An agent starts by customer: a code goes to the number on record, by SMS."""
    world.step()
    world.asks("POST", "/v1/verifications", _wish(world), claims(GRACE), "start")


def answers(world: World) -> None:
    """The stranger says the code in the chat, and is Ada from then on."""
    _says(world, f"it's {_code(world)}, thanks")


def answers_wrong_first(world: World) -> None:
    """A typing error, and then the code."""
    code = _code(world)
    _says(world, f"{(int(code) + 1) % 1_000_000:06d}")
    answers(world)


def asks_again(world: World) -> None:
    """ "I got nothing": the same code once more, and the answer."""
    world.clock.advance(MINUTE)
    world.asks("POST", "/v1/verifications", _wish(world), claims(GRACE), "again")
    answers(world)


def is_called(world: World) -> None:
    """Nobody answers the SMS; the telephone rings, and says the same code."""
    world.step()
    headers, body = {"idempotency-key": "start"}, VISITOR | {"service": "with_calls"}
    answer = world.insist("POST", "/v1/verifications", body, headers=headers, claims=SHOP)
    world.said.append(Said("POST start", answer.status))
    _waits(world, lambda: any(one.channel == "voice" for one in world.twins.outbox()), 5 * MINUTE)
    _checks(world, answer.json["verification_id"], "right", _code(world))


def by_api(world: World) -> None:
    """An application confirms an address of a visitor, and checks what the visitor types in."""
    world.step()
    started = world.asks("POST", "/v1/verifications", VISITOR, SHOP, "start").json
    if not _arrived(world):  # the visitor waits, and presses "send again"
        world.run_until(world.clock.now() + MINUTE)
        world.insist("POST", "/v1/verifications", VISITOR, claims=SHOP)
        world.run_until_quiet()
    wrong = f"{(int(_code(world)) + 1) % 1_000_000:06d}"
    _checks(world, started["verification_id"], "wrong", wrong)
    _checks(world, started["verification_id"], "right", _code(world))


STARTED = Expected(sends=1, wrong=0, approved=False)
ANSWERED = Expected(sends=1, wrong=0, approved=True)
CORRECTED = Expected(sends=1, wrong=1, approved=True)
SENT_TWICE = Expected(sends=2, wrong=0, approved=True)


def _defines(world: World) -> None:
    with_calls = {name: one for name, one in SMS_ALONE.items() if name != "fallback_after"}
    for name, document in (("sms_alone", SMS_ALONE), ("with_calls", with_calls)):
        body = {"document": document, "version": 0}
        answer = world.request("PUT", f"/v1/verification-services/{name}", body, claims=ADMIN)
        assert answer.status == 200, answer.text


def _checks(world: World, verification_id: str, name: str, code: str) -> None:
    """The shop's page asks whether what was typed in is the code."""
    path, body = f"/v1/verifications/{verification_id}/check", {"code": code}
    heard = world.asks("POST", path, body | {"session": VISITOR["session"]}, SHOP, name)
    world.said.append(Said(f"{name} is {heard.json['valid']}", heard.status))


def _wish(world: World) -> dict[str, Any]:
    """A code for Ada, to be answered in the stranger's chat."""
    with world.uncounted():
        found = world.request(
            "GET", f"/v1/customers?namespace=phone&value=%2B{ADA}", claims=ADMIN
        ).json["items"][0]
        conversation = world.conversation_of(GRACE)
        path = f"/v1/conversations/{conversation}/messages?limit=50"
        said = world.request("GET", path, claims=claims(GRACE)).json["items"][0]
    return {
        "customer_id": found["customer_id"],
        "service": "sms_alone",
        "purpose": "identity",
        "session": said["record_id"],
    }


def _arrived(world: World) -> list[str]:
    """The codes that reached a telephone."""
    return [one.code for one in codes(world.twins.outbox())]


def _code(world: World) -> str:
    """What the telephone says; without it, whoever answers can only guess."""
    return (_arrived(world) or ["000000"])[-1]


def _says(world: World, text: str) -> None:
    world.bring(world.customer(STRANGER, text, channel="messenger"))
    world.run_until_quiet()


def _waits(world: World, has_come: Callable[[], bool], most: timedelta) -> None:
    """A person waits for something, and looks every few seconds."""
    until = world.clock.now() + most
    while not has_come() and world.clock.now() < until:
        world.run_until(world.clock.now() + 5 * SECOND)
