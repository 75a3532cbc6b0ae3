"""What routing needs from storage. A method is one atomic AWS call."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from rapport.contracts.events import Envelope
from rapport.contracts.routing import Presence
from rapport.routing.model import Agent, Queue, Snoozed, Waiting


class Routing(Protocol):
    """Agents and waiting conversations of one queue, always read as of now."""

    def queue(self) -> Queue:
        """All agents and all that waits."""
        ...

    def agent(self, agent_id: str) -> Agent | None:
        """One agent, as of now."""
        ...

    def save_agent(self, agent: Agent, events: Sequence[Envelope]) -> None:
        """Set name and capacity; a known agent's presence, and what fills their capacity, stays."""
        ...

    def set_presence(
        self, agent_id: str, presence: Presence, events: Sequence[Envelope]
    ) -> Agent | None:
        """Set the presence of an agent; the agent as it is then, None if there is none."""
        ...

    def take(self, agent: Agent, conversation_id: str, at: datetime) -> bool:
        """Fill a place of the agent; False where they are not there or full. Twice is once."""
        ...

    def release(self, agent_id: str, conversation_id: str, *, seen: str | None = None) -> bool:
        """Free the place that a conversation fills, if it does.

        `seen`: only where the agent was given nothing since their `last_assigned_at` was that;
        False where they were, and nothing changes then.
        """
        ...

    def wait(self, waiting: Waiting) -> None:
        """Let a conversation wait. Twice is once."""
        ...

    def stop_waiting(self, waiting: Waiting) -> None:
        """It waits no longer."""
        ...

    def snooze(self, snoozed: Snoozed) -> None:
        """Remember when to wake a conversation."""
        ...

    def due(self, now: datetime, limit: int) -> list[Snoozed]:
        """Snoozed conversations whose time has come, as of now."""
        ...

    def wake(self, snoozed: Snoozed) -> None:
        """It is awake: forget its time."""
        ...
