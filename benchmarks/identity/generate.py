"""Make a stream of events about invented people, with the truth beside it.

python -m benchmarks.identity.generate DIR [--seed N] [--persons N] [--events MEAN] [--noise X]

The files are those of the development stream (`stream.jsonl truth.csv attacks.csv retractions.csv
persons.csv`), so its scorer reads them. Names, places, rates and the attackers' ways are our own.
"""

import argparse
import csv
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.identity import population
from benchmarks.identity.attacks import attack
from benchmarks.identity.population import Person
from benchmarks.identity.truth import entities

_BEGIN = datetime(2025, 1, 5, tzinfo=UTC)
_DAYS = 420
_SIGNED = 0.8  # who writes from a shared telephone mostly says so: else nobody could tell


@dataclass(frozen=True)
class Shape:
    """How the world is: shares of people (or of events) that something is true of."""

    persons: int = 1500
    events: float = 5.0
    typos: float = 0.06
    slips: float = 0.04
    twins: float = 0.06
    shared_phone: float = 0.08
    shared_browser: float = 0.04
    office: float = 0.05
    recycled: float = 0.02
    signalled: float = 0.4
    wrong_number: float = 0.01
    junk: float = 0.02
    redelivered: float = 0.02
    attacks: float = 0.03
    late: float = 0.12


@dataclass
class World:
    """Who lives there, and what happened so far."""

    shape: Shape
    chance: random.Random
    people: list[Person] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    actor: dict[str, tuple[str, str, bool]] = field(default_factory=dict)
    attacks: list[tuple[str, str, str, str]] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)

    def moment(self, earliest: float = 0.0, latest: float = 1.0) -> datetime:
        """Some time between these shares of the period."""
        return _BEGIN + timedelta(days=_DAYS * self.chance.uniform(earliest, latest))

    def number(self) -> str:
        """A telephone number that nobody has."""
        while True:
            is_taiwanese = self.chance.random() < 0.12
            head = "9" if is_taiwanese else self.chance.choice("5679")
            number = head + "".join(self.chance.choices("0123456789", k=8 if is_taiwanese else 7))
            if number not in self.numbers:
                self.numbers.add(number)
                return number

    def say(  # noqa: PLR0917
        self,
        who: Person | None,
        at: datetime,
        channel: str,
        kind: str,
        identifiers: Sequence[tuple[str, str, bool, str]],
        attributes: dict[str, Any] | None = None,
        assurance: str = "none",
        *,
        tags: str = "",
        scored: bool = True,
    ) -> str:
        """One more event; its id."""
        event_id = f"v{self.chance.getrandbits(48):012x}"
        delay = timedelta(seconds=self.chance.expovariate(1 / 40))
        if self.chance.random() < self.shape.late:
            delay = timedelta(hours=self.chance.expovariate(1 / 20))
        event = {
            "event_id": event_id,
            "ts": at.isoformat(),
            "received_at": (at + delay).isoformat(),
            "channel": channel,
            "type": kind,
            "identifiers": [
                {"type": name, "value": value, "verified": verified, "method": method}
                for name, value, verified, method in identifiers
                if value
            ],
            "attributes": {key: value for key, value in (attributes or {}).items() if value},
            "attribute_assurance": assurance,
        }
        self.events.append(event)
        told = ";".join(filter(None, (*(sorted(who.tags) if who else ()), tags)))
        self.actor[event_id] = (who.person_id if who else "", told, scored)
        return event_id

    def phone(self, number: str, *, verified: bool, method: str) -> tuple[str, str, bool, str]:
        """A number as an identifier; platforms write +, people anything."""
        own = ("+886" if len(number) == 9 else "+852") + number
        text = own if method == "channel" else population.phone_text(number, self.chance)
        return "phone", text, verified, method


