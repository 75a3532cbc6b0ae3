"""How the realtime table spells its keys; every item has `expires_at`. See docs/data-model.md."""

from rapport.realtime.model import Owner

Key = tuple[str, str]


def ticket_key(digest: str) -> Key:
    """`TICKET#<sha256>`, `TICKET`: the right to open one socket, not yet used."""
    return f"TICKET#{digest}", "TICKET"


def connection_key(connection_id: str) -> Key:
    """`CONNECTION#Kz6A…=`, `CONNECTION`: who is behind a socket."""
    return f"CONNECTION#{connection_id}", "CONNECTION"


def sockets_key(owner: Owner) -> Key:
    """`AGENT#agt_1` or `VISITOR#shop#vis_1`, `SOCKETS`: the set of an owner's sockets."""
    return owner.key, "SOCKETS"
