"""What depends on the object: whose conversation it is decides who reads and answers it."""

from rapport.contracts.caller import Caller
from rapport.conversations.model import Conversation
from rapport.kernel.errors import Forbidden

READ, WRITE = "rapport/conversations.read", "rapport/conversations.write"


def may_read_words(caller: Caller, head: Conversation | None) -> bool:
    """Whether `caller` may know what was said to the customer whose latest conversation is `head`.

    Agents read those they have or had last, and those nobody has: whoever gets a customer gets the
    whole story, and nobody reads along with a colleague.
    """
    if caller.is_application:
        return caller.has(READ)
    return caller.is_manager or head is None or head.assignee in (None, caller.subject)


def check_may_read(caller: Caller, conversation: Conversation, head: Conversation | None) -> None:
    """Raise `Forbidden` unless `caller` may read `conversation`; `head` is its customer's latest.

    An agent may read what they had, what nobody has, and the past of the customer they have now.
    """
    if caller.is_application or caller.is_manager:
        return
    has_now = head is not None and head.assignee == caller.subject
    if has_now or conversation.assignee in (None, caller.subject):
        return
    raise Forbidden("A colleague has this conversation; a supervisor may read it.")


def check_may_write(caller: Caller, conversation: Conversation) -> None:
    """Raise `Forbidden` unless `caller` may answer in `conversation` or change it."""
    if caller.is_application or caller.is_manager:
        return
    if conversation.assignee != caller.subject:
        raise Forbidden("Only its assignee or a supervisor may do this in a conversation.")
