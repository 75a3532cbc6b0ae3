"""Customers of the running stack: known by their phone, writing from chats that prove nothing."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from benchmarks.load.codes import a_number
from local import seed
from local.api import Api, sign_in, twins
from local.context import StackContext
from local.demo import Officer, Seen
from local.screen import Screen


@dataclass(frozen=True)
class Known:
    """A customer on record, by phone and e-mail."""

    customer_id: str
    name: str
    phone: str
    email: str


@dataclass(frozen=True)
class Chat:
    """Somebody at the other end of a chat; `says` writes there."""

    channel: str
    says: Callable[[str], None]


def administrator(stack: StackContext) -> Api:
    """The API as an administrator calls it."""
    email = "ada@bank.example"
    return Api(stack.http_api_url, sign_in(stack, email, seed.passwords(stack)[email]))


def register(admin: Api) -> Known:
    """A customer comes on record."""
    phone, name = a_number(), f"Jane {uuid.uuid4().hex[:12].translate(_LETTERS).title()}"
    email = f"{name.replace(' ', '.').lower()}@example.com"
    identifiers = [
        {"namespace": "phone", "value": phone, "assurance": "verified"},
        {"namespace": "email", "value": email, "assurance": "verified"},
    ]
    person = {"source_id": f"crm-{uuid.uuid4().hex}", "name": name, "identifiers": identifiers}
    made = admin.post("/v1/customers", person)
    return Known(made["customer_id"], name, phone, email)


@contextmanager
def chat(stack: StackContext, channel: str, name: str = "Jane") -> Iterator[Chat]:
    """A chat of somebody who never wrote before, and calls herself `name` there."""
    with ExitStack() as closing:
        if channel == "webchat":
            web = Api(stack.http_api_url)
            session = web.post("/v1/webchat/sessions", {"account": "main"}, origin=seed.ORIGIN)
            ticket = Api(stack.http_api_url, session["token"]).post("/v1/webchat/tickets")
            window = closing.enter_context(Screen(ticket["websocket_url"], ticket["ticket"]))
            yield Chat(channel, partial(_types, window))
        else:
            sender = a_number() if channel == "whatsapp" else f"77{uuid.uuid4().int % 10**14:014d}"
            yield Chat(channel, partial(_writes, twins(stack), channel, sender, name))


def opens(officer: Officer, one: Chat) -> tuple[Seen, str]:
    """The first message, where the officer sees it, and the record of who sent it."""
    text = f"Hello, it is me {uuid.uuid4().hex.translate(_LETTERS)}"
    one.says(text)
    seen = officer.sees(text)
    return seen, str(officer.record_of(seen)["record_id"])


def _types(window: Screen, text: str) -> None:
    window.send(action="message", message_id=uuid.uuid4().hex, text=text)


def _writes(providers: Api, channel: str, sender: str, name: str, text: str) -> None:
    body = {"channel": channel, "from": sender, "name": name, "text": text}
    answer = providers.post("/customer/send", body)
    assert answer["status"] == 200, answer


# Marks without digits: what looks like a code is covered where one is waited for.
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
