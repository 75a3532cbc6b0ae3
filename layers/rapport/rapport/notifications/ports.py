"""What sending needs from storage. A method is one atomic AWS call."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from rapport.contracts.events import Envelope
from rapport.contracts.inbound import Status
from rapport.notifications.model import Failure, LedgerEntry, MessageStatus


class Ledger(Protocol):
    """Everything we send, one entry a message, by recipient's record and id."""

    def enter(self, entry: LedgerEntry, events: Sequence[Envelope]) -> LedgerEntry | None:
        """Enter a message; None if it is new, else the entry of that id, unchanged."""
        ...

    def get(self, record_id: str, message_id: str) -> LedgerEntry | None:
        """One entry, as of now."""
        ...

    def begin(self, record_id: str, message_id: str) -> tuple[bool, LedgerEntry | None]:
        """Take a queued entry for an attempt: True and the entry, now `sending`.

        False where it is not queued: then the entry as it is, or None if there is none.
        """
        ...

    def end(
        self,
        entry: LedgerEntry,
        status: MessageStatus,
        at: datetime,
        *,
        provider_message_id: str | None = None,
        failure: Failure | None = None,
        events: Sequence[Envelope] = (),
    ) -> bool:
        """End the attempt `entry.attempts`: sent, failed, unknown, or queued again.

        False where the entry is no longer `sending` that attempt; nothing changes then.
        """
        ...

    def note_provider_id(self, entry: LedgerEntry, provider_message_id: str, at: datetime) -> None:
        """Note the provider's id where a receipt came before the attempt's end."""
        ...

    def find(
        self, account_channel: str, account: str, provider_message_id: str
    ) -> tuple[str, str] | None:
        """(record id, message id) of a provider's id; may miss one sent a moment ago."""
        ...

    def climb(
        self,
        record_id: str,
        message_id: str,
        told: Status,
        at: datetime,
        *,
        to: MessageStatus,
        failure: Failure | None,
        events: Sequence[Envelope],
    ) -> bool | None:
        """Apply a receipt if its rung is higher; False if it is not, None if there is no entry."""
        ...

    def note_receipt(self, record_id: str, message_id: str, told: Status, at: datetime) -> None:
        """Note the first time of a status that moves nothing."""
        ...

    def of_record(
        self,
        record_id: str,
        *,
        before: datetime | None,
        after: datetime | None,
        limit: int,
    ) -> list[LedgerEntry]:
        """Up to `limit` entries of a recipient, latest first, from `after` to `before`."""
        ...
