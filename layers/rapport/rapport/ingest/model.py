"""How accounts are named. Pure."""

import re

from rapport.channels.registry import PROVIDERS
from rapport.kernel.errors import NotFound

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def check_name(channel: str, account: str) -> None:
    """Raise `NotFound` for a channel that no adapter serves, and for what names no account."""
    if channel not in PROVIDERS:
        raise NotFound(f"No channel is named so; known are {', '.join(sorted(PROVIDERS))}.")
    if not _NAME.fullmatch(account):
        raise NotFound("Name an account by 1 to 64 of a-z, 0-9, - and _.")
