"""A seeded world that asks for one-time codes: a week of honest people, and those who pump.

Virtual time, real guard: several processes judge through caches of their own, what they let
through reaches the counters by a stream that lags, all of it in memory.
"""

import heapq
import math
import random
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from rapport.kernel.clock import FixedClock
from rapport.kernel.ids import RandomIds
from rapport.otp.guard import Judgement, PumpingGuard
from rapport.otp.guard_books import Kind, Observation
from rapport.otp.guard_counting import Counting
from rapport.otp.guard_memory import InMemoryGuardBooks, InMemorySources
from rapport.otp.guard_rules import GuardRules
from rapport.otp.ports import Request
from rapport.otp.prefixes import RANGE_DIGITS, Destination, destination
from rapport.otp.settings import default_service

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
WEEK = timedelta(days=7)
SERVICE = default_service()
SUFFIXES = 10**RANGE_DIGITS
SEEDS = ("+886912", "+886928", "+886933", "+886955", "+886988", "+852912", "+852633", "+852518")
MORE_SEEDS = ("+5511987", "+5521991", "+5531988", "+34612", "+34655", "+34699", "+44740", "+44777")
LENGTHS = {"+886": 9, "+852": 8, "+55": 11, "+34": 9, "+44": 10}


@dataclass(frozen=True)
class Honest:
    """The honest week, and what is assumed of people.

    `answered`: the share of codes that come back, after a log-normal time of `median` seconds;
    `known`: the share of people who have answered a code before this week; `again`: the share of
    those whose code did not come back that ask once more a minute later. `campaign`: for two
    hours of the fourth day, so many times the traffic, newcomers all of it.
    """

    people: int = 40_000
    starts: int = 60_000
    answered: float = 0.8
    median: float = 25.0
    known: float = 0.6
    again: float = 0.5
    campaign: float = 4.0


@dataclass(frozen=True)
class Attack:
    """Starts that nobody answers. `ranges`: how many rented ranges of ten thousand numbers among
    those of honest people; 0: numbers in sequence, from one range on to the next.

    `sources`: how many addresses of proxies they come from; each start has a session of its own.
    """

    name: str
    ranges: int = 0
    rate: float = 200.0
    lasts: timedelta = timedelta(minutes=10)
    begins: timedelta = timedelta(days=2, hours=20)
    sources: int = 5_000
    numbers: tuple[str, ...] = ()
    answered: float = 0.0


@dataclass
class Outcome:
    """What became of the starts of one run. Costs in millionths of a US dollar."""

    honest: int = 0
    honest_refused: int = 0
    honest_reasons: Counter[str] = field(default_factory=Counter)
    attacked: int = 0
    attack_sent: int = 0
    attack_cost: int = 0
    attack_cost_by_hour: Counter[int] = field(default_factory=Counter)
    attack_reasons: Counter[str] = field(default_factory=Counter)
    cost: int = 0
    cost_by_hour: Counter[int] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)

    @property
    def loss(self) -> float:
        """The share of honest starts that were refused."""
        return self.honest_refused / self.honest if self.honest else 0.0


@dataclass(frozen=True)
class Known:
    """What the verifications hold of an address: starts of the last day, and its last answer."""

    starts: tuple[datetime, ...] = ()
    answered_at: datetime | None = None


@dataclass(order=True)
class Start:
    """Somebody asks for a code at `at`."""

    at: datetime
    order: int
    number: str = field(compare=False)
    person: int | None = field(compare=False)
    source: str = field(compare=False)
    session: str = field(compare=False)


