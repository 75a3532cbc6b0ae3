"""The providers of a world: slow, forgetful, twice, out of order, and at times not there at all."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from local.twins import webhooks
from local.twins.answers import answer
from local.twins.customer import Action as Deed
from local.twins.mail import Authority
from local.twins.state import Delivered
from local.twins.twins import TwinHttp, Twins
from local.twins.webhooks import Webhook
from rapport.channels.base import Account
from rapport.channels.sender import AnswerLost, HttpResponse, NotSent
from rapport.kernel.errors import Transient
from tests.platform import http_api
from tests.simulation.platform import Platform
from tests.simulation.timeline import DAY, HOUR, MINUTE, SECOND
from tests.tables import STAGE

DOCUMENTS: dict[str, dict[str, Any]] = {
    "whatsapp": {
        "app_secret": ["whatsapp-app-secret"],
        "access_token": "whatsapp-token",
        "phone_number_id": "100200300",
        "verify_token": "verify",
    },
    "messenger": {
        "app_secret": ["messenger-app-secret"],
        "access_token": "messenger-token",
        "page_id": "4242",
    },
    "line": {
        "channel_secret": ["line-secret"],
        "channel_access_token": "line-token",
        "destination": "Ubot",
    },
    "telegram": {"bot_token": "777:telegram-token", "secret_token": "telegram-secret"},
    "twilio": {
        "account_sid": "AC1",
        "auth_token": ["twilio-token"],
        "sms_from": "+15005550006",
        "voice_from": "+15005550007",
        "public_base_url": f"https://{http_api.DOMAIN}",
    },
    "webchat": {
        "token_key": "webchat-token-key-of-more-than-32-bytes",
        "allowed_origins": ["https://shop.example"],
    },
    "segment": {"write_keys": ["write-key"]},
}
SECRET = {
    "whatsapp": "app_secret",
    "messenger": "app_secret",
    "line": "channel_secret",
    "twilio": "auth_token",
}
RETRIES = (5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 4 * HOUR)
"""How long providers wait before they bring a webhook again. Twilio does not."""

AGAIN = (50, 3 * SECOND, 4 * MINUTE, 6 * MINUTE, HOUR, DAY, 2 * DAY)
"""When a provider that had its 200 brings a webhook once more."""

Taken = Callable[[int], None]
"""Hears the time at which a webhook was answered 2xx, once."""


@cache
def _authority() -> Authority:
    return Authority.generate()


class Providers:
    """Their side of everything: what they take from us, and what they bring."""

    def __init__(
        self, platform: Platform, later: Callable[[int, Callable[[], None]], None]
    ) -> None:
        self.platform = platform
        self.chance, self.line = platform.chance, platform.timeline
        self.twins = Twins(platform.timeline, _authority(), wait=lambda _seconds: None)
        self.twins.state._run = "aaaaaa"
        self.accounts: dict[str, Account] = {}
        self.refused: list[str] = []
        self.receipt_of: Callable[[Delivered, Webhook], Taken] = lambda *_: _nobody
        self.reached: Callable[[Delivered], None] = lambda _: None
        self._later = later
        self._http = TwinHttp(self.twins)
        for channel, document in DOCUMENTS.items():
            self.document(channel, document)
        platform.http = self

    def document(self, channel: str, document: dict[str, Any]) -> None:
        """Set up an account, at its provider and here."""
        name = "default" if channel == "segment" else "main"
        account = Account(channel, name, document)
        self.accounts[channel] = account
        self.platform.secrets.put(f"rapport/{STAGE}/channels/{channel}/{name}", document)
        url = f"https://{http_api.DOMAIN}/webhooks/{channel}/{name}"
        self.twins.register(account, url)

    def rotate(self, channel: str, number: int) -> None:
        """A new secret is used from now on; the one before stays valid here."""
        document, key = dict(self.accounts[channel].document), SECRET[channel]
        document[key] = [f"{channel}-secret-{number}", document[key][0]]
        self.document(channel, document)

    # --- what they bring -----------------------------------------------------------------------

    def bring(self, webhook: Webhook, taken: Taken, *, name: str) -> None:
        """Post a webhook soon, until it is taken; some come late, some come twice."""
        wait = self.chance.between(20, 3 * SECOND, "on its way", name)
        if self.chance.happens(0.02, "late", name):
            wait = self.chance.between(MINUTE, 15 * MINUTE, "how late", name)
        self._later(wait, lambda: self._post(webhook, taken, 0, name))

    def post(self, webhook: Webhook) -> int:
        """Post a webhook now; the status it is answered."""
        headers = {name.lower(): value for name, value in webhook.headers}
        return self.platform.request(webhook.method, webhook.url, webhook.body, headers).status

    def _post(self, webhook: Webhook, taken: Taken, attempt: int, name: str) -> None:
        at = self.line.ms
        status = self.post(webhook)
        if status < 300:
            taken(at)
            if self.chance.happens(0.06, "again", name, attempt):
                wait, time = self.chance.pick(AGAIN, "when", name, attempt), attempt + len(RETRIES)
                self._later(wait, lambda: self._post(webhook, _nobody, time, name))
        elif status < 500 and attempt < len(RETRIES):
            self.refused.append(f"{webhook.account_channel} was answered {status}")
        elif webhook.account_channel != "twilio" and attempt < len(RETRIES):
            self._later(RETRIES[attempt], lambda: self._post(webhook, taken, attempt + 1, name))

    def writes(
        self, channel: str, sender: str, text: str, *, media: bool = False
    ) -> tuple[Webhook, str]:
        """The webhook of a customer who writes now, and the key of the message."""
        deed = Deed(
            channel=channel,
            sender=sender,
            text=text,
            name=f"Customer {sender}",
            media={"media_type": "image", "content_type": "image/png"} if media else None,
        )
        webhook, message_id = self.twins.customer(deed)
        return webhook, f"{channel}#main#{message_id}"

    def lie(self, channel: str, number: int, sender: str) -> Webhook | None:
        """A genuine webhook with a receipt of a message that nobody sent."""
        account, now = self.accounts[channel], self.line.now()
        url = self.twins.state.registrations[channel, "main"].webhook_url
        status = self.chance.pick(("sent", "delivered", "read", "failed"), "lie", number)
        if channel == "whatsapp":
            reference = "rec_00000000000000000000000000.msg_00000000000000000000000000"
            told = reference if number % 2 else None
            payload = webhooks.whatsapp_status(
                account, f"wamid.none{number}", status, sender, now, reference=told
            )
            return webhooks.meta_webhook(account, url, payload)
        if channel == "messenger":
            payload = webhooks.messenger_delivery(account, f"m_none{number}", sender, now)
            return webhooks.meta_webhook(account, url, payload)
        if channel == "twilio":
            form = webhooks.twilio_status(
                account, f"SMnone{number}", status, sender="+15005550006", recipient=sender
            )
            return webhooks.twilio_webhook(account, url, form)
        return None

    def forge(self, channel: str, number: int, sender: str) -> Webhook:
        """A webhook of somebody who does not have the secret."""
        fake = dict.fromkeys((*SECRET.values(), "secret_token"), f"guess-{number}")
        account = Account(channel, "main", {**self.accounts[channel].document, **fake})
        real = self.twins.state.registrations[channel, "main"]
        self.twins.register(account, real.webhook_url)
        webhook, _ = self.writes(channel, sender, f"forged {number}")
        self.twins.register(real.account, real.webhook_url)
        return webhook

    # --- what they take ------------------------------------------------------------------------

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> HttpResponse:
        """The `Http` port: one request to a provider, slow at times, wrong at times."""
        platform, name = self.platform, self.line.ms
        platform.calls += 1
        fault = platform.weather.fault("provider", "send")
        is_slow = platform.weather.hits("slow", "provider", name)
        platform.pause(self.chance.between(20, 9_000 if is_slow else 300, "answers", name))
        if platform.weather.hits("provider", name):
            return self._wrong(method, url, headers, body)

        def act() -> HttpResponse:
            return self._act(method, url, headers, body)

        if fault in ("died before", "died after"):
            platform.weather.call(fault, "provider", "send", act)
        return act()

    def _wrong(self, method: str, url: str, headers: dict[str, str], body: bytes) -> HttpResponse:
        name = self.line.ms
        how = self.chance.pick(
            ("refused", "torn before", "torn after", "429", "500", "500 after", "html"), "how", name
        )
        self.platform.tell(f"the provider: {how}")
        if how == "refused":
            raise NotSent("There is no connection.")
        if how in ("torn after", "500 after"):
            self._act(method, url, headers, body)
        if how.startswith("torn"):
            raise AnswerLost("There was no answer.")
        if how == "429":
            seconds = self.chance.between(1, 120, "retry after", name)
            return answer(429, {"error": {"code": 80007}}, retry_after=str(seconds))
        if how == "html":
            return HttpResponse(200, {"content-type": "text/html"}, b"<h1>Welcome</h1>")
        return HttpResponse(503, {"content-type": "text/html"}, b"<h1>Unavailable</h1>")

    def _act(self, method: str, url: str, headers: dict[str, str], body: bytes) -> HttpResponse:
        delivered = self.twins.state.delivered
        before = len(delivered)
        response = self._http.send(method, url, headers, body)
        for message in delivered[before:]:
            self.reached(message)
        # One request delivers one message: its receipts are the only ones that are due now.
        for run in self.twins.take_receipts():
            message = delivered[-1]
            for number, webhook in enumerate(run.webhooks):
                name = f"receipt {message.sequence} {number}"
                wait = self.chance.between(10, 20 * SECOND, "receipt", name)
                if self.chance.happens(0.1, "receipt late", name):
                    wait = self.chance.between(MINUTE, 5 * HOUR, "how", name)
                self._receipt(webhook, wait, self.receipt_of(message, webhook), name)
        return response

    def _receipt(self, webhook: Webhook, wait: int, taken: Taken, name: str) -> None:
        self._later(wait, lambda: self._post(webhook, taken, 0, name))

    def fetch(self, url: str, headers: dict[str, str]) -> HttpResponse:
        """What the provider has of a file; raises `Transient`."""
        if self.platform.weather.hits("provider", "file", self.line.ms):
            raise Transient("The media cannot be fetched now.")
        return self._http.get(url, headers)


def status_of(webhook: Webhook) -> str:
    """The status that a receipt of WhatsApp, Twilio or Messenger tells."""
    if webhook.account_channel == "twilio":
        return dict(webhooks_form(webhook.body))["MessageStatus"]
    payload = json.loads(webhook.body)
    entry = payload["entry"][0]
    if webhook.account_channel == "whatsapp":
        return str(entry["changes"][0]["value"]["statuses"][0]["status"])
    return "delivered" if "delivery" in entry["messaging"][0] else "read"


def webhooks_form(body: bytes) -> list[tuple[str, str]]:
    """A form's fields."""
    from urllib.parse import parse_qsl

    return parse_qsl(body.decode(), keep_blank_values=True)


def _nobody(_at: int) -> None:
    """Nobody waits for it."""
