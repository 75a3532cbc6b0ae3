"""The fraud guard: may a code go to this address now? Every refusal says why, to staff alone.

Numbers that cost money are judged by what they are (phonenumbers' metadata), by their range and
operator prefix (how many codes there were answered) and by what codes cost this hour and day; all
addresses by their own, their session's and their source's starts. Prefixes and money are counted
from the stream, seconds late: what this process let through meanwhile counts at once.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from rapport.otp.guard_blocks import Prefix, standing
from rapport.otp.guard_books import Spent, spent
from rapport.otp.guard_ports import GuardBooks, Sources
from rapport.otp.guard_reasons import Reason, blocked, over_budget, over_ceiling
from rapport.otp.guard_rules import Budget, GuardRules
from rapport.otp.ports import Decision, Request, Verdict
from rapport.otp.prefixes import INTERNATIONAL, NOWHERE, Destination, destination
from rapport.otp.risk import Assessment

NEUTRAL = "If a code can be sent to this address, it is on its way."
"""What an outside caller is told, whatever the guard decides."""

MOST_CACHED = 1000


@dataclass(frozen=True)
class Judgement(Verdict):
    """A verdict and what is behind it: `details` for staff, with words, numbers and an end."""

    details: tuple[Reason, ...] = ()

    @property
    def outside(self) -> str:
        """The one answer for outside callers."""
        return NEUTRAL


class Risk(Protocol):
    """Judges whether the address still belongs to whom it did, and who asks."""

    def assess(self, request: Request) -> Assessment:
        """What speaks for and against sending a code there."""
        ...


class PumpingGuard:
    """`Guard`: judges every code before it is ordered; one a process, remembering for seconds."""

    def __init__(
        self,
        books: GuardBooks,
        sources: Sources,
        rules: Callable[[], GuardRules],
        risk: Risk | None = None,
    ) -> None:
        self._books = books
        self._sources = sources
        self._rules = rules
        self._risk = risk
        self._prefixes: dict[str, tuple[datetime, Prefix]] = {}
        self._spending: tuple[datetime, Spent] | None = None
        self._lately = Lately()

    def judge(self, request: Request) -> Judgement:
        """Whether a code may go, and every reason why not.

        At most one read (none while what was read is fresh), one count of the source where nothing
        else speaks against the code, and what the risk signals need.
        """
        rules = self._rules()
        found = [
            *_over("address_budget", request.address_starts, rules.address, request.at),
            *_over("session_budget", request.session_starts, rules.session, request.at),
        ]
        where, cost = None, 0
        if request.channel in rules.metered:
            where = destination(request.address) if request.address else NOWHERE
            cost = rules.prices.of(request.channel, where.region)
            found += self._metered(request, where, cost, rules)
        risk = self._risk.assess(request) if self._risk else Assessment()
        # What is refused already, or will be asked for another channel, is no code of anybody's.
        will_go = risk.decision is not Decision.REFUSE and request.channel not in risk.avoid
        if will_go and not found:
            found += self._source(request, rules)
            if where is not None and request.address and not found:
                self._lately.add(request.at, where, cost)
        return Judgement(
            Decision.REFUSE if found else risk.decision,
            reasons=(*(one.code for one in found), *risk.reasons),
            prefix=where.range if where and request.address and where.is_valid else None,
            avoid=risk.avoid,
            details=tuple(found),
            cost=cost,
        )

    def _metered(
        self, request: Request, where: Destination, cost: int, rules: GuardRules
    ) -> list[Reason]:
        """What the number, its prefix and the money say.

        Where there is no address the same is read all the same, and decides nothing.
        """
        refused = _refused(where, request, rules) if request.address else []
        if refused:
            return refused
        now = request.at
        prefix, money = self._fresh(where.operator, rules, now)
        self._lately.forget(now - rules.blind)
        proven = _is_proven(request, rules)
        found = _spend(money, cost, self._lately.cost, rules, proven=proven)
        return found if proven else [*self._prefix(prefix, where, rules, now), *found]

    def _prefix(
        self, prefix: Prefix, where: Destination, rules: GuardRules, now: datetime
    ) -> list[Reason]:
        minutes, known = prefix.of_range(where.block)
        besides = self._lately.starts(where.range)
        of_range = standing(minutes, known, rules.range_level, rules, now, besides=besides)
        if of_range.block:
            return [blocked("range_blocked", where.range, of_range.block)]
        minutes, known = prefix.of_operator()
        besides = self._lately.starts(where.operator)
        of_operator = standing(minutes, known, rules.operator_level, rules, now, besides=besides)
        if of_operator.block and not of_range.is_quiet(rules.range_level, rules):
            return [blocked("operator_blocked", where.operator, of_operator.block)]
        return []

    def _source(self, request: Request, rules: GuardRules) -> list[Reason]:
        budget = rules.source
        starts = self._sources.count(request.source, budget.window, request.at)
        if starts <= budget.most:
            return []
        seconds = budget.window.total_seconds()
        ends = (request.at.timestamp() // seconds + 1) * seconds
        ends_at = datetime.fromtimestamp(ends, request.at.tzinfo)
        return [over_budget("source_budget", starts - 1, budget, ends_at)]

    def _fresh(self, operator: str, rules: GuardRules, now: datetime) -> tuple[Prefix, Spent]:
        oldest = now - rules.fresh
        prefix, money = self._prefixes.get(operator), self._spending
        if prefix and prefix[0] > oldest and money and money[0] > oldest:
            return prefix[1], money[1]
        found, books = self._books.read([operator], spending=True)
        if len(self._prefixes) >= MOST_CACHED:
            self._prefixes.clear()
        self._prefixes[operator] = (now, found[operator])
        self._spending = (now, spent(books, now))
        return found[operator], self._spending[1]


class Lately:
    """What this process let through in the last seconds, before the stream has counted it."""

    def __init__(self) -> None:
        self._log: deque[tuple[datetime, str, str, int]] = deque()
        self._starts: Counter[str] = Counter()
        self.cost = 0

    def starts(self, prefix: str) -> int:
        """Starts under an operator prefix or a range."""
        return self._starts[prefix]

    def add(self, now: datetime, where: Destination, cost: int) -> None:
        """One was let through."""
        self._log.append((now, where.operator, where.range, cost))
        self._starts.update({where.operator, where.range})
        self.cost += cost

    def forget(self, before: datetime) -> None:
        """The stream has counted what was let through by then."""
        while self._log and self._log[0][0] <= before:
            _, operator, range_, cost = self._log.popleft()
            self.cost -= cost
            for prefix in {operator, range_}:
                self._starts[prefix] -= 1
                if not self._starts[prefix]:
                    del self._starts[prefix]


def _is_proven(request: Request, rules: GuardRules) -> bool:
    """Whether a code was answered here before: somebody reads what is sent there."""
    answered_at = request.answered_at
    return answered_at is not None and answered_at > request.at - rules.proven


def _refused(where: Destination, request: Request, rules: GuardRules) -> list[Reason]:
    """What the number itself says against it."""
    found = []
    if not where.is_valid:
        found.append(Reason("unassigned"))
    elif where.kind in rules.refused_kinds.get(request.channel, frozenset()):
        found.append(Reason("kind_refused", {"kind": where.kind}))
    lists = [one for one in (rules.countries, request.service.countries) if one]
    if where.region == INTERNATIONAL and INTERNATIONAL not in rules.countries:
        found.append(Reason("no_country", {"country_code": where.operator[1:4]}))
    elif any(where.region not in allowed for allowed in lists):
        found.append(
            Reason("country_not_allowed", {"region": where.region or "an unknown country"})
        )
    return found


def _over(
    code: str, starts: Sequence[datetime], budgets: Sequence[Budget], now: datetime
) -> list[Reason]:
    """The budgets that one start more would exceed."""
    found = []
    for budget in budgets:
        within = sorted(at for at in starts if at > now - budget.window)
        if len(within) >= budget.most:
            ends_at = within[len(within) - budget.most] + budget.window
            found.append(over_budget(code, len(within), budget, ends_at))
    return found


def _spend(money: Spent, cost: int, own: int, rules: GuardRules, *, proven: bool) -> list[Reason]:
    """The ceilings that this code would break, with what is spent but not counted yet."""
    pending = max(own, round(money.a_second * rules.blind.total_seconds())) + cost
    windows = (("spend_hour", money.hour, rules.hour), ("spend_day", money.day, rules.day))
    return [
        over_ceiling(code, counted, ceiling)
        for code, counted, ceiling in windows
        if counted + pending > (ceiling.most if proven else ceiling.open_to_all)
    ]
