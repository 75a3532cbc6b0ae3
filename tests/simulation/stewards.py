"""Staff who decide who is who: they merge, part, answer reviews and change the rules (V4)."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from rapport.identity.graph import Component
from rapport.identity.matching import Matcher, default_model
from rapport.identity.resolution import resolve
from rapport.identity.rules import Rules
from rapport.identity.statements import customers, said_by
from tests.platform.platform import Answer
from tests.simulation.agents import ADMIN, Agents
from tests.simulation.plan import Action
from tests.simulation.platform import Platform
from tests.simulation.timeline import MINUTE
from tests.simulation.watch import Broken

PAGE = 50
_MATCHER = Matcher(default_model())


class Stewards:
    """Everyone who decides. `heard` is what was ever written: none of it may be lost."""

    def __init__(self, platform: Platform, agents: Agents) -> None:
        self.platform, self.agents = platform, agents
        self.chance = platform.chance
        self.later: Callable[[int, Callable[[], None]], None] = platform.timeline.after
        self.done: Counter[str] = Counter()
        self.heard: set[str] = set()
        self.decided: set[str] = set()

    def do(self, action: Action) -> None:
        """One action of the plan."""
        name = f"{action.kind}-{action.number}"
        match action.kind:
            case "merge":
                self._merges(name)
            case "part":
                self._parts(name)
            case "review":
                self._reviews(name)
            case "rules":
                self._rules(name)

    def after(self, port: str, method: str, arguments: tuple[Any, ...]) -> None:
        """A call took effect: what it wrote is said for good."""
        if port == "identities" and method == "write":
            component = arguments[0].component
            self.heard |= {one.statement_id for one in component.statements}
            self.decided |= {one.decision_id for one in component.decisions}

    # --- what they do --------------------------------------------------------------------------

    def _merges(self, name: str) -> None:
        known = self._customers()
        if len(known) < 2:
            return
        one = self.chance.pick(known, "one", name)
        other = self.chance.pick([each for each in known if each != one], "other", name)
        body = {"customer_id": other, "reason": "They told so."}
        self._posts(f"/v1/customers/{one}/merge", body, name)

    def _parts(self, name: str) -> None:
        """By evidence that is none, or by the records that are another person's."""
        records: dict[str, list[str]] = {}
        for record in self.platform.stores.identities.by_id.values():
            records.setdefault(record.customer_id, []).append(record.record_id)
        several = sorted(customer for customer, own in records.items() if len(own) > 1)
        if not several:
            return
        customer = self.chance.pick(several, "who", name)
        path = f"/v1/customers/{customer}/unmerge"
        if self.chance.happens(0.5, "by records", name):
            mine = self.chance.pick(sorted(records[customer]), "whose", name)
            self._posts(path, {"record_ids": [mine], "reason": "Her sister's."}, name)
            return

        def shown(answer: Answer) -> None:
            found = answer.json["evidence"] if answer.status == 200 else []
            if found:
                evidence = self.chance.pick(found, "evidence", name)["evidence_id"]
                self._posts(path, {"evidence_id": evidence, "reason": "It is shared."}, name)

        self.agents.insist("GET", f"/v1/customers/{customer}/evidence", None, ADMIN, "", shown)

    def _reviews(self, name: str) -> None:
        def shown(answer: Answer) -> None:
            found = answer.json["items"] if answer.status == 200 else []
            if found:
                review = self.chance.pick(found, "review", name)["review_id"]
                is_same = self.chance.happens(0.5, "same", name)
                body = {"is_same": is_same, "reason": "Asked them."}
                self._posts(f"/v1/identity/reviews/{review}", body, name)

        self.agents.insist("GET", "/v1/identity/reviews?limit=10", None, ADMIN, "", shown)

    def _rules(self, name: str) -> None:
        """Telephones join nobody any more, or do again; what is stored follows in a while."""

        def shown(answer: Answer) -> None:
            if answer.status != 200:
                return
            rules = answer.json["rules"]
            for namespace in rules["namespaces"]:
                if namespace["name"] == "phone":
                    off = namespace["joins_from"] is not None
                    namespace["joins_from"] = None if off else "channel"
            body = {"replaces": rules["version"], "rules": {**rules, "version": name}}
            self.agents.insist("PUT", "/v1/identity/rules", body, ADMIN, name, self._done("rules"))
            self.later(2 * MINUTE, self.apply)

        self.agents.insist("GET", "/v1/identity/rules", None, ADMIN, "", shown)

    def apply(self, cursor: str | None = None) -> None:
        """Resolve what is stored by the rules in force, page by page."""
        body = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})

        def on(answer: Answer) -> None:
            if answer.status == 200 and answer.json.get("cursor"):
                self.apply(answer.json["cursor"])

        self.agents.insist("POST", "/v1/identity/rules/application", body, ADMIN, "", on)

    def _posts(self, path: str, body: dict[str, Any], name: str) -> None:
        kind = name.partition("-")[0]
        self.agents.insist("POST", path, body, ADMIN, name, self._done(kind))

    def _done(self, kind: str) -> Callable[[Answer], None]:
        def done(answer: Answer) -> None:
            self.done[kind] += answer.status == 200

        return done

    def _customers(self) -> list[str]:
        records = self.platform.stores.identities.by_id.values()
        return sorted({record.customer_id for record in records})

    # --- what must hold ------------------------------------------------------------------------

    def settle(self) -> None:
        """Customers are what follows from what was said and decided, no more and no less."""
        graph = self.platform.stores.identities
        rules = self.platform.stores.rule_book.current() or Rules()
        components = [one for one in graph.components.values() if isinstance(one, Component)]
        for component in components:
            if set(resolve(component, rules, _MATCHER).customers) != set(component.customers):
                raise Broken("V4", f"{component.component_id} is not what follows from it")
        self._is_kept(components)
        for record in graph.by_id.values():
            found = graph.components[record.component_id]
            while isinstance(found, str):
                found = graph.components[found]
            component = found
            if record.customer_id not in customers(component).values():
                raise Broken("V4", f"{record.record_id} points at a customer who is gone")
            for digest, customer in said_by(component, record.record_id).items():
                if record.said.get(digest, customer) not in ("", customer):
                    raise Broken("V4", f"{record.record_id} said something as another customer")

    def _is_kept(self, components: list[Component]) -> None:
        said = Counter(one.statement_id for each in components for one in each.statements)
        if set(said) != self.heard or max(said.values(), default=1) > 1:
            raise Broken("V1", "something that was said is lost, or lies in two places")
        taken = Counter(one.decision_id for each in components for one in each.decisions)
        if set(taken) != self.decided or max(taken.values(), default=1) > 1:
            raise Broken("V1", "a decision is lost, or lies in two places")
