"""What will happen in a world by itself, and what will go wrong: data, all of which can be spared.

The rest of a world answers to it: agents to what they are given, customers to what they are told.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.simulation.chance import Chance
from tests.simulation.timeline import DAY, HOUR, MINUTE, SECOND

CHANNELS = ("whatsapp", "twilio", "messenger", "line", "telegram", "webchat")
RUSHES, RUSH = 2, 20 * MINUTE
"""How many a day, and how long."""

BUSY = 5
"""Every fifth day is busy."""

CALM_EVERY, CALM_FROM, CALM_UNTIL = 7 * DAY, 10 * HOUR, 18 * HOUR


@dataclass(frozen=True)
class Size:
    """How large a world is; `days_a_talk` is between a customer's talks, on average."""

    customers: int
    agents: int
    days: int
    days_a_talk: int = 4
    spells_a_day: int = 4


SMALL = Size(customers=28, agents=4, days=14)
TINY = Size(customers=14, agents=3, days=7, days_a_talk=2, spells_a_day=6)
LONG = Size(customers=2000, agents=60, days=90, days_a_talk=30)


@dataclass(frozen=True)
class Person:
    """A customer. Two of a household share a phone number, each with channels of their own."""

    number: int
    phone: str
    channels: tuple[str, ...]

    def address(self, channel: str) -> str:
        """What the channel calls them; web chat gives its visitors names of its own."""
        match channel:
            case "whatsapp":
                return self.phone.removeprefix("+")
            case "twilio":
                return self.phone
            case "messenger":
                return f"{70_000_000 + self.number}"
            case "line":
                return f"U{self.number:032x}"
            case "telegram":
                return f"{9_000_000 + self.number}"
        return f"browser-{self.number}"


@dataclass(frozen=True)
class Action:
    """Something that somebody does at a moment (milliseconds of the world).

    `kind`: write, picture, stop, click, forge, lie (customers and strangers); online, away, look,
    capacity (agents); verify (an agent, or the shop); merge, part, review,
    rules (staff); rotate (an operator). `who` is a number,
    `what` the rest.
    """

    at: int
    kind: str
    who: int
    what: str
    number: int

    def __str__(self) -> str:
        return f"{_clock(self.at)} {self.kind} {self.who} {self.what} #{self.number}"


@dataclass(frozen=True)
class Spell:
    """Bad weather from `start` to `end`: `share` of the calls it is about suffer.

    `kind`: death, throttled, lost (the answer of what was done), again (botocore's own retry of
    what was done), partial, provider, slow, lag (of an index), deploy, clock (`skew` milliseconds
    for `function`, of all where it is empty).
    """

    start: int
    end: int
    kind: str
    share: float
    number: int
    function: str = ""
    skew: int = 0

    def __str__(self) -> str:
        told = f"{self.skew // SECOND:+d} s" if self.skew else f"{self.share:.0%}"
        until = _clock(self.end)
        return f"{_clock(self.start)} to {until}: {self.kind} {told} {self.function}".rstrip()


@dataclass(frozen=True)
class Plan:
    """Everything about a world that its seed decides."""

    seed: int
    size: Size
    people: tuple[Person, ...]
    actions: tuple[Action, ...]
    spells: tuple[Spell, ...]


SPELLS = {
    "death": (2, 12),
    "throttled": (10, 60),
    "lost": (5, 30),
    "again": (5, 40),
    "partial": (20, 80),
    "provider": (20, 80),
    "slow": (20, 80),
    "lag": (20, 80),
    "deploy": (30, 70),
    "clock": (100, 100),
}
"""Percent of calls that suffer, from and to."""

SKEWED = ("", "MatchSenderFunction", "ReceiveWebhookFunction", "SweepRoutingFunction")


