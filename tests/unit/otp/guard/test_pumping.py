"""Pumping: what attackers send through us, and what honest people must not notice."""

from datetime import timedelta

import pytest

from rapport.contracts.otp_guard import PrefixBlocked, PrefixReleased
from rapport.otp.guard_books import Kind
from rapport.otp.guard_rules import GuardRules
from rapport.otp.prefixes import destination
from tests.unit.otp.guard.guarding import Stand, allowed, sequence

RANGE = "+88691234"


def test_79_sequential_numbers_are_stopped_within_a_range_of_ten_thousand() -> None:
    stand = Stand()
    sent = 0
    for number in sequence(RANGE, 2000):
        stand.later(milliseconds=5)
        sent += allowed(stand.ask(number))
    assert sent == stand.rules.range_level.unanswered


def test_79_sequential_numbers_are_stopped_before_the_stream_has_told_of_any() -> None:
    stand = Stand(hold=True)
    sent = 0
    for number in sequence(RANGE, 400):
        stand.later(milliseconds=5)
        sent += allowed(stand.ask(number))
    assert sent == stand.rules.range_level.unanswered


def test_79_numbers_rented_in_many_ranges_are_stopped_by_their_operator() -> None:
    stand = Stand()
    sent = 0
    for i in range(3000):
        stand.later(milliseconds=5)
        sent += allowed(stand.ask(f"+886912{i * 7 % 100:02d}{i:04d}"))
    rules = stand.rules
    # The bar of the operator, and of each quiet range what it is trusted with.
    assert sent <= rules.operator_level.unanswered + 100 * rules.quiet
    assert sent < 100 * rules.range_level.unanswered


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("+449098790000", "kind_refused"),  # premium rate
        ("+448431234567", "kind_refused"),  # shared cost
        ("+979123456789", "kind_refused"),  # international premium rate
        ("+80812345678", "kind_refused"),  # international shared cost
        ("+881612345678", "no_country"),  # satellite
        ("+870773123456", "no_country"),  # satellite
        ("+882131234567", "unassigned"),
        ("+447700900123", "unassigned"),  # kept for films
        ("+10005551234", "unassigned"),
        ("+88691234", "unassigned"),  # too short
        ("+886223456789", "kind_refused"),  # a landline takes no text messages
        ("12345", "unassigned"),
        ("", "unassigned"),
    ],
)
def test_79_premium_satellite_shared_cost_and_unassigned_numbers_get_no_code(
    number: str, code: str
) -> None:
    stand = Stand()
    judged = stand.ask(number or "+")
    assert code in judged.reasons
    assert not allowed(judged)
    assert not stand.books.prefixes


def test_a_landline_may_be_called() -> None:
    assert allowed(Stand().ask("+886223456789", channel="voice"))


def test_80_a_prefix_with_low_conversion_blocks_itself() -> None:
    stand = Stand()
    for i, number in enumerate(sequence(RANGE, 12)):
        stand.later(seconds=20)
        stand.ask(number, answers=i % 10 == 0)
    judged = stand.ask(f"{RANGE}9999")
    assert judged.reasons == ("range_blocked",)
    assert stand.facts == [PrefixBlocked.detail_type]


def test_80_a_prefix_of_real_people_does_not_block_itself() -> None:
    stand = Stand()
    for i, number in enumerate(sequence(RANGE, 500)):
        stand.later(seconds=3)
        assert allowed(stand.ask(number, answers=i % 3 != 0))
    assert stand.facts == []


def test_80_a_block_ends_by_itself_and_each_one_after_it_lasts_twice_as_long() -> None:
    stand = Stand()
    lengths = []
    numbers = iter(sequence(RANGE, 5000))
    for _ in range(10):
        while allowed(judged := stand.ask(next(numbers))):
            stand.later(milliseconds=200)
        (reason,) = judged.details
        assert reason.ends_at is not None
        prefixes, _ = stand.books.read(["+886912"], spending=False)
        _, last = prefixes["+886912"].of_range("34")
        assert last is not None
        lengths.append(last.until - last.since)
        stand.later(seconds=(last.until - stand.clock.now()).total_seconds() + 1)
    minutes = [length / timedelta(minutes=1) for length in lengths]
    assert minutes == [5, 10, 20, 40, 80, 160, 320, 640, 720, 720]


