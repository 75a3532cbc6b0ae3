"""One-time codes on every way out and back, mishaps included; long ones, none by chance."""

from typing import Any

from local.twins import codes
from local.twins.faults import Fault
from tests.faults.stories import GRACE
from tests.faults.world import ADMIN, claims
from tests.policy.tour import SUPERVISOR
from tests.privacy.people import XANTHIPPE
from tests.privacy.watch import Watch

LENGTH = 10
ATTEMPTS = 4
MESSENGER_ID, LINE_ID, TELEGRAM_ID = XANTHIPPE.addresses
CHATS = {"messenger": MESSENGER_ID, "line": LINE_ID, "telegram": TELEGRAM_ID}
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
TWILIO_SMS: dict[str, Any] = {"channel": "sms", "provider": "twilio"}
TWILIO_CALL: dict[str, Any] = {"channel": "voice", "provider": "twilio"}
WHATSAPP = {"channel": "whatsapp", "provider": "whatsapp", "template": "verification_code"}
SERVICES: dict[str, dict[str, Any]] = {
    "text": {"routes": [TWILIO_SMS, TWILIO_CALL], "fallback_after": "PT20S"},
    "call": {"routes": [TWILIO_CALL], "fallback_after": None},
    "whatsapp": {"routes": [WHATSAPP], "fallback_after": None, "domain": "bank.example"},
    "mail": {"routes": [{"channel": "email", "provider": "ses"}], "fallback_after": None},
}


def codes_of(world: Watch) -> set[str]:
    """Every code that a provider was given."""
    found = codes.codes(world.twins.state.delivered)
    return {one.code for one in found if one.verification_id and len(one.code) == LENGTH}


def verifying(world: Watch) -> None:
    """Codes by SMS, call, WhatsApp and mail; answered in chats and by the API."""
    world.step()
    customer_id, records = _on_record(world), _records(world)
    for name, document in SERVICES.items():
        purposes = {"identity": {}} if name != "mail" else {"confirm": {"confirms": "email"}}
        whole = {"length": LENGTH, "purposes": purposes, **document}
        body = {"document": whole, "version": 0}
        world.asks("PUT", f"/v1/verification-services/{name}", body, ADMIN, f"s-{name}")
    for number, (service, chat, spelling) in enumerate(
        (
            ("text", "messenger", "it's {}"),
            ("call", "line", "full width"),
            ("whatsapp", "telegram", "in groups"),
            ("mail", "messenger", "{}!"),
        )
    ):
        _, code = _code(world, service, customer_id, records[chat], f"v-{number}")
        _answers(world, chat, spelling, code)
        world.step()
    _by_api(world, customer_id)
    for number, fault in enumerate(
        (
            Fault("status", status=400, code=21619, quotes=True),
            Fault("status", status=500, code=20500, quotes=True),
            Fault("drop_after"),
        )
    ):
        world.step()
        world.twins.faults.pending.append(fault)
        _code(world, "text", customer_id, f"session-{number}", f"f-{number}")  # a call says it


def _on_record(world: Watch) -> str:
    known = [
        {"namespace": "phone", "value": XANTHIPPE.phone, "assurance": "verified"},
        {"namespace": "email", "value": XANTHIPPE.email, "assurance": "verified"},
    ]
    person = {"source_id": "codes", "name": XANTHIPPE.name, "identifiers": known}
    made = world.asks("POST", "/v1/customers", person, ADMIN, "codes").json
    assert "customer_id" in made, made
    return str(made["customer_id"])


def _records(world: Watch) -> dict[str, str]:
    """The records of the chats that codes are answered in."""
    for channel, sender in CHATS.items():
        world.bring(world.customer(sender, XANTHIPPE.says(1), channel))
    world.run_until_quiet()
    open_ones = world.insist("GET", "/v1/conversations?limit=50", claims=claims(GRACE)).json
    found: dict[str, str] = {}
    for conversation in open_ones["items"]:
        place = f"/v1/customers/{conversation['customer_id']}"
        for one in world.insist("GET", place, claims=SUPERVISOR).json["records"]:
            found[one["channel"]] = one["record_id"]
    return found


def _code(world: Watch, service: str, customer_id: str, session: str, key: str) -> tuple[str, str]:
    """A verification and its code, asked for anew where AWS had none of it arrive."""
    purpose = "confirm" if service == "mail" else "identity"
    wanted = {"service": service, "purpose": purpose, "customer_id": customer_id}
    for number in range(ATTEMPTS):
        asked = (wanted | {"session": session}, claims(GRACE), f"{key}-{number}")
        begun = world.asks("POST", "/v1/verifications", *asked)
        assert begun.status == 201, begun.text
        verification = str(begun.json["verification_id"])
        for one in codes.codes(world.twins.state.delivered):
            if one.verification_id == verification:
                return verification, one.code
        world.step()
    raise AssertionError(f"No code of {service} arrived in {ATTEMPTS} attempts.")


def _answers(world: Watch, chat: str, spelling: str, code: str) -> None:
    """A wrong code, the right one, and the right one once more."""
    wrong = f"{(int(code) + 1) % 10**LENGTH:0{LENGTH}d}"
    for digits in (wrong, code, code):
        if spelling == "full width":
            said = digits.translate(FULL_WIDTH)
        elif spelling == "in groups":
            said = f"{digits[:5]} {digits[5:]}"
        else:
            said = spelling.format(digits)
        world.bring(world.customer(CHATS[chat], said, chat))
        world.run_until_quiet()


def _by_api(world: Watch, customer_id: str) -> None:
    """Clients put the code where it does not belong, then where it does."""
    world.step()
    verification, code = _code(world, "text", customer_id, "session-api", "v-api")
    who = claims(GRACE)
    place = f"/v1/verifications/{verification}"
    for number, (method, path, body) in enumerate(
        (
            ("GET", f"/v1/verifications/{code}", None),
            ("POST", f"/v1/verifications/{code}/check", {"code": code, "session": code}),
            ("POST", f"{place}/check", {"code": {code: code}, "session": "session-api"}),
            ("POST", f"{place}/check", {code: code}),
            ("POST", f"{place}/check", {"code": code}),
            ("POST", f"{place}/check", f'{{"code": "{code}'.encode()),
            ("POST", "/v1/verifications", {"service": code, "purpose": code, "session": code}),
            ("PUT", f"/v1/verification-services/{code}", {"document": {code: code}, "version": 0}),
            ("POST", f"{place}/check", {"code": code, "session": "session-other"}),
            ("POST", f"{place}/check", {"code": code, "session": "session-api"}),
            ("POST", f"{place}/check", {"code": code, "session": "session-api"}),
        )
    ):
        caller = ADMIN if method == "PUT" else who
        world.request(method, path, body, claims=caller, headers={"idempotency-key": f"c-{number}"})
    world.run_until_quiet()
