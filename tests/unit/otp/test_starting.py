"""Starting: to whom, when again, and what ends the one before."""

from datetime import timedelta
from typing import Any

import pytest

from rapport.kernel.errors import Conflict, InvalidInput, Transient
from rapport.otp.memory import InMemoryVerifications
from rapport.otp.model import Contact, Refusal, Status
from rapport.otp.ports import Decision, Verdict
from rapport.otp.service import ServicesInForce, cancel, waiting_for
from rapport.otp.settings import Route
from rapport.otp.starting import Withheld, start
from tests.builders import PHONE
from tests.unit.otp.world import CUSTOMER, SESSION, World

OTHER = "+14155550199"


def test_a_code_goes_to_the_surest_address_on_record() -> None:
    world = World()
    world.book.customers[CUSTOMER] = (Contact("phone", PHONE, 2), Contact("phone", OTHER, 1))
    assert world.start().address == PHONE


def test_a_caller_may_choose_among_the_addresses_on_record_only() -> None:
    world = World()
    world.book.customers[CUSTOMER] = (Contact("phone", PHONE, 2), Contact("phone", OTHER, 1))
    chosen = world.wish()
    assert start(chosen.__class__(**{**vars(chosen), "address": OTHER}), office=world.office)
    strange = world.wish(session="s2")
    one = start(
        strange.__class__(**{**vars(strange), "address": "+14155550123"}), office=world.office
    )
    assert one.address is None
    assert one.withheld == ("no_address",)


def test_a_customer_without_a_phone_gets_nothing_though_they_have_email() -> None:
    world = World()
    world.book.customers[CUSTOMER] = (Contact("email", "ada@example.com", 2),)
    assert world.start().withheld == ("no_address",)


def test_an_address_of_one_account_is_served_by_that_account_only() -> None:
    routes = (Route(channel="line", provider="line"),)
    for account, reached in (("main", True), ("other", False)):
        world = World(routes=routes)
        world.book.customers[CUSTOMER] = (Contact("line", "U1", 1, "line", account),)
        assert (world.start().address is not None) is reached


@pytest.mark.parametrize(
    "changes",
    [
        {"service": "nothing"},
        {"purpose": "nothing"},
        {"channel": "line"},
        {"channel": "email"},
        {"address": "ada@example.com", "purpose": "sign_in"},
        {"address": PHONE, "purpose": "confirm_email"},
    ],
)
def test_what_the_service_does_not_offer_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        World().start(**changes)


def test_asking_again_at_once_changes_nothing() -> None:
    world = World()
    one = world.start()
    world.now(seconds=29)
    assert world.start() == one
    assert len(world.orders()) == 1


def test_asking_again_later_sends_the_same_code_on_the_channel_asked_for() -> None:
    world = World()
    one = world.start()
    world.now(seconds=31)
    again = world.start(channel="voice")
    assert again.verification_id == one.verification_id
    assert [each.channel for each in again.attempts] == ["sms", "voice"]
    assert again.next_send_at == world.clock.now() + timedelta(seconds=30)
    assert again.ends_at == one.ends_at


def test_a_code_is_sent_no_oftener_than_the_service_says() -> None:
    world = World(max_sends=2)
    for _ in range(2):
        world.start()
        world.now(seconds=31)
    with pytest.raises(Conflict):
        world.start()


def test_a_repeated_request_finds_what_it_began() -> None:
    world = World()
    wish = world.wish()
    first = start(wish, office=world.office)
    assert start(wish, office=world.office) == first
    assert len(world.orders()) == 1


@pytest.mark.parametrize(
    "changes", [{"purpose": "payment"}, {"session": "another"}, {"customer_id": "cus_2"}]
)
def test_whatever_is_not_the_same_begins_anew_and_ends_the_one_before(
    changes: dict[str, Any],
) -> None:
    world = World()
    first = world.start()
    second = world.start(**changes)
    session = changes.get("session", SESSION)
    assert second.verification_id != first.verification_id
    assert world.check(first, world.code(first)).approved is None
    if "customer_id" not in changes:
        assert world.check(second, world.code(second), session=session).approved is not None


def test_once_over_the_next_start_begins_anew() -> None:
    world = World()
    ended = []
    for _ in range(4):
        one = world.start()
        ended.append(one.verification_id)
        match len(ended):
            case 1:
                world.check(one, world.code(one))
            case 2:
                cancel(one.verification_id, office=world.office)
            case 3:
                world.now(minutes=10)
    assert len(set(ended)) == 4


