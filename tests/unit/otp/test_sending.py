"""Sending codes: once an attempt, on the next route where that fails, always the same code."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rapport.channels.sender import ErrorClass, Outcome, SendError, SendResult
from rapport.contracts.content import TemplateContent, TextContent
from rapport.contracts.inbound import Status as Told
from rapport.kernel.clock import iso
from rapport.kernel.errors import Later
from rapport.kernel.json import dumps
from rapport.otp.keys import parse_reference, reference
from rapport.otp.memory import InMemoryVerifications
from rapport.otp.model import AttemptStatus, Verification
from rapport.otp.ports import Decision, Verdict
from rapport.otp.sending import dispatch, follow, record_receipt
from rapport.otp.settings import Route
from tests.builders import PHONE
from tests.unit.notifications.fakes import LOST, REFUSED, SENT, Died, busy
from tests.unit.otp.world import World

ROUTES = (
    Route(channel="sms", provider="twilio"),
    Route(channel="voice", provider="twilio"),
    Route(channel="whatsapp", provider="whatsapp", template="verification_code"),
)


def statuses(world: World, one: Verification) -> list[tuple[str, str]]:
    return [(each.channel, each.status.value) for each in world.stored(one).attempts]


def text_of(world: World, number: int = -1) -> str:
    content = world.phone[number].content
    assert isinstance(content, TextContent)
    return content.text


def test_a_code_is_sent_once_however_often_it_is_ordered() -> None:
    world = World()
    one = world.start()
    for _ in range(3):
        world.deliver()
    assert [message.to for message in world.phone] == [PHONE]
    assert world.code(one) in text_of(world)
    assert statuses(world, one) == [("sms", "sent")]


def test_a_text_message_is_bound_to_the_domain_in_its_last_line() -> None:
    world = World(domain="example.com")
    one = world.start()
    world.deliver()
    assert text_of(world).splitlines()[-1] == f"@example.com #{world.code(one)}"


def test_without_a_domain_there_is_no_such_line() -> None:
    world = World()
    world.start()
    world.deliver()
    assert "@" not in text_of(world)


@pytest.mark.parametrize(
    ("locale", "said"),
    [("zh-TW", "您的驗證碼是"), ("es-MX", "es su código"), ("xx", "is your code")],
)
def test_a_code_travels_in_the_words_of_its_locale(locale: str, said: str) -> None:
    world = World()
    world.start(locale=locale)
    world.deliver()
    assert said in text_of(world)


def test_whatsapp_gets_its_approved_template() -> None:
    world = World()
    one = world.start(channel="whatsapp", locale="zh-TW")
    world.deliver()
    assert world.phone[0].content == TemplateContent(
        name="verification_code", language="zh_TW", parameters=(world.code(one),)
    )


def test_a_call_says_the_digits_one_by_one_and_twice() -> None:
    world = World()
    one = world.start(channel="voice")
    world.deliver()
    assert text_of(world).count(", ".join(world.code(one))) == 2
    assert world.phone[0].extra == {"code": world.code(one), "locale": "en"}


def test_email_goes_out_to_confirm_an_email_address_with_a_subject() -> None:
    world = World()
    one = world.start(address="ada@example.com", purpose="confirm_email")
    world.deliver()
    content = world.phone[0].content
    assert isinstance(content, TextContent)
    assert (content.subject, world.code(one) in content.text) == ("Your code", True)
    assert "60 minutes" in content.text


def test_neither_orders_nor_what_is_stored_holds_the_code() -> None:
    world = World(None, REFUSED, SENT)
    one = world.start()
    world.check(one, world.wrong(one))
    world.deliver()
    world.deliver()
    store = world.store
    assert isinstance(store, InMemoryVerifications)
    kept = repr(store.subjects) + repr(store.sessions)
    kept += dumps([event.model_dump(mode="json") for event in store.events])
    for written in (iso(one.created_at), one.verification_id, PHONE):
        kept = kept.replace(written, "")
    assert world.code(one) not in kept


def test_nothing_is_sent_for_a_customer_that_nobody_knows() -> None:
    world = World()
    world.start(customer_id="cus_nobody")
    world.deliver()
    assert world.phone == []
    assert world.orders() == []


def test_nothing_is_sent_any_more_once_it_is_answered_ended_or_replaced() -> None:
    world = World()
    answered = world.start()
    world.check(answered, world.code(answered))
    world.deliver()
    late = world.start()
    world.now(minutes=11)
    world.deliver()
    replaced = world.start()
    world.start(purpose="payment")
    dispatch(replaced.verification_id, 1, courier=world.courier)
    assert late.verification_id != answered.verification_id
    assert world.phone == []


def test_what_failed_goes_out_on_the_next_route_with_the_same_code() -> None:
    world = World(None, REFUSED, REFUSED, SENT, routes=ROUTES)
    one = world.start()
    for _ in range(3):
        world.deliver()
    assert statuses(world, one) == [("sms", "failed"), ("voice", "failed"), ("whatsapp", "sent")]
    assert [message.channel for message in world.phone] == ["sms", "voice", "whatsapp"]
    assert {message.to for message in world.phone} == {PHONE}
    assert all(world.code(one) in str(message.extra) for message in world.phone)
    assert world.check(one, world.code(one)).approved is not None


def test_when_every_route_failed_nothing_follows() -> None:
    world = World(None, REFUSED, routes=ROUTES[:2])
    one = world.start()
    for _ in range(4):
        world.deliver()
    assert statuses(world, one) == [("sms", "failed"), ("voice", "failed")]


def test_routes_that_the_signals_speak_against_are_passed_over() -> None:
    world = World(None, REFUSED, SENT, routes=(ROUTES[2], ROUTES[1], ROUTES[0]))
    world.guard.verdict = Verdict(Decision.STEP_UP, ("number_ported",), avoid=frozenset({"voice"}))
    one = world.start()
    for _ in range(2):
        world.deliver()
    assert [message.channel for message in world.phone] == ["whatsapp", "sms"]
    assert world.stored(one).step_up == ("number_ported",)


def test_the_guard_is_asked_about_a_fallback_too() -> None:
    world = World(None, REFUSED, routes=ROUTES)
    one = world.start()
    world.guard.refuse("spend_hour")
    for _ in range(2):
        world.deliver()
    assert statuses(world, one) == [("sms", "failed")]
    assert {asked.channel for asked in world.guard.asked} == {"sms", "voice", "whatsapp"}


def test_fallbacks_end_where_sends_do() -> None:
    world = World(None, REFUSED, routes=ROUTES, max_sends=2)
    one = world.start()
    for _ in range(4):
        world.deliver()
    assert [channel for channel, _ in statuses(world, one)] == ["sms", "voice"]


def test_what_fallbacks_used_up_is_not_told_to_who_asks_again() -> None:
    world = World(None, REFUSED, routes=ROUTES, max_sends=3)
    one = world.start()
    for _ in range(4):
        world.deliver()
    sends = []
    for _ in range(2):
        world.now(seconds=31)
        sends.append(world.start().asked_sends)
    assert sends == [2, 3]
    assert len(world.phone) == 3, "and no more than three codes go out"
    assert world.stored(one).status.value == "pending"


def test_a_busy_provider_is_asked_again_for_a_while_then_another_route_is() -> None:
    world = World(None, busy(timedelta(seconds=3)), routes=ROUTES[:2])
    one = world.start()
    with pytest.raises(Later) as told:
        dispatch(one.verification_id, 1, courier=world.courier)
    assert told.value.delay == timedelta(seconds=3)
    assert statuses(world, one) == [("sms", "ordered")]
    world.now(seconds=21)
    dispatch(one.verification_id, 1, courier=world.courier)
    assert statuses(world, one) == [("sms", "failed"), ("voice", "ordered")]


def test_an_account_that_cannot_be_read_is_a_route_that_fails() -> None:
    world = World(routes=ROUTES[:2])

    def absent(_channel: str, _name: str) -> Any:
        raise OSError("no secrets today")

    world.courier = replace(world.courier, account_of=absent)
    one = world.start()
    world.now(seconds=21)
    dispatch(one.verification_id, 1, courier=world.courier)
    assert statuses(world, one) == [("sms", "failed"), ("voice", "ordered")]
    assert world.phone == []


def test_a_rotated_token_is_read_anew() -> None:
    expired = SendError(ErrorClass.AUTH, "401", "No.")
    world = World(None, SendResult(Outcome.FAILED, error=expired), SENT)
    world.courier = replace(world.courier, refresh=lambda _channel, _name: True)
    one = world.start()
    world.deliver()
    assert statuses(world, one) == [("sms", "sent")]


# -- Dying --------------------------------------------------------------------------------------


class DyingSender:
    """Dies while it sends."""

    idempotent = False

    def refusal(self, *_: Any) -> None:
        """None."""

    def send(self, *_: Any) -> SendResult:
        """Die."""
        raise Died


@pytest.mark.parametrize("recognises", [False, True])
def test_an_attempt_that_died_is_unknown_unless_the_provider_recognises_a_repetition(
    recognises: bool,
) -> None:
    world = World()
    one = world.start()
    dying = replace(world.courier, sender_of=lambda _provider: DyingSender())
    with pytest.raises(Died):
        dispatch(one.verification_id, 1, courier=dying)
    world.sender.idempotent = recognises
    dispatch(one.verification_id, 1, courier=world.courier)
    assert len(world.phone) == int(recognises)
    assert statuses(world, one) == [("sms", "sent" if recognises else "unknown")]


def test_a_lost_answer_is_unknown_and_followed_like_a_sent_one() -> None:
    world = World(None, LOST, SENT)
    one = world.start()
    world.deliver()
    assert statuses(world, one) == [("sms", "unknown")]
    world.now(seconds=91)
    world.follow()
    world.deliver()
    assert statuses(world, one) == [("sms", "unknown"), ("voice", "sent")]


# -- Following ----------------------------------------------------------------------------------


def test_a_code_that_nobody_answers_goes_out_on_the_next_route_in_time() -> None:
    world = World(routes=ROUTES)
    one = world.start()
    world.deliver()
    with pytest.raises(Later) as told:
        follow(one.verification_id, 1, courier=world.courier)
    assert told.value.delay == timedelta(seconds=90)
    world.now(seconds=90)
    world.follow()
    world.deliver()
    assert statuses(world, one) == [("sms", "sent"), ("voice", "sent")]
    assert world.check(one, world.code(one)).approved is not None


def test_what_was_answered_or_asked_for_again_is_not_followed() -> None:
    world = World(routes=ROUTES)
    one = world.start()
    world.deliver()
    world.now(seconds=60)
    world.start()
    world.now(seconds=40)
    follow(one.verification_id, 1, courier=world.courier)
    assert [channel for channel, _ in statuses(world, one)] == ["sms", "sms"]
    world.check(one, world.code(one))
    world.now(seconds=90)
    follow(one.verification_id, 2, courier=world.courier)
    assert len(world.stored(one).attempts) == 2


def test_a_service_may_do_without_fallbacks_in_time() -> None:
    world = World(routes=ROUTES, fallback_after=None)
    one = world.start()
    world.deliver()
    world.now(minutes=5)
    world.follow()
    assert statuses(world, one) == [("sms", "sent")]


# -- Receipts -----------------------------------------------------------------------------------


def test_a_receipt_of_failure_orders_the_next_route_at_once_and_once() -> None:
    world = World(routes=ROUTES)
    one = world.start()
    world.deliver()
    named = world.phone[0].reference
    for _ in range(3):
        assert record_receipt(named, Told.FAILED, courier=world.courier)
    world.deliver()
    assert statuses(world, one) == [("sms", "failed"), ("voice", "sent")]


def test_a_late_failure_after_a_delivery_moves_nothing() -> None:
    world = World(routes=ROUTES)
    one = world.start()
    world.deliver()
    for told in (Told.SENT, Told.DELIVERED, Told.FAILED, Told.READ):
        record_receipt(world.phone[0].reference, told, courier=world.courier)
    assert statuses(world, one) == [("sms", "delivered")]


def test_a_receipt_that_overtakes_our_own_note_is_not_lost() -> None:
    world = World(routes=ROUTES)
    one = world.start()
    world.store.begin_attempt(one.verification_id, 1, world.clock.now())
    record_receipt(reference(one.verification_id, 1), Told.DELIVERED, courier=world.courier)
    world.now(seconds=91)
    world.follow()
    assert statuses(world, one) == [("sms", "delivered"), ("voice", "ordered")]


def test_a_receipt_after_the_answer_is_noted_and_sends_nothing() -> None:
    world = World(routes=ROUTES)
    one = world.start()
    world.deliver()
    world.check(one, world.code(one))
    record_receipt(world.phone[0].reference, Told.FAILED, courier=world.courier)
    assert statuses(world, one) == [("sms", AttemptStatus.FAILED.value)]
    assert world.stored(one).status.value == "approved"


@pytest.mark.parametrize("text", ["", "rec_1.msg_1", "ver_1", "ver_1.", "ver_1.x", "ver_1.²"])
def test_what_is_no_reference_of_ours_is_left_to_others(text: str) -> None:
    world = World()
    assert parse_reference(text) is None
    assert not record_receipt(text, Told.FAILED, courier=world.courier)


def test_a_receipt_for_what_is_gone_is_taken_and_forgotten() -> None:
    world = World()
    one = world.start()
    gone = reference(one.verification_id, 9)
    assert record_receipt(gone, Told.FAILED, courier=world.courier)
    assert len(world.stored(one).attempts) == 1
