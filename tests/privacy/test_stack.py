"""Nobody's data is in what the deployed stack logs, answers, publishes or names things by."""

import contextlib
import json
import time
import uuid

import pytest
from websockets.exceptions import InvalidStatus

from local import seed, up
from local.api import Api, sign_in, twins
from local.context import StackContext
from local.demo import Officer, code_for
from local.screen import Screen
from tests.privacy.outside import Outside
from tests.privacy.people import BARTHOLOMEW, XANTHIPPE
from tests.privacy.scan import Leak, Told, code_leaks, leaks
from tests.privacy.verifying import FULL_WIDTH, LENGTH, TWILIO_CALL, TWILIO_SMS, WHATSAPP
from tests.stories.chats import administrator, chat, opens

pytestmark = pytest.mark.stack

MESSENGER_ID, LINE_ID, TELEGRAM_ID = XANTHIPPE.addresses
WHO = XANTHIPPE
ROUTES = ((TWILIO_SMS, "plain"), (TWILIO_CALL, "full width"), (WHATSAPP, "in groups"))


@pytest.fixture(scope="module")
def outside() -> Outside:
    """The stack after the story, with everything that was told meanwhile."""
    context = up.up()
    outside = Outside(context)
    officer = Officer.signs_in(context, "olga@bank.example")
    try:
        with outside.on_the_bus():
            talking(context, officer, outside)
            browsing(context, outside)
            mistaking(context, officer, outside)
            verifying(context, officer, outside)
    finally:
        officer.goes()
    time.sleep(1)  # logs are written in the background
    return outside


def talking(context: StackContext, officer: Officer, outside: Outside) -> None:
    """They write on every channel and are answered."""
    picture = {"media_type": "image", "content_type": "image/png", "filename": f"{WHO.name}.png"}
    for channel, sender, more in (
        ("whatsapp", WHO.phone, {}),
        ("whatsapp", BARTHOLOMEW.phone, {"media": picture}),
        ("sms", WHO.phone, {}),
        ("telegram", TELEGRAM_ID, {}),
        ("line", LINE_ID, {}),
        ("messenger", MESSENGER_ID, {}),
        ("email", WHO.email, {"extra": {"dmarc": "PASS", "subject": WHO.says(1)}}),
    ):
        text = f"{WHO.says(0)} {uuid.uuid4().hex}"
        body = {"channel": channel, "from": sender, "name": WHO.name, "text": text, **more}
        twins(context).post("/customer/send", body)
        seen = officer.sees(text)
        place = f"/v1/conversations/{seen.conversation_id}"
        answer = {"content": {"type": "text", "text": WHO.says(1)}}
        outside.answered("POST messages", officer.api.call("POST", f"{place}/messages", answer))
        outside.answered("GET messages", officer.api.call("GET", f"{place}/messages"))


def browsing(context: StackContext, outside: Outside) -> None:
    """They are tracked, and chat on the website."""
    key = seed.write_key(context)
    traits = {"name": WHO.name, "email": WHO.email, "phone": WHO.phone}
    tracked = {"writeKey": key, "userId": WHO.email, "traits": traits}
    Api(context.http_api_url).call("POST", "/v1/identify", tracked)
    session = Api(context.http_api_url).post(
        "/v1/webchat/sessions", {"account": "main"}, origin=seed.ORIGIN
    )
    ticket = Api(context.http_api_url, session["token"]).post("/v1/webchat/tickets")
    with Screen(ticket["websocket_url"], ticket["ticket"]) as window:
        window.send(action="message", message_id=uuid.uuid4().hex, text=WHO.says(0))
        window.wait("accepted")
        window.send(action=WHO.name, text=WHO.phone)
        outside.answers.append(Told("error frame", json.dumps(window.wait("error"))))


def mistaking(context: StackContext, officer: Officer, outside: Outside) -> None:
    """Their data stands where it does not belong."""
    nobody = Api(context.http_api_url)
    admin = Api(
        context.http_api_url,
        sign_in(context, "ada@bank.example", seed.passwords(context)["ada@bank.example"]),
    )
    for api, method, path, body in (
        (admin, "POST", "/v1/customers", {WHO.name: WHO.phone, "source_id": [WHO.email]}),
        (admin, "POST", "/v1/customers", {"source_id": "a", "traits": {WHO.digits: {}}}),
        (admin, "GET", f"/v1/customers?namespace={WHO.email}&value={WHO.digits}", None),
        (admin, "GET", f"/v1/customers/{WHO.email}", None),
        (admin, "GET", f"/v1/channel-accounts/whatsapp/{WHO.email}", None),
        (officer.api, "GET", f"/v1/conversations/{WHO.digits}", None),
        (officer.api, "PUT", f"/v1/agents/{WHO.email}", {"name": WHO.name, "capacity": "x"}),
        (nobody, "POST", f"/webhooks/whatsapp/{WHO.email}", {"from": WHO.phone}),
        (nobody, "POST", "/webhooks/whatsapp/main", {"from": WHO.says(0)}),
        (nobody, "POST", "/v1/webchat/sessions", {"account": WHO.email}),
        (nobody, "GET", f"/v1/customers?namespace=email&value={WHO.email}", None),
    ):
        answer = outside.answered(f"{method} {path[:20]}", api.call(method, path, body))
        assert answer.status >= 400, path
    with contextlib.suppress(InvalidStatus):
        Screen(context.websocket_url, WHO.phone.lstrip("+")).close()


