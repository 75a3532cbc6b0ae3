"""The schedule's tick: twice, late, after what it was for is over, and over clocks that change."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.faults.stories import GRACE
from tests.faults.world import ADA, World, claims


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.agent(GRACE)
        made.writes(ADA, "Hello")
        made.step()
        yield made


def snooze(world: World, until: str) -> str:
    conversation = world.conversation_of(GRACE)
    path = f"/v1/conversations/{conversation}/snooze"
    answer = world.asks("POST", path, {"until": until}, claims(GRACE), "snooze")
    assert answer.status == 200, answer.text
    return conversation


def state(world: World, conversation: str) -> str:
    answer = world.request("GET", f"/v1/conversations/{conversation}", claims=claims(GRACE))
    return str(answer.json["state"])


def reopened(world: World) -> int:
    return [one["detail-type"] for one in world.facts].count("ConversationReopened.v1")


def tick(world: World, at: datetime) -> None:
    world.clock.at = at
    world.sweep()
    world.run_until_quiet()


def test_a_tick_that_comes_twice_wakes_once(world: World) -> None:
    until = world.clock.now() + timedelta(minutes=30)
    conversation = snooze(world, until.isoformat())

    world.clock.at = until
    world.sweep()
    world.sweep()
    world.run_until_quiet()

    assert state(world, conversation) == "open"
    assert reopened(world) == 1


def test_ticks_that_failed_for_an_hour_are_made_up_for_by_the_next(world: World) -> None:
    until = world.clock.now() + timedelta(minutes=30)
    conversation = snooze(world, until.isoformat())

    tick(world, until + timedelta(hours=1))

    assert state(world, conversation) == "open"
    assert reopened(world) == 1


@pytest.mark.parametrize("over", ["resolved", "woken by a message"])
def test_a_tick_for_what_is_over_does_nothing(world: World, over: str) -> None:
    until = world.clock.now() + timedelta(minutes=30)
    conversation = snooze(world, until.isoformat())
    if over == "resolved":
        path = f"/v1/conversations/{conversation}/resolve"
        world.asks("POST", path, {}, claims(GRACE), "resolve")
    else:
        world.bring(world.customer(ADA, "I am back"))
        world.run_until_quiet()
    before, told = state(world, conversation), reopened(world)

    tick(world, until)

    assert before == ("resolved" if over == "resolved" else "open")
    assert state(world, conversation) == before
    assert reopened(world) == told


def test_a_tick_before_its_time_wakes_nothing(world: World) -> None:
    until = world.clock.now() + timedelta(minutes=30)
    conversation = snooze(world, until.isoformat())

    tick(world, until - timedelta(seconds=1))

    assert state(world, conversation) == "snoozed"


@pytest.mark.parametrize(
    ("now", "until", "at"),
    [
        # Berlin: there is no 02:30 on this night, and two of them on that one.
        ("2026-03-28T20:00Z", "2026-03-29T03:30:00+02:00", "2026-03-29T01:30:00Z"),
        ("2026-10-24T20:00Z", "2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00Z"),
        ("2026-10-24T20:00Z", "2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00Z"),
        # A leap day, across the date line, and the last moment of February of a common year.
        ("2028-02-28T20:00Z", "2028-02-29T09:00:00+14:00", "2028-02-28T19:00:00Z"),
        ("2028-02-28T20:00Z", "2028-02-29T23:59:00-09:00", "2028-03-01T08:59:00Z"),
        ("2027-02-28T12:00Z", "2027-02-28T23:59:59Z", "2027-02-28T23:59:59Z"),
    ],
)
def test_a_time_with_an_offset_is_that_instant_over_clock_changes_and_leap_days(
    world: World, now: str, until: str, at: str
) -> None:
    moment = datetime.fromisoformat(at)
    world.clock.at = min(datetime.fromisoformat(now), moment - timedelta(hours=3))
    world.bring(world.customer(ADA, "Hello again"))
    world.run_until_quiet()
    conversation = snooze(world, until)

    tick(world, moment - timedelta(seconds=1))
    early = state(world, conversation)
    tick(world, moment)

    assert (early, state(world, conversation)) == ("snoozed", "open")
