"""One world from its plan to its end: the same plan gives the same end, to the last byte."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulation.agents import Agents, claims
from tests.simulation.chance import Chance
from tests.simulation.code_watch import CodeWatch
from tests.simulation.people import Customers
from tests.simulation.plain import plain
from tests.simulation.plan import Action, Plan, calms
from tests.simulation.platform import Platform
from tests.simulation.providers import Providers
from tests.simulation.settled import Owed, check
from tests.simulation.stewards import Stewards
from tests.simulation.timeline import DAY, HOUR, MINUTE, Timeline
from tests.simulation.verifying import Verifying
from tests.simulation.watch import Broken, Watch
from tests.simulation.weather import Weather

Plant = Callable[[Platform], None]
"""Puts a bug into a platform, for tests of the simulation itself."""

STEWARDS = frozenset({"merge", "part", "review", "rules"})
AGENTS = frozenset({"capacity", "online", "away", "look"})


@dataclass(frozen=True)
class Ending:
    """How a world ended: the hash of everything it holds, or what was broken."""

    plan: Plan
    digest: str
    broken: Broken | None
    figures: dict[str, int]


class World:
    """Platform, providers and people of one plan."""

    def __init__(self, plan: Plan, plant: Plant | None, told: Callable[[str], None] | None) -> None:
        self.plan = plan
        self.line = Timeline()
        chance = Chance(plan.seed)
        self.weather = Weather(chance, self.line)
        self.platform = Platform(chance, self.line, self.weather)
        self.watch = Watch(self.platform.stores)
        self.owed = Owed()
        self._calms = calms(plan.size)
        providers = Providers(self.platform, self.later)
        self.providers = providers
        self.customers = Customers(self.platform, providers, self.watch, self.owed, plan.people)
        self.agents = Agents(self.platform, self.watch, plan.size.agents)
        self.codes = CodeWatch(self.platform)
        self.verifying = Verifying(self.platform, self.agents, self.customers, self.codes)
        self.stewards = Stewards(self.platform, self.agents)
        self.customers.wrote = self.agents.meets
        self.customers.is_code = self.verifying.reached
        self.customers.later = self.agents.later = self.verifying.later = self.later
        self.stewards.later = self.later
        self.platform.after = self._after
        if told is not None:
            self.platform.told = self.weather.told = lambda text: told(f"{self._place()} {text}")
        self._told = told
        if plant is not None:
            plant(self.platform)

    def run(self) -> Ending:
        """Live through the plan."""
        for action in self.plan.actions:
            self.line.at(action.at, lambda action=action: self._do(action))  # type: ignore[misc]
        for spell in self.plan.spells:
            self.line.at(spell.start, lambda spell=spell: self.weather.begin(spell))  # type: ignore[misc]
            self.line.at(spell.end, lambda spell=spell: self.weather.end(spell))  # type: ignore[misc]
        for start, end in self._calms:
            self.line.at(start, lambda: self._calm(is_calm=True))
            self.line.at(end - 2 * HOUR, self._check)
            self.line.at(end, lambda: self._calm(is_calm=False))
        broken = None
        with self.platform.installed():
            try:
                self.line.run(self.plan.size.days * DAY)
                self._end()
            except Broken as found:
                broken = found
        return Ending(self.plan, self._digest(), broken, self._figures())

    def later(self, wait: int, job: Callable[[], None]) -> None:
        """Do something later, but not in a calm."""
        at = self.line.ms + wait
        for start, end in self._calms:
            if start <= at < end:
                at = end + (at - start) % HOUR
        self.line.at(at, job)

    def _do(self, action: Action) -> None:
        if self._told:
            self._told(f"{self._place()} {action}")
        if action.kind in AGENTS:
            self.agents.do(action)
        elif action.kind in STEWARDS:
            self.stewards.do(action)
        elif action.kind == "verify":
            self.verifying.do(action)
        elif action.kind == "rotate":
            self.providers.rotate(action.what, action.number)
        else:
            self.customers.do(action)

    def _after(self, port: str, method: str, arguments: tuple[Any, ...], result: Any) -> None:
        self.watch.after(port, method, arguments, result)
        self.codes.after(port, method, arguments)
        self.stewards.after(port, method, arguments)
        if port == "conversations" and method in ("write", "archive"):
            self.agents.given(arguments[0])

    def _calm(self, *, is_calm: bool) -> None:
        self.weather.is_calm = is_calm
        if is_calm:
            self.line.after(2 * HOUR, self._redrive)
            self.line.after(3 * HOUR, self.stewards.apply)

    def _redrive(self) -> None:
        self.platform.redrive()

    def _check(self) -> None:
        if self.providers.refused:
            raise Broken("V11", f"a genuine webhook of {self.providers.refused[0]}")
        check(self.platform, self.watch, self.owed)
        self.codes.settle()
        self.stewards.settle()

    def _end(self) -> None:
        """A last calm; then an agent comes, and takes who waited longest."""
        self._calms.append((self.line.ms, self.line.ms + DAY))
        self._calm(is_calm=True)
        self.line.run(self.line.ms + 6 * HOUR)
        self._check()
        routing = self.platform.stores.routing
        before = sorted(routing.waiting)
        for agent in self.agents.names:
            path, body = f"/v1/agents/{agent}/presence", b'{"presence":"online"}'
            self.platform.request("PUT", path, body, claims=claims(agent))
            self.line.run(self.line.ms + 5 * MINUTE)
            left = sorted(one for one in routing.waiting if one in before)
            if left != before[len(before) - len(left) :]:
                raise Broken("V11", "who waited longest was not served first")
        self._check()

    def _place(self) -> str:
        return self.line.now().strftime("%m-%d %H:%M:%S.%f")[:-3]

    # --- the end, in figures -------------------------------------------------------------------

    def _digest(self) -> str:
        platform = self.platform
        whole = {
            "stores": {name: vars(twin) for name, twin in platform.stores.named.items()},
            "delivered": self.providers.twins.state.delivered,
            "queues": {name: one.messages for name, one in platform.queues.items()},
            "figures": self._figures(),
            "time": self.line.ms,
        }
        return hashlib.sha256(json.dumps(plain(whole)).encode()).hexdigest()

    def _figures(self) -> dict[str, int]:
        stores = self.platform.stores
        return {
            "calls": self.platform.calls,
            "invocations": self.platform.invocations,
            "messages": len(stores.messages.messages),
            "customers": len({one.customer_id for one in stores.identities.by_id.values()}),
            "conversations": len(stores.conversations.current) + len(stores.conversations.archived),
            "answers": len(stores.ledger.entries),
            "delivered": len(self.providers.twins.state.delivered),
            "codes": len(self.codes.codes),
            "approved": len(self.codes.approved),
            "decided": sum(self.stewards.done.values()),
            "activities": len(stores.activities.stored),
            "faults": self.weather.faults,
            "overtaken": self.platform.overtaken,
            "redriven": self.platform.redriven,
        }


def live(
    plan: Plan, plant: Plant | None = None, told: Callable[[str], None] | None = None
) -> Ending:
    """Live through a plan; `told` hears what happens."""
    return World(plan, plant, told).run()
