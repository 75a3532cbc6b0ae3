"""Risk signals: is the number still its owner's, and is it the owner who asks? Policy is data.

A signal is present, absent or unknown; a policy says what each present one means: allow, step up
(the code alone does not prove enough) or refuse, and which channels to avoid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from rapport.otp.model import NumberEvent, Sighting
from rapport.otp.ports import Decision, Request

EARTH_KM = 6371.0088
"""The mean radius of the Earth (IUGG)."""


class State(StrEnum):
    """What is known of a signal."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Name(StrEnum):
    """The signals there are."""

    NUMBER_DEACTIVATED = "number_deactivated"
    NUMBER_PORTED = "number_ported"
    NEW_DEVICE = "new_device"
    IMPOSSIBLE_TRAVEL = "impossible_travel"


@dataclass(frozen=True)
class Signal:
    """One signal of one request, with its source and the numbers that staff may see."""

    name: Name
    state: State
    source: str
    numbers: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Assessment:
    """What risk says of a request: the strictest decision of its rules, and why."""

    decision: Decision = Decision.ALLOW
    reasons: tuple[str, ...] = ()
    avoid: frozenset[str] = frozenset()
    signals: tuple[Signal, ...] = ()


class Rule(BaseModel):
    """What a present signal means. `avoid`: channels that it takes the worth from.

    `within`: how long ago the number's event may lie; unused for other signals.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    signal: Name
    decision: Decision
    within: timedelta | None = None
    avoid: frozenset[str] = frozenset()


class Policy(BaseModel):
    """The rules in force, and the bounds of the signals.

    `fastest`: kilometres an hour above which nobody travels (airliners make about 900); `nearest`:
    kilometres below which places by IP address are all the same. NIST SP 800-63B-4 3.1.3.3 asks
    to weigh SIM swap and porting before a code goes to a telephone number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = "default"
    fastest: Annotated[float, Field(gt=0)] = 1000.0
    nearest: Annotated[float, Field(ge=0)] = 200.0
    rules: tuple[Rule, ...] = (
        Rule(
            signal=Name.NUMBER_DEACTIVATED,
            decision=Decision.REFUSE,
            avoid=frozenset({"sms", "voice", "whatsapp"}),
        ),
        Rule(
            signal=Name.NUMBER_PORTED,
            decision=Decision.STEP_UP,
            within=timedelta(days=7),
            avoid=frozenset({"sms", "voice"}),
        ),
        Rule(signal=Name.IMPOSSIBLE_TRAVEL, decision=Decision.STEP_UP),
        Rule(signal=Name.NEW_DEVICE, decision=Decision.ALLOW),
    )


class NumberHistory(Protocol):
    """What carriers said of numbers; by default identity's signals tell."""

    def events(self, number: str) -> Sequence[NumberEvent] | None:
        """What was said of a number (E.164), in any order; None where nobody would tell."""
        ...


class Sightings(Protocol):
    """Where customers were seen before, and where this request comes from."""

    def before(self, request: Request) -> Sequence[Sighting]:
        """Earlier sightings of the customer, in any order; empty where there are none."""
        ...

    def now(self, request: Request) -> Sighting | None:
        """Where and on what device the request is made; None where it does not tell."""
        ...


class ToldSightings:
    """`Sightings` by what applications tell when they ask for codes, and that were answered."""

    def before(self, request: Request) -> Sequence[Sighting]:
        """Where the answered codes of the same customer or address were asked for."""
        return request.sightings

    def now(self, request: Request) -> Sighting | None:
        """What was told with this request."""
        return request.here


class PolicyRisk:
    """Assesses a request by the signals of its ports and the rules of a policy."""

    def __init__(self, numbers: NumberHistory, sightings: Sightings, policy: Policy) -> None:
        self._numbers = numbers
        self._sightings = sightings
        self._policy = policy

    def assess(self, request: Request) -> Assessment:
        """The assessment of one request."""
        signals = (*self._of_number(request), *self._of_person(request))
        return judged(signals, self._policy)

    def _of_number(self, request: Request) -> list[Signal]:
        if request.kind != "phone" or request.address is None:
            return []
        events: Sequence[NumberEvent] | None = request.number_history
        if events is None:
            events = self._numbers.events(request.address)
        within = {rule.signal: rule.within for rule in self._policy.rules}
        return [
            number_signal(name, kind, events, within.get(name), request.at)
            for name, kind in (
                (Name.NUMBER_DEACTIVATED, "deactivated"),
                (Name.NUMBER_PORTED, "ported"),
            )
        ]

    def _of_person(self, request: Request) -> list[Signal]:
        here = self._sightings.now(request)
        before = self._sightings.before(request) if here else ()
        return [device_signal(here, before), travel_signal(here, before, self._policy)]


