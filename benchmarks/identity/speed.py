"""How fast identity is in one process, and that it does not slow down as customers grow.

The engine on its in-memory twin: what this measures is our own code. The way through DynamoDB is
counted in calls and units by `python -m benchmarks`. Times are CPU time, so that what else the
machine does is not taken for ours.
"""

import argparse
import gc
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.hearing import Engine
from rapport.identity.matching import Matcher, default_model
from rapport.identity.memory import InMemoryGraph
from rapport.identity.model import Attestation, Heard, Sender, Source
from rapport.identity.rules import Rules
from rapport.identity.service import recalled
from rapport.kernel.clock import FixedClock
from rapport.kernel.ids import RandomIds

START = datetime(2026, 1, 5, tzinfo=UTC)
SYLLABLES = [first + then for first in "bdklmn" for then in "aeiou"]
KINDS = ("known", "new", "identifier joins", "attested, matched")
WEIGHTS = (70, 12, 9, 9)
ALL = "all"


@dataclass(frozen=True)
class Speed:
    """What one kind of event costs among so many customers; times in microseconds."""

    customers: int
    kind: str
    events: int
    per_second: float
    p50: float
    p95: float
    p99: float

    @property
    def is_total(self) -> bool:
        """Whether it is of events of all kinds, as they are mixed."""
        return self.kind == ALL


@dataclass(frozen=True)
class Person:
    """Somebody of the generated world."""

    number: int
    name: str
    born: str
    street: str

    @property
    def phone(self) -> str:
        """Their telephone number."""
        return f"+8526{self.number:07d}"


def people(seed: int) -> Iterator[Person]:
    """Endlessly many people, the same for the same seed."""
    chance = random.Random(seed)
    number = 0
    while True:
        given = "".join(chance.choices(SYLLABLES, k=3)).title()
        surname = "".join(chance.choices(SYLLABLES, k=4)).title()
        born = START - timedelta(days=chance.randrange(7000, 30000))
        street = (
            f"{chance.randrange(1, 300)} {''.join(chance.choices(SYLLABLES, k=4)).title()} Road"
        )
        yield Person(number, f"{given} {surname}", f"{born:%Y-%m-%d}", street)
        number += 1


def measure(customers: int, events: int = 20_000, seed: int = 1) -> list[Speed]:
    """Let `customers` write once, then time `events` of every kind, mixed."""
    clock = FixedClock(START)
    chance = random.Random(seed)
    ids = RandomIds(clock, random.Random(seed).getrandbits)
    engine = Engine(InMemoryGraph(), Rules(), Matcher(default_model()), ids)
    crowd = people(seed)
    known = [next(crowd) for _ in range(customers)]
    gc.disable()
    for person in known:
        engine.hear(_writes(person, clock))
    taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
    gc.freeze()  # what lies there is not this code's to walk again and again
    gc.enable()
    for kind in chance.choices(KINDS, WEIGHTS, k=events):
        clock.advance(timedelta(seconds=1))
        person = next(crowd) if kind == "new" else chance.choice(known)
        heard = _heard(kind, person, clock, chance)
        began = time.process_time()
        if recalled(heard, graph=engine.graph) is None:
            engine.hear(heard)
        taken[kind].append(time.process_time() - began)
    gc.unfreeze()
    everything = [one for times in taken.values() for one in times]
    rows = [_speed(customers, kind, times) for kind, times in taken.items()]
    return [_speed(customers, ALL, everything), *rows]


def _heard(kind: str, person: Person, clock: FixedClock, chance: random.Random) -> Heard:
    match kind:
        case "identifier joins":
            return _signs_up(person, clock, chance)
        case "attested, matched":
            return _buys(person, clock, chance)
        case _:
            return _writes(person, clock)


def _writes(person: Person, clock: FixedClock) -> Heard:
    phone = Identifier("phone", person.phone, Assurance.CHANNEL, "channel")
    return _said("whatsapp", person.phone, (phone,), {"full_name": person.name}, clock)


def _signs_up(person: Person, clock: FixedClock, chance: random.Random) -> Heard:
    browser = f"{chance.getrandbits(64):016x}"
    identifiers = (
        Identifier("anonymous_id", browser, Assurance.CHANNEL, "device"),
        Identifier("phone", person.phone, Assurance.VERIFIED, "otp"),
    )
    return _said("web", browser, identifiers, {"full_name": person.name}, clock)


def _buys(person: Person, clock: FixedClock, chance: random.Random) -> Heard:
    card = f"{chance.getrandbits(40):010d}"
    identifiers = (
        Identifier("loyalty", card, Assurance.VERIFIED, "card"),
        Identifier("phone", person.phone, Assurance.CLAIMED, "staff_keyed"),
    )
    told = {
        "full_name": person.name.upper(),
        "date_of_birth": person.born,
        "address": person.street,
    }
    return _said("pos", card, identifiers, told, clock, attestation=Attestation.AGENT)


def _said(
    channel: str,
    sender: str,
    identifiers: tuple[Identifier, ...],
    told: dict[str, str],
    clock: FixedClock,
    *,
    attestation: Attestation = Attestation.SELF,
) -> Heard:
    now = clock.now()
    who = Sender(
        source=Source(channel, "main", sender),
        channel=channel,
        identifiers=identifiers,
        name=told["full_name"],
        attributes=told,
        attestation=attestation,
    )
    return Heard(who, now, now, f"{channel}.{sender}.{now.timestamp()}")


def _speed(customers: int, kind: str, times: list[float]) -> Speed:
    ordered = sorted(times)

    def percentile(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e6

    return Speed(
        customers=customers,
        kind=kind,
        events=len(times),
        per_second=len(times) / sum(times),
        p50=percentile(0.50),
        p95=percentile(0.95),
        p99=percentile(0.99),
    )


def table(rows: list[Speed]) -> str:
    """The rows as Markdown."""
    lines = [
        "| Customers | Event | Events/s a core | p50 us | p95 us | p99 us |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one.customers:,} | {one.kind} | {one.per_second:,.0f} | {one.p50:,.0f} |"
        f" {one.p95:,.0f} | {one.p99:,.0f} |"
        for one in rows
    ]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="speed", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--customers", type=int, nargs="*", default=[50_000])
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    print(table([row for one in args.customers for row in measure(one, seed=args.seed)]))
    return 0