def make(shape: Shape, seed: int) -> World:
    """A world of this shape; the same seed makes the same one."""
    world = World(shape, random.Random(seed))
    world.people = population.households(shape.persons, world.chance, shape.twins)
    for person in world.people:
        _equip(world, person)
    _share(world)
    _recycle(world)
    for person in world.people:
        _live(world, person)
    for _ in range(int(shape.attacks * len(world.people))):
        attack(world)
    _redeliver(world)
    return world


def _equip(world: World, person: Person) -> None:
    chance = world.chance
    person.phones = [world.number()]
    name = (person.english or person.canonical()).split()[0].lower()
    last = (person.surname[person.system] if person.surname else person.family).lower()
    mark = f"{chance.choice(['', '.', '_'])}{last}{chance.randrange(10, 9999)}"
    person.email = f"{name}{mark}@{chance.choice(['gmail.com', 'live.hk', 'proton.me', 'qq.com'])}"
    person.cookies = [f"bk-{chance.getrandbits(60):015x}" for _ in range(chance.choice((1, 1, 2)))]
    person.line_id = f"U{chance.getrandbits(128):032x}"
    person.card = f"HK{chance.randrange(10**8):08d}"


def _share(world: World) -> None:
    """Families share a telephone or a browser, colleagues a mailbox."""
    chance, shape = world.chance, world.shape
    homes: dict[str, list[Person]] = defaultdict(list)
    for person in world.people:
        homes[person.household].append(person)
    for members in homes.values():
        if len(members) > 1 and chance.random() < shape.shared_phone * 2:
            pair = chance.sample(members, 2)
            pair[1].phones = [pair[0].phones[0]]
            for one in pair:
                one.tags.add("shared_phone")
        if len(members) > 1 and chance.random() < shape.shared_browser * 2:
            pair = chance.sample(members, 2)
            pair[1].cookies = [pair[0].cookies[0]]
            for one in pair:
                one.tags.add("shared_cookie")
    staff = chance.sample(world.people, int(shape.office * len(world.people)))
    offices = ("enquiry", "cs", "accounts", "reception", "service", "info", "hr", "shop")
    for number in range(0, len(staff), 4):
        mailbox = f"{chance.choice(offices)}@firm{number}.example-trading.hk"
        for one in staff[number : number + 4]:
            one.tags.add("office_email")
            if chance.random() < 0.5:
                one.email = mailbox


def _recycle(world: World) -> None:
    """Numbers given up by one are given to another, with or without a carrier's notice."""
    chance, count = world.chance, int(world.shape.recycled * len(world.people))
    free = [one for one in world.people if not one.tags]
    pairs = chance.sample(free, min(2 * count, len(free)))
    for old, new in zip(pairs[::2], pairs[1::2], strict=False):
        new.phones = [old.phones[0]]
        old.tags.add("recycled_old")
        new.tags.add("recycled_new")
        if chance.random() < world.shape.signalled:
            at = world.moment(0.5, 0.5) + timedelta(days=chance.randrange(5))
            world.say(None, at, "carrier", "phone_deactivated",
                      [world.phone(old.phones[0], verified=True, method="carrier")],
                      tags="signal", scored=False)  # fmt: skip


def _span(person: Person) -> tuple[float, float]:
    spans = {"recycled_old": (0.0, 0.49), "recycled_new": (0.55, 1.0)}
    return next((span for tag, span in spans.items() if tag in person.tags), (0.0, 1.0))


def _live(world: World, person: Person) -> None:
    chance = world.chance
    likes = [chance.random() ** 2 + 0.01 for _ in _HABITS]
    for _ in range(1 + int(chance.expovariate(1 / world.shape.events))):
        chance.choices(_HABITS, likes)[0](world, person, world.moment(*_span(person)))


def _self(world: World, person: Person) -> tuple[dict[str, str], str]:
    chance = world.chance
    if chance.random() < 0.25:
        return {}, "none"
    if chance.random() < 0.35:
        return {"display_name": population.displayed(person, chance)}, "self"
    return {"name": population.written(person, chance, world.shape.typos)}, "self"


