"""The stories that the explorer tells with every fault."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from tests.faults import codes, merging
from tests.faults.verifications import Expected
from tests.faults.world import ADA, ADMIN, BOB, SES, TWILIO, World, claims
from tests.platform.machine import START

ANSWER = {"content": {"type": "text", "text": "Good morning, Ada."}}
GRACE = "usr_grace"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Story:
    """`given` happens without faults; every call of `told` is hurt once in every way.

    `codes`: what a story of one-time codes comes to, whatever is hurt.
    """

    name: str
    told: Callable[[World], None]
    given: Callable[[World], None] = lambda _world: None
    codes: Expected | None = None


def _grace_is_there(world: World) -> None:
    """Online, with a screen open."""
    world.agent(GRACE, capacity=1)
    with world.uncounted():
        screen = world.screen(GRACE)
        screen.connect()
        screen.resume()


def _ada_is_known(world: World) -> None:
    _grace_is_there(world)
    with world.uncounted():
        world.writes(ADA, "Hello")


def _bob_waits(world: World) -> None:
    _ada_is_known(world)
    with world.uncounted():
        world.writes(BOB, "Is anybody there?")


def first_message(world: World) -> None:
    """An unknown sender writes and is given to an agent."""
    world.writes(ADA, "Hello")


def second_message(world: World) -> None:
    """A known sender writes again into the open conversation."""
    world.writes(ADA, "Are you there?")


def nobody_there(world: World) -> None:
    """A customer writes while nobody is there, and is given to the agent who comes."""
    world.writes(ADA, "Hello")
    world.step()
    world.asks("PUT", f"/v1/agents/{GRACE}", {"name": "Grace", "capacity": 1}, ADMIN, "define")
    world.asks("PUT", f"/v1/agents/{GRACE}/presence", {"presence": "online"}, claims(GRACE), "come")


def answer(world: World) -> None:
    """An agent answers; the provider takes it and sends three receipts."""
    world.step()
    conversation = world.conversation_of(GRACE)
    world.asks(
        "POST", f"/v1/conversations/{conversation}/messages", ANSWER, claims(GRACE), "answer"
    )


def resolve(world: World) -> None:
    """A conversation is resolved; who waits is given to the agent that this frees."""
    world.step()
    conversation = world.conversation_of(GRACE)
    world.asks("POST", f"/v1/conversations/{conversation}/resolve", {}, claims(GRACE), "resolve")


def snooze(world: World) -> None:
    """A conversation is snoozed, the next one served, and the first wakes by the sweep."""
    world.step()
    conversation = world.conversation_of(GRACE)
    until = START + timedelta(minutes=65)
    world.moments.add(until)
    world.asks(
        "POST",
        f"/v1/conversations/{conversation}/snooze",
        {"until": until.isoformat()},
        claims(GRACE),
        "snooze",
    )
    world.step(sweep_is_told=True)


def returns(world: World) -> None:
    """A customer writes into a resolved conversation: it opens again for the same agent."""
    with world.uncounted():
        world.step()
        conversation = world.conversation_of(GRACE)
        world.asks(
            "POST", f"/v1/conversations/{conversation}/resolve", {}, claims(GRACE), "resolve"
        )
    world.writes(ADA, "One more thing")


def webchat(world: World) -> None:
    """A visitor of the shop looks around (tracked) and begins a chat."""
    world.step()
    track = {
        "batch": [
            {
                "type": "page",
                "anonymousId": "browser-1",
                "messageId": "page-1",
                "name": "Shoes",
                "timestamp": "2026-03-02T08:59:00Z",
            },
            {
                "type": "track",
                "anonymousId": "browser-1",
                "messageId": "track-1",
                "event": "Product Added",
                "timestamp": "2026-03-02T08:59:30Z",
            },
        ]
    }
    basic = "Basic d3JpdGUta2V5LWZvci10ZXN0czo="
    world.asks("POST", "/v1/batch", track, None, "batch", authorization=basic)
    world.step()
    with world.uncounted():
        opened = world.asks(
            "POST",
            "/v1/webchat/sessions",
            {"account": "main", "anonymous_id": "browser-1"},
            None,
            "session",
            origin="https://shop.example",
        )
        token = opened.json["token"]
    said = {"message_id": "m-1", "type": "text", "text": "Do you have these in blue?"}
    world.asks("POST", "/v1/webchat/messages", said, None, "say", authorization=f"Bearer {token}")


def _visitor_waits(world: World) -> None:
    _grace_is_there(world)
    with world.uncounted():
        webchat(world)


def duplicates(world: World) -> None:
    """A provider brings one webhook five times, twice of them after the queue forgot it."""
    world.step()
    webhook = world.customer(ADA, "Hello")
    for minutes in (0, 0, 0, 6, 12):
        world.run_until(world.clock.now() + MINUTE * minutes)
        world.bring(webhook)
    world.run_until_quiet()


def edits(world: World) -> None:
    """A customer edits a message, and deletes another."""
    world.step()
    text = {"type": "text", "text": {"body": "tonight at 8"}}
    world.bring(world.whatsapp([{"id": "wamid.EDITED", **text}, {"id": "wamid.GONE", **text}], ADA))
    world.step()
    world.catch_up()
    changed = {
        "original_message_id": "wamid.EDITED",
        "message": {"type": "text", "text": {"body": "tonight at 9"}},
    }
    world.bring(world.whatsapp([{"id": "wamid.EDIT", "type": "edit", "edit": changed}], ADA))
    world.step()
    revoked = {"original_message_id": "wamid.GONE"}
    world.bring(world.whatsapp([{"id": "wamid.REVOKE", "type": "revoke", "revoke": revoked}], ADA))
    world.run_until_quiet()


def picture(world: World) -> None:
    """A customer sends a picture: it is fetched into our bucket."""
    world.step()
    picture = {"media_type": "image", "content_type": "image/png"}
    world.bring(world.customer(ADA, "Look", media=picture))
    world.run_until_quiet()


def screen(world: World) -> None:
    """An agent opens a second screen: it connects, catches up, and sees what a customer writes."""
    world.step()
    screen = world.screen("second")
    screen.claims = claims(GRACE)
    screen.connect()
    screen.resume()
    world.writes(ADA, "Can you see this?")
    screen.types(world.conversation_of(GRACE))
    screen.ping()
    screen.close()


def comes_back(world: World) -> None:
    """The network drops an agent's screen while a customer writes; it comes back and resumes."""
    world.step()
    screen = world.screens[GRACE]
    screen.drop()
    world.bring(world.customer(ADA, "Are you there?"))
    world.run_until_quiet()
    screen.connect()
    world.bring(world.customer(ADA, "Hello?"))
    screen.resume()
    world.run_until_quiet()


