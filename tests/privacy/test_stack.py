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
from local.demo import Officer
from local.screen import Screen
from tests.privacy.outside import Outside
from tests.privacy.people import BARTHOLOMEW, XANTHIPPE
from tests.privacy.scan import Leak, Told, leaks

pytestmark = pytest.mark.stack

MESSENGER_ID, LINE_ID, TELEGRAM_ID = XANTHIPPE.addresses
WHO = XANTHIPPE


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


def shown(found: list[Leak]) -> list[str]:
    return [f"{leak.what} in {leak.where}: {leak.text[:200]}" for leak in found]


def test_nobodys_data_is_logged_answered_or_used_as_a_name(outside: Outside) -> None:
    assert shown(leaks(outside.everything())) == []


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