class World:
    """One week, lived once. `processes` judge; the stream shows a start after `lag`."""

    def __init__(
        self,
        seed: int,
        rules: GuardRules,
        honest: Honest,
        attack: Attack | None = None,
        *,
        lasts: timedelta = WEEK,
        processes: int = 6,
        lag: timedelta = timedelta(seconds=1),
    ) -> None:
        self._random = random.Random(seed)
        self._rules, self._honest, self._attack = rules, honest, attack
        self._ends, self._lag = MONDAY + lasts, lag
        self._clock = FixedClock(MONDAY)
        self._books = InMemoryGuardBooks()
        sources = InMemorySources()
        self._histories: dict[str, Known] = {}
        self._guards = [PumpingGuard(self._books, sources, lambda: rules) for _ in range(processes)]
        ids = RandomIds(self._clock, self._random.getrandbits)
        self._ids = ids
        self._counting = Counting(self._books, lambda: rules, self._clock, ids)
        self._stream: deque[tuple[datetime, Observation]] = deque()
        self._answers: list[tuple[datetime, int, str, Destination, datetime]] = []
        self._again: list[Start] = []
        self._orders = iter(range(10**9))
        self.outcome = Outcome()

    def live(self) -> Outcome:
        """Live through it."""
        for start in self._merged():
            while (tick := self._next_tick()) is not None and tick <= start.at:
                self._pass(tick)
            self._begin(start)
        self.outcome.facts.update(event.detail_type for event in self._books.events)
        return self.outcome

    @cached_property
    def ranges(self) -> tuple[str, ...]:
        """Every assigned range of mobile numbers under the operators of this world."""
        return tuple(found for seed in (*SEEDS, *MORE_SEEDS) for found in _ranges(seed))

    @cached_property
    def people(self) -> tuple[str, ...]:
        """The number of each honest person, anywhere in the ranges."""
        choose = self._random.choice
        return tuple(_number(choose(self.ranges), self._random) for _ in range(self._honest.people))

    def _merged(self) -> Iterator[Start]:
        """Starts in order of time; people who ask again are put in where they belong."""
        known = int(self._honest.known * len(self.people))
        for number in self.people[:known]:
            self._histories[number] = Known(answered_at=MONDAY - timedelta(days=30))
        for start in heapq.merge(self._honest_starts(), self._attack_starts()):
            while self._again and self._again[0].at <= start.at:
                yield heapq.heappop(self._again)
            yield start

    def _honest_starts(self) -> Iterator[Start]:
        """A Poisson process whose rate follows the day, and a campaign."""
        mean = self._honest.starts / WEEK.total_seconds()
        peak = mean * 1.8 * max(1.0, self._honest.campaign)
        now = MONDAY
        while (now := now + timedelta(seconds=self._random.expovariate(peak))) < self._ends:
            usual = mean * (1 - 0.8 * math.cos(math.tau * (now.hour - 3) / 24))
            in_campaign = now - MONDAY >= timedelta(days=3, hours=12)
            in_campaign = in_campaign and now - MONDAY < timedelta(days=3, hours=14)
            more = (self._honest.campaign - 1) * mean if in_campaign else 0.0
            chance = self._random.random() * peak
            if chance < usual:
                yield self._by(self._random.randrange(len(self.people)), now)
            elif chance < usual + more:
                newcomer = self._random.uniform(self._honest.known, 1.0)
                yield self._by(min(int(newcomer * len(self.people)), len(self.people) - 1), now)

    def _by(self, person: int, now: datetime) -> Start:
        return Start(
            now, next(self._orders), self.people[person], person, f"home{person}", f"s{person}"
        )

    def _attack_starts(self) -> Iterator[Start]:
        attack = self._attack
        if attack is None:
            return
        chance = random.Random(self._random.random())
        rented = chance.sample(self.ranges, attack.ranges) if attack.ranges else ()
        begins = MONDAY + attack.begins
        first = chance.randrange(len(self.ranges))
        for i in range(int(attack.rate * attack.lasts.total_seconds())):
            at = begins + timedelta(seconds=i / attack.rate)
            if attack.numbers:
                number = chance.choice(attack.numbers)
            elif rented:
                number = _number(chance.choice(rented), chance)
            else:
                ranges = self.ranges
                number = f"{ranges[(first + i // SUFFIXES) % len(ranges)]}{i % SUFFIXES:04d}"
            source = f"proxy{chance.randrange(attack.sources)}"
            yield Start(at, next(self._orders), number, None, source, f"bot{i}")

    def _begin(self, start: Start) -> None:
        guard = self._guards[start.order % len(self._guards)]
        before = self._histories.get(start.number, _NOTHING)
        request = Request(
            verification_id=f"ver_{start.order}",
            service=SERVICE,
            purpose="sign_in",
            channel="sms",
            kind="phone",
            address=start.number,
            address_digest=start.number,
            customer_id=None,
            session=start.session,
            source=start.source,
            at=start.at,
            address_starts=before.starts,
            answered_at=before.answered_at,
        )
        judgement = guard.judge(request)
        self._note(start, judgement)
        if judgement.decision != "refuse":
            self._send(start, judgement)

    def _note(self, start: Start, judgement: Judgement) -> None:
        reasons, refused = judgement.reasons, judgement.decision == "refuse"
        cost = 0 if refused else judgement.cost
        hour = int((start.at - MONDAY).total_seconds()) // 3600
        self.outcome.cost += cost
        self.outcome.cost_by_hour[hour] += cost
        if start.person is None:
            self.outcome.attacked += 1
            self.outcome.attack_sent += not refused
            self.outcome.attack_cost += cost
            self.outcome.attack_cost_by_hour[hour] += cost
            self.outcome.attack_reasons.update(reasons[:1])
        else:
            self.outcome.honest += 1
            self.outcome.honest_refused += refused
            self.outcome.honest_reasons.update(reasons[:1])

    def _send(self, start: Start, judgement: Judgement) -> None:
        where = destination(start.number)
        self._observe(Kind.ORDERED, where, start.at, start.at, judgement.cost)
        before = self._histories.get(start.number, _NOTHING)
        day_ago = start.at - timedelta(days=1)
        starts = (*(at for at in before.starts if at > day_ago), start.at)
        self._histories[start.number] = Known(starts, before.answered_at)
        share = self._honest.answered if start.person is not None else self._answers_share
        if self._random.random() < share:
            wait = self._honest.median * math.exp(self._random.gauss(0.0, 0.8))
            answer = (
                start.at + timedelta(seconds=wait),
                start.order,
                start.number,
                where,
                start.at,
            )
            heapq.heappush(self._answers, answer)
        elif start.person is not None and self._random.random() < self._honest.again:
            again = self._by(start.person, start.at + timedelta(seconds=60))
            heapq.heappush(self._again, again)

    @property
    def _answers_share(self) -> float:
        return self._attack.answered if self._attack else 0.0

    def _observe(
        self, kind: Kind, where: Destination, started_at: datetime, at: datetime, cost: int = 0
    ) -> None:
        one = Observation(
            self._ids.new("evt"), kind, where.operator, where.block, started_at, at, cost=cost
        )
        self._stream.append((at + self._lag, one))

    def _next_tick(self) -> datetime | None:
        """The whole second after which a code has been answered, or the stream tells something."""
        due = [queue[0][0] for queue in (self._answers, self._stream) if queue]
        if not due:
            return None
        return min(due).replace(microsecond=0) + timedelta(seconds=1)

    def _pass(self, now: datetime) -> None:
        """A second goes by: codes are answered, and the stream tells what is due."""
        self._clock.at = now
        while self._answers and self._answers[0][0] <= now:
            at, _, number, where, started_at = heapq.heappop(self._answers)
            before = self._histories[number]
            self._histories[number] = Known(before.starts, at)
            self._observe(Kind.APPROVED, where, started_at, at)
        due = []
        while self._stream and self._stream[0][0] <= now:
            due.append(self._stream.popleft()[1])
        if due:
            self._counting.count(due)


_NOTHING = Known()


def _ranges(seed: str) -> Sequence[str]:
    """The assigned mobile ranges whose numbers begin with `seed`."""
    country = next(code for code in LENGTHS if seed.startswith(code))
    missing = LENGTHS[country] - (len(seed) - len(country)) - RANGE_DIGITS
    found = [f"{seed}{i:0{missing}d}" if missing else seed for i in range(10**missing)]
    return [one for one in found if _is_mobile(one)]


def _is_mobile(range_: str) -> bool:
    where = destination(f"{range_}{SUFFIXES // 2}")
    return where.is_valid and where.kind in {"mobile", "fixed_line_or_mobile"}


def _number(range_: str, chance: random.Random) -> str:
    return f"{range_}{chance.randrange(SUFFIXES):0{RANGE_DIGITS}d}"
