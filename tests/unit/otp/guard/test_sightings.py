"""Where codes are asked for, from start to answer, until it speaks against a later one."""

from dataclasses import replace

from rapport.otp.guard_rules import GuardRules, guard_rules_of
from rapport.otp.model import Verification
from tests.unit.otp.guard.guarding import a_guard
from tests.unit.otp.world import CUSTOMER, World

TAIPEI, TOKYO = (25.0330, 121.5654), (35.6762, 139.6503)


def guarded(rules: GuardRules | None = None) -> World:
    """A world that is guarded for real."""
    world = World()
    world.office = replace(world.office, guard=a_guard(rules))
    return world


def answered(world: World, **wish: object) -> Verification:
    one = world.start(**wish)
    assert world.check(one, world.code(one)).approved
    return world.stored(one)


def test_a_code_asked_for_too_far_from_the_last_one_proves_less() -> None:
    world = guarded()
    assert answered(world, place=TAIPEI).step_up == ()
    world.now(hours=1)
    assert answered(world, place=TOKYO).step_up == ("impossible_travel",)


def test_who_had_the_time_to_travel_is_not_doubted() -> None:
    world = guarded()
    answered(world, place=TAIPEI)
    world.now(hours=4)
    assert answered(world, place=TOKYO).step_up == ()


def test_a_place_counts_only_once_the_code_was_answered_there() -> None:
    world = guarded()
    answered(world, place=TAIPEI)
    world.now(minutes=1)
    world.start(place=TOKYO)
    world.now(minutes=11)
    assert answered(world, place=TAIPEI).step_up == ()


def test_a_new_device_is_a_matter_of_policy() -> None:
    strict = guard_rules_of(
        '{"risk": {"rules": [{"signal": "new_device", "decision": "step_up"}]}}'
    )
    for rules, doubts in ((None, ()), (strict, ("new_device",))):
        world = guarded(rules)
        assert answered(world, device="browser 1").step_up == ()
        world.now(minutes=1)
        assert answered(world, device="browser 1").step_up == ()
        world.now(minutes=1)
        assert answered(world, device="browser 2").step_up == doubts
        world.now(minutes=1)
        assert answered(world, device="browser 2").step_up == ()


def test_only_a_digest_and_a_rough_place_are_kept_of_the_latest_four() -> None:
    world = guarded(GuardRules(address=()))
    for number in range(6):
        answered(world, device=f"browser {number}", place=(25.0330 + number, 121.5654))
        world.now(minutes=1)
    subject = world.start().subject
    kept = world.store.look([subject], "nobody").subject(subject).answered_from
    assert [(one.latitude, one.longitude) for one in kept] == [
        (25.0 + number, 121.6) for number in (2, 3, 4, 5)
    ]
    assert kept[-1].device == world.office.digest("device", "browser 5")
    assert CUSTOMER not in str(kept)
