"""How the identity table spells its keys. See docs/data-model.md."""

from rapport.identity.model import Source
from rapport.kernel.errors import InvalidInput
from rapport.kernel.page import decode_cursor

Key = tuple[str, str]

REVIEWS = "REVIEWS"

RULES = "RULES"
RULES_IN_FORCE: Key = (RULES, "IN_FORCE")


def record_key(source: Source) -> Key:
    """`RECORD#whatsapp#main#14155550100`, `RECORD`: one sender, one item."""
    return f"RECORD#{source.channel}#{source.account}#{source.sender}", "RECORD"


def component_key(component_id: str) -> Key:
    """`COMPONENT#cmp_…`, `COMPONENT`: what was said and decided, or where that lies by now."""
    return f"COMPONENT#{component_id}", "COMPONENT"


def lookup_key(name: str) -> Key:
    """`KEY#phone#+14155550100`, `KEY`: the components that an identifier or a block leads to."""
    return f"KEY#{name}", "KEY"


def review_key(review_id: str) -> Key:
    """`REVIEWS`, `rvw_…`: an uncertain pair that waits for a person."""
    return REVIEWS, review_id


def review_place(cursor: str | None) -> str | None:
    """The review after which a page goes on; raises `InvalidInput` on a cursor of others."""
    match decode_cursor(cursor):
        case None:
            return None
        case str(review_id) if review_id:
            return review_id
        case _:
            raise InvalidInput("Pass the cursor of the page before, unchanged.", field="cursor")


def item_place(cursor: str | None) -> Key | None:
    """The item after which a scan goes on; raises `InvalidInput` on a cursor of others."""
    match decode_cursor(cursor):
        case None:
            return None
        case [str(pk), str(sk)] if pk and sk:
            return pk, sk
        case _:
            raise InvalidInput("Pass the cursor of the page before, unchanged.", field="cursor")
