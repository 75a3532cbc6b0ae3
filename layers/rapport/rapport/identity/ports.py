"""What identity needs from storage. A method is one atomic AWS call."""

from collections.abc import Sequence
from typing import Protocol

from rapport.contracts.events import Envelope
from rapport.contracts.identity import Identifier
from rapport.identity.model import Record, Source


class Identities(Protocol):
    """Records by their source, and the customers that own vouched identifiers."""

    def find(self, source: Source) -> Record | None:
        """The record of a sender; may miss one that was written a moment ago."""
        ...

    def find_surely(
        self, source: Source, identifiers: Sequence[Identifier]
    ) -> tuple[Record | None, dict[tuple[str, str], str]]:
        """The record, and the customer that owns each of `identifiers` (those owned), as of now."""
        ...

    def attach(
        self, record: Record, claim: Sequence[Identifier], events: Sequence[Envelope]
    ) -> None:
        """Write a new record and make its customer the owner of `claim`, all or nothing.

        Raises `Conflict` when the record exists or one of `claim` has an owner by now.
        """
        ...

    def extend(
        self,
        record: Record,
        known: Record,
        claim: Sequence[Identifier],
        events: Sequence[Envelope],
    ) -> None:
        """Replace `known` by `record` (more identifiers, another name), owning `claim` as well.

        Raises `Conflict` when `known` is not what is stored, or one of `claim` has an owner.
        """
        ...

    def records_of(self, customer_id: str) -> list[Record]:
        """Every record of a customer, oldest first; may miss one written a moment ago."""
        ...

    def holders(self, identifier: Identifier) -> list[str]:
        """The customers that hold an identifier of that namespace and value: its owner first, then
        those with a record that merely claims it (at most 20)."""
        ...
