"""Identity in memory: the twin of `store`, for tests, trials and simulations."""

from collections.abc import Sequence

from rapport.contracts.events import Envelope
from rapport.contracts.identity import Identifier
from rapport.identity.model import HOLDERS, Record, Source, claimed
from rapport.kernel.errors import Conflict


class InMemoryIdentities:
    """`Identities` in dictionaries; `events` collects what would ride on the items."""

    def __init__(self) -> None:
        self.records: dict[Source, Record] = {}
        self.owned: dict[tuple[str, str], str] = {}
        self.noted: dict[tuple[str, str], dict[str, str]] = {}
        self.events: list[Envelope] = []

    def find(self, source: Source) -> Record | None:
        """The record of a sender."""
        return self.records.get(source)

    def find_surely(
        self, source: Source, identifiers: Sequence[Identifier]
    ) -> tuple[Record | None, dict[tuple[str, str], str]]:
        """The record, and the owners of `identifiers`."""
        wanted = [(item.namespace, item.value) for item in identifiers]
        return self.records.get(source), {
            key: self.owned[key] for key in wanted if key in self.owned
        }

    def attach(
        self, record: Record, claim: Sequence[Identifier], events: Sequence[Envelope]
    ) -> None:
        """Write a new record with what it owns, or raise `Conflict`."""
        if record.source in self.records:
            raise Conflict("Another write came first.")
        self._own(record, claim, events)

    def extend(
        self,
        record: Record,
        known: Record,
        claim: Sequence[Identifier],
        events: Sequence[Envelope],
    ) -> None:
        """Replace `known`, or raise `Conflict`."""
        if self.records.get(known.source) != known:
            raise Conflict("Another write came first.")
        self._own(record, claim, events)

    def records_of(self, customer_id: str) -> list[Record]:
        """Every record of a customer, oldest first."""
        records = [item for item in self.records.values() if item.customer_id == customer_id]
        return sorted(records, key=lambda record: (record.created_at, record.record_id))

    def holders(self, identifier: Identifier) -> list[str]:
        """The owner of an identifier, then those who claim it."""
        key = (identifier.namespace, identifier.value)
        claimants = [customer_id for _, customer_id in sorted(self.noted.get(key, {}).items())]
        owner = [self.owned[key]] if key in self.owned else []
        return list(dict.fromkeys((owner + claimants)[: HOLDERS + 1]))[:HOLDERS]

    def _own(self, record: Record, claim: Sequence[Identifier], events: Sequence[Envelope]) -> None:
        keys = [(item.namespace, item.value) for item in claim]
        if any(key in self.owned for key in keys):
            raise Conflict("Another write came first.")
        self.records[record.source] = record
        self.owned.update(dict.fromkeys(keys, record.customer_id))
        for item in claimed(record):
            claimants = self.noted.setdefault((item.namespace, item.value), {})
            claimants[record.record_id] = record.customer_id
        self.events.extend(events)
