"""Agents over HTTP: who answers, how much they take, whether they are there."""

from typing import Any

from rapport import wiring
from rapport.contracts.api.agents import AgentDefinition, AgentList, AgentView, PresenceChange
from rapport.contracts.caller import Caller
from rapport.entrypoint.auth import MANAGE_AGENTS, READ_OWN_AGENT, STAFF_ONLY
from rapport.entrypoint.http import Api
from rapport.views.agents import change_presence, define_agent, list_all, show_agent

api = Api("Agents")


@api.get("/v1/agents", MANAGE_AGENTS)
def list_agents() -> AgentList:
    """Every agent with presence and load as of now."""
    return list_all(routing=wiring.routing())


@api.get("/v1/agents/{agent_id}", READ_OWN_AGENT)
def get_agent(agent_id: str, caller: Caller) -> AgentView:
    """One agent; agents see themselves."""
    return show_agent(agent_id, caller, routing=wiring.routing())


@api.put("/v1/agents/{agent_id}", MANAGE_AGENTS)
def put_agent(agent_id: str, body: AgentDefinition) -> AgentView:
    """Create an agent or change name and capacity; presence stays."""
    return define_agent(
        agent_id, body, routing=wiring.routing(), ids=wiring.ids(), clock=wiring.clock()
    )


@api.put("/v1/agents/{agent_id}/presence", STAFF_ONLY)
def put_presence(agent_id: str, body: PresenceChange, caller: Caller) -> AgentView:
    """Come or go; supervisors may do it for others."""
    return change_presence(
        agent_id, body, caller, routing=wiring.routing(), ids=wiring.ids(), clock=wiring.clock()
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of the routes above (payload 2.0)."""
    return api(event, context)
