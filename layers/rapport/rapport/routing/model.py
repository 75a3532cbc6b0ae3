"""Who takes which conversation: oldest first, to the least loaded agent who is there. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rapport.contracts.routing import Presence

DEFAULT_QUEUE = "default"
MAX_CAPACITY = 50


@dataclass(frozen=True)
class Agent:
    """Someone who answers. `active` are the conversations that fill their `capacity` now."""

    agent_id: str
    name: str
    capacity: int
    presence: Presence = Presence.OFFLINE
    active: frozenset[str] = field(default_factory=frozenset)
    last_assigned_at: str = ""

    @property
    def is_eligible(self) -> bool:
        """There and not full."""
        return self.presence is Presence.ONLINE and len(self.active) < self.capacity


@dataclass(frozen=True, order=True)
class Waiting:
    """A conversation that nobody has yet; ordered by how long it waits."""

    opened_at: datetime
    conversation_id: str
    preferred: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Snoozed:
    """A conversation that rests until `until`."""

    until: datetime
    conversation_id: str


@dataclass(frozen=True)
class Queue:
    """Everything about one queue as of one read."""

    agents: tuple[Agent, ...] = ()
    waiting: tuple[Waiting, ...] = ()

    def holder(self, conversation_id: str) -> Agent | None:
        """The agent whose capacity a conversation already fills."""
        return next((one for one in self.agents if conversation_id in one.active), None)


def choose(agents: Iterable[Agent], preferred: str | None) -> Agent | None:
    """The agent for one conversation: the preferred if eligible, else the least loaded.

    Load is the share of capacity in use; among equals the one who was given work longest ago. So
    load among equals never differs by more than one.
    """
    eligible = [agent for agent in agents if agent.is_eligible]
    known = next((agent for agent in eligible if agent.agent_id == preferred), None)
    return known or min(
        eligible,
        key=lambda agent: (
            len(agent.active) / agent.capacity,
            agent.last_assigned_at,
            agent.agent_id,
        ),
        default=None,
    )


def oldest_first(waiting: Sequence[Waiting]) -> list[Waiting]:
    """The order in which conversations are given out."""
    return sorted(waiting)
