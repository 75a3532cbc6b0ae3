"""Verification by people: staff and a shop ask for codes; the answer is right, wrong or none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.twins.codes import codes
from local.twins.state import Delivered
from rapport.identity.model import Source
from tests.platform.platform import Answer
from tests.simulation.agents import Agents, claims
from tests.simulation.code_watch import CodeWatch
from tests.simulation.people import Customers
from tests.simulation.plan import Action, Person
from tests.simulation.platform import Platform
from tests.simulation.timeline import MINUTE, SECOND

SHOP = {"sub": "shop", "client_id": "shop", "scope": "rapport/verifications.write"}
CHATS = ("messenger", "line", "telegram")
"""Channels whose senders nobody vouches for: a code is how they become somebody known."""

WAYS = ("right",) * 9 + ("wrong", "wrong", "twice", "late", "guesses", "never", "never")


@dataclass(frozen=True)
class Case:
    """One verification as its customer has it; `channel`: the chat to answer in, None for the
    shop's own page."""

    person: Person
    session: str
    channel: str | None


class Verifying:
    """Everyone who asks for codes, and everyone who gets them."""

    def __init__(
        self, platform: Platform, agents: Agents, customers: Customers, watch: CodeWatch
    ) -> None:
        self.platform, self.agents, self.customers, self.watch = platform, agents, customers, watch
        self.chance = platform.chance
        self.later: Callable[[int, Callable[[], None]], None] = platform.timeline.after
        self.cases: dict[str, Case] = {}
        self._answered: set[str] = set()

    def do(self, action: Action) -> None:
        """One action of the plan: somebody wants to know who a person is."""
        person = self.customers.people[action.who % len(self.customers.people)]
        name = f"verify-{action.who}-{action.number}"
        asked = self._by_agent(person, action.number) or self._by_shop(person)
        self._asks(*asked, name)

    def reached(self, message: Delivered) -> bool:
        """Whether a message is a code; then whoever reads it decides what to do with it."""
        code = next(codes([message]), None)
        if code is None or code.verification_id is None:
            return False
        self.watch.reached(message, code)
        name, number = code.verification_id, code.code
        if name not in self._answered:
            self._answered.add(name)
            wait = self.chance.between(3 * SECOND, 3 * MINUTE, "reads", name)
            self.later(wait, lambda: self._answers(name, number))
        return True

    # --- who asks ------------------------------------------------------------------------------

    def _by_agent(self, person: Person, number: int) -> tuple[Case, dict[str, Any], Any] | None:
        """By a customer whose telephone is known, to be answered in a chat where it is not."""
        found = self.platform.stores.identities.found
        phones = (("whatsapp", person.phone.removeprefix("+")), ("twilio", person.phone))
        known = next((found[s] for c, a in phones if (s := Source(c, "main", a)) in found), None)
        for channel in person.channels:
            chat = found.get(Source(channel, "main", person.address(channel)))
            if channel in CHATS and chat is not None and known is not None:
                body = {
                    "customer_id": known.customer_id,
                    "purpose": "identity",
                    "session": chat.record_id,
                }
                agent = self.agents.names[number % len(self.agents.names)]
                return Case(person, chat.record_id, channel), body, claims(agent)
        return None

    def _by_shop(self, person: Person) -> tuple[Case, dict[str, Any], Any]:
        """By an address, to be typed in on the shop's own page."""
        session = f"web-{person.number}"
        body = {
            "address": person.phone,
            "purpose": "confirm_phone",
            "session": session,
            "source": f"visitor-{person.number}",
        }
        return Case(person, session, None), body, SHOP

    def _asks(self, case: Case, body: dict[str, Any], who: Any, name: str) -> None:
        def begun(answer: Answer) -> None:
            if answer.status == 201:
                self.cases[answer.json["verification_id"]] = case

        self.agents.insist("POST", "/v1/verifications", body, who, name, begun)
        if self.chance.happens(0.3, "asks again", name):
            wait = self.chance.between(10 * SECOND, 4 * MINUTE, "again", name)
            again = f"{name}-again"
            self.later(
                wait,
                lambda: self.agents.insist("POST", "/v1/verifications", body, who, again, begun),
            )

    # --- who answers ---------------------------------------------------------------------------

    def _answers(self, name: str, code: str) -> None:
        case = self.cases.get(name)
        if case is None:
            return  # whoever asked has heard nothing of it, and shows no page to type it in
        way = self.chance.pick(WAYS, "way", name)
        wrong = [f"{(int(code) + step) % 1_000_000:06d}" for step in (1, 7, 70, 300, 901, 5000)]
        said = {"wrong": [wrong[0], code], "twice": [code, code], "guesses": [*wrong, code]}
        wait = 11 * MINUTE if way == "late" else 0
        for turn, guess in enumerate([] if way == "never" else said.get(way, [code])):
            wait += self.chance.between(SECOND, 20 * SECOND, "says", name, turn)
            self.later(wait, self._saying(name, case, guess, turn))

    def _saying(self, name: str, case: Case, guess: str, turn: int) -> Callable[[], None]:
        told = f"{name}-{turn}"

        def say() -> None:
            self.watch.guesses[name].add(guess)
            if case.channel is not None:
                self.customers.writes(case.person, case.channel, f"it is {guess}", told)
                return
            body = {"code": guess, "session": case.session}
            self.agents.insist("POST", f"/v1/verifications/{name}/check", body, SHOP, told)

        return say
