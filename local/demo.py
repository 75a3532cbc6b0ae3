"""`make demo`: two stories on the running stack, told by what each party sees.

Nothing is staged: customers write through the provider twins, which sign their webhooks as the
providers do; what agents see comes from the API and the WebSocket, what customers see from the
twins' outboxes and the web chat's socket.
"""

import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import segment.analytics as segment

from local import seed, up
from local.api import Api, sign_in, twins
from local.console import LocalStackError, run_command, say
from local.context import StackContext
from local.screen import PATIENCE, Screen

T = TypeVar("T")
WIDTH = 12
JANE = "+14155550102"
COVERED = "•"
INK = {"shop": "36", "Jane": "35", "visitor": "35", "officer": "32", "phone": "33", "system": "2"}


def tell(who: str, text: str) -> None:
    """One line of the story: who sees or does what."""
    ink = INK.get(who, "0")
    name = f"\033[{ink}m{who:>{WIDTH}}\033[0m" if sys.stdout.isatty() else f"{who:>{WIDTH}}"
    say(f"{name}  {text}")


def eventually(what: str, look: Callable[[], T | None]) -> T:
    """What `look` finds, as soon as it finds something; fails after 20 seconds, naming `what`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise LocalStackError(f"Waited {PATIENCE:.0f} s for {what}; see make logs.")


@dataclass(frozen=True)
class Seen:
    """A customer's message on an officer's screen."""

    conversation_id: str
    customer_id: str
    channel: str


@dataclass(frozen=True)
class Officer:
    """An agent with an API token and a screen."""

    agent_id: str
    api: Api
    screen: Screen

    @classmethod
    def signs_in(cls, context: StackContext, email: str) -> "Officer":
        """Sign in by Cognito, open a screen, go online."""
        token = sign_in(context, email, seed.passwords(context)[email])
        api = Api(context.http_api_url, token)
        ticket = api.post("/v1/realtime/tickets")
        screen = Screen(context.websocket_url, ticket["ticket"])
        agent_id = seed.subject(token)
        api.put(f"/v1/agents/{agent_id}/presence", {"presence": "online"})
        return cls(agent_id, api, screen)

    def sees(self, text: str) -> Seen:
        """The message, pushed to the screen, or found in a conversation just assigned to it."""

        def look() -> Seen | None:
            for frame in self.screen.frames():
                if frame["type"] == "message" and frame.get("text") == text:
                    return Seen(frame["conversation_id"], frame["customer_id"], frame["channel"])
                if frame["type"] == "assignment" and frame.get("assignee") == self.agent_id:
                    conversation_id = frame["conversation_id"]
                    page = self.api.get(f"/v1/conversations/{conversation_id}/messages")
                    for item in page["items"]:
                        if item.get("text") == text:
                            return Seen(conversation_id, frame["customer_id"], item["channel"])
            return None

        seen = eventually("the message on the officer's screen", look)
        tell("officer", f"sees on the screen: {seen.channel}, {text}")
        return seen

    def answers(self, conversation_id: str, text: str) -> dict[str, Any]:
        """Answer where the customer wrote last."""
        tell("officer", f"answers: {text}")
        answer = self.api.post(
            f"/v1/conversations/{conversation_id}/messages",
            {"content": {"type": "text", "text": text}},
            **{"idempotency-key": str(uuid.uuid4())},
        )
        return dict(answer["message"])

    def record_of(self, seen: Seen) -> dict[str, Any]:
        """The record of the sender of a message on the screen."""
        customer = self.api.get(f"/v1/customers/{seen.customer_id}")
        mine = [one for one in customer["records"] if one["channel"] == seen.channel]
        return dict(mine[-1])

    def verifies(self, customer_id: str, session: str, **more: Any) -> dict[str, Any]:
        """Send a code to the customer's address on record, for `session` to answer."""
        wanted = {"customer_id": customer_id, "purpose": "identity", "session": session, **more}
        begun = self.api.post("/v1/verifications", wanted, **{"idempotency-key": str(uuid.uuid4())})
        tell("officer", f"asks for proof; the screen says: {begun['channel']}, {begun['status']}")
        return dict(begun)

    def hears(self, verification: dict[str, Any], status: str) -> dict[str, Any]:
        """What has become of a verification, once it is `status`."""

        def look() -> dict[str, Any] | None:
            told = self.api.get(f"/v1/verifications/{verification['verification_id']}")
            return told if told["status"] == status else None

        told = eventually(f"the verification to be {status}", look)
        tell("officer", f"the screen says: {status}; which code it was stays with the customer")
        return told

    def goes(self) -> None:
        """Resolve what is theirs and go offline."""
        mine = self.api.get("/v1/conversations", assignee="me")
        for conversation in mine["items"]:
            # Customers who turned out to be one have their conversations joined meanwhile.
            self.api.call("POST", f"/v1/conversations/{conversation['conversation_id']}/resolve")
        self.api.put(f"/v1/agents/{self.agent_id}/presence", {"presence": "offline"})
        self.screen.close()