def late(world: World) -> None:
    """A screen resumes a while after a customer wrote, and is then away when a retry stores it."""
    world.step()
    screen = world.screens[GRACE]
    world.bring(world.customer(ADA, "Are you there?"))
    world.run_until(world.clock.now() + timedelta(seconds=85))
    screen.resume()
    screen.drop()
    world.run_until_quiet()
    screen.connect()
    screen.resume()


def widget(world: World) -> None:
    """A visitor chats over the widget's socket, is answered, and has read it."""
    world.step()
    with world.uncounted():
        session = {"account": "main", "anonymous_id": "browser-1"}
        opened = world.asks(
            "POST", "/v1/webchat/sessions", session, None, "session", origin="https://shop.example"
        )
    widget = world.widget(opened.json["token"])
    widget.connect()
    widget.resume()
    widget.says("m-1", "Do you have these in blue?")
    world.run_until_quiet()
    with world.uncounted():
        answer(world)
    widget.hear()
    widget.acknowledges()
    widget.close()


def _writes_by_sms(world: World) -> None:
    _grace_is_there(world)
    world.register(TWILIO)
    with world.uncounted():
        world.writes("+14155550177", "Hello", channel="twilio", to="+15550009999")


def _writes_by_mail(world: World) -> None:
    _grace_is_there(world)
    world.register(SES)
    vouched = {"dmarc": "PASS", "subject": "My order"}
    with world.uncounted():
        world.writes("ada@example.com", "Where is it?", channel="ses", extra=vouched)


def mail_answer(world: World) -> None:
    """An agent answers by e-mail: SES takes it, and tells of its way by SNS."""
    world.step()
    conversation = world.conversation_of(GRACE)
    content = {"type": "text", "text": "It left today.", "subject": "Re: My order"}
    path = f"/v1/conversations/{conversation}/messages"
    world.asks("POST", path, {"content": content}, claims(GRACE), "answer")


STORIES = {
    story.name: story
    for story in (
        Story("first-message", first_message, _grace_is_there),
        Story("second-message", second_message, _ada_is_known),
        Story("nobody-there", nobody_there),
        Story("answer", answer, _ada_is_known),
        Story("resolve", resolve, _bob_waits),
        Story("snooze", snooze, _bob_waits),
        Story("returns", returns, _ada_is_known),
        Story("webchat", webchat, _grace_is_there),
        Story("webchat-answer", answer, _visitor_waits),
        Story("duplicates", duplicates, _grace_is_there),
        Story("edits", edits, _ada_is_known),
        Story("picture", picture, _grace_is_there),
        Story("sms-answer", answer, _writes_by_sms),
        Story("mail-answer", mail_answer, _writes_by_mail),
        Story("screen", screen, _ada_is_known),
        Story("comes-back", comes_back, _ada_is_known),
        Story("late", late, _ada_is_known),
        Story("widget", widget, _grace_is_there),
        Story("merge", merging.merge, merging.two_customers),
        Story("merge-decided", merging.decide, merging.two_customers),
        Story("unmerge", merging.unmerge, merging.one_customer),
        Story("other-rules", merging.other_rules, merging.one_customer),
        Story("otp-start", codes.start, codes.a_stranger_chats, codes.STARTED),
        Story("otp-check", codes.answers, codes.a_code_is_out, codes.ANSWERED),
        Story("otp-wrong", codes.answers_wrong_first, codes.a_code_is_out, codes.CORRECTED),
        Story("otp-resend", codes.asks_again, codes.a_code_is_out, codes.SENT_TWICE),
        Story("otp-fallback", codes.is_called, codes.the_shop_asks, codes.SENT_TWICE),
        Story("otp-api", codes.by_api, codes.the_shop_asks, codes.CORRECTED),
    )
}
