"""Agents: they come and go, answer what they are given, resolve and snooze, and look around."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from rapport.contracts.routing import Presence
from rapport.conversations.model import Conversation, State
from rapport.identity.model import Source
from rapport.kernel.clock import iso
from tests.platform.platform import Answer
from tests.simulation.plan import Action
from tests.simulation.platform import Platform
from tests.simulation.timeline import HOUR, MINUTE, SECOND
from tests.simulation.watch import Broken, Watch

ADMIN = {"sub": "usr_admin", "cognito:groups": "[admin]"}
TRIES = 7


class Agents:
    """Everyone who answers."""

    def __init__(self, platform: Platform, watch: Watch, number: int) -> None:
        self.platform, self.watch = platform, watch
        self.chance = platform.chance
        self.later: Callable[[int, Callable[[], None]], None] = platform.timeline.after
        self.names = [f"usr_agent{one:02d}" for one in range(number)]
        self._given: dict[str, str] = {}
        self._turns: dict[str, int] = {}
        self._answers = 0

    def do(self, action: Action) -> None:
        """One action of the plan."""
        agent = self.names[action.who % len(self.names)]
        match action.kind:
            case "capacity":
                body = {"name": f"Agent {action.who}", "capacity": int(action.what)}
                self.insist("PUT", f"/v1/agents/{agent}", body, ADMIN, "")
            case "online" | "away":
                body = {"presence": action.kind}
                path = f"/v1/agents/{agent}/presence"
                self.insist("PUT", path, body, claims(agent), "", then=self._came(agent))
            case "look":
                self.looks(agent)

    def given(self, head: Conversation) -> None:
        """A conversation was written: whoever has it now begins to work on it."""
        before = self._given.get(head.conversation_id)
        now = head.assignee if head.state is State.OPEN and head.assignee else ""
        if now == before:
            return
        self._given[head.conversation_id] = now
        if now:
            self._soon(head.conversation_id)

    def meets(self, source: Source) -> None:
        """A customer's message is on its way: at times their agent acts at that very moment."""
        stores = self.platform.stores
        record = stores.identities.found.get(source)
        head = stores.conversations.current.get(record.customer_id) if record else None
        line = self.platform.timeline
        if head is None or not self.chance.happens(0.3, "meets", source, line.ms):
            return
        turn = self._turns[head.conversation_id] = self._turns.get(head.conversation_id, 0) + 1
        wait = self.chance.between(0, 600, "acts", source, line.ms)
        self.later(wait, lambda: self._works(head.conversation_id, turn))

    def _came(self, agent: str) -> Callable[[Answer], None]:
        def work(answer: Answer) -> None:
            if answer.status == 200:
                for conversation in answer.json["active"]:
                    self._soon(conversation)

        return work

    def _soon(self, conversation: str) -> None:
        turn = self._turns[conversation] = self._turns.get(conversation, 0) + 1
        wait = self.chance.between(5 * SECOND, 12 * MINUTE, "work", conversation, turn)
        self.later(wait, lambda: self._works(conversation, turn))

    def _works(self, conversation: str, turn: int) -> None:
        """One step of work; what came after has its own."""
        head = self.platform.stores.conversations.get(conversation)
        if head is None or head.state is not State.OPEN or self._turns[conversation] != turn:
            return
        agent = self.platform.stores.routing.agents.get(head.assignee or "")
        if agent is None or agent.presence is not Presence.ONLINE:
            return
        who, name = agent.agent_id, ("turn", conversation, turn)
        if self.chance.happens(0.12, "reads", *name):
            self._reads(head, who)
        dice = self.chance.unit("dice", *name)
        path = f"/v1/conversations/{conversation}"
        if dice < 0.55 - 0.1 * (turn % 4):
            self._answers += 1
            content = {"type": "text", "text": f"A{self._answers} of {turn} by {who}"}
            self.insist("POST", f"{path}/messages", {"content": content}, claims(who), _key(name))
        elif dice < 0.62:
            minutes = self.chance.between(5, 400, "snooze", *name)
            until = self.platform.timeline.now() + timedelta(minutes=minutes)
            self.insist("POST", f"{path}/snooze", {"until": iso(until)}, claims(who), _key(name))
            return
        elif dice < 0.95:
            seen = {"seen": iso(head.last_message_at)} if dice < 0.85 else {}
            self.insist("POST", f"{path}/resolve", seen, claims(who), _key(name))
        self._soon(conversation)

    def looks(self, agent: str) -> None:
        """A screen is loaded anew: what it lists is the agent's, or nobody's."""
        answer = self._asks("GET", "/v1/conversations?limit=50", None, claims(agent), "")
        if answer.status != 200:
            return
        for item in answer.json["items"]:
            if item.get("assignee") not in (None, agent):
                raise Broken("V6", f"{agent} is shown a colleague's conversation")
            if item.get("assignee") == agent and item["state"] == State.OPEN:
                self._soon(item["conversation_id"])

    def _reads(self, head: Conversation, agent: str) -> None:
        """V6: what an agent is shown was written by this customer's own records."""
        path = f"/v1/conversations/{head.conversation_id}/messages?limit=50"
        answer = self._asks("GET", path, None, claims(agent), "")
        if answer.status != 200:
            return
        records = self.platform.stores.identities.by_id
        owners = self.platform.stores.identities.owners
        for item in answer.json["items"]:
            if head.customer_id not in owners[item["record_id"]]:
                raise Broken("V6", f"{head.conversation_id} shows another customer's message")
            sender = self.watch.senders.get(item["message_id"])
            if sender is not None and sender != records[item["record_id"]].source:
                raise Broken("V6", f"{head.conversation_id} shows another sender's message")

    # --- over HTTP -----------------------------------------------------------------------------

    def insist(
        self,
        method: str,
        path: str,
        body: Any,
        who: dict[str, Any],
        key: str,
        then: Callable[[Answer], None] | None = None,
        attempt: int = 0,
    ) -> None:
        """Ask, and ask again with the same key where the server failed."""
        answer = self._asks(method, path, body, who, key)
        is_busy = answer.status == 409 and "retry-after" in answer.headers
        if (answer.status >= 500 or is_busy) and attempt < TRIES:
            wait = int(answer.headers.get("retry-after", 2**attempt)) * SECOND
            wait = min(wait, HOUR) + self.chance.between(
                1, 500, "jitter", self.platform.timeline.ms
            )
            self.later(wait, lambda: self.insist(method, path, body, who, key, then, attempt + 1))
        elif then is not None:
            then(answer)

    def _asks(self, method: str, path: str, body: Any, who: dict[str, Any], key: str) -> Answer:
        data = json.dumps(body).encode() if body is not None else b""
        headers = {"idempotency-key": key} if key else {}
        return self.platform.request(method, path, data, headers, who)


def claims(agent: str) -> dict[str, Any]:
    """The token of an agent."""
    return {"sub": agent, "cognito:groups": "[agent]"}


def _key(name: tuple[object, ...]) -> str:
    return "-".join(map(str, name))
