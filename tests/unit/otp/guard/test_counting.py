"""Counting from a stream that repeats itself, with others counting at the same time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.contracts.events import Envelope
from rapport.kernel.clock import FixedClock
from rapport.kernel.errors import Transient
from rapport.kernel.ids import RandomIds
from rapport.otp import facts
from rapport.otp.guard_books import (
    MOST_RANGES,
    Counts,
    Kind,
    Observation,
    PrefixBook,
    prefix_book,
    prefix_content,
    spend_book,
    spend_content,
    spent,
    total,
)
from rapport.otp.guard_counting import TRIES, Counting, observation
from rapport.otp.guard_memory import InMemoryGuardBooks
from rapport.otp.guard_rules import GuardRules
from tests.unit.otp.builders import a_verification
from tests.unit.otp.guard.guarding import NOW, Stand, sequence

OPERATOR = "+886912"
SINCE = NOW - timedelta(hours=1)


def ordered(event_id: str, block: str = "34", at: datetime = NOW, cost: int = 50) -> Observation:
    return Observation(event_id, Kind.ORDERED, OPERATOR, block, at, at, cost=cost)


def approved(event_id: str, block: str = "34", at: datetime = NOW) -> Observation:
    return Observation(event_id, Kind.APPROVED, OPERATOR, block, at, at)


def counting(books: InMemoryGuardBooks) -> Counting:
    clock = FixedClock(NOW)
    return Counting(books, GuardRules, clock, RandomIds(clock))


def counted(books: InMemoryGuardBooks) -> Counts:
    prefixes, _ = books.read([OPERATOR], spending=False)
    return total(prefixes[OPERATOR].of_operator()[0], SINCE)


def money(books: InMemoryGuardBooks) -> int:
    return spent(books.read([], spending=True)[1], NOW).hour


def alarms(stand: Stand) -> list[tuple[object, object]]:
    """Window and whether its ceiling was reached, of each alarm told."""
    facts = [event.data for event in stand.books.events if "window" in event.data]
    return [(fact["window"], fact["reached"]) for fact in facts]


@given(
    events=st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=5),
)
def test_a_stream_that_repeats_in_other_batches_counts_each_event_once(
    events: list[tuple[int, bool]], cuts: list[int]
) -> None:
    stream = [
        ordered(f"evt{i}", f"{i % 7}") if is_order else approved(f"ans{i}", f"{i % 7}")
        for i, is_order in events
    ]
    books = InMemoryGuardBooks()
    counting(books).count(stream)
    for cut in cuts:
        counting(books).count(stream[:cut])
        counting(books).count(stream[cut:])
    starts = {one.event_id for one in stream if one.kind is Kind.ORDERED}
    answers = {one.event_id for one in stream if one.kind is Kind.APPROVED}
    assert counted(books) == Counts(len(starts), len(answers))
    assert money(books) == 50 * len(starts)


def test_two_who_count_the_same_prefix_at_once_lose_nothing() -> None:
    class Contended(InMemoryGuardBooks):
        """Another one writes between every read and write, a few times."""

        left = 3

        def save_prefix(self, book: PrefixBook, events: Sequence[Envelope]) -> bool:
            if self.left:
                self.left -= 1
                prefixes, _ = self.read([book.operator], spending=False)
                theirs = prefixes[book.operator].books[book.shard]
                other = ordered(f"other{self.left}")
                super().save_prefix(theirs.counting([other], SINCE), [])
            return super().save_prefix(book, events)

    books = Contended()
    counting(books).count([ordered("ours")])
    assert counted(books) == Counts(4, 0)


def test_a_batch_that_never_gets_its_turn_comes_again() -> None:
    class Busy(InMemoryGuardBooks):
        tries = 0

        def save_prefix(self, book: PrefixBook, events: Sequence[Envelope]) -> bool:
            self.tries += 1
            return False

    books = Busy()
    with pytest.raises(Transient):
        counting(books).count([ordered("ours")])
    assert books.tries == TRIES


def test_a_resend_costs_and_is_no_start() -> None:
    books = InMemoryGuardBooks()
    again = Observation("evt2", Kind.ORDERED, OPERATOR, "34", NOW, NOW, first=False, cost=50)
    counting(books).count([ordered("evt1"), again])
    assert (counted(books), money(books)) == (Counts(1, 0), 100)


def test_an_answer_counts_in_the_minute_of_its_start() -> None:
    started = NOW - timedelta(minutes=9)
    book = PrefixBook(OPERATOR, 0).counting([ordered("1", at=started)], SINCE)
    late = Observation("2", Kind.APPROVED, OPERATOR, "34", started, NOW)
    book = book.counting([late], SINCE)
    assert total([book.totals], started, started) == Counts(1, 1)
    assert total([book.totals], NOW) == Counts(0, 0)


def test_what_no_window_reaches_is_dropped() -> None:
    book = PrefixBook(OPERATOR, 0).counting([ordered("1")], SINCE)
    later = NOW + timedelta(minutes=20)
    book = book.counting([ordered("2", "99", later)], later - timedelta(minutes=10))
    assert list(book.ranges) == ["99"]
    assert sum(len(marks) for marks in book.seen.values()) == 1


def test_blocks_that_no_longer_count_are_dropped() -> None:
    stand = Stand()
    for number in sequence("+88691234", 10):
        stand.ask(number)
    stand.later(hours=24, minutes=4)
    stand.ask("+886912340001")
    assert [list(book.blocks) for book in stand.books.prefixes.values()] == [["34"]]
    stand.later(minutes=2)
    stand.ask("+886912340002")
    assert [list(book.blocks) for book in stand.books.prefixes.values()] == [[]]


def test_each_alarm_is_told_once_a_window() -> None:
    stand = Stand(hold=True)
    dear = [ordered(f"dear{i}", cost=30_000_000) for i in range(8)]
    for one in dear:
        stand.counting.count([one])
    told = alarms(stand)
    assert [one for one in told if one[0] == "hour"] == [("hour", False), ("hour", True)]
    stand.later(minutes=61)
    late = stand.clock.now()
    for i in range(8):
        stand.counting.count([ordered(f"late{i}", at=late, cost=30_000_000)])
    assert alarms(stand).count(("hour", True)) == 2


def test_a_book_never_outgrows_an_item() -> None:
    crowd = [ordered(f"evt{i}", f"{i:04d}") for i in range(3 * MOST_RANGES)]
    book = PrefixBook(OPERATOR, 0)
    for i in range(5):
        crowd = [ordered(f"{i}-{one.event_id}", one.block) for one in crowd]
        book = book.counting(crowd, SINCE)
    assert len(book.ranges) == MOST_RANGES
    assert len(prefix_content(book)) < 200_000


def test_books_are_read_as_they_were_written() -> None:
    stand = Stand()
    for number in sequence("+88691234", 30):
        stand.ask(number)
    for (operator, shard), book in stand.books.prefixes.items():
        assert prefix_book(operator, shard, book.version, prefix_content(book)) == book
    for shard, purse in stand.books.spending.items():
        assert spend_book(shard, purse.version, spend_content(purse)) == purse


def test_spending_slides_out_of_its_windows() -> None:
    stand = Stand(hold=True)
    books = stand.books
    stand.counting.count([ordered("1", cost=700)])
    assert (spent(books.spending.values(), NOW).hour, money(books)) == (700, 700)
    after = spent(books.spending.values(), NOW + timedelta(minutes=66))
    assert (after.hour, after.day) == (0, 700)
    assert spent(books.spending.values(), NOW + timedelta(hours=25, minutes=1)).day == 0


def test_the_facts_of_verifications_are_what_is_counted() -> None:
    one = a_verification(operator=OPERATOR, block="34")
    order, again = facts.ordered(one, 1, 60, NOW), facts.ordered(one, 2, 70, NOW)
    answer = facts.approved(one, NOW)
    first, second, third = map(observation, (order, again, answer))
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.kind, first.first, first.cost) == (Kind.ORDERED, True, 60)
    assert (first.operator, first.block, first.started_at) == (OPERATOR, "34", one.created_at)
    assert (second.first, second.cost) == (False, 70)
    assert (third.kind, third.started_at) == (Kind.APPROVED, one.created_at)
    assert observation(facts.canceled(one.verification_id, "superseded", NOW)) is None
