"""Lists of conversations for those who may see them, and one message with its files."""

from datetime import datetime, timedelta
from typing import Protocol

from rapport.contracts.api.conversations import (
    AttachmentLink,
    ConversationPage,
    ConversationQuery,
    MessageView,
)
from rapport.contracts.caller import Caller
from rapport.conversations.model import Conversation, Message, State
from rapport.conversations.ports import Conversations
from rapport.conversations.service import get_head
from rapport.kernel.errors import Forbidden, InvalidInput, NotFound
from rapport.kernel.page import Page, decode_cursor, encode_cursor
from rapport.views.messages import (
    INBOUND,
    conversation_view,
    entry_view,
    key_of,
    message_view,
)
from rapport.views.permissions import check_may_read, check_may_write
from rapport.views.timeline import Words

ME, MINE, REST = "me", "mine", "rest"
ROUNDS = 4
LINK_LIFE = timedelta(minutes=5)


class Links(Protocol):
    """Addresses of stored objects that need no further credential."""

    def link(self, key: str, life: timedelta) -> str:
        """An address that reads the object for as long as `life`; no call is made."""
        ...


def list_conversations(
    query: ConversationQuery, caller: Caller, *, conversations: Conversations
) -> ConversationPage:
    """Those not resolved that `caller` may see: an agent's own first, then what nobody has.

    `assignee=me` gives an agent's own alone. Raises `Forbidden` for another agent's.
    """
    state = State(query.state) if query.state else None
    if query.assignee is not None:
        agent = caller.subject if query.assignee == ME else query.assignee
        if agent != caller.subject and not (caller.is_manager or caller.is_application):
            raise Forbidden("A supervisor may list another agent's conversations.")
        page = _live(conversations, None, agent, query.cursor, query.limit)
        page = _only(page, state, page.cursor)
    elif caller.is_manager or caller.is_application:
        page = _live(conversations, state or State.OPEN, None, query.cursor, query.limit)
    else:
        page = _own_then_unassigned(query, state, caller, conversations)
    return ConversationPage(
        items=[conversation_view(one) for one in page.items], cursor=page.cursor
    )


def _own_then_unassigned(
    query: ConversationQuery, state: State | None, caller: Caller, conversations: Conversations
) -> Page[Conversation]:
    part, inner = _part(query.cursor)
    for _ in range(ROUNDS):
        if part == MINE:
            found = _live(conversations, None, caller.subject, inner, query.limit)
            cursor = encode_cursor([MINE, found.cursor] if found.cursor else [REST, None])
            page = _only(found, state, cursor)
        else:
            found = _live(conversations, state or State.OPEN, None, inner, query.limit)
            cursor = encode_cursor([REST, found.cursor]) if found.cursor else None
            page = Page([one for one in found.items if one.assignee is None], cursor)
        if page.items or page.cursor is None:
            return page
        part, inner = _part(page.cursor)
    return page


def _part(cursor: str | None) -> tuple[str, str | None]:
    match decode_cursor(cursor):
        case None:
            return MINE, None
        case ["mine" | "rest" as part, None | str() as inner]:
            return str(part), inner
        case _:
            raise InvalidInput("Pass the cursor of the page before, unchanged.", field="cursor")


def _only(page: Page[Conversation], state: State | None, cursor: str | None) -> Page[Conversation]:
    return Page([one for one in page.items if state in (None, one.state)], cursor)


def _live(
    conversations: Conversations,
    state: State | None,
    assignee: str | None,
    cursor: str | None,
    limit: int,
) -> Page[Conversation]:
    """A page of the index, read again from the table: the index may lag behind a change."""
    listed = conversations.listed(state, assignee, cursor, limit)
    heads = {
        head.conversation_id: head
        for head in (conversations.heads([one for one, _ in listed.items]) if listed.items else [])
    }
    found = [heads[one] for _, one in listed.items if one in heads]
    return Page([one for one in found if _fits(one, state, assignee)], listed.cursor)


def _fits(head: Conversation, state: State | None, assignee: str | None) -> bool:
    if head.state is State.RESOLVED or (state and head.state is not state):
        return False
    return assignee is None or head.assignee == assignee


def read_conversation(
    conversation_id: str, caller: Caller, *, conversations: Conversations
) -> Conversation:
    """A conversation that `caller` may read; raises `NotFound` or `Forbidden`."""
    found = get_head(conversation_id, conversations=conversations)
    try:
        check_may_read(caller, found, None)
    except Forbidden:
        check_may_read(caller, found, conversations.head(found.customer_id))
    return found


def own_conversation(
    conversation_id: str, caller: Caller, *, conversations: Conversations
) -> Conversation:
    """A conversation in which `caller` may answer; raises `NotFound` or `Forbidden`."""
    found = get_head(conversation_id, conversations=conversations)
    check_may_write(caller, found)
    return found


def read_message(ref: str, conversation: Conversation, *, words: Words) -> MessageView:
    """A message of the conversation's records by its `ref`; raises `NotFound`."""
    if ref.startswith(INBOUND):
        return message_view(_message(ref, conversation, words))
    for record_id in conversation.routes:
        entry = words.ledger.get(record_id, ref)
        if entry is not None:
            return entry_view(entry)
    raise NotFound("There is no such message.")


def link_attachment(
    ref: str, index: str, conversation: Conversation, now: datetime, *, words: Words, links: Links
) -> AttachmentLink:
    """A link to a file of a customer's message; raises `NotFound` until it is stored."""
    message = _message(ref, conversation, words)
    key = message.objects.get(index)
    if key is None or message.deleted_at:
        raise NotFound("There is no such file, or it is not stored yet.")
    return AttachmentLink(url=links.link(key, LINK_LIFE), expires_at=now + LINK_LIFE)


def _message(ref: str, conversation: Conversation, words: Words) -> Message:
    message = words.messages.get(key_of(ref))
    if message is None or message.record_id not in conversation.routes:
        raise NotFound("There is no such message.")
    return message