def _whatsapp(world: World, person: Person, at: datetime) -> None:
    attributes, assurance = _self(world, person)
    if "shared_phone" in person.tags and world.chance.random() < _SIGNED:
        name = population.written(person, world.chance, world.shape.typos)
        attributes, assurance = {"name": name}, "self"
    number = world.phone(person.phones[0], verified=True, method="channel")
    world.say(person, at, "whatsapp", "message", [number], attributes, assurance)


def _line(world: World, person: Person, at: datetime) -> None:
    attributes, assurance = _self(world, person)
    own = ("line_id", person.line_id, True, "channel")
    if world.chance.random() < 0.3:
        number = world.phone(person.phones[0], verified=True, method="otp")
        name = {"name": population.written(person, world.chance, world.shape.typos)}
        world.say(person, at, "line", "member_bind", [own, number], {**attributes, **name}, "self")
    else:
        world.say(person, at, "line", "message", [own], attributes, assurance)


def _mail(world: World, person: Person, at: datetime) -> None:
    identifiers = [("email", person.email, True, "channel")]
    if world.chance.random() < 0.2:
        identifiers.append(world.phone(person.phones[0], verified=False, method="self"))
    name = {"name": population.written(person, world.chance, world.shape.typos)}
    world.say(person, at, "email", "message", identifiers, name, "self")


def _web(world: World, person: Person, at: datetime) -> None:
    chance = world.chance
    own = ("cookie", chance.choice(person.cookies), True, "device")
    is_shared = "shared_cookie" in person.tags and own[1] == person.cookies[0]
    step = chance.random()
    if step < 0.35:
        world.say(person, at, "web", "pageview", [own], {"page": "/"}, "none", tags="anon",
                  scored=not is_shared)  # fmt: skip
    elif step < 0.6 and "office_email" not in person.tags:
        world.say(person, at, "web", "login", [own, ("email", person.email, True, "login")])
    else:
        name = {"name": population.written(person, chance, world.shape.typos)}
        claims = [own, ("email", person.email, False, "self")]
        if chance.random() < 0.6:
            claims.append(world.phone(person.phones[0], verified=False, method="self"))
        world.say(person, at, "web", "signup", claims, name, "self")
        if chance.random() < 0.6 and "office_email" not in person.tags:
            later = at + timedelta(minutes=chance.uniform(0.2, 30))
            proven = ("email", person.email, True, "link")
            world.say(person, later, "web", "email_verified", [own, proven])
        if chance.random() < 0.45:
            later = at + timedelta(minutes=chance.uniform(0.5, 40))
            number = world.phone(person.phones[0], verified=True, method="otp")
            world.say(person, later, "web", "phone_verified", [own, number])


def _keyed(world: World, person: Person, *, more: bool) -> dict[str, str]:
    chance = world.chance
    told = {"name": population.written(person, chance, world.shape.typos)}
    if more:
        if chance.random() < 0.8:
            told["dob"] = population.birth_of(person, chance, world.shape.slips)
        if chance.random() < 0.6:
            told["address"] = population.address_of(person, chance)
        if chance.random() < 0.4:
            told["gender"] = person.sex
    return told


def _shop(world: World, person: Person, at: datetime) -> None:
    chance = world.chance
    card = ("loyalty", person.card, True, "card")
    step = chance.random()
    if step < 0.35:
        world.say(person, at, "pos", "purchase", [card], {"amount": 10})
        return
    number = person.phones[0]
    tags = ""
    if chance.random() < world.shape.wrong_number:
        other = chance.choice(world.people)
        number, tags = other.phones[0], f"collide;collide_with={other.person_id}"
    if step < 0.7:
        keyed = world.phone(number, verified=False, method="staff_keyed")
        told = _keyed(world, person, more=False)
        world.say(person, at, "pos", "purchase_phone", [keyed], told, "agent", tags=tags)
        return
    proven = chance.random() < 0.4 and not tags
    given = world.phone(number, verified=proven, method="otp" if proven else "staff_keyed")
    mail = "test@test.com" if chance.random() < world.shape.junk else person.email
    identifiers = [given, card]
    if chance.random() < 0.3:
        identifiers.append(("email", mail, False, "staff_keyed"))
    world.say(person, at, "pos", "member_signup", identifiers, _keyed(world, person, more=True),
              "agent", tags=tags)  # fmt: skip


