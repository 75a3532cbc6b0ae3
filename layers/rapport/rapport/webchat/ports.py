"""What web chat needs: its accounts, with the keys that sign visitors' tokens."""

from typing import Protocol

from rapport.channels.base import Account


class Accounts(Protocol):
    """Channel accounts with their secrets."""

    def get(self, channel: str, name: str) -> Account:
        """An account, from memory for some minutes; raises `NotFound`."""
        ...

    def refresh(self, channel: str, name: str) -> bool:
        """Forget an account that was read some time ago; False where it is fresh already."""
        ...
