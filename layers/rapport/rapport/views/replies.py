"""Answer a customer: conversations say whether and where, the ledger takes it, then it leaves."""

from collections.abc import Callable
from dataclasses import dataclass

from rapport.channels.base import Account
from rapport.channels.sender import Sender
from rapport.contracts.api.conversations import Reply
from rapport.contracts.caller import Caller
from rapport.conversations.model import Conversation, Message, Route, State
from rapport.conversations.ports import Messages
from rapport.idempotency.model import Seed
from rapport.kernel.clock import Clock
from rapport.kernel.errors import Conflict, InvalidInput
from rapport.notifications.model import LedgerEntry
from rapport.notifications.ports import Ledger
from rapport.notifications.service import check_sendable, enter


@dataclass(frozen=True)
class ReplyDesk:
    """What answering needs."""

    messages: Messages
    ledger: Ledger
    sender_of: Callable[[str], Sender]
    account_of: Callable[[str, str], Account]
    clock: Clock


def reply(
    body: Reply, conversation: Conversation, caller: Caller, seed: Seed, *, desk: ReplyDesk
) -> LedgerEntry:
    """Enter an answer into the ledger, once; what the channel would refuse is refused before.

    Raises `Conflict` in a resolved conversation, `WindowClosed` where only templates may be sent,
    `InvalidInput` for a record or message that is not of the conversation.
    """
    if seed.is_repeat and (entered := _entered(conversation, seed, desk.ledger)):
        return entered
    if conversation.state is State.RESOLVED:
        raise Conflict("The conversation is resolved: reopen it first.")
    quoted = _quoted(body.reply_to, conversation, desk.messages)
    route = _route(body.record_id or (quoted.record_id if quoted else None), conversation)
    if quoted and quoted.record_id != route.record_id:
        raise InvalidInput("Quote a message of the record you answer.", field="reply_to")
    entry = LedgerEntry(
        message_id=seed.new("msg"),
        record_id=route.record_id,
        customer_id=conversation.customer_id,
        account_channel=route.account_channel,
        account=route.account,
        channel=route.channel,
        address=route.address,
        content=body.content,
        created_at=seed.at,
        conversation_id=conversation.conversation_id,
        author=caller.subject,
        reply_to=quoted.provider_message_id if quoted else None,
        last_inbound_at=route.last_at,
    )
    check_sendable(
        entry,
        sender=desk.sender_of(route.account_channel),
        account=desk.account_of(route.account_channel, route.account),
        now=desk.clock.now(),
    )
    return enter(entry, ledger=desk.ledger)


def _entered(conversation: Conversation, seed: Seed, ledger: Ledger) -> LedgerEntry | None:
    """What an attempt that died had entered: the customer's latest route may be another by now."""
    found = (ledger.get(record_id, seed.new("msg")) for record_id in conversation.routes)
    return next((entry for entry in found if entry is not None), None)


def _route(record_id: str | None, conversation: Conversation) -> Route:
    if not conversation.routes:
        raise Conflict("Whoever wrote here turned out to be another customer.")
    if record_id is None:
        return conversation.latest_route()
    route = conversation.routes.get(record_id)
    if route is None:
        raise InvalidInput("Give a record of this conversation's routes.", field="record_id")
    return route


def _quoted(key: str | None, conversation: Conversation, messages: Messages) -> Message | None:
    if key is None:
        return None
    message = messages.get(key)
    if message is None or message.record_id not in conversation.routes:
        raise InvalidInput("Quote a customer's message of this conversation.", field="reply_to")
    return message
