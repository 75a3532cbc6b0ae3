"""Bring every open conversation to an agent, exactly once, whatever dies or races."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rapport.contracts.events import Metadata, envelope
from rapport.contracts.routing import AgentPresenceChanged, Presence
from rapport.kernel.clock import Clock
from rapport.kernel.errors import InvalidInput, NotFound, Transient
from rapport.kernel.ids import Ids
from rapport.routing.model import (
    MAX_CAPACITY,
    Agent,
    Queue,
    Snoozed,
    Waiting,
    choose,
    oldest_first,
)
from rapport.routing.ports import Routing

SWEEP_LIMIT = 100
ROUNDS = 5

NOBODY = ""

Assign = Callable[[str, str, datetime], bool]
"""(conversation, agent, time) → whether that agent has the conversation now; see conversations."""


@dataclass(frozen=True)
class Desk:
    """What routing works with: its store, the conversations' side of an assignment, and the time.

    `assignee` tells who has an open conversation now: `NOBODY` yet, None where it is not open.
    """

    routing: Routing
    assign: Assign
    assignee: Callable[[str], str | None]
    clock: Clock


def route(waiting: Waiting, *, desk: Desk) -> None:
    """Find an agent for a conversation, or let it wait.

    The waiting entry is written before the queue is read again, and whoever frees an agent writes
    that before they read the queue: of two at the same instant at least one sees the other.
    """
    queue = desk.routing.queue()
    has_place = _present_holder(waiting.conversation_id, queue, desk) is not None
    if (has_place or not _ahead(queue, waiting)) and _give(waiting, queue, desk):
        return
    if desk.assignee(waiting.conversation_id) != NOBODY:
        return  # an old fact told again: somebody has it, or it is closed by now
    if waiting not in queue.waiting:
        desk.routing.wait(waiting)
    serve_waiting(desk=desk)


def _ahead(queue: Queue, waiting: Waiting) -> bool:
    return any(other < waiting for other in queue.waiting)


def serve_waiting(*, desk: Desk) -> None:
    """Give out what waits, oldest first, as long as someone is eligible."""
    for _ in range(ROUNDS):
        queue = desk.routing.queue()
        served = 0
        for waiting in _in_order(queue, desk):
            if not _give(waiting, queue, desk):
                break
            desk.routing.stop_waiting(waiting)
            served += 1
            queue = desk.routing.queue()
        if served == 0 or not queue.waiting:
            return


def _in_order(queue: Queue, desk: Desk) -> list[Waiting]:
    """Oldest first, but before them those that fill a place already: an attempt died between.

    Behind an older one that finds nobody they would keep their agent from everyone, themselves too.
    """
    filled = {one for agent in queue.agents for one in agent.active}
    held = {
        one
        for one in queue.waiting
        if one.conversation_id in filled and _present_holder(one.conversation_id, queue, desk)
    }
    return sorted(oldest_first(queue.waiting), key=lambda one: one not in held)


def _give(waiting: Waiting, queue: Queue, desk: Desk) -> bool:
    """True when the conversation needs no more waiting: somebody has it, or it is closed."""
    conversation_id = waiting.conversation_id
    for _ in range(ROUNDS):
        now = desk.clock.now()
        holder = _present_holder(conversation_id, queue, desk)
        agent = holder or choose(queue.agents, waiting.preferred)
        if agent is None:
            return False
        if desk.routing.take(agent, conversation_id, now):
            if not desk.assign(conversation_id, agent.agent_id, now):
                _free(agent.agent_id, conversation_id, desk)
            return True
        queue = desk.routing.queue()  # another conversation was quicker: look again
    return False


def _present_holder(conversation_id: str, queue: Queue, desk: Desk) -> Agent | None:
    """Whose place the conversation fills: taken by an attempt that died before it assigned.

    Or a place not yet freed after a resolution: whoever has left since gets no conversation.
    """
    holder = queue.holder(conversation_id)
    if holder is None or holder.presence is Presence.ONLINE:
        return holder
    if desk.assignee(conversation_id) == holder.agent_id:
        return holder
    desk.routing.release(holder.agent_id, conversation_id, seen=holder.last_assigned_at)
    return None


def release(agent_id: str | None, conversation_id: str, *, desk: Desk) -> None:
    """A conversation left its agent: free the place, then serve who waits.

    The fact may come late: where the agent has the conversation again by now, the place is theirs.
    """
    if agent_id:
        _free(agent_id, conversation_id, desk)
    serve_waiting(desk=desk)


def _free(agent_id: str, conversation_id: str, desk: Desk) -> None:
    """Free a place, unless the conversation is open again: then its own routing finds it filled.

    It may open, and be given to the same agent, between our look and our release: that assignment
    shows on the agent, so it is looked at first, and must be the latest still.
    """
    for _ in range(ROUNDS):
        agents = (one for one in desk.routing.queue().agents if one.agent_id == agent_id)
        agent = next(agents, None)
        if agent is None or conversation_id not in agent.active:
            return
        if desk.assignee(conversation_id) in (agent_id, NOBODY):
            return
        if desk.routing.release(agent_id, conversation_id, seen=agent.last_assigned_at):
            return
    raise Transient("The agent was given more and more; try again.")


def save_agent(agent: Agent, *, routing: Routing, ids: Ids, clock: Clock) -> None:
    """Create an agent, or change name and capacity; more capacity is given work by the event."""
    if not 1 <= agent.capacity <= MAX_CAPACITY:
        raise InvalidInput(f"Give a capacity from 1 to {MAX_CAPACITY}.", field="capacity")
    fact = AgentPresenceChanged(agent_id=agent.agent_id, presence=agent.presence)
    routing.save_agent(
        agent, [envelope(fact, Metadata(event_id=ids.new("evt"), occurred_at=clock.now()))]
    )


def set_presence(
    agent_id: str, presence: Presence, *, routing: Routing, ids: Ids, clock: Clock
) -> Agent:
    """An agent comes or goes; raises `NotFound`. Who comes is given work by the event."""
    fact = AgentPresenceChanged(agent_id=agent_id, presence=presence)
    agent = routing.set_presence(
        agent_id,
        presence,
        [envelope(fact, Metadata(event_id=ids.new("evt"), occurred_at=clock.now()))],
    )
    if agent is None:
        raise NotFound("There is no such agent.")
    return agent


def snooze(snoozed: Snoozed, agent_id: str | None, *, desk: Desk) -> None:
    """Remember when to wake a conversation, and free its agent's place."""
    desk.routing.snooze(snoozed)
    release(agent_id, snoozed.conversation_id, desk=desk)


def sweep(*, desk: Desk, reopen: Callable[[str, datetime], None]) -> int:
    """Every minute: wake what is due, serve what waits; how many were woken.

    `reopen` opens a conversation again, or does nothing where it is open or resolved by now.
    """
    due = desk.routing.due(desk.clock.now(), SWEEP_LIMIT)
    for snoozed in due:
        reopen(snoozed.conversation_id, snoozed.until)
        desk.routing.wake(snoozed)
    serve_waiting(desk=desk)
    return len(due)
