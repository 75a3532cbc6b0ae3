"""How the conversations table spells its keys. See docs/data-model.md."""

from rapport.kernel.errors import InvalidInput
from rapport.kernel.page import decode_cursor

BY_RECORD, BY_INBOX, BY_STATE = "by_record", "by_inbox", "by_state"
Key = tuple[str, str]


def message_key(key: str) -> Key:
    """`MESSAGE#whatsapp#main#wamid.X`, `MESSAGE`: one arrival at one source, one item."""
    return f"MESSAGE#{key}", "MESSAGE"


def head_key(customer_id: str) -> Key:
    """`CUSTOMER#cus_…`, `CONVERSATION`: the latest conversation of a customer."""
    return f"CUSTOMER#{customer_id}", "CONVERSATION"


def archive_key(customer_id: str, conversation_id: str) -> Key:
    """`CUSTOMER#cus_…`, `CONVERSATION#cnv_…`: a resolved one; ids sort by time of opening."""
    return f"CUSTOMER#{customer_id}", f"CONVERSATION#{conversation_id}"


def place_of(cursor: str | None) -> tuple[str, str] | None:
    """(customer id, position) after which a list goes on; raises `InvalidInput` on others."""
    match decode_cursor(cursor):
        case None:
            return None
        case [str(customer_id), str(position)] if customer_id and position:
            return customer_id, position
        case _:
            raise InvalidInput("Pass the cursor of the page before, unchanged.", field="cursor")
