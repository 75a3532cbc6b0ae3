"""Conversations over HTTP: lists, messages, answers, and the changes of a conversation's life."""

from typing import Any

from rapport import wiring
from rapport.contracts.api.conversations import (
    Accepted,
    AttachmentLink,
    ConversationPage,
    ConversationQuery,
    ConversationView,
    MessagePage,
    MessageQuery,
    MessageView,
    Reply,
    Resolution,
    Snooze,
)
from rapport.contracts.caller import Caller
from rapport.conversations.model import Conversation
from rapport.entrypoint.auth import READ_CONVERSATIONS, WRITE_CONVERSATIONS
from rapport.entrypoint.http import Api
from rapport.idempotency.model import Seed
from rapport.views import conversations as views
from rapport.views.lifecycle import reopen, resolve, snooze
from rapport.views.messages import conversation_view, entry_view
from rapport.views.replies import reply
from rapport.views.timeline import conversation_messages

api = Api("Conversations")

LIST = "/v1/conversations"
ONE = "/v1/conversations/{conversation_id}"
MESSAGES = f"{ONE}/messages"
MESSAGE = f"{MESSAGES}/{{ref}}"


@api.get(LIST, READ_CONVERSATIONS)
def list_conversations(query: ConversationQuery, caller: Caller) -> ConversationPage:
    """Conversations that are not resolved; agents see their own, then unassigned ones."""
    return views.list_conversations(query, caller, conversations=wiring.conversations())


@api.get(ONE, READ_CONVERSATIONS)
def get_conversation(conversation_id: str, caller: Caller) -> ConversationView:
    """One conversation; a colleague's needs a supervisor."""
    return conversation_view(_readable(conversation_id, caller))


@api.get(MESSAGES, READ_CONVERSATIONS)
def list_messages(conversation_id: str, query: MessageQuery, caller: Caller) -> MessagePage:
    """Its messages on all channels, latest first by the provider's time."""
    return conversation_messages(_readable(conversation_id, caller), query, words=wiring.words())


@api.post(MESSAGES, WRITE_CONVERSATIONS, status=202)
def answer_customer(conversation_id: str, body: Reply, caller: Caller, seed: Seed) -> Accepted:
    """Answer the customer. What the channel would refuse is refused before anything is sent."""
    entry = reply(body, _own(conversation_id, caller), caller, seed, desk=wiring.reply_desk())
    return Accepted(message=entry_view(entry))


@api.get(MESSAGE, READ_CONVERSATIONS)
def get_message(conversation_id: str, ref: str, caller: Caller) -> MessageView:
    """One message by its `ref`, with what became of it."""
    return views.read_message(ref, _readable(conversation_id, caller), words=wiring.words())


@api.get(f"{MESSAGE}/attachments/{{index}}", READ_CONVERSATIONS)
def get_attachment(conversation_id: str, ref: str, index: str, caller: Caller) -> AttachmentLink:
    """A link to a file of a message, valid for five minutes."""
    conversation, now = _readable(conversation_id, caller), wiring.clock().now()
    return views.link_attachment(
        ref, index, conversation, now, words=wiring.words(), links=wiring.links()
    )


@api.post(f"{ONE}/resolve", WRITE_CONVERSATIONS)
def resolve_conversation(
    conversation_id: str, body: Resolution, caller: Caller, seed: Seed
) -> ConversationView:
    """Resolve it, unless the customer has written since what you saw."""
    head, now = _own(conversation_id, caller), wiring.clock().now()
    done = resolve(head, body.seen, seed, now, conversations=wiring.conversations())
    return conversation_view(done)


@api.post(f"{ONE}/snooze", WRITE_CONVERSATIONS)
def snooze_conversation(
    conversation_id: str, body: Snooze, caller: Caller, seed: Seed
) -> ConversationView:
    """Let it rest until a time or the customer's next message."""
    head, now = _own(conversation_id, caller), wiring.clock().now()
    return conversation_view(
        snooze(head, body.until, seed, now, conversations=wiring.conversations())
    )


@api.post(f"{ONE}/reopen", WRITE_CONVERSATIONS)
def reopen_conversation(conversation_id: str, caller: Caller, seed: Seed) -> ConversationView:
    """Open it again; routing finds it an agent, the last one first."""
    head, now = _own(conversation_id, caller), wiring.clock().now()
    return conversation_view(reopen(head, seed, now, conversations=wiring.conversations()))


def _readable(conversation_id: str, caller: Caller) -> Conversation:
    return views.read_conversation(conversation_id, caller, conversations=wiring.conversations())


def _own(conversation_id: str, caller: Caller) -> Conversation:
    return views.own_conversation(conversation_id, caller, conversations=wiring.conversations())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of the routes above (payload 2.0)."""
    return api(event, context)
