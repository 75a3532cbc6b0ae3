"""Customers: what they do by themselves, and what they answer when they are answered."""

import base64
import json
from collections.abc import Callable
from typing import Any

from local.twins.state import Delivered
from local.twins.webhooks import Webhook
from rapport.contracts.inbound import Status
from rapport.identity.model import Source
from rapport.kernel.clock import iso
from rapport.notifications.model import MessageStatus, step
from tests.simulation.plan import Action, Person
from tests.simulation.platform import Platform
from tests.simulation.providers import Providers, Taken, status_of
from tests.simulation.settled import Owed
from tests.simulation.timeline import HOUR, MINUTE, SECOND
from tests.simulation.watch import Broken, Watch

BASIC = "Basic " + base64.b64encode(b"write-key:").decode()
ORIGIN = "https://shop.example"
TRIES = 6
MOST_REPLIES = 3


class Customers:
    """Everyone who writes, clicks and answers, and the strangers among them."""

    def __init__(
        self,
        platform: Platform,
        providers: Providers,
        watch: Watch,
        owed: Owed,
        people: tuple[Person, ...],
    ) -> None:
        self.platform, self.providers, self.watch, self.owed = platform, providers, watch, owed
        self.people = people
        self.chance = platform.chance
        self.later: Callable[[int, Callable[[], None]], None] = platform.timeline.after
        self.wrote: Callable[[Source], None] = lambda _source: None
        self.is_code: Callable[[Delivered], bool] = lambda _message: False
        self._tokens: dict[int, str] = {}
        self._visitors: dict[str, Person] = {}
        self._at: dict[tuple[str, str], Person] = {
            (channel, person.address(channel)): person
            for person in people
            for channel in person.channels
        }
        providers.reached = self._reached
        providers.receipt_of = self._receipt_of

    def do(self, action: Action) -> None:
        """One action of the plan."""
        person = self.people[action.who % len(self.people)]
        name = f"{action.kind} {action.who} {action.number}"
        match action.kind:
            case "write" | "picture" | "stop":
                text = "STOP" if action.kind == "stop" else f"{name} hello"
                is_picture = action.kind == "picture" and action.what != "twilio"
                self.writes(person, action.what, text, name, media=is_picture)
            case "click":
                self._clicks(person, action.number)
            case "forge":
                self._forges(person, action.what, action.number)
            case "lie":
                sender = person.address(action.what)
                webhook = self.providers.lie(action.what, action.number, sender)
                if webhook is not None:
                    self.providers.bring(webhook, _nobody, name=name)

    # --- by their providers --------------------------------------------------------------------

    def writes(
        self, person: Person, channel: str, text: str, name: str, *, media: bool = False
    ) -> None:
        """A person writes on a channel; we owe it once the webhook was taken."""
        if channel == "webchat":
            self._chats(person, text, name)
            return
        sender = person.address(channel)
        webhook, key = self.providers.writes(channel, sender, text, media=media)
        source = Source(channel, "main", sender)
        self.watch.senders[key] = source

        def taken(_at: int) -> None:
            self.owed.messages[key] = source
            if media:
                self.owed.pictures.add(key)
            self.wrote(source)

        self.providers.bring(webhook, taken, name=name)

    def _forges(self, person: Person, channel: str, number: int) -> None:
        """V7: nothing comes of a webhook that nobody vouches for."""
        webhook = self.providers.forge(channel, number, person.address(channel))
        status = self.providers.post(webhook)
        if status < 400:
            raise Broken("V7", f"a forged webhook of {channel} was answered {status}")
        if self.platform.last_effects:
            raise Broken("V7", f"a forged webhook of {channel} had {status} and an effect")

    def _receipt_of(self, message: Delivered, webhook: Webhook) -> Taken:
        """What we owe once a receipt was taken. Messenger's `read` names no message."""
        if _is_of_code(message):
            return _nobody
        status = step(Status(status_of(webhook)))
        token = (message.text or "").partition(" ")[0]
        place = self.watch.entries[token]
        is_named = message.reference is not None or webhook.account_channel == "twilio"

        def taken(at: int) -> None:
            ledger = self.platform.stores.ledger
            # Without our reference a receipt waits ten minutes for the provider's id, no longer.
            is_findable = is_named or ledger.entries[place].provider_message_id is not None
            if status is not None and is_findable and status is not MessageStatus.READ:
                self.owed.receipts.append((token, status))

        return taken

    def _reached(self, message: Delivered) -> None:
        if self.is_code(message):
            return
        self.watch.reached(message)
        person = self._at.get((message.account_channel, message.to))
        if person is not None:
            self._answers(person, message.account_channel, message.text or "")

    def _answers(self, person: Person, channel: str, text: str) -> None:
        token = text.partition(" ")[0]
        if not self.chance.happens(0.45, "answers", token):
            return
        if self.chance.happens(0.15, "elsewhere", token):
            channel = self.chance.pick(person.channels, "where", token)
        wait = self.chance.between(2 * SECOND, 40 * MINUTE, "thinks", token)
        if self.chance.happens(0.1, "next day", token):
            wait += self.chance.between(12 * HOUR, 40 * HOUR, "how long", token)
        name = f"answer {token}"
        self.later(wait, lambda: self.writes(person, channel, f"{name} thanks", name))

    # --- by our own website --------------------------------------------------------------------

    def _chats(self, person: Person, text: str, name: str, attempt: int = 0) -> None:
        """Say something in the widget; it asks again, under the same id, until it is taken."""
        token = self._session(person)
        message_id = name.replace(" ", "-").replace("#", "_")
        body = {"message_id": message_id, "type": "text", "text": text}
        status = self._asks("/v1/webchat/messages", body, f"Bearer {token}")[0] if token else 503
        if status < 300:
            key = f"webchat#main#{self._visitor(token)}:{message_id}"
            source = Source("webchat", "main", self._visitor(token))
            self.watch.senders[key] = source
            self.owed.messages[key] = source
        elif attempt < TRIES:
            if status in (401, 403):
                self._tokens.pop(person.number, None)
            wait = self.chance.between(SECOND, MINUTE, "again", name, attempt)
            self.later(wait, lambda: self._chats(person, text, name, attempt + 1))

    def _session(self, person: Person) -> str:
        known = self._tokens.get(person.number, "")
        is_over = self.chance.happens(0.3, "reload", person.number, self.platform.timeline.ms)
        if known and not is_over:
            return known
        body = {"account": "main", "anonymous_id": person.address("webchat")}
        status, answer = self._asks(
            "/v1/webchat/sessions", body | ({"token": known} if known else {})
        )
        if status == 201:
            self._tokens[person.number] = str(answer["token"])
            self._visitors[str(answer["visitor_id"])] = person
        return self._tokens.get(person.number, "")

    def _asks(self, path: str, body: Any, authorization: str = "") -> tuple[int, Any]:
        headers = {"origin": ORIGIN} | ({"authorization": authorization} if authorization else {})
        answer = self.platform.request("POST", path, json.dumps(body).encode(), headers)
        return answer.status, answer.json if answer.status < 300 else None

    @staticmethod
    def _visitor(token: str) -> str:
        padded = token.split(".")[1] + "=="
        return str(json.loads(base64.urlsafe_b64decode(padded))["sub"])

    def _clicks(self, person: Person, number: int, attempt: int = 0) -> None:
        at = iso(self.platform.timeline.now())
        ids = [f"{person.number}-{number}-{place}" for place in range(2)]
        who = {"anonymousId": person.address("webchat"), "timestamp": at}
        batch: list[dict[str, Any]] = [
            {"type": "page", "name": "Shoes", "messageId": ids[0], **who},
            {"type": "track", "event": "Product Added", "messageId": ids[1], **who},
        ]
        if number % 3 == 0:
            traits = {"name": f"Customer {person.number}", "phone": person.phone}
            user = {"userId": f"user-{person.number}", "traits": traits}
            ids.append(f"{person.number}-{number}-2")
            batch.append({"type": "identify", "messageId": ids[2], **user, **who})
        status, _ = self._asks("/v1/batch", {"batch": batch}, BASIC)
        if status < 300:
            self.owed.activities |= {f"segment#default#{one}": number for one in ids}
        elif attempt < TRIES:
            self.later(MINUTE, lambda: self._clicks(person, number, attempt + 1))


def _is_of_code(message: Delivered) -> bool:
    return "ver_" in f"{message.reference} {message.status_callback}"


def _nobody(_at: int) -> None:
    """Nobody is owed anything."""
