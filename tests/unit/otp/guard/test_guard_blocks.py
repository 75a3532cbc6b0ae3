"""When a prefix is blocked: the bar, whatever the numbers."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from rapport.otp.guard_blocks import recovered, remembered, standing
from rapport.otp.guard_books import Block, Counts, minute_of
from rapport.otp.guard_rules import Blocks, GuardRules, Level
from tests.unit.otp.guard.guarding import NOW

RULES = GuardRules()
LEVEL = RULES.range_level
counts = st.integers(0, 2000)


def counted(
    starts: int, approvals: int, level: Level = LEVEL, known: Block | None = None
) -> Block | None:
    minutes = [{minute_of(NOW): (starts, approvals)}]
    return standing(minutes, known, level, RULES, NOW).block


@given(starts=counts, approvals=counts)
def test_only_few_approvals_of_enough_starts_block(starts: int, approvals: int) -> None:
    block = counted(starts, min(starts, approvals))
    answered = min(starts, approvals)
    is_low = starts - answered >= LEVEL.unanswered and answered < LEVEL.conversion * starts
    assert (block is not None) == (is_low or starts > LEVEL.budget)


@given(starts=counts, approvals=counts)
def test_one_approval_more_never_blocks(starts: int, approvals: int) -> None:
    if counted(starts, approvals) is None:
        assert counted(starts, approvals + 1) is None


@given(strikes=st.integers(1, 60))
def test_every_block_lasts_between_five_minutes_and_twelve_hours(strikes: int) -> None:
    before = Block("low_conversion", NOW - timedelta(hours=1), NOW, strikes, Counts())
    block = counted(500, 0, known=before)
    assert block is not None
    assert block.strikes == strikes + 1
    assert timedelta(minutes=5) < block.until - block.since <= timedelta(hours=12)


def test_a_block_in_force_stays_as_it_is_whatever_is_counted() -> None:
    known = Block("low_conversion", NOW, NOW + timedelta(minutes=5), 1, Counts(6, 0))
    assert counted(1000, 1000, known=known) is known
    assert counted(0, 0, known=known) is known


@given(starts=st.integers(1, 100), approvals=st.integers(0, 100))
def test_a_block_recovers_by_answers_to_the_codes_that_set_it(starts: int, approvals: int) -> None:
    block = Block("low_conversion", NOW, NOW + timedelta(minutes=5), 1, Counts(6, 0))
    later = NOW + timedelta(minutes=2)
    minutes = [{minute_of(NOW): (starts, approvals), minute_of(later): (1000, 1000)}]
    found = recovered(minutes, block, RULES, later)
    assert (found is not None) == (approvals >= RULES.blocks.recovered * starts)


def test_a_block_for_too_many_starts_does_not_recover_by_answers() -> None:
    block = Block("over_budget", NOW, NOW + timedelta(minutes=5), 1, Counts(700, 700))
    assert recovered([{minute_of(NOW): (700, 700)}], block, RULES, NOW) is None


def test_a_block_is_remembered_for_a_day_after_its_end() -> None:
    block = Block("low_conversion", NOW, NOW + timedelta(minutes=5), 3, Counts(6, 0))
    forget = Blocks().forget
    assert remembered(block, RULES, block.until + forget - timedelta(seconds=1)) is block
    assert remembered(block, RULES, block.until + forget) is None
