"""Routing in memory: the twin of `store`, for tests and simulations."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rapport.contracts.events import Envelope
from rapport.contracts.routing import Presence
from rapport.kernel.clock import iso
from rapport.routing.model import Agent, Queue, Snoozed, Waiting


class InMemoryRouting:
    """`Routing` in dictionaries; `events` collects what would ride on the items."""

    def __init__(self) -> None:
        self.agents: dict[str, Agent] = {}
        self.waiting: dict[Waiting, Waiting] = {}
        self.snoozed: set[Snoozed] = set()
        self.events: list[Envelope] = []

    def queue(self) -> Queue:
        """All agents and all that waits."""
        agents = sorted(self.agents.values(), key=lambda agent: agent.agent_id)
        return Queue(tuple(agents), tuple(sorted(self.waiting.values())))

    def agent(self, agent_id: str) -> Agent | None:
        """One agent."""
        return self.agents.get(agent_id)

    def save_agent(self, agent: Agent, events: Sequence[Envelope]) -> None:
        """Set name and capacity."""
        known = self.agents.get(agent.agent_id)
        self.agents[agent.agent_id] = replace(
            agent,
            presence=known.presence if known else agent.presence,
            active=known.active if known else frozenset(),
            last_assigned_at=known.last_assigned_at if known else "",
        )
        self.events.extend(events)

    def set_presence(
        self, agent_id: str, presence: Presence, events: Sequence[Envelope]
    ) -> Agent | None:
        """Set the presence of an agent."""
        known = self.agents.get(agent_id)
        if known is None:
            return None
        self.agents[agent_id] = replace(known, presence=presence)
        self.events.extend(events)
        return self.agents[agent_id]

    def take(self, agent: Agent, conversation_id: str, at: datetime) -> bool:
        """Fill a place of the agent."""
        known = self.agents.get(agent.agent_id)
        if known is None or (not known.is_eligible and conversation_id not in known.active):
            return False
        self.agents[agent.agent_id] = replace(
            known, active=known.active | {conversation_id}, last_assigned_at=iso(at)
        )
        return True

    def release(self, agent_id: str, conversation_id: str, *, seen: str | None = None) -> bool:
        """Free the place that a conversation fills, unless more was given since `seen`."""
        known = self.agents.get(agent_id)
        if known is None or conversation_id not in known.active:
            return True
        if seen is not None and known.last_assigned_at != seen:
            return False
        self.agents[agent_id] = replace(known, active=known.active - {conversation_id})
        return True

    def wait(self, waiting: Waiting) -> None:
        """Let a conversation wait."""
        self.waiting[waiting] = waiting

    def stop_waiting(self, waiting: Waiting) -> None:
        """It waits no longer."""
        self.waiting.pop(waiting, None)

    def snooze(self, snoozed: Snoozed) -> None:
        """Remember when to wake a conversation."""
        self.snoozed.add(snoozed)

    def due(self, now: datetime, limit: int) -> list[Snoozed]:
        """Snoozed conversations whose time has come."""
        found = [one for one in self.snoozed if one.until <= now]
        return sorted(found, key=lambda one: (one.until, one.conversation_id))[:limit]

    def wake(self, snoozed: Snoozed) -> None:
        """Forget its time."""
        self.snoozed.discard(snoozed)
