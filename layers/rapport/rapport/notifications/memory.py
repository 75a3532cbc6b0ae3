"""The ledger in memory: the twin of `store`, for tests and simulations."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rapport.contracts.events import Envelope
from rapport.contracts.inbound import Status
from rapport.kernel.ids import time_prefix
from rapport.notifications.model import RANK, Failure, LedgerEntry, MessageStatus

Key = tuple[str, str]


class InMemoryLedger:
    """`Ledger` in a dictionary; `events` collects what would ride on the items."""

    def __init__(self) -> None:
        self.entries: dict[Key, LedgerEntry] = {}
        self.events: list[Envelope] = []

    def enter(self, entry: LedgerEntry, events: Sequence[Envelope]) -> LedgerEntry | None:
        """Enter a message, or give the entry of that id."""
        key = (entry.record_id, entry.message_id)
        if key in self.entries:
            return self.entries[key]
        self.entries[key] = entry
        self.events.extend(events)
        return None

    def get(self, record_id: str, message_id: str) -> LedgerEntry | None:
        """One entry."""
        return self.entries.get((record_id, message_id))

    def begin(self, record_id: str, message_id: str) -> tuple[bool, LedgerEntry | None]:
        """Take a queued entry for an attempt."""
        known = self.entries.get((record_id, message_id))
        if known is None or known.status is not MessageStatus.QUEUED:
            return False, known
        taken = replace(known, status=MessageStatus.SENDING, attempts=known.attempts + 1)
        self.entries[record_id, message_id] = taken
        return True, taken

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
        """End the attempt, unless it ended already."""
        key = (entry.record_id, entry.message_id)
        known = self.entries.get(key)
        if known is None or known.status is not MessageStatus.SENDING:
            return False
        if known.attempts != entry.attempts:
            return False
        self.entries[key] = replace(known, status=status, failure=failure)
        if provider_message_id:
            self.note_provider_id(entry, provider_message_id, at)
        self.events.extend(events)
        return True

    def note_provider_id(self, entry: LedgerEntry, provider_message_id: str, at: datetime) -> None:
        """Note the provider's id."""
        key = (entry.record_id, entry.message_id)
        self.entries[key] = replace(
            self.entries[key], provider_message_id=provider_message_id, sent_at=at
        )

    def find(self, account_channel: str, account: str, provider_message_id: str) -> Key | None:
        """Where the ledger keeps the message of a provider's id."""
        for key, entry in self.entries.items():
            if (entry.account_channel, entry.account, entry.provider_message_id) == (
                account_channel,
                account,
                provider_message_id,
            ):
                return key
        return None

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
        """Apply a receipt if its rung is higher."""
        known = self.entries.get((record_id, message_id))
        if known is None:
            return None
        if RANK[known.status] >= RANK[to]:
            return False
        self.entries[record_id, message_id] = replace(
            known,
            status=to,
            failure=failure or known.failure,
            receipts={told.value: at, **known.receipts},
        )
        self.events.extend(events)
        return True

    def note_receipt(self, record_id: str, message_id: str, told: Status, at: datetime) -> None:
        """Note the first time of a status."""
        known = self.entries.get((record_id, message_id))
        if known is not None:
            self.entries[record_id, message_id] = replace(
                known, receipts={told.value: at, **known.receipts}
            )

    def of_record(
        self,
        record_id: str,
        *,
        before: datetime | None,
        after: datetime | None,
        limit: int,
    ) -> list[LedgerEntry]:
        """Latest first, from `after` to `before`, by the time in their ids."""
        low = f"msg_{time_prefix(after)}" if after else ""
        high = f"msg_{time_prefix(before)}" if before else "~"
        found = [
            entry
            for (record, message_id), entry in self.entries.items()
            if record == record_id and low <= message_id <= high
        ]
        return sorted(found, key=lambda entry: entry.message_id, reverse=True)[:limit]
