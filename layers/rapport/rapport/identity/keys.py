"""How the identity table spells its keys. See docs/data-model.md."""

from rapport.identity.model import Source

BY_CUSTOMER = "by_customer"


Key = tuple[str, str]


def record_key(source: Source) -> Key:
    """`RECORD#whatsapp#main#14155550100`, `RECORD`: one sender, one item."""
    return f"RECORD#{source.channel}#{source.account}#{source.sender}", "RECORD"


def owner_key(namespace: str, value: str) -> Key:
    """`IDENTIFIER#phone#+14155550100`, `OWNER`: the one customer that owns it."""
    return f"IDENTIFIER#{namespace}#{value}", "OWNER"


def claim_key(namespace: str, value: str, record_id: str) -> Key:
    """`IDENTIFIER#email#ada@example.com`, `RECORD#rec_…`: a record that merely claims it."""
    return f"IDENTIFIER#{namespace}#{value}", f"RECORD#{record_id}"
