"""Risk: numbers that changed hands, strange devices, journeys that nobody makes."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.otp.guard import PumpingGuard
from rapport.otp.guard_memory import InMemoryGuardBooks, InMemorySources
from rapport.otp.guard_rules import GuardRules
from rapport.otp.model import NumberEvent, Sighting
from rapport.otp.ports import Decision, Request
from rapport.otp.risk import (
    EARTH_KM,
    Name,
    Policy,
    PolicyRisk,
    Rule,
    State,
    ToldSightings,
    device_signal,
    kilometres,
    travel_signal,
)
from tests.unit.otp.guard.guarding import NOW, a_request

TAIPEI, TOKYO, LONDON = (25.0330, 121.5654), (35.6762, 139.6503), (51.5074, -0.1278)
POLICY = Policy()


class Carrier:
    """What a carrier said."""

    def __init__(self, *events: NumberEvent) -> None:
        self.said = events

    def events(self, number: str) -> Sequence[NumberEvent]:
        return self.said


class Silent:
    """No carrier tells."""

    def events(self, number: str) -> None:
        return None


class Seen:
    """Where somebody was, and is."""

    def __init__(self, here: Sighting, *before: Sighting) -> None:
        self.here, self.earlier = here, before

    def before(self, request: Request) -> Sequence[Sighting]:
        return self.earlier

    def now(self, request: Request) -> Sighting:
        return self.here


def at(place: tuple[float, float], **ago: float) -> Sighting:
    return Sighting(NOW - timedelta(**ago), *place)


def test_the_haversine_distance_of_known_places() -> None:
    assert kilometres(at(TAIPEI), at(TOKYO)) == pytest.approx(2103, abs=10)
    assert kilometres(at(LONDON), at(LONDON)) == 0
    poles = kilometres(at((90.0, 0.0)), at((-90.0, 57.0)))
    assert poles == pytest.approx(3.141592653589793 * EARTH_KM)


places = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(one=places, other=places)
def test_a_distance_is_the_same_both_ways_and_never_over_half_the_earth(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    there, back = kilometres(at(one), at(other)), kilometres(at(other), at(one))
    assert there == pytest.approx(back)
    assert 0 <= there <= 3.1415926536 * EARTH_KM


@pytest.mark.parametrize(
    ("here", "before", "state"),
    [
        (at(TOKYO), at(TAIPEI, hours=1), State.PRESENT),
        (at(TOKYO), at(TAIPEI, hours=4), State.ABSENT),
        (at(TOKYO), at(TAIPEI), State.PRESENT),
        (at((25.1, 121.6)), at(TAIPEI, seconds=1), State.ABSENT),  # as good as the same place
        (Sighting(NOW), at(TAIPEI), State.UNKNOWN),
        (at((float("nan"), 0.0)), at(TAIPEI), State.UNKNOWN),
        (at((91.0, 0.0)), at(TAIPEI), State.UNKNOWN),
        (at(TOKYO), at(TAIPEI, hours=-1), State.UNKNOWN),  # seen later than now: another clock
    ],
)
def test_impossible_travel(here: Sighting, before: Sighting, state: State) -> None:
    assert travel_signal(here, [before], POLICY).state is state


def test_travel_is_told_from_the_latest_place() -> None:
    before = [at(LONDON, hours=2), at(TAIPEI, hours=1, minutes=59), at(TOKYO, minutes=30)]
    assert travel_signal(at(TOKYO), before, POLICY).state is State.ABSENT


def test_a_new_device_is_one_that_a_customer_with_devices_never_used() -> None:
    known = Sighting(NOW, device="d1")
    assert device_signal(Sighting(NOW, device="d2"), [known]).state is State.PRESENT
    assert device_signal(Sighting(NOW, device="d1"), [known]).state is State.ABSENT
    assert device_signal(Sighting(NOW, device="d1"), []).state is State.UNKNOWN
    assert device_signal(None, [known]).state is State.UNKNOWN


def test_a_number_that_was_given_up_gets_no_code() -> None:
    gone = NumberEvent("deactivated", NOW - timedelta(days=400), "carrier feed")
    assessed = PolicyRisk(Carrier(gone), ToldSightings(), POLICY).assess(a_request())
    assert assessed.decision is Decision.REFUSE
    assert assessed.reasons == ("number_deactivated",)
    (signal,) = [one for one in assessed.signals if one.state is State.PRESENT]
    assert (signal.source, signal.numbers) == ("carrier feed", {"days_ago": 400})


@pytest.mark.parametrize(("days", "decision"), [(1, "step_up"), (6, "step_up"), (8, "allow")])
def test_a_number_ported_lately_proves_little_by_text_or_call(days: int, decision: str) -> None:
    ported = NumberEvent("ported", NOW - timedelta(days=days), "carrier")
    assessed = PolicyRisk(Carrier(ported), ToldSightings(), POLICY).assess(a_request())
    assert assessed.decision == decision
    assert ("sms" in assessed.avoid) is (decision == "step_up")


def test_a_carrier_that_does_not_tell_leaves_the_signal_unknown() -> None:
    assessed = PolicyRisk(Silent(), ToldSightings(), POLICY).assess(a_request())
    assert assessed.decision is Decision.ALLOW
    assert {one.state for one in assessed.signals} == {State.UNKNOWN}


def test_the_strictest_rule_decides_and_all_reasons_are_given() -> None:
    policy = Policy(
        rules=(
            Rule(signal=Name.NEW_DEVICE, decision=Decision.STEP_UP),
            Rule(signal=Name.IMPOSSIBLE_TRAVEL, decision=Decision.REFUSE),
        )
    )
    here = Sighting(NOW, *TOKYO, device="new")
    before = Sighting(NOW - timedelta(minutes=5), *LONDON, device="old")
    assessed = PolicyRisk(Carrier(), Seen(here, before), policy).assess(a_request())
    assert assessed.decision is Decision.REFUSE
    assert set(assessed.reasons) == {"new_device", "impossible_travel"}


def test_risk_and_guard_speak_in_one_verdict() -> None:
    ported = NumberEvent("ported", NOW - timedelta(days=1), "carrier")
    risk = PolicyRisk(Carrier(ported), ToldSightings(), POLICY)
    guard = PumpingGuard(InMemoryGuardBooks(), InMemorySources(), GuardRules, risk)
    judged = guard.judge(a_request())
    assert judged.decision is Decision.STEP_UP
    assert judged.reasons == ("number_ported",)
    assert judged.avoid == {"sms", "voice"}
    refused = guard.judge(a_request(address="+881612345678"))
    assert refused.decision is Decision.REFUSE
    assert refused.reasons == ("no_country", "number_ported")


def test_a_channel_to_avoid_counts_for_nobody() -> None:
    ported = NumberEvent("ported", NOW - timedelta(days=1), "carrier")
    sources = InMemorySources()
    risk = PolicyRisk(Carrier(ported), ToldSightings(), POLICY)
    guard = PumpingGuard(InMemoryGuardBooks(), sources, GuardRules, risk)
    for _ in range(3):
        guard.judge(a_request())
    assert sources.counts == {}
    assert guard.judge(a_request(channel="whatsapp")).decision is Decision.STEP_UP
    assert set(sources.counts.values()) == {1}