def judged(signals: Sequence[Signal], policy: Policy) -> Assessment:
    """What the rules make of the signals: the strictest decision, and all reasons for it."""
    present = {one.name for one in signals if one.state is State.PRESENT}
    rules = [rule for rule in policy.rules if rule.signal in present]
    decision = max((rule.decision for rule in rules), key=_strict, default=Decision.ALLOW)
    return Assessment(
        decision,
        reasons=tuple(rule.signal.value for rule in rules if rule.decision is not Decision.ALLOW),
        avoid=frozenset().union(*(rule.avoid for rule in rules)),
        signals=tuple(signals),
    )


def number_signal(
    name: Name,
    kind: str,
    events: Sequence[NumberEvent] | None,
    within: timedelta | None,
    now: datetime,
) -> Signal:
    """Whether a number's latest event of `kind` is recent enough to count."""
    if events is None:
        return Signal(name, State.UNKNOWN, "carrier")
    of_kind = [one for one in events if one.kind == kind and one.at <= now]
    latest = max(of_kind, key=lambda one: one.at, default=None)
    if latest is None or (within is not None and now - latest.at > within):
        return Signal(name, State.ABSENT, "carrier")
    days = (now - latest.at).days
    return Signal(name, State.PRESENT, latest.source, {"days_ago": days})


def device_signal(here: Sighting | None, before: Sequence[Sighting]) -> Signal:
    """Whether a customer who has devices comes on another one."""
    known = {one.device for one in before if one.device}
    if here is None or here.device is None or not known:
        return Signal(Name.NEW_DEVICE, State.UNKNOWN, "device")
    state = State.ABSENT if here.device in known else State.PRESENT
    return Signal(Name.NEW_DEVICE, state, "device", {"known_devices": len(known)})


def travel_signal(here: Sighting | None, before: Sequence[Sighting], policy: Policy) -> Signal:
    """Whether the customer would have had to travel faster than anybody can.

    Against the latest earlier sighting with a place: older ones say less.
    """
    earlier = [one for one in before if _place(one) and here and one.at <= here.at]
    if here is None or not _place(here) or not earlier:
        return Signal(Name.IMPOSSIBLE_TRAVEL, State.UNKNOWN, "place")
    last = max(earlier, key=lambda one: one.at)
    distance = kilometres(last, here)
    hours = (here.at - last.at) / timedelta(hours=1)
    is_far = distance > policy.nearest and distance > policy.fastest * hours
    numbers = {"kilometres": round(distance), "minutes": round(hours * 60)}
    state = State.PRESENT if is_far else State.ABSENT
    return Signal(Name.IMPOSSIBLE_TRAVEL, state, "place", numbers)


def kilometres(one: Sighting, other: Sighting) -> float:
    """The great-circle distance by the haversine formula; both must have a place."""
    places = _place(one), _place(other)
    if places[0] is None or places[1] is None:
        raise ValueError("A distance is between two places.")
    (north, east), (north_2, east_2) = places[0], places[1]
    a = sin((north_2 - north) / 2) ** 2 + cos(north) * cos(north_2) * sin((east_2 - east) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(a)))


def _place(sighting: Sighting) -> tuple[float, float] | None:
    """Latitude and longitude in radians; None where either is missing or impossible."""
    north, east = sighting.latitude, sighting.longitude
    if north is None or east is None or not (-90 <= north <= 90 and -180 <= east <= 180):
        return None
    return radians(north), radians(east)


def _strict(decision: Decision) -> int:
    return [Decision.ALLOW, Decision.STEP_UP, Decision.REFUSE].index(decision)
