"""A platform with a business on it: its accounts, agents and customers, for stories to act with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local.twins import webhooks
from local.twins.customer import Action
from local.twins.webhooks import Webhook
from rapport.channels.base import Account
from tests.faults.screens import Screen
from tests.faults.verifications import Watched
from tests.platform.dynamo import Change
from tests.platform.machine import START
from tests.platform.platform import Answer, Platform

STEP = timedelta(minutes=20)
"""Between two steps of a story: longer than any recovery from one fault takes."""

WHATSAPP = Account(
    "whatsapp",
    "main",
    {
        "app_secret": "whatsapp-app-secret-for-tests-only",
        "access_token": "whatsapp-access-token",
        "phone_number_id": "100200300",
        "verify_token": "verify",
    },
)
WEBCHAT = Account(
    "webchat",
    "main",
    {
        "token_key": "webchat-token-key-for-tests-of-32-bytes",
        "allowed_origins": ["https://shop.example"],
    },
)
SEGMENT = Account("segment", "default", {"write_keys": ["write-key-for-tests"]})
MESSENGER = Account(
    "messenger",
    "main",
    {"app_secret": "messenger-secret-for-tests", "access_token": "page-token", "page_id": "4242"},
)
TWILIO = Account(
    "twilio",
    "main",
    {
        "account_sid": "AC00000000000000000000000000000001",
        "auth_token": "twilio-auth-token-for-tests-only",
        "sms_from": "+15550009999",
        "voice_from": "+15550009998",
        "public_base_url": "https://api.rapport.example",
    },
)
SES = Account(
    "ses",
    "main",
    {
        "from_address": "shop@shop.example",
        "region": "us-east-1",
        "configuration_set": "rapport",
        "allowed_topic_arns": ["arn:aws:sns:us-east-1:000000000000:twin-mail"],
    },
)
ADA, BOB, CYD = "14155550101", "14155550102", "14155550103"
ADMIN = {"sub": "usr_admin", "cognito:groups": "[admin]"}


def claims(agent: str) -> dict[str, Any]:
    """The token of an agent."""
    return {"sub": agent, "cognito:groups": "[agent]"}


@dataclass
class Said:
    """What a client was finally answered."""

    what: str
    status: int


class World(Platform):
    """One run of a story. Times of customers are the story's; everything else is processing."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: set[datetime] = set()
        self.said: list[Said] = []
        self.screens: dict[str, Screen] = {}
        self.verifications = Watched()
        self._step_number = 0
        for account in (WHATSAPP, WEBCHAT, SEGMENT, MESSENGER):
            self.register(account)

    def _changed(self, change: Change) -> None:
        super()._changed(change)
        self.verifications.hear(change)

    def step(self, *, sweep_is_told: bool = False) -> None:
        """Let everything come to rest, the sweep included; then it is the next step's time.

        `sweep_is_told`: the sweep has work here, and its calls are part of the story.
        """
        self.run_until_quiet()
        self._step_number += 1
        moment = START + STEP * self._step_number
        self.run_until(moment - timedelta(minutes=4))
        if sweep_is_told:
            self.sweep()
        with self.uncounted():
            self.run_until(moment - timedelta(minutes=2))
            self.sweep()
        self.run_until_quiet()
        if self.clock.now() > moment - timedelta(seconds=1):
            raise AssertionError("A recovery took longer than a step of the story.")
        self.clock.at = moment - timedelta(seconds=1)
        self.moments.add(self.clock.at)

    def customer(self, sender: str, text: str, channel: str = "whatsapp", **more: Any) -> Webhook:
        """A customer writes now; the webhook arrives a second later."""
        action = Action(
            channel=channel, sender=sender, text=text, name=f"Customer {sender}", **more
        )
        webhook, _ = self.twins.customer(action)
        self.clock.advance(timedelta(seconds=1))
        return webhook

    def writes(self, sender: str, text: str, **more: Any) -> None:
        """A customer writes, and what follows happens."""
        self.step()
        self.bring(self.customer(sender, text, **more))
        self.run_until_quiet()

    def whatsapp(self, messages: list[dict[str, Any]], sender: str) -> Webhook:
        """A WhatsApp webhook of any messages; give them `id` and `type`."""
        seconds = str(int(self.clock.now().timestamp()))
        self.clock.advance(timedelta(seconds=1))
        whole = [{"from": sender, "timestamp": seconds, **one} for one in messages]
        contact = {"profile": {"name": f"Customer {sender}"}, "wa_id": sender}
        change = webhooks.whatsapp_change(WHATSAPP, {"contacts": [contact], "messages": whole})
        url = self.twins.state.registrations["whatsapp", "main"].webhook_url
        return webhooks.meta_webhook(WHATSAPP, url, change)

    def asks(
        self,
        method: str,
        path: str,
        body: Any,
        who: Mapping[str, Any] | None,
        key: str,
        **headers: str,
    ) -> Answer:
        """A client of the API asks, insists while we fail, and what follows happens."""
        # A second after the customers' moment, so that no time of ours is taken for one of theirs.
        self.clock.at = max(self.clock.at, START + STEP * self._step_number)
        named = {
            "idempotency-key": key,
            **{name.replace("_", "-"): v for name, v in headers.items()},
        }
        answer = self.insist(method, path, body, headers=named, claims=who)
        self.said.append(Said(f"{method} {key}", answer.status))
        self.run_until_quiet()
        return answer

    def agent(self, agent: str, capacity: int = 5) -> None:
        """An agent is defined and comes online; no part of the story."""
        with self.uncounted():
            self.request(
                "PUT", f"/v1/agents/{agent}", {"name": agent, "capacity": capacity}, claims=ADMIN
            )
            answer = self.request(
                "PUT", f"/v1/agents/{agent}/presence", {"presence": "online"}, claims=claims(agent)
            )
            assert answer.status == 200, answer.text
            self.run_until_quiet()

    def screen(self, agent: str) -> Screen:
        """A screen of an agent, without a socket yet; its end is part of the story's."""
        made = Screen(self, f"screen of {agent}", "/v1/realtime/tickets", claims(agent))
        self.screens[agent] = made
        return made

    def widget(self, token: str) -> Screen:
        """A visitor's widget, without a socket yet; its end is part of the story's."""
        bearer = {"authorization": f"Bearer {token}"}
        made = Screen(self, "widget", "/v1/webchat/tickets", headers=bearer)
        self.screens["widget"] = made
        return made

    def catch_up(self) -> None:
        """Every screen asks for what it missed, as it does each minute; no part of the story."""
        with self.uncounted():
            for screen in self.screens.values():
                if screen.connection is None:
                    screen.connect()
                screen.resume()

    def conversation_of(self, agent: str) -> str:
        """The one conversation that an agent has."""
        with self.uncounted():
            answer = self.request("GET", "/v1/conversations?limit=50", claims=claims(agent))
        return str(answer.json["items"][0]["conversation_id"])
