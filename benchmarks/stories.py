"""What is measured: a customer's messages, an answer, its receipts, and all other functions.

Everything happens through the real handlers; a stage is the part of a story that one row of the
table counts.
"""

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from urllib.parse import parse_qs

from benchmarks import webhooks
from benchmarks.calls import Call, Invocation
from benchmarks.cloud import BenchCloud
from benchmarks.stub import PROVIDER_ID
from tests.platform.platform import Answer

QUIET = timedelta(days=3)
"""Long enough after a resolution for the next message to begin another conversation."""

SPAN = QUIET + timedelta(minutes=2)
"""How long the stories take, all in all, by their own clock."""

STAFF = {"sub": webhooks.AGENT, "cognito:groups": "[agent]"}
ADMIN = {"sub": "usr_admin", "cognito:groups": "[admin]"}
SHOP = {
    "sub": "shop",
    "client_id": "shop",
    "scope": "rapport/customers.write rapport/verifications.write",
}
SCREEN = "Kz6AKcXhIAMCJqA="


@dataclass
class Stories:
    """Stages by name, and the fullest first invocation of every function by its folder's name.

    `secrets` are the reads of secrets, which each process makes once in five minutes.
    """

    stages: dict[str, list[Invocation]] = field(default_factory=dict)
    samples: dict[str, Invocation] = field(default_factory=dict)
    secrets: tuple[Call, ...] = ()

    def stage(self, name: str, invocations: Sequence[Invocation]) -> None:
        """Keep what a row counts."""
        self.stages[name] = list(invocations)


def tell(cloud: BenchCloud) -> Stories:
    """Run everything once; raises where the product answers other than it should."""
    stories = Stories()
    for account in (webhooks.WHATSAPP, webhooks.WEBCHAT, webhooks.SEGMENT, webhooks.TWILIO):
        cloud.add_account(account)
    _agent(cloud, stories)
    _tracked(cloud, stories)
    _first_contact(cloud, stories)
    _return(cloud, stories)
    _running(cloud, stories)
    _answer(cloud, stories)
    _receipts(cloud, stories)
    _identity(cloud, stories)
    _codes(cloud, stories)
    _others(cloud, stories)
    read = [call for call in cloud.recorder.calls if _is_secret(call)]
    stories.secrets = tuple({call.target: call for call in read}.values())
    for one in sorted(cloud.invocations, key=_fullness):
        stories.samples[one.function] = one
    return stories


def _fullness(one: Invocation) -> tuple[bool, int]:
    """A process's first invocation reads its secrets; of others, the one with most calls."""
    return any(_is_secret(call) for call in one.calls), len(one.calls)


def _is_secret(call: Call) -> bool:
    return call.operation == "GetSecretValue"


def _agent(cloud: BenchCloud, stories: Stories) -> None:
    """One agent, online, with one screen."""
    place = f"/v1/agents/{webhooks.AGENT}"
    who = {"name": "Omar Officer", "capacity": 10}
    cloud.settle(lambda: cloud.must(cloud.request("PUT", place, who, claims=ADMIN)))
    come = {"presence": "online"}
    stories.stage(
        "presence",
        cloud.settle(
            lambda: cloud.must(cloud.request("PUT", f"{place}/presence", come, claims=STAFF))
        ),
    )
    _screen(cloud, stories)


def _screen(cloud: BenchCloud, stories: Stories) -> None:
    """The agent's browser connects; API Gateway ends every socket after two hours."""

    def connect() -> None:
        asked = cloud.must(cloud.request("POST", "/v1/realtime/tickets", claims=STAFF))
        assert cloud.open_socket(asked.json["ticket"], SCREEN) == 200, cloud.last_log()

    stories.stage("screen opened", cloud.settle(connect))
    _wait(cloud)


def _tracked(cloud: BenchCloud, stories: Stories) -> None:
    """Two visitors come to the shop, and the second goes on to another page.

    At the first, matching reads the rules in force, which it keeps for a minute, and the function
    its secret.
    """
    key = base64.b64encode(f"{webhooks.WRITE_KEY}:".encode()).decode()
    headers = {"authorization": f"Basic {key}"}
    first = {**webhooks.TRACKED, "anonymousId": "507f191e810c19729de860eb", "messageId": "first"}
    again = {**webhooks.TRACKED, "messageId": "022bb90c-bbac-11e4-8dfc-aa07a5b093dc"}
    bodies = {"tracked, first": first, "tracked": webhooks.TRACKED, "tracked again": again}
    for name, body in bodies.items():
        track = partial(cloud.request, "POST", "/v1/track", body, headers=headers)
        stories.stage(name, _settled(cloud, track))


