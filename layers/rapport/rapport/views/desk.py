"""Routing and conversations together: facts about conversations become work for agents."""

from collections.abc import Callable
from datetime import datetime

from rapport.contracts.conversations import (
    ConversationOpened,
    ConversationReopened,
    ConversationResolved,
    ConversationSnoozed,
)
from rapport.contracts.events import BusEvent
from rapport.contracts.routing import AgentPresenceChanged, Presence
from rapport.conversations import service
from rapport.conversations.model import State
from rapport.conversations.ports import Conversations
from rapport.kernel.errors import Conflict
from rapport.routing import service as routing
from rapport.routing.model import Snoozed, Waiting
from rapport.routing.service import NOBODY, Assign, Desk

Assignee = Callable[[str], str | None]


def assigner(conversations: Conversations) -> Assign:
    """The conversations' side of an assignment, as routing needs it."""

    def assign(conversation_id: str, agent_id: str, at: datetime) -> bool:
        return service.assign(conversation_id, agent_id, at, conversations=conversations)

    return assign


def assignee(conversations: Conversations) -> Assignee:
    """Tells who has an open conversation now: `NOBODY` yet, None where it is not open."""

    def who(conversation_id: str) -> str | None:
        head = conversations.get(conversation_id)
        if head is None or head.state is not State.OPEN:
            return None
        return head.assignee or NOBODY

    return who


def on_fact(event: BusEvent, *, desk: Desk) -> None:
    """Do what a fact asks of routing; late and repeated facts meet conditions and do nothing."""
    data = event.detail.data
    match event.detail_type:
        case ConversationOpened.detail_type:
            opened = ConversationOpened.model_validate(data)
            routing.route(Waiting(opened.opened_at, opened.conversation_id), desk=desk)
        case ConversationReopened.detail_type:
            _reopened(ConversationReopened.model_validate(data), desk)
        case ConversationResolved.detail_type:
            resolved = ConversationResolved.model_validate(data)
            routing.release(resolved.agent_id, resolved.conversation_id, desk=desk)
        case ConversationSnoozed.detail_type:
            snoozed = ConversationSnoozed.model_validate(data)
            routing.snooze(
                Snoozed(snoozed.until, snoozed.conversation_id), snoozed.agent_id, desk=desk
            )
        case AgentPresenceChanged.detail_type:
            if AgentPresenceChanged.model_validate(data).presence is Presence.ONLINE:
                routing.serve_waiting(desk=desk)
        case _:
            pass


def _reopened(reopened: ConversationReopened, desk: Desk) -> None:
    waiting = Waiting(
        reopened.opened_at, reopened.conversation_id, preferred=reopened.previous_assignee
    )
    routing.route(waiting, desk=desk)


def wake(conversations: Conversations) -> Callable[[str, datetime], None]:
    """Opens a snoozed conversation whose time has come; one that moved on stays as it is."""

    def reopen(conversation_id: str, until: datetime) -> None:
        head = conversations.get(conversation_id)
        if head is None or head.state is not State.SNOOZED or head.snoozed_until != until:
            return
        try:
            service.reopen(conversation_id, until, conversations=conversations)
        except Conflict:
            return

    return reopen
