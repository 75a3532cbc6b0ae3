"""The in-memory twins, with indexes for long worlds and with an index's lag."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from rapport.contracts.events import Envelope
from rapport.conversations.memory import InMemoryConversations, InMemoryMessages
from rapport.conversations.model import Conversation, Message, customer_of
from rapport.identity.graph import Component
from rapport.identity.memory import InMemoryGraph
from rapport.identity.model import Record, Source
from rapport.identity.ports import Change, Pointer
from rapport.kernel.errors import NotFound
from rapport.kernel.ids import time_prefix
from rapport.notifications.memory import InMemoryLedger, Key
from rapport.notifications.model import LedgerEntry

Lags = Callable[[str], bool]


class Identities(InMemoryGraph):
    """`find` may be told what was stored before the latest write.

    `by_id` are the records by their ids, `owners` every customer that each has ever spoken for.
    """

    def __init__(self, lags: Lags) -> None:
        super().__init__()
        self.by_id: dict[str, Record] = {}
        self.owners: dict[str, set[str]] = defaultdict(set)
        self._lags = lags
        self._before: dict[Source, Record | None] = {}

    def find(self, source: Source) -> Record | None:
        """The record, or the one before."""
        if source in self._before and self._lags(source.sender):
            return self._before[source]
        return super().find(source)

    def save(self, record: Record, known: Record) -> None:
        """Replace what a record says of itself."""
        before = self.found.get(known.source)
        super().save(record, known)
        self._noted({known.source: before})

    def write(self, change: Change) -> None:
        """Write all of it."""
        sources = [one.source for one in change.pointers]
        sources += [change.record.source] if change.record else []
        before = {source: self.found.get(source) for source in sources}
        super().write(change)
        self._noted(before)

    def point(
        self, component: Component, pointers: Sequence[Pointer], forwards: Sequence[str] = ()
    ) -> None:
        """Set where records stand."""
        before = {one.source: self.found.get(one.source) for one in pointers}
        super().point(component, pointers, forwards)
        self._noted(before)

    def _noted(self, before: dict[Source, Record | None]) -> None:
        self._before = before
        for source in before:
            record = self.found[source]
            self.by_id[record.record_id] = record
            self.owners[record.record_id] |= {record.customer_id, *record.said.values()}


class Messages(InMemoryMessages):
    """Messages by record as well."""

    def __init__(self) -> None:
        super().__init__()
        self._of: dict[str, list[str]] = defaultdict(list)

    def add(self, message: Message, events: Sequence[Envelope]) -> Message | None:
        """Store a message, or give the one stored before."""
        found = super().add(message, events)
        if found is None:
            self._of[message.record_id].append(message.key)
        return found

    def of_record(
        self, record_id: str, *, before: datetime | None, after: datetime | None, limit: int
    ) -> list[Message]:
        """Latest first, from `after` to `before`."""
        high = time_prefix(before) if before else "~"
        low = time_prefix(after) if after else ""
        own = (self.messages[key] for key in self._of[record_id])
        found = [message for message in own if low <= message.position < high]
        return sorted(found, key=lambda message: message.position, reverse=True)[:limit]


class Conversations(InMemoryConversations):
    """A conversation's id names its customer."""

    def get(self, conversation_id: str) -> Conversation | None:
        """A conversation by its id."""
        head = self.current.get(customer_of(conversation_id))
        if head is not None and head.conversation_id == conversation_id:
            return head
        return self.archived.get(conversation_id)


class Ledger(InMemoryLedger):
    """Entries by the provider's id as well, an index that may lag."""

    def __init__(self, lags: Lags) -> None:
        super().__init__()
        self._lags = lags
        self._places: dict[tuple[str, str, str], Key] = {}
        self._of: dict[str, list[str]] = defaultdict(list)
        self._latest: tuple[str, str, str] | None = None

    def note_provider_id(self, entry: LedgerEntry, provider_message_id: str, at: datetime) -> None:
        """Note the provider's id."""
        super().note_provider_id(entry, provider_message_id, at)
        self._latest = (entry.account_channel, entry.account, provider_message_id)
        self._places[self._latest] = (entry.record_id, entry.message_id)

    def find(self, account_channel: str, account: str, provider_message_id: str) -> Key | None:
        """Where the message of a provider's id is kept."""
        place = (account_channel, account, provider_message_id)
        if place == self._latest and self._lags(provider_message_id):
            return None
        return self._places.get(place)

    def of_record(
        self, record_id: str, *, before: datetime | None, after: datetime | None, limit: int
    ) -> list[LedgerEntry]:
        """Latest first."""
        low = f"msg_{time_prefix(after)}" if after else ""
        high = f"msg_{time_prefix(before)}" if before else "~"
        own = (self.entries[record_id, one] for one in self._of[record_id])
        found = [entry for entry in own if low <= entry.message_id <= high]
        return sorted(found, key=lambda entry: entry.message_id, reverse=True)[:limit]

    def enter(self, entry: LedgerEntry, events: Sequence[Envelope]) -> LedgerEntry | None:
        """Enter a message, or give the entry of that id."""
        found = super().enter(entry, events)
        if found is None:
            self._of[entry.record_id].append(entry.message_id)
        return found


class Objects:
    """`Objects` in a dictionary."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store an object."""
        self.bodies[key] = body

    def get(self, key: str) -> bytes:
        """Read an object."""
        if key not in self.bodies:
            raise NotFound("The stored object has expired.")
        return self.bodies[key]