def _first_contact(cloud: BenchCloud, stories: Stories) -> None:
    """Somebody unknown writes; the conversation is resolved."""
    stories.stage("new sender", _of(_message(cloud, 1), "match_sender"))
    place = f"/v1/conversations/{_conversation(cloud)}/resolve"
    cloud.settle(lambda: cloud.must(cloud.request("POST", place, {}, claims=STAFF)))


def _return(cloud: BenchCloud, stories: Stories) -> None:
    """Days later the same customer begins another conversation."""
    cloud.clock.advance(QUIET)
    _screen(cloud, stories)
    opening = _message(cloud, 2)
    stories.stage("opening stored", _of(opening, "match_sender"))
    stories.stage("opening on screen", _after(opening, "match_sender"))


def _running(cloud: BenchCloud, stories: Stories) -> None:
    """The steady state: a known sender in a conversation that an agent has."""
    running = _message(cloud, 3)
    stories.stage("inbound queued", _of(running, "receive_webhook"))
    stories.stage("inbound stored", _of(running, "match_sender"))
    stories.stage("inbound on screen", _after(running, "match_sender"))
    several = webhooks.said(*(webhooks.text_message(n, cloud.clock.now()) for n in (4, 5, 6)))
    stories.stage("three queued", _of(cloud.bring_now(several), "receive_webhook"))
    _wait(cloud)


def _answer(cloud: BenchCloud, stories: Stories) -> None:
    """The agent answers: once to read the secrets, then as a client without and with a key."""
    place = f"/v1/conversations/{_conversation(cloud)}/messages"
    body = {"content": {"type": "text", "text": webhooks.ANSWER}}
    keys = {"answer, first": None, "answer": None, "answer with key": "4c7d1f0a-53f1-4c8e-9a51"}
    for name, key in keys.items():
        headers = {"idempotency-key": key} if key else {}
        answer = partial(cloud.request, "POST", place, body, headers=headers, claims=STAFF)
        done = _settled(cloud, answer)
        sent = _to_provider(done)
        stories.stage(name, sent)
        stories.stage(f"{name}, afterwards", [one for one in done if one not in sent])
        _wait(cloud)


def _receipts(cloud: BenchCloud, stories: Stories) -> None:
    """The provider tells how an answer went, at last without our reference."""
    order = _of(stories.stages["answer"], "dispatch_messages")[0]
    asked = json.loads(next(call for call in order.calls if not call.is_aws).params["body"])
    provider_id = PROVIDER_ID
    for status in ("sent", "delivered", "read", "found"):
        told = "read" if status == "found" else status
        reference = None if status == "found" else asked["biz_opaque_callback_data"]
        webhook = webhooks.receipt(told, provider_id, reference, cloud.clock.now())
        done = cloud.bring_now(webhook)
        stored = _of(done, "receive_webhook", "record_receipts")
        stories.stage(f"receipt: {status}", stored)
        stories.stage(f"receipt: {status}, afterwards", [one for one in done if one not in stored])
        _wait(cloud)


def _identity(cloud: BenchCloud, stories: Stories) -> None:
    """What the business's own systems say of people, beside what those say themselves.

    The first call of a function reads the rules in force, which it then goes by for a minute.
    """
    phone = {"namespace": "phone", "value": f"+{webhooks.SENDER}", "assurance": "verified"}
    born = {"date_of_birth": "1988-02-29"}
    told: dict[str, dict[str, object]] = {
        "registered": {
            "identifiers": [{**phone, "value": "+14155550999"}],
        },
        "identifier joins": {"identifiers": [phone], "name": webhooks.NAME, "traits": born},
        "matched insert": {"name": webhooks.NAME, "traits": born},
        "customers merge": {"identifiers": [phone, {**phone, "value": "+14155550999"}]},
    }
    for number, (name, body) in enumerate(told.items()):
        ask = partial(
            cloud.request,
            "POST",
            "/v1/customers",
            {"source_id": f"crm-{number}", **body},
            claims=SHOP,
        )
        done = _settled(cloud, ask)
        stories.stage(name, _of(done, "serve_customers"))
    stories.stage("conversations follow", _of(done, "follow_customers"))


