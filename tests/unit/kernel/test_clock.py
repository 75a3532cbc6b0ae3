"""Times as text, and times that are not believed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.kernel.clock import FixedClock, SystemClock, believable, iso, parse_iso
from tests.builders import NOW, after

MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    max_value=datetime(2999, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(MOMENTS, MOMENTS)
def test_texts_sort_as_their_times_do_to_the_millisecond(one: datetime, other: datetime) -> None:
    if abs(one - other) >= timedelta(milliseconds=1):
        assert (iso(one) < iso(other)) == (one < other)


@given(MOMENTS)
def test_reading_a_text_gives_the_time_to_the_millisecond(moment: datetime) -> None:
    assert timedelta(0) <= moment - parse_iso(iso(moment)) < timedelta(milliseconds=1)


def test_a_time_elsewhere_is_written_in_utc() -> None:
    elsewhere = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert iso(elsewhere) == "2025-12-31T19:30:00.000Z"


def test_a_text_without_a_zone_counts_as_utc() -> None:
    assert parse_iso("2026-11-20T12:00:00") == NOW


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_what_names_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_iso(text)


@pytest.mark.parametrize(
    ("claimed", "believed"),
    [
        (None, NOW),
        (after(minutes=-10), after(minutes=-10)),
        (after(minutes=5), after(minutes=5)),
        (after(minutes=5, milliseconds=1), NOW),
        (after(days=36500), NOW),
        (datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC)),
        (datetime(1999, 12, 31, tzinfo=UTC), NOW),
        (datetime(1, 1, 1, tzinfo=UTC), NOW),
    ],
)
def test_a_time_of_the_future_or_before_2000_is_not_believed(
    claimed: datetime | None, believed: datetime
) -> None:
    assert believable(claimed, NOW) == believed


def test_a_fixed_clock_stands_until_it_is_moved() -> None:
    clock = FixedClock(NOW)
    assert clock.now() == clock.now() == NOW
    clock.advance(timedelta(minutes=1))
    assert clock.now() == after(minutes=1)


def test_the_system_clock_tells_utc() -> None:
    assert SystemClock().now().tzinfo is UTC