def sneaker_shop(context: StackContext, officer: Officer) -> str:
    """S0: from the advertisement to the chat, without asking anything twice; the customer's id."""
    say("\nS0  The sneaker shop: someone hesitates over a size\n")
    anonymous_id = f"anon-{uuid.uuid4()}"
    browse(context, anonymous_id)
    web = Api(context.http_api_url)
    session = web.post(
        "/v1/webchat/sessions",
        {"account": "main", "anonymous_id": anonymous_id},
        origin=seed.ORIGIN,
    )
    visitor = Api(context.http_api_url, session["token"])
    ticket = visitor.post("/v1/webchat/tickets")
    with Screen(ticket["websocket_url"], ticket["ticket"]) as window:
        question = "Do these run small? I wear a 42."
        tell("visitor", f"opens the chat and types: {question}")
        window.send(action="message", message_id=uuid.uuid4().hex, text=question)
        seen = officer.sees(question)
        show_timeline(officer.api.get(f"/v1/customers/{seen.customer_id}"))
        sent = officer.answers(seen.conversation_id, "Yes, half a size. Take the 42.5.")
        shown = window.wait("message", message_id=sent["message_id"])
        tell("visitor", f"sees in the chat: {shown['text']}")
    return seen.customer_id


def browse(context: StackContext, anonymous_id: str) -> None:
    """What the shop's pages report, by Segment's own SDK."""
    segment.default_client = None
    segment.write_key = seed.write_key(context)
    segment.host = context.http_api_url
    segment.sync_mode = True
    campaign = {"campaign": {"source": "facebook", "name": "Autumn runners"}}
    tell("shop", "an advertisement on Facebook is clicked: Autumn runners")
    segment.track(None, "Ad Clicked", campaign["campaign"], campaign, anonymous_id=anonymous_id)
    for page in ("Running shoes", "Cloud Runner 3"):
        tell("shop", f"page viewed: {page}")
        segment.page(None, None, page, {"title": page}, campaign, anonymous_id=anonymous_id)
    tell("shop", "into the cart: Cloud Runner 3, size 42, 129 USD")
    product = {"product": "Cloud Runner 3", "size": "42", "price": 129, "currency": "USD"}
    segment.track(None, "Product Added", product, campaign, anonymous_id=anonymous_id)


def show_timeline(customer: dict[str, Any]) -> None:
    """What an officer sees before typing a word."""
    tell("officer", "sees, before typing a word:")
    for entry in reversed(customer["timeline"]["items"]):
        tell("", f"{entry['at'][11:19]}  {describe(entry)}")


def describe(entry: dict[str, Any]) -> str:
    """One line for one entry of a timeline."""
    if activity := entry.get("activity"):
        facts = {key: value for key, value in activity["properties"].items() if key != "title"}
        details = ", ".join(f"{key} {value}" for key, value in facts.items())
        return f"{activity['kind']}: {activity['name']}" + (f" ({details})" if details else "")
    message = entry["message"]
    who = "customer" if message["direction"] == "inbound" else "we"
    status = f" [{message['status']}]" if message.get("status") else ""
    return f"{message['channel']}, {who}: {text_of(message)}{status}"


def text_of(message: dict[str, Any]) -> str:
    """What a message says, whichever way it went."""
    return str(message.get("text") or (message.get("content") or {}).get("text") or "")


def jane_asks(context: StackContext, officer: Officer) -> tuple[Seen, Seen]:
    """S2 up to the code: Jane by Messenger, then by WhatsApp and SMS; where each was seen."""
    say("\nS2  Jane asks about a card: Messenger, then WhatsApp and SMS\n")
    # A Messenger that nobody has proven yet, so that the story can be told again.
    psid, phone = f"77{uuid.uuid4().int % 10**14:014d}", JANE
    first = writes(context, officer, "messenger", psid, "Hi, is the travel card free?")
    sent = officer.answers(
        first.conversation_id,
        "5 % back on travel and dining, 10 % online. The first year is free, then 95 USD.",
    )
    arrives(context, "messenger", psid, sent)
    receipts(officer, sent, "read")
    say("")
    second = writes(context, officer, "whatsapp", phone, "Same question here, this is Jane")
    answer = officer.answers(second.conversation_id, "Of course. Shall I send you the form?")
    arrives(context, "whatsapp", phone, answer)
    receipts(officer, answer, "read")
    third = writes(context, officer, "sms", phone, "Yes please, by SMS")
    if third.conversation_id != second.conversation_id:
        raise LocalStackError("WhatsApp and SMS of one number must be one conversation.")
    tell("officer", "WhatsApp and SMS came into one conversation: the same number, one customer")
    form = officer.answers(third.conversation_id, "Here it is: https://bank.example/apply/jw")
    arrives(context, "sms", phone, form)
    receipts(officer, form, "delivered")
    return first, second


