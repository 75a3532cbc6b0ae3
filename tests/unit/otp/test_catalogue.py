"""What goes wrong with codes (73 to 78 and 81 of the catalogue of things that go wrong)."""

import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from moto import mock_aws

from rapport.aws.clients import client
from rapport.kernel.errors import Conflict
from rapport.otp.model import (
    SESSION_FAILURES,
    SUBJECT_FAILURES,
    Contact,
    Refusal,
    Status,
    Verification,
)
from rapport.otp.ports import Verifications
from rapport.otp.store import DynamoVerifications
from tests.builders import PHONE
from tests.unit.otp.world import CUSTOMER, SESSION, World

GUESSES = 1_000_000
THREADS = 8
OTHER_PHONE = "+14155550199"

TABLE: dict[str, Any] = {
    "TableName": "verifications",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
}


@pytest.fixture
def dynamo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Verifications]:
    """The store on DynamoDB (moto, one thread at a time)."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client.cache_clear()
        made = client("dynamodb")
        made.create_table(**TABLE)
        yield DynamoVerifications(made, "verifications")
    client.cache_clear()


@pytest.fixture(params=["memory", "dynamo"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return World()
    return World(request.getfixturevalue("dynamo"))


def guesses_at(world: World, one: Verification, guesses: list[str]) -> list[bool]:
    """All of them from many threads at once; which of them were right."""

    def guess(part: list[str]) -> list[bool]:
        return [world.check(one, each).approved is not None for each in part]

    parts = [guesses[start::THREADS] for start in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        return [right for found in pool.map(guess, parts) for right in found]


# -- 73 -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_73_a_million_guesses_in_parallel_never_pass_the_limit() -> None:
    """Straight at the store, as if each had read the verification before the others wrote."""
    world = World()
    one = world.start()
    seed = int(os.environ.get("SEED", "1"))

    def guess(thread: int) -> int:
        taken = 0
        picked = random.Random(f"{seed}-{thread}")
        for number in range(GUESSES // THREADS):
            at = world.clock.now() + timedelta(milliseconds=picked.randrange(1_000))
            taken += world.store.refuse(one, f"req_{thread}_{number}", at, [])
        return taken

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(guess, range(THREADS))) == one.max_checks
    assert world.stored(one).checks == one.max_checks
    assert not world.store.approve(one, "req_late", world.clock.now(), [])
    seen = world.store.look([one.subject, one.address_digest], one.session)
    assert {found.failures for found in seen.subjects.values()} == {one.max_checks}


def test_73_guessing_through_the_service_in_parallel_takes_five_guesses() -> None:
    world = World()
    one = world.start()
    wrong = [f"{number:06d}" for number in range(2_000) if f"{number:06d}" != world.code(one)]

    assert not any(guesses_at(world, one, wrong))

    assert world.stored(one).checks == 5
    assert world.reasons().count("wrong") == 5
    assert world.check(one, world.code(one)).approved is None


def test_73_guesses_that_read_before_others_wrote_do_not_pass_the_limit(world: World) -> None:
    one = world.start()
    read = [world.stored(one) for _ in range(20)]
    at = world.clock.now()

    taken = [world.store.refuse(each, f"req_{n}", at, []) for n, each in enumerate(read)]
    assert sum(taken) == 5
    assert not any(world.store.approve(each, "req_1", at, []) for each in read)


def guess_until_refused(world: World, wishes: Iterator[dict[str, Any]]) -> int:
    """Start, guess wrong five times, start anew, until no code is given any more; how many."""
    guessed = 0
    for wish in wishes:
        try:
            one = world.start(**wish)
        except Conflict:
            return guessed
        session = wish.get("session", SESSION)
        for _ in range(5):
            wrong = world.check(one, world.wrong(one), session=session)
            guessed += wrong.refusal is Refusal.WRONG
    raise AssertionError("nothing ended it")


def test_73_whoever_keeps_asking_for_new_codes_still_ends_at_the_subjects_limit() -> None:
    wishes = ({"session": f"session-{number}"} for number in range(1_000))
    assert guess_until_refused(World(), wishes) == SUBJECT_FAILURES


def test_73_a_session_that_guesses_at_many_people_ends_at_its_own_limit() -> None:
    numbers = (f"+1415555{number:04d}" for number in range(1_000))
    wishes = ({"address": number, "purpose": "confirm_phone"} for number in numbers)
    assert guess_until_refused(World(), wishes) == SESSION_FAILURES


# -- 74 -------------------------------------------------------------------------------------------


def test_74_of_parallel_right_answers_one_wins() -> None:
    for _ in range(50):
        world = World()
        one = world.start()
        assert sum(guesses_at(world, one, [world.code(one)] * 16)) == 1
        assert world.stored(one).status is Status.APPROVED


def test_74_of_two_right_answers_that_both_read_it_open_one_wins(world: World) -> None:
    one = world.start()
    read = [world.stored(one), world.stored(one)]
    at = world.clock.now()

    won = [world.store.approve(each, f"req_{n}", at, []) for n, each in enumerate(read)]

    assert won == [True, False]


def test_74_the_winners_repetition_after_a_lost_answer_hears_yes_again(world: World) -> None:
    one = world.start()
    code = world.code(one)
    heard = [world.check(one, code, request_id=name) for name in ("req_a", "req_a", "req_b")]
    assert [each.approved is not None for each in heard] == [True, True, False]


# -- 75 -------------------------------------------------------------------------------------------


def test_75_a_resend_sends_the_same_code_and_takes_back_no_failure(world: World) -> None:
    one = world.start()
    for _ in range(3):
        world.check(one, world.wrong(one))
    world.now(seconds=31)

    again = world.start()

    assert again.verification_id == one.verification_id
    assert world.code(world.stored(again)) == world.code(one)
    assert world.stored(one).checks == 3
    for _ in range(2):
        assert world.check(one, world.wrong(one)).refusal is Refusal.WRONG
    assert world.check(one, world.code(one)).refusal is Refusal.MAX_ATTEMPTS


def test_75_a_new_code_takes_back_no_failure_of_its_subject_address_or_session(
    world: World,
) -> None:
    first = world.start()
    for _ in range(5):
        world.check(first, world.wrong(first))
    second = world.start()
    assert second.verification_id != first.verification_id

    seen = world.store.look([first.subject, first.address_digest], first.session)

    assert [seen.subject(one).failures for one in (first.subject, first.address_digest)] == [5, 5]
    assert seen.session.settled(seen) == 5


def test_75_a_new_code_revives_no_old_one(world: World) -> None:
    first = world.start()
    second = world.start(purpose="payment")
    assert world.check(first, world.code(first)).refusal is Refusal.UNKNOWN
    assert world.check(second, world.code(first)).refusal is Refusal.WRONG
    assert world.check(second, world.code(second)).approved is not None


# -- 76 -------------------------------------------------------------------------------------------


def test_76_a_code_is_no_good_in_another_session(world: World) -> None:
    one = world.start()
    elsewhere = world.check(one, world.code(one), session="rec_thief")
    assert elsewhere.refusal is Refusal.OTHER_SESSION
    assert world.stored(one).checks == 0, "and whoever tries there costs its owner no guess"
    assert world.check(one, world.code(one)).approved is not None


def test_76_a_code_is_no_good_for_another_purpose(world: World) -> None:
    one = world.start()
    assert world.check(one, world.code(one), purpose="payment").approved is None
    other = world.start(address=PHONE, purpose="payment", session="s2")
    assert world.check(other, world.code(one), session="s2").refusal is Refusal.WRONG


def test_76_a_code_is_no_good_for_another_address(world: World) -> None:
    mine = world.start(address=PHONE, purpose="confirm_phone", session="s1")
    theirs = world.start(address=OTHER_PHONE, purpose="confirm_phone", session="s2")
    assert world.check(theirs, world.code(mine), session="s2").refusal is Refusal.WRONG
    assert world.check(mine, world.code(mine), session="s1").approved is not None


# -- 77 -------------------------------------------------------------------------------------------


def full_width(code: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) for char in code)


def test_77_full_width_digits_and_a_trailing_newline_are_the_code_they_show(world: World) -> None:
    for spell in (full_width, lambda code: f"{code}\n", lambda code: f" {code[:3]} {code[3:]}"):
        one = world.start()
        assert world.check(one, spell(world.code(one))).approved is not None


@pytest.mark.parametrize(
    "guess",
    ["", "\n", "12345", "1234567", "12345a", "¹²³⁴⁵⁶", "一二三四五六", "\ud800", "0" * 10_000],
)
def test_77_what_is_no_code_is_one_wrong_guess_and_breaks_nothing(world: World, guess: str) -> None:
    one = world.start()
    assert world.check(one, guess).refusal is Refusal.WRONG
    assert world.stored(one).checks == 1


# -- 78 -------------------------------------------------------------------------------------------


def test_78_a_start_on_an_unknown_customer_looks_the_same_and_sends_nothing(world: World) -> None:
    known, unknown = world.start(), world.start(customer_id="cus_nobody", session="s2")

    told = [
        (one.channel, one.status, one.ends_at, one.next_send_at, one.max_checks, one.asked_sends)
        for one in (known, unknown)
    ]
    assert told[0] == told[1]
    assert len(known.verification_id) == len(unknown.verification_id)
    assert len(world.guard.asked) == 2, "the guard is asked either way"
    assert unknown.address is None


def test_78_checks_on_an_unknown_customer_end_like_any_others(world: World) -> None:
    one = world.start(customer_id="cus_nobody")
    for _ in range(5):
        assert world.check(one, world.wrong(one)).refusal is Refusal.WRONG
    assert world.check(one, world.code(one)).refusal is Refusal.MAX_ATTEMPTS
    assert world.stored(one).status_at(world.clock.now()) is Status.MAX_ATTEMPTS


def test_78_the_code_of_an_unknown_customer_is_never_right(world: World) -> None:
    one = world.start(customer_id="cus_nobody")
    assert world.check(one, world.code(one)).refusal is Refusal.WRONG


def test_78_resends_to_an_unknown_customer_are_counted_like_any_others(world: World) -> None:
    def sends(customer: str, session: str) -> list[int]:
        found = []
        for _ in range(5):
            found.append(world.start(customer_id=customer, session=session).asked_sends)
            world.now(seconds=31)
        with pytest.raises(Conflict):
            world.start(customer_id=customer, session=session)
        return found

    assert sends(CUSTOMER, "s1") == sends("cus_nobody", "s2") == [1, 2, 3, 4, 5]


def test_78_a_check_on_an_unknown_id_counts_at_its_session(world: World) -> None:
    strange = f"ver_{'0' * 26}{'0' * 16}"
    for unknown in (strange, "ver_1", "", "../../etc"):
        assert world.check(unknown, "123456").refusal is Refusal.UNKNOWN
    assert world.store.look([], world.office.digest("session", SESSION)).session.failures == 4


def test_78_a_guards_refusal_tells_nothing_of_a_customers_address(world: World) -> None:
    world.guard.refuse("country_not_allowed")
    one = world.start()
    assert one.asked_sends == 1
    assert one.withheld == ("country_not_allowed",)
    assert world.check(one, world.code(one)).refusal is Refusal.WRONG


# -- 81 -------------------------------------------------------------------------------------------


def test_81_a_number_changed_in_mid_challenge_ends_it(world: World) -> None:
    one = world.start()
    world.book.customers[CUSTOMER] = (Contact("phone", OTHER_PHONE, 2),)

    assert world.check(one, world.code(one)).refusal is Refusal.ADDRESS_CHANGED
    assert world.stored(one).status is Status.CANCELED

    world.book.customers[CUSTOMER] = (Contact("phone", PHONE, 2),)
    assert world.check(one, world.code(one)).refusal is Refusal.CANCELED, "for good"


def test_81_a_code_to_the_new_number_ends_the_one_to_the_old(world: World) -> None:
    old = world.start()
    world.book.customers[CUSTOMER] = (Contact("phone", OTHER_PHONE, 2),)
    new = world.start()
    assert new.address == OTHER_PHONE
    assert world.check(old, world.code(old)).approved is None
    assert world.check(new, world.code(old)).approved is None
    assert world.check(new, world.code(new)).approved is not None


def test_81_a_number_corrected_in_the_same_session_ends_the_code_to_the_first(
    world: World,
) -> None:
    first = world.start(address=PHONE, purpose="confirm_phone")
    second = world.start(address=OTHER_PHONE, purpose="confirm_phone")
    assert world.stored(first).status is Status.CANCELED
    assert world.check(first, world.code(first)).approved is None
    assert world.check(second, world.code(second)).approved is not None


def test_81_the_code_to_a_first_number_is_refused_even_where_its_end_was_not_written(
    world: World,
) -> None:
    """Killed between the new verification and the note at the old one."""
    first = world.start(address=PHONE, purpose="confirm_phone")
    end = type(world.store).end
    try:
        type(world.store).end = lambda *_args: False  # type: ignore[method-assign]
        world.start(address=OTHER_PHONE, purpose="confirm_phone")
    finally:
        type(world.store).end = end  # type: ignore[method-assign]
    assert world.stored(first) == replace(first)
    assert world.check(first, world.code(first)).refusal is Refusal.SUPERSEDED
