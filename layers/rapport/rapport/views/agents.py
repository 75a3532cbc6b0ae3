"""Agents as the API shows and changes them."""

from rapport.contracts.api.agents import AgentDefinition, AgentList, AgentView, PresenceChange
from rapport.contracts.caller import Caller
from rapport.contracts.routing import Presence
from rapport.kernel.clock import Clock
from rapport.kernel.errors import Forbidden, NotFound
from rapport.kernel.ids import Ids
from rapport.routing.model import Agent
from rapport.routing.ports import Routing
from rapport.routing.service import save_agent, set_presence


def list_all(*, routing: Routing) -> AgentList:
    """Every agent as of now."""
    return AgentList(items=[agent_view(agent) for agent in routing.queue().agents])


def show_agent(agent_id: str, caller: Caller, *, routing: Routing) -> AgentView:
    """An agent; raises `NotFound` for none, and for a colleague, whom agents may not look up."""
    may_know = caller.is_application or caller.is_manager or caller.subject == agent_id
    agent = routing.agent(agent_id) if may_know else None
    if agent is None:
        raise NotFound("There is no such agent.")
    return agent_view(agent)


def define_agent(
    agent_id: str, definition: AgentDefinition, *, routing: Routing, ids: Ids, clock: Clock
) -> AgentView:
    """Create an agent, offline, or change name and capacity; presence and load stay."""
    known = routing.agent(agent_id)
    agent = Agent(
        agent_id=agent_id,
        name=definition.name,
        capacity=definition.capacity,
        presence=known.presence if known else Presence.OFFLINE,
        active=known.active if known else frozenset(),
    )
    save_agent(agent, routing=routing, ids=ids, clock=clock)
    return agent_view(agent)


def change_presence(
    agent_id: str,
    change: PresenceChange,
    caller: Caller,
    *,
    routing: Routing,
    ids: Ids,
    clock: Clock,
) -> AgentView:
    """Set an agent's presence; raises `Forbidden` for another's unless a supervisor does it."""
    if caller.subject != agent_id and not caller.is_manager:
        raise Forbidden("A supervisor may set another agent's presence.")
    agent = set_presence(agent_id, change.presence, routing=routing, ids=ids, clock=clock)
    return agent_view(agent)


def agent_view(agent: Agent) -> AgentView:
    """An agent with what fills their capacity."""
    return AgentView(
        agent_id=agent.agent_id,
        name=agent.name,
        capacity=agent.capacity,
        presence=agent.presence,
        active=sorted(agent.active),
    )