def jane_proves(context: StackContext, officer: Officer, chat: Seen, jane: Seen) -> str:
    """S2's code: to the phone on record, from there into Messenger; the verification's id."""
    say("\nS2  Is it Jane who writes on Messenger? A code to the phone on record tells\n")
    record = officer.record_of(chat)
    # Where the code goes is not the officer's to say, nor the chat's: it is on record.
    begun = officer.verifies(jane.customer_id, session=record["record_id"])
    code = code_for(context, begun)
    tell("phone", f"sms shows Jane: {code['code']} is your code …")
    answer = "it's {}"
    tell("Jane", f"types into Messenger: {answer.format(code['code'])}")
    psid = record["identifiers"][0]["value"].partition(":")[2]
    said = {"channel": "messenger", "from": psid, "text": answer.format(code["code"])}
    twins(context).post("/customer/send", said)
    officer.sees(answer.format(COVERED * len(code["code"])))
    officer.hears(begun, "approved")
    return str(begun["verification_id"])


def code_for(context: StackContext, verification: dict[str, Any]) -> dict[str, Any]:
    """The code of a verification, as it arrived wherever it went."""

    def look() -> dict[str, Any] | None:
        arrived = twins(context).get("/codes")["codes"]
        wanted = verification["verification_id"]
        return next((one for one in arrived if one["verification_id"] == wanted), None)

    return eventually("the code", look)


def writes(context: StackContext, officer: Officer, channel: str, sender: str, text: str) -> Seen:
    """A customer writes through the provider's twin; what comes to the officer's screen."""
    marked = f"{text} ({uuid.uuid4().hex[:6]})"
    tell("Jane", f"writes by {channel}: {marked}")
    answer = twins(context).post(
        "/customer/send", {"channel": channel, "from": sender, "name": "Jane Wong", "text": marked}
    )
    tell("system", f"webhook of {channel}, signed, answered {answer['status']}")
    return officer.sees(marked)


def arrives(context: StackContext, channel: str, to: str, sent: dict[str, Any]) -> None:
    """The message is on the customer's phone."""

    def look() -> dict[str, Any] | None:
        box = twins(context).get("/outbox", to=to, channel=channel)["messages"]
        return next((one for one in reversed(box) if one["text"] == text_of(sent)), None)

    message = eventually(f"the message on {channel}", look)
    tell("phone", f"{channel} shows Jane: {message['text']}")


def receipts(officer: Officer, sent: dict[str, Any], status: str) -> None:
    """The provider's receipts have come back."""
    told = officer.screen.wait("message_status", message_id=sent["message_id"], status=status)
    tell("officer", f"the message is {told['status']}")


def profile(api: Api, customer_id: str) -> None:
    """The unified profile of one customer."""
    customer = api.get(f"/v1/customers/{customer_id}")
    say(f"\n  {customer.get('name') or 'Somebody'}  {customer_id}")
    for identifier in customer["identifiers"]:
        value = f"{identifier['namespace']:<13}{identifier['value']:<42}"
        say(f"    {value}{identifier['assurance']}")
    shown = {"name", *(identifier["namespace"] for identifier in customer["identifiers"])}
    for trait in (one for one in customer["traits"] if one["key"] not in shown):
        say(f"    {trait['key']:<13}{trait['value']!s:<42}{trait['assurance']}")
    for entry in reversed(customer["timeline"]["items"]):
        say(f"    {entry['at'][11:19]}  {describe(entry)}")


def running_stack() -> StackContext:
    """The stack that is up, else a new one."""
    try:
        context = StackContext.load()
        Api(context.http_api_url).get("/v1/openapi.json")
    except Exception:  # noqa: BLE001 - whatever is wrong with it, `make up` mends it or says why
        say("No stack is up: starting one.\n")
        return up.up()
    return context


def main() -> None:
    """Run as a program."""
    started = time.monotonic()
    context = running_stack()
    officer = Officer.signs_in(context, "omar@bank.example")
    tell("officer", "signs in, opens the screen, goes online")
    try:
        visitor = sneaker_shop(context, officer)
        chat, jane = jane_asks(context, officer)
        jane_proves(context, officer, chat, jane)
        say("\nWho they are: one profile a customer")
        for customer_id in (visitor, jane.customer_id):
            profile(officer.api, customer_id)
    finally:
        officer.goes()
    say(f"\nEvery line came from the running stack, in {time.monotonic() - started:.1f} s.")


if __name__ == "__main__":
    run_command(main)
