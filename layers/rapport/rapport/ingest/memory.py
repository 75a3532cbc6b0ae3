"""Channel accounts' documents in memory: the twin of `aws.account_documents`."""

from typing import Any

from rapport.kernel.errors import Conflict, NotFound
from rapport.kernel.page import Page, decode_cursor, encode_cursor


class InMemoryAccountDocuments:
    """`AccountDocuments` in dictionaries."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], dict[str, Any]] = {}
        self.deleted: dict[tuple[str, str], dict[str, Any]] = {}

    def read(self, channel: str, account: str) -> dict[str, Any]:
        """A document, or `NotFound`."""
        try:
            return dict(self.stored[channel, account])
        except KeyError:
            raise NotFound("No account of that channel has this name.") from None

    def create(self, channel: str, account: str, document: dict[str, Any]) -> None:
        """Write a new document."""
        if (channel, account) in self.stored or (channel, account) in self.deleted:
            raise Conflict("The account exists, or waits for its deletion.")
        self.stored[channel, account] = document

    def replace(self, channel: str, account: str, document: dict[str, Any]) -> None:
        """Write over a document."""
        self.read(channel, account)
        self.stored[channel, account] = document

    def delete(self, channel: str, account: str) -> None:
        """Set a document aside."""
        known = self.stored.pop((channel, account), None)
        if known is not None:
            self.deleted[channel, account] = known

    def restore(self, channel: str, account: str) -> None:
        """Bring a deleted document back."""
        known = self.deleted.pop((channel, account), None)
        if known is not None:
            self.stored[channel, account] = known

    def names(self, cursor: str | None, limit: int) -> Page[tuple[str, str]]:
        """A page of names."""
        names = sorted(self.stored)
        start = int(decode_cursor(cursor) or 0)
        more = start + limit < len(names)
        return Page(names[start : start + limit], encode_cursor(start + limit) if more else None)