def plan_of(seed: int, size: Size) -> Plan:
    """The plan of a seed."""
    chance = Chance(seed)
    people = tuple(_person(number, chance) for number in range(size.customers))
    actions = [
        *_setting_up(size, chance),
        *_agents(size, chance),
        *_customers(people, size, chance),
        *_strangers(size, chance),
        *_verifying(people, size, chance),
        *(_stewards(size, chance) if seed % 2 else ()),
    ]
    ordered = sorted(_outside_calm(actions), key=lambda one: (one.at, one.number, one.kind))
    return Plan(seed, size, people, tuple(ordered), tuple(_spells(size, chance)))


def calms(size: Size) -> list[tuple[int, int]]:
    """When nothing goes wrong and nobody acts: what is unfinished must come to its end."""
    last = range(CALM_EVERY - DAY, size.days * DAY, CALM_EVERY)
    return [(day + CALM_FROM, day + CALM_UNTIL) for day in last]


def _outside_calm(actions: list[Action]) -> Iterator[Action]:
    for action in actions:
        day = action.at // DAY * DAY
        is_calm_day = (day + DAY) % CALM_EVERY == 0
        if not is_calm_day or not CALM_FROM <= action.at - day < CALM_UNTIL:
            yield action


def _person(number: int, chance: Chance) -> Person:
    shares = number % 5 == 1
    line = number - 1 if shares else number
    wanted = chance.between(1, 3, "channels", number)
    offset = chance.between(0, len(CHANNELS) - 1, "first channel", number)
    picked = [CHANNELS[(offset + step * 2 + step // 3) % len(CHANNELS)] for step in range(wanted)]
    if number % 5 in (0, 1):  # the two of a household: one writes by WhatsApp, one by SMS
        mine, theirs = ("twilio", "whatsapp") if shares else ("whatsapp", "twilio")
        picked = [mine, *(one for one in picked if one not in (mine, theirs))]
    return Person(number, f"+1415{2_000_000 + line * 37}", tuple(dict.fromkeys(picked)))


def _setting_up(size: Size, chance: Chance) -> Iterator[Action]:
    for agent in range(size.agents):
        places = chance.between(1, 3, "capacity", agent)
        yield Action(agent * SECOND, "capacity", agent, str(places), agent)
    for day in range(1, size.days, 2):
        at = _rush(chance, day, day // 2 % RUSHES) + chance.between(0, RUSH, "rotate", day)
        what = chance.pick(("whatsapp", "messenger", "line", "twilio"), "rotated", day)
        yield Action(at, "rotate", day, what, day)


def _agents(size: Size, chance: Chance) -> Iterator[Action]:
    for day in range(size.days):
        for agent in range(size.agents):
            name = ("shift", day, agent)
            if chance.happens(0.15, "ill", *name):
                continue
            start = day * DAY + 8 * HOUR + chance.between(-20, 40, "start", *name) * MINUTE
            lunch = start + chance.between(150, 240, "lunch", *name) * MINUTE
            back = lunch + chance.between(20, 60, "back", *name) * MINUTE
            end = start + chance.between(8, 11, "end", *name) * HOUR
            number = day * 1000 + agent
            yield Action(start, "online", agent, "", number)
            yield Action(lunch, "away", agent, "", number)
            yield Action(back, "online", agent, "", number)
            yield Action(end, "away", agent, "", number)
            for hour in range(1, 8, 2):
                yield Action(start + hour * HOUR, "look", agent, "", number * 10 + hour)


def _customers(people: tuple[Person, ...], size: Size, chance: Chance) -> Iterator[Action]:
    for person in people:
        talks = max(1, size.days // size.days_a_talk)
        for talk in range(talks):
            yield from _talk(person, talk, size, chance)
        for visit in range(talks):
            at = _moment(size, chance, "visit", person.number, visit)
            yield Action(at, "click", person.number, "", visit)
        if "twilio" in person.channels and chance.happens(0.2, "stop", person.number):
            at = _moment(size, chance, "stops", person.number)
            yield Action(at, "stop", person.number, "twilio", 0)


def _talk(person: Person, talk: int, size: Size, chance: Chance) -> Iterator[Action]:
    name = ("talk", person.number, talk)
    at = _moment(size, chance, *name)
    channel = chance.pick(person.channels, "channel", *name)
    for turn in range(chance.between(1, 5, "turns", *name)):
        number = talk * 100 + turn * 10
        kind = "picture" if chance.happens(0.04, "picture", turn, *name) else "write"
        yield Action(at, kind, person.number, channel, number)
        if chance.happens(0.12, "both", turn, *name):  # on two devices at the same moment
            for place, other in enumerate(person.channels):
                if other != channel:
                    yield Action(at, "write", person.number, other, number + 1 + place)
        if chance.happens(0.2, "moves", turn, *name):
            channel = chance.pick(person.channels, "moved", turn, *name)
        most = chance.pick((2 * SECOND, 2 * SECOND, 40 * SECOND, 90 * MINUTE), "pace", turn, *name)
        at += chance.between(100, most, "gap", turn, *name)


def _moment(size: Size, chance: Chance, *names: object) -> int:
    """Most of it happens in the rush hours of a few days, and so does most of what goes wrong."""
    day = chance.between(0, size.days - 1, "day", *names)
    if chance.happens(0.5, "busy day", *names):
        day -= day % BUSY
    if chance.happens(0.25, "any time", *names):
        return day * DAY + chance.between(7 * HOUR, 22 * HOUR, "hour", *names)
    which = chance.between(0, RUSHES - 1, "rush", *names)
    most = SECOND if chance.happens(0.5, "at once", *names) else RUSH
    return _rush(chance, day, which) + chance.between(0, most, "in rush", *names)


def _rush(chance: Chance, day: int, which: int) -> int:
    return day * DAY + chance.between(7 * HOUR, 21 * HOUR, "rush hour", day, which)


def _strangers(size: Size, chance: Chance) -> Iterator[Action]:
    for day in range(size.days):
        for number in range(3):
            name = ("stranger", day, number)
            at = day * DAY + chance.between(0, DAY - 1, *name)
            kind = chance.pick(("forge", "lie"), "kind", *name)
            what = chance.pick(("whatsapp", "messenger", "line", "telegram", "twilio"), *name)
            who = chance.between(0, size.customers - 1, "who", *name)
            yield Action(at, kind, who, what, day * 10 + number)


def _verifying(people: tuple[Person, ...], size: Size, chance: Chance) -> Iterator[Action]:
    for person in people:
        for number in range(max(1, size.days // (3 * size.days_a_talk))):
            at = _moment(size, chance, "verify", person.number, number)
            yield Action(at, "verify", person.number, "", number)


def _stewards(size: Size, chance: Chance) -> Iterator[Action]:
    """In every other world: where people decide, less follows from what was said alone."""
    for day in range(size.days):
        for number, kind in enumerate(("merge", "part", "review")):
            at = _moment(size, chance, kind, day)
            yield Action(at, kind, number, "", day)
    for number in range(size.days // 5):
        yield Action(_moment(size, chance, "rules", number), "rules", 0, "", number)


def _spells(size: Size, chance: Chance) -> Iterator[Spell]:
    quiet = calms(size)
    for number in range(size.days * size.spells_a_day):
        day = number // size.spells_a_day
        start = _rush(chance, day, number % RUSHES) + chance.between(-5, 15, "at", number) * MINUTE
        end = start + chance.between(1 * MINUTE, 40 * MINUTE, "length", number)
        kind = chance.pick(tuple(SPELLS), "spell of", number)
        low, high = SPELLS[kind]
        share = chance.between(low, high, "share", number) / 100
        is_clock = kind == "clock"
        skew = chance.between(-10 * MINUTE, 10 * MINUTE, "skew", number) if is_clock else 0
        function = chance.pick(SKEWED, "skewed", number) if is_clock else ""
        if not any(start < until and end > since for since, until in quiet):
            yield Spell(start, end, kind, share, number, function, skew)


def _clock(ms: int) -> str:
    day, rest = divmod(ms, DAY)
    return f"day {day} {rest // HOUR:02d}:{rest // MINUTE % 60:02d}:{rest // SECOND % 60:02d}"
