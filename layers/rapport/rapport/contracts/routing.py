"""Facts about agents."""

from enum import StrEnum
from typing import ClassVar

from rapport.contracts.events import Data


class Presence(StrEnum):
    """Whether an agent takes conversations now."""

    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


class AgentPresenceChanged(Data):
    """An agent came, went, or changed how much they take."""

    detail_type: ClassVar[str] = "AgentPresenceChanged.v1"

    agent_id: str
    presence: Presence