def _crm(world: World, person: Person, at: datetime) -> None:
    identifiers = []
    if world.chance.random() < 0.8:
        identifiers.append(world.phone(person.phones[0], verified=False, method="staff_keyed"))
    if world.chance.random() < 0.3:
        identifiers.append(("email", person.email, False, "staff_keyed"))
    world.say(person, at, "crm", "import", identifiers, _keyed(world, person, more=True), "staff")


def _call(world: World, person: Person, at: datetime) -> None:
    number = world.phone(person.phones[0], verified=False, method="caller_id")
    if world.chance.random() < 0.5:
        told = {"name": population.written(person, world.chance, world.shape.typos)}
        told["dob"] = population.birth_of(person, world.chance, world.shape.slips)
        world.say(person, at, "call", "call_kba_passed", [number], told, "agent_kba")
    else:
        world.say(person, at, "call", "call", [number], {}, "none")


_HABITS = (_whatsapp, _whatsapp, _line, _mail, _web, _web, _shop, _shop, _crm, _call)


def _redeliver(world: World) -> None:
    """Some events come again, under their own id or a new one."""
    chance = world.chance
    for event in list(world.events):
        if event["type"] != "phone_deactivated" and chance.random() < world.shape.redelivered:
            again = dict(event)
            if chance.random() < 0.5 and event["event_id"] not in {one[0] for one in world.attacks}:
                again["event_id"] = f"v{chance.getrandbits(48):012x}"
                world.actor[again["event_id"]] = world.actor[event["event_id"]]
            world.events.append(again)
    world.events.sort(key=lambda one: (one["received_at"], one["event_id"]))
    for seq, event in enumerate(world.events):
        event["seq"] = seq


def save(world: World, directory: Path) -> None:
    """Write the stream and its truth."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "stream.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in world.events)
    found = entities(world.events, world.actor)
    rows = [
        (event_id, person or f"carrier-{event_id}", found[event_id], int(scored), tags)
        for event_id, (person, tags, scored) in world.actor.items()
    ]
    _table(directory / "truth.csv", ("event_id", "person_id", "entity_id", "score", "tags"), rows)
    _table(directory / "attacks.csv", ("event_id", "attack", "attacker", "victims"), world.attacks)
    gone = [(one,) for one in sorted(world.actor) if world.chance.random() < 0.02]
    _table(directory / "retractions.csv", ("event_id",), gone)
    persons = [
        (one.person_id, one.household, one.canonical(), one.chinese, ";".join(sorted(one.tags)))
        for one in world.people
    ]
    _table(directory / "persons.csv", ("person_id", "household", "name", "han", "tags"), persons)


def _table(path: Path, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="generate")
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--persons", type=int, default=Shape.persons)
    parser.add_argument("--events", type=float, default=Shape.events, help="a person's mean")
    parser.add_argument("--noise", type=float, default=1.0, help="times usual slips and sharing")
    args = parser.parse_args(argv)
    noise, usual = args.noise, Shape(persons=args.persons, events=args.events)
    shape = replace(
        usual,
        typos=usual.typos * noise,
        slips=usual.slips * noise,
        twins=usual.twins * noise,
        shared_phone=usual.shared_phone * noise,
        shared_browser=usual.shared_browser * noise,
        recycled=usual.recycled * noise,
    )
    world = make(shape, args.seed)
    save(world, args.directory)
    print(f"{len(world.events)} events of {len(world.people)} people,", end=" ")
    print(dict(Counter(one[1] for one in world.attacks)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