def test_a_canceled_code_is_worth_nothing_and_canceling_twice_is_once() -> None:
    world = World()
    one = world.start()
    for _ in range(2):
        assert cancel(one.verification_id, office=world.office).status is Status.CANCELED
    assert world.check(one, world.code(one)).refusal is Refusal.CANCELED


def test_canceling_what_was_approved_leaves_it_approved() -> None:
    world = World()
    one = world.start()
    world.check(one, world.code(one))
    assert cancel(one.verification_id, office=world.office).status is Status.APPROVED


def test_an_expired_code_is_refused_on_the_second() -> None:
    world = World()
    one = world.start()
    world.clock.at = one.ends_at - timedelta(milliseconds=1)
    assert world.check(one, world.wrong(one)).refusal is Refusal.WRONG
    world.clock.at = one.ends_at
    assert world.check(one, world.code(one)).refusal is Refusal.EXPIRED


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_jumps_back_or_forth_revives_no_code(minutes: int) -> None:
    world = World()
    one = world.start()
    world.check(one, world.code(one))
    world.now(minutes=minutes)
    assert world.check(one, world.code(one)).approved is None


def test_the_guard_sees_what_the_path_has_read() -> None:
    world = World()
    one = world.start()
    world.check(one, world.code(one))
    answered = world.clock.now()
    world.now(minutes=1)
    world.start()
    asked = world.guard.asked[-1]
    assert asked.address_starts == (one.created_at,)
    assert asked.session_starts == (one.created_at,)
    assert (asked.answered_at, asked.is_resend, asked.earlier) == (answered, False, 0)
    world.now(seconds=31)
    world.start()
    asked = world.guard.asked[-1]
    assert (asked.is_resend, asked.earlier) == (True, 1)


def test_a_refused_address_is_told_to_who_gave_it_and_nothing_is_kept() -> None:
    world = World()
    world.guard.refuse("kind_refused")
    with pytest.raises(Withheld) as told:
        world.start(address=PHONE, purpose="confirm_phone")
    assert told.value.reasons == ("kind_refused",), "for staff"
    assert "kind_refused" not in told.value.message, "and for nobody else"
    store = world.store
    assert isinstance(store, InMemoryVerifications)
    assert (store.subjects, store.sessions) == ({}, {})


def test_a_doubted_code_is_sent_and_the_doubt_stays_with_it() -> None:
    world = World()
    world.guard.verdict = Verdict(Decision.STEP_UP, ("new_device",))
    one = world.start()
    approved = world.check(one, world.code(one)).approved
    assert approved is not None
    assert approved.step_up == ("new_device",)


def test_a_channel_to_avoid_carries_no_code_but_another_does() -> None:
    world = World()
    world.guard.verdict = Verdict(Decision.STEP_UP, ("ported",), avoid=frozenset({"sms"}))
    one = world.start()
    assert [each.channel for each in one.attempts] == ["voice"]
    assert one.channel == "sms", "what is told is what was asked for"


def test_where_every_channel_is_to_be_avoided_nothing_is_sent() -> None:
    world = World()
    every = frozenset({"sms", "voice", "whatsapp"})
    world.guard.verdict = Verdict(Decision.STEP_UP, ("ported",), avoid=every)
    assert world.start().withheld == ("ported",)
    assert world.orders() == []


def test_a_start_that_keeps_being_overtaken_says_so() -> None:
    world = World()
    store = world.store
    assert isinstance(store, InMemoryVerifications)
    store.begin = lambda *_args: False  # type: ignore[method-assign]
    with pytest.raises(Transient):
        world.start()


def test_a_session_waits_for_its_latest_code() -> None:
    world = World()
    assert waiting_for(SESSION, office=world.office) is None
    one = world.start()
    assert waiting_for(SESSION, office=world.office) == one
    assert waiting_for("another", office=world.office) is None


def test_services_are_read_again_after_a_minute() -> None:
    world = World()
    in_force = ServicesInForce(world.services, world.clock)
    first = in_force.service("default")
    assert first is not None
    changed = first.model_copy(update={"version": 2, "max_sends": 3})
    assert world.services.save(changed)
    assert in_force.service("default") == first
    world.now(minutes=1)
    assert in_force.service("default") == changed
    assert in_force.service("nothing") is None


def test_the_default_service_needs_no_definition() -> None:
    world = World()
    world.services.services.clear()
    in_force = ServicesInForce(world.services, world.clock)
    assert in_force.service("default") is not None
    assert in_force.service("other") is None


def test_who_asks_too_often_is_told_so_whomever_they_ask_for() -> None:
    world = World()
    world.guard.refuse("source_budget")
    for customer in (CUSTOMER, "cus_nobody"):
        with pytest.raises(Conflict):
            world.start(customer_id=customer)