def test_80_after_a_block_fewer_unanswered_codes_are_enough() -> None:
    stand = Stand()
    numbers = iter(sequence(RANGE, 100))
    while allowed(stand.ask(next(numbers))):
        pass
    stand.later(minutes=5, seconds=61)
    sent = 0
    while allowed(stand.ask(next(numbers))):
        stand.later(seconds=10)
        sent += 1
    assert sent == stand.rules.range_level.trial


def test_80_a_block_is_lifted_early_when_its_codes_are_answered_after_all() -> None:
    stand = Stand()
    numbers = sequence(RANGE, 7)
    sent = [number for number in numbers if allowed(stand.ask(number))]
    assert not allowed(stand.ask(numbers[-1]))
    for number in sent:
        stand.tell(Kind.APPROVED, number)
    stand.later(seconds=3)
    assert allowed(stand.ask(f"{RANGE}7777"))
    assert stand.facts == [PrefixBlocked.detail_type, PrefixReleased.detail_type]


def test_80_a_block_is_forgotten_after_a_quiet_day() -> None:
    stand = Stand()
    numbers = iter(sequence(RANGE, 100))
    while allowed(stand.ask(next(numbers))):
        pass
    stand.later(hours=25)
    sent = 0
    while allowed(judged := stand.ask(next(numbers))):
        sent += 1
    assert sent == stand.rules.range_level.unanswered
    assert judged.details[0].numbers["strikes"] == 1


def test_79_a_patient_attack_is_seen_in_the_long_window() -> None:
    stand = Stand()
    sent = 0
    for number in sequence(RANGE, 60):
        stand.later(minutes=5)
        sent += allowed(stand.ask(number))
    rules = stand.rules.range_level
    assert rules.patient <= sent <= rules.patient + 5 * rules.trial


def test_80_a_quiet_range_of_real_people_is_not_blocked_in_the_long_window() -> None:
    stand = Stand()
    for i, number in enumerate(sequence(RANGE, 200)):
        stand.later(minutes=5)
        assert allowed(stand.ask(number, answers=i % 3 != 0))
    assert stand.facts == []


def test_who_has_answered_a_code_before_passes_a_blocked_prefix() -> None:
    stand = Stand()
    for number in sequence(RANGE, 20):
        stand.ask(number)
    assert not allowed(stand.ask(f"{RANGE}5555"))
    answered = stand.clock.now() - timedelta(days=100)
    assert allowed(stand.ask(f"{RANGE}5555", answered_at=answered))
    too_old = stand.clock.now() - stand.rules.proven - timedelta(seconds=1)
    assert not allowed(stand.ask(f"{RANGE}5555", answered_at=too_old))


def test_other_ranges_of_the_operator_go_on_when_one_is_blocked() -> None:
    stand = Stand()
    for number in sequence(RANGE, 20):
        stand.ask(number)
    assert allowed(stand.ask("+886912990000"))


def test_quiet_ranges_go_on_when_their_operator_is_blocked() -> None:
    stand = Stand()
    for i in range(300):
        stand.ask(f"+886912{i % 60:02d}{i:04d}")
    noisy, quiet = stand.ask("+886912005555"), stand.ask("+886912995555")
    assert noisy.reasons in {("operator_blocked",), ("range_blocked",)}
    assert allowed(quiet)


def test_a_range_over_its_budget_is_blocked_however_well_it_converts() -> None:
    level = GuardRules().range_level.model_copy(update={"budget": 30})
    stand = Stand(rules=GuardRules(range_level=level))
    sent = 0
    for number in sequence(RANGE, 50):
        stand.later(seconds=3)
        sent += allowed(stand.ask(number, answers=True))
    assert 28 <= sent <= 31
    assert stand.ask(f"{RANGE}8888").details[0].numbers["reason"] == "over_budget"


def test_an_operator_and_its_range_make_the_number_without_its_last_four_digits() -> None:
    where = destination("+886912345678")
    assert (where.operator, where.block, where.range) == ("+886912", "34", "+88691234")
