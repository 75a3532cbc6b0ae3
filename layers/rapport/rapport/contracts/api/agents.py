"""Agents over HTTP."""

from typing import Annotated

from pydantic import Field

from rapport.contracts.api.base import Body, Text, View, examples
from rapport.contracts.routing import Presence


class AgentDefinition(Body):
    """Someone who answers, and how many conversations they take at once."""

    model_config = examples({"name": "Grace", "capacity": 5})

    name: Text
    capacity: Annotated[int, Field(ge=1, le=50)]


class PresenceChange(Body):
    """Come or go. Who is online is given what waits."""

    model_config = examples({"presence": "online"})

    presence: Presence


class AgentView(View):
    """An agent as of now; `active` conversations fill their capacity."""

    agent_id: str
    name: str
    capacity: int
    presence: Presence
    active: list[str]


class AgentList(View):
    """Every agent."""

    items: list[AgentView]
