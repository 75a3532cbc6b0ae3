"""What ingest needs: accounts, queues, and room for what is too large for a queue."""

from typing import Any, Protocol

from rapport.channels.base import Account
from rapport.contracts.queues import Queue, QueueEntry
from rapport.kernel.page import Page

__all__ = ["AccountDocuments", "ChannelAccounts", "Objects", "Queue", "QueueEntry"]


class ChannelAccounts(Protocol):
    """Channel accounts with their secrets."""

    def get(self, channel: str, name: str) -> Account:
        """An account, from memory for some minutes; raises `NotFound`."""
        ...

    def refresh(self, channel: str, name: str) -> bool:
        """Forget an account that was read some time ago; False where it is fresh already."""
        ...


class AccountDocuments(Protocol):
    """The documents of channel accounts as operators keep them, settings and secrets together."""

    def read(self, channel: str, account: str) -> dict[str, Any]:
        """A document as of now; raises `NotFound`."""
        ...

    def create(self, channel: str, account: str, document: dict[str, Any]) -> None:
        """Write a new document; raises `Conflict` where one is, or waits for its deletion."""
        ...

    def replace(self, channel: str, account: str, document: dict[str, Any]) -> None:
        """Write over a document; raises `NotFound` where none is."""
        ...

    def delete(self, channel: str, account: str) -> None:
        """Remove a document; an operator can restore it for some days. Twice is once."""
        ...

    def restore(self, channel: str, account: str) -> None:
        """Undo a deletion that has not taken place yet."""
        ...

    def names(self, cursor: str | None, limit: int) -> Page[tuple[str, str]]:
        """(channel, account) of a page of documents."""
        ...


class Objects(Protocol):
    """Encrypted objects by key."""

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store an object."""
        ...

    def get(self, key: str) -> bytes:
        """Read an object; raises `NotFound`."""
        ...