def verifying(context: StackContext, officer: Officer, outside: Outside) -> None:
    """Codes go out on every way; they are typed into chats, and where they do not belong."""
    admin = administrator(context)
    phone = {"namespace": "phone", "value": WHO.phone, "assurance": "verified"}
    person = {"source_id": "codes", "name": WHO.name, "identifiers": [phone]}
    customer_id = admin.post("/v1/customers", person)["customer_id"]
    for route, spelling in ROUTES:
        name = f"privacy{uuid.uuid4().hex[:8]}"
        document = {"length": LENGTH, "purposes": {"identity": {}}, "routes": [route]}
        admin.put(f"/v1/verification-services/{name}", {"document": document, "version": 0})
        with chat(context, "messenger") as visitor:
            _, record_id = opens(officer, visitor)
            begun = officer.verifies(customer_id, session=record_id, service=name)
            code = code_for(context, begun)["code"]
            place = f"/v1/verifications/{begun['verification_id']}"
            for method, path, body in (
                ("GET", f"/v1/verifications/{code}", None),
                ("POST", f"{place}/check", {code: code}),
                ("POST", f"{place}/check", {"code": [code], "session": code}),
            ):
                answer = outside.answered(f"{method} a code", officer.api.call(method, path, body))
                assert answer.status >= 400
            wrong = f"{(int(code) + 1) % 10**LENGTH:0{LENGTH}d}"
            for digits in (wrong, code, code):
                said = digits if spelling == "plain" else f"{digits[:5]} {digits[5:]}"
                visitor.says(said if spelling != "full width" else digits.translate(FULL_WIDTH))
            officer.hears(begun, "approved")
        outside.codes += [code, wrong]


def shown(found: list[Leak]) -> list[str]:
    return [f"{leak.what} in {leak.where}: {leak.text[:200]}" for leak in found]


def test_nobodys_data_is_logged_answered_or_used_as_a_name(outside: Outside) -> None:
    assert shown(leaks(outside.everything())) == []


def test_no_code_is_logged_answered_published_or_stored(outside: Outside) -> None:
    assert len(outside.codes) == 2 * len(ROUTES)
    assert shown(code_leaks([*outside.everything(), *outside.stored()], outside.codes)) == []


def test_the_codes_were_there_to_be_found(outside: Outside) -> None:
    """Covered where they are stored; in clear where the providers have them."""
    given = twins(outside.context).get("/requests")["requests"]
    sent = [Told(one["host"], one["body"]) for one in given]
    found = {leak.where for leak in code_leaks(sent, outside.codes)}
    assert found == {"api.twilio.com", "graph.facebook.com"}
    stored = list(outside.stored())
    assert sum("•" * LENGTH in one.text for one in stored) >= 3
    assert sum('"VerificationApproved.v1' in one.text for one in outside.bus) >= len(ROUTES)


def test_a_planted_code_is_found(outside: Outside) -> None:
    code, table = outside.codes[0], outside.context.resources["OtpTable"]
    key = {"pk": {"S": "PLANTED"}, "sk": {"S": "PLANTED"}}
    item = {**key, "text": {"S": f"it's {code[:5]} {code[5:]}"}}
    dynamodb = outside.context.client("dynamodb")
    dynamodb.put_item(TableName=table, Item=item)
    try:
        found = code_leaks(outside.stored(), outside.codes)
    finally:
        dynamodb.delete_item(TableName=table, Key=key)
    assert [leak.where for leak in found] == [f"table {table}"]


def test_there_was_something_to_look_at(outside: Outside) -> None:
    told = outside.everything()
    where = {one.where for one in told}

    logs = [one.text for one in told if one.where == "log functions.log"]
    assert sum("sender_matched" in line for line in logs) >= 8
    groups = [one.text for one in told if one.where == "log group /rapport/local/match_sender"]
    assert sum("sender_matched" in line for line in groups) >= 8
    assert sum(one.where == "bus, MessageReceived.v1" for one in told) >= 7
    assert {"bus, MessageSent.v1", "error frame"} <= where
    assert {f"name in {service}" for service in ("sqs", "secretsmanager", "lambda")} <= where
    assert len(outside.answers) > 10
