"""Killed before or after any call: never two valid codes, never a lost count, never two sends."""

from collections.abc import Callable
from typing import Any

import pytest

from rapport.otp.memory import InMemoryVerifications
from rapport.otp.model import Attempt, AttemptStatus, Status, Verification
from rapport.otp.starting import start
from tests.unit.notifications.fakes import REFUSED, SENT, Died
from tests.unit.otp.world import SESSION, World

CALLS = ("look", "get", "begin", "order", "refuse", "note_failure", "approve", "end")
SENDING = ("begin_attempt", "end_attempt")
MOST_CALLS = 8


class Mortal:
    """A store whose caller dies before or after the call of a number."""

    def __init__(self, inner: InMemoryVerifications) -> None:
        self.inner = inner
        self.left = -1
        self.after = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name not in CALLS + SENDING:
            return found

        def call(*args: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise Died
            answer = found(*args, **named)
            if self.left == 0 and self.after:
                raise Died
            return answer

        return call


Step = Callable[[World], Any]


def resend(world: World) -> Verification:
    world.now(seconds=31)
    return world.start()


def of(world: World) -> Verification:
    store: Any = world.store
    held = (one.verification for one in store.subjects.values())
    found: Verification = next(one for one in held if one)
    return found


def same_request(**changes: Any) -> Step:
    """A start whose repetition is the same request."""
    kept: dict[int, Any] = {}

    def step(world: World) -> Verification:
        wish = kept.setdefault(id(world), world.wish(**changes))
        return start(wish, office=world.office)

    return step


def guess(*, right: bool) -> Step:
    def step(world: World) -> Any:
        one = of(world)
        return world.check(one, world.code(one) if right else world.wrong(one), request_id="req_x")

    return step


STORIES: dict[str, Callable[[], tuple[Step, ...]]] = {
    "start": lambda: (same_request(),),
    "start again": lambda: (same_request(), resend),
    "another purpose": lambda: (same_request(), same_request(purpose="payment")),
    "another number": lambda: (
        same_request(address="+14155550100", purpose="confirm_phone"),
        same_request(address="+14155550199", purpose="confirm_phone"),
    ),
    "wrong": lambda: (same_request(), guess(right=False)),
    "right": lambda: (same_request(), guess(right=True)),
    "wrong then right": lambda: (same_request(), guess(right=False), guess(right=True)),
}


def valid_codes(world: World) -> list[Verification]:
    """The verifications whose code the session could answer now."""
    store: Any = world.store
    current = world.store.look([], world.office.digest("session", SESSION)).session.current
    held = [one.verification for one in store.subjects.values() if one.verification]
    now = world.clock.now()
    return [one for one in held if one.is_open(now) and one.verification_id == current]


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(1, MOST_CALLS + 1))
def test_a_death_anywhere_leaves_one_valid_code_and_every_count(
    story: str, after: bool, number: int
) -> None:
    mortal = Mortal(InMemoryVerifications())
    world = World(mortal)
    steps = STORIES[story]()
    for step in steps[:-1]:
        step(world)
    mortal.left, mortal.after = number, after
    try:
        told = steps[-1](world)
    except Died:
        assert len(valid_codes(world)) <= 1
        told = steps[-1](world)  # the caller asks again
    mortal.left = -1

    one = of(world)
    if story.endswith("right"):
        assert told.approved is not None
        assert one.status is Status.APPROVED
        assert not world.check(one, world.code(one)).approved
    else:
        assert [each.verification_id for each in valid_codes(world)] == [
            world.store.look([], world.office.digest("session", SESSION)).session.current
        ]
    if story == "wrong":
        seen = world.store.look([one.subject, one.address_digest], one.session)
        counts = [seen.subject(each).failures for each in (one.subject, one.address_digest)]
        assert one.checks == 1, "heard once, counted once"
        assert counts == [one.checks, one.checks]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("answers", [(SENT,), (REFUSED, SENT)])
def test_a_death_while_sending_sends_each_attempt_once_at_most(
    answers: tuple[Any, ...], number: int, after: bool
) -> None:
    mortal = Mortal(InMemoryVerifications())
    world = World(mortal, *answers)
    one = world.start()
    mortal.left, mortal.after = number, after
    for _ in range(4):
        try:
            world.deliver()
        except Died:
            continue
    mortal.left = -1
    world.now(seconds=91)
    world.follow()
    for _ in range(2):
        world.deliver()
        world.now(seconds=91)
        world.follow()

    channels = [message.channel for message in world.phone]
    assert len(channels) == len(set(channels)), "one message an attempt"
    assert {str(message.extra["code"]) for message in world.phone} == {world.code(one)}
    ended = {each.status for each in world.stored(one).attempts}
    assert not ended & {AttemptStatus.ORDERED, AttemptStatus.SENDING}
    assert isinstance(world.stored(one).attempts[0], Attempt)
    assert world.check(one, world.code(one)).approved is not None