def _codes(cloud: BenchCloud, stories: Stories) -> None:
    """A code for a customer, and one for an address: asked for, sent, answered.

    The first one reads the keys, the service and the guard's books, which are kept for a while.
    """
    phone = f"/v1/customers?namespace=phone&value=%2B{webhooks.SENDER}"
    customer = cloud.must(cloud.request("GET", phone, claims=STAFF)).json["items"][0]
    to_customer = {"customer_id": customer["customer_id"], "channel": "sms", "purpose": "identity"}
    to_address = {"address": webhooks.ADDRESS, "purpose": "confirm_phone"}
    asked = {
        "code, first": to_address,
        "code for a customer": to_customer,
        "code for an address": to_address,
        "code after a wrong one": to_customer,
    }
    for name, body in asked.items():
        made: list[Answer] = []
        wanted = {**body, "session": name}
        ask = partial(cloud.request, "POST", "/v1/verifications", wanted, claims=SHOP)
        done = cloud.settle(partial(_kept, ask, made))
        stories.stage(f"{name}: start", _of(done, "serve_verifications"))
        stories.stage(f"{name}: sent", _of(done, "dispatch_codes"))
        stories.stage(f"{name}: counted", _of(done, "count_codes"))
        place = f"/v1/verifications/{cloud.must(made[0]).json['verification_id']}/check"
        code = _code(_of(done, "dispatch_codes")[0])
        guesses = {"wrong": f"{int(code) ^ 1:06}"} if name.endswith("wrong one") else {}
        for what, guess in (guesses | {"right": code}).items():
            answer = {"code": guess, "session": name}
            check = partial(cloud.request, "POST", place, answer, claims=SHOP)
            stories.stage(f"{name}: {what}", _of(_settled(cloud, check), "serve_verifications"))
        _wait(cloud)
    cloud.clock.advance(timedelta(seconds=30))
    stories.stage("codes followed", _of(cloud.settle(lambda: None), "follow_codes"))


def _kept(ask: Callable[[], Answer], answers: list[Answer]) -> None:
    answers.append(ask())


def _code(sending: Invocation) -> str:
    """The code that a provider was given to send."""
    (asked,) = [call for call in sending.calls if not call.is_aws]
    (code,) = re.findall(r"\b\d{6}\b", parse_qs(asked.params["body"].decode())["Body"][0])
    return str(code)


def _others(cloud: BenchCloud, stories: Stories) -> None:
    """One ordinary event for each function that no story has come by."""
    asked: dict[str, Callable[[], Answer]] = {
        "chat begun": lambda: cloud.request(
            "POST",
            "/v1/webchat/sessions",
            {"account": webhooks.WEBCHAT.name},
            headers={"origin": webhooks.ORIGIN},
        ),
        "customer searched": lambda: cloud.request(
            "GET", f"/v1/customers?namespace=phone&value=%2B{webhooks.SENDER}", claims=STAFF
        ),
        "accounts listed": lambda: cloud.request("GET", "/v1/channel-accounts", claims=ADMIN),
        "agents listed": lambda: cloud.request("GET", "/v1/agents", claims=ADMIN),
    }
    for name, ask in asked.items():
        stories.stage(name, _settled(cloud, ask))
    stories.stage("swept", cloud.settle(cloud.sweep))
    photograph = webhooks.said(webhooks.picture(7, cloud.clock.now()))
    stories.stage("picture fetched", _of(cloud.bring_now(photograph), "fetch_attachments"))


def _settled(cloud: BenchCloud, ask: Callable[[], Answer]) -> list[Invocation]:
    return cloud.settle(lambda: cloud.must(ask()))


def _message(cloud: BenchCloud, number: int) -> list[Invocation]:
    webhook = webhooks.said(webhooks.text_message(number, cloud.clock.now()))
    _wait(cloud)
    return cloud.bring_now(webhook)


def _conversation(cloud: BenchCloud) -> str:
    page = cloud.must(cloud.request("GET", "/v1/conversations", claims=STAFF))
    return str(page.json["items"][0]["conversation_id"])


def _wait(cloud: BenchCloud) -> None:
    cloud.clock.advance(timedelta(seconds=2))


def _of(invocations: Sequence[Invocation], *functions: str) -> list[Invocation]:
    found = [one for one in invocations if one.function in functions]
    assert found, f"none of {functions} was called"
    return found


def _after(invocations: Sequence[Invocation], function: str) -> list[Invocation]:
    """What followed from the first invocation of a function."""
    names = [one.function for one in invocations]
    return list(invocations[names.index(function) + 1 :])


def _to_provider(invocations: Sequence[Invocation]) -> list[Invocation]:
    """From the request to the provider's call, without what the ledger's stream tells besides."""
    return [
        one
        for one in invocations
        if one.function in ("serve_conversations", "dispatch_messages")
        or any(call.operation == "SendMessageBatch" for call in one.calls)
    ]
