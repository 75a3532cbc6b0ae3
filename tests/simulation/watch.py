"""What must hold after every single call (V2, V3, V6): looked at as each takes effect."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from local.twins.state import Delivered, normal
from rapport.contracts.conversations import ConversationOpened, MessageReceived
from rapport.contracts.events import Envelope
from rapport.contracts.notifications import MessageQueued, MessageSent
from rapport.conversations.model import Conversation, Message, State
from rapport.identity.model import Source
from rapport.notifications.model import RANK, LedgerEntry, MessageStatus
from tests.simulation.twins import Stores


class Broken(BaseException):
    """An invariant does not hold: `rule` is its name, `what` the case. Nobody may catch it."""

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"{rule}: {what}")
        self.rule = rule
        self.what = what


class Watch:
    """Compares each effect with what was before. `senders` says who wrote which message."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.senders: dict[str, Source] = {}
        self.entries: dict[str, tuple[str, str]] = {}
        self.delivered: Counter[str] = Counter()
        self._stored: dict[str, Message] = {}
        self._ingests: set[str] = set()
        self._heads: dict[str, Conversation] = {}
        self._statuses: dict[tuple[str, str], MessageStatus] = {}
        self._places: dict[str, frozenset[str]] = {}
        self._told: dict[tuple[str, str], str] = {}
        self._seen = dict.fromkeys(stores.tables, 0)
        self._after: dict[str, Callable[[str, tuple[Any, ...], Any], None]] = {
            "messages": self._message,
            "conversations": self._head,
            "ledger": self._entry,
            "routing": self._place,
            "bus": self._fact,
        }

    def after(self, port: str, method: str, arguments: tuple[Any, ...], result: Any) -> None:
        """A call took effect; raises `Broken`."""
        look = self._after.get(port)
        if look is not None:
            look(method, arguments, result)
        if port in self._seen:
            events = vars(self.stores)[port].events
            for event in events[self._seen[port] :]:
                self._once(event)
            self._seen[port] = len(events)

    def reached(self, message: Delivered) -> None:
        """A provider put a message on a phone: entered before, for this person, and once."""
        token = (message.text or "").partition(" ")[0]
        self.delivered[token] += 1
        place = self.entries.get(token)
        if place is None:
            raise Broken("V2", f"{token} reached a phone and is not in the ledger")
        if self.delivered[token] > 1:
            raise Broken("V2", f"{token} was delivered {self.delivered[token]} times")
        entry = self.stores.ledger.entries[place]
        record = self.stores.identities.by_id[entry.record_id]
        if normal(message.to) != normal(record.source.sender):
            raise Broken("V6", f"{token} was for {record.source}, and reached {message.to}")

    # --- one port each -------------------------------------------------------------------------

    def _message(self, method: str, arguments: tuple[Any, ...], _result: Any) -> None:
        if method != "add":
            return
        key = arguments[0].key
        stored = self.stores.messages.messages[key]
        first = self._stored.setdefault(key, stored)
        self._ingests.add(stored.ingest_id)
        if stored.ingest_id != first.ingest_id:
            raise Broken("V2", f"{key} was stored twice")
        record = self.stores.identities.by_id.get(stored.record_id)
        if record is None or stored.customer_id not in self._owners(stored.record_id):
            raise Broken("V6", f"{key} is of a record of another customer")
        if key in self.senders and record.source != self.senders[key]:
            raise Broken("V6", f"{key} was written by {self.senders[key]}, kept with another")

    def _head(self, method: str, arguments: tuple[Any, ...], _result: Any) -> None:
        customer = arguments[0].customer_id
        head = self.stores.conversations.current.get(customer)
        before = self._heads.get(customer)
        if head is None or head is before:
            return
        self._heads[customer] = head
        for record_id in head.routes:
            if customer not in self._owners(record_id):
                raise Broken("V6", f"{head.conversation_id} has a route to another customer")
        if before is None:
            return
        if head.conversation_id != before.conversation_id:
            if before.state is not State.RESOLVED:
                raise Broken("V2", f"{before.conversation_id} is open, and another has begun")
            return
        # Records that turn out to be another customer's take what was said on them along: then it
        # is when the others said their last, and nothing earlier. So it is where all had left
        # before, and one comes to it who spoke earlier.
        gives_up = not before.routes or not before.routes.keys() <= head.routes.keys()
        least = before.last_message_at
        if gives_up and head.routes:
            least = min(least, max(one.last_at for one in head.routes.values()))
        if head.last_message_at < least or head.version < before.version:
            raise Broken("V3", f"{head.conversation_id} went back in time")
        if before.assignee and head.assignee and before.assignee != head.assignee:
            raise Broken("V2", f"{head.conversation_id} was taken from its agent")

    def _entry(self, method: str, arguments: tuple[Any, ...], _result: Any) -> None:
        first = arguments[0]
        is_entry = isinstance(first, LedgerEntry)
        key = (first.record_id, first.message_id) if is_entry else (first, arguments[1])
        entry = self.stores.ledger.entries.get(key)
        if entry is None:
            return
        if method == "enter":
            self.entries.setdefault(getattr(entry.content, "text", "").partition(" ")[0], key)
        before = self._statuses.get(key)
        self._statuses[key] = entry.status
        if before is None or RANK[entry.status] >= RANK[before]:
            return
        if (before, entry.status) != (MessageStatus.SENDING, MessageStatus.QUEUED):
            raise Broken("V3", f"{key[1]} fell from {before} to {entry.status}")

    def _place(self, method: str, arguments: tuple[Any, ...], _result: Any) -> None:
        if method not in ("take", "release"):
            return
        name = arguments[0].agent_id if method == "take" else arguments[0]
        agent = self.stores.routing.agents.get(name)
        if agent is None:
            return
        before, self._places[name] = self._places.get(name, frozenset()), agent.active
        if len(agent.active) > max(agent.capacity, len(before)):
            raise Broken("V2", f"{name} has {len(agent.active)} of {agent.capacity} conversations")

    def _owners(self, record_id: str) -> set[str]:
        return self.stores.identities.owners[record_id]

    def _fact(self, _method: str, arguments: tuple[Any, ...], _result: Any) -> None:
        """What is told has happened."""
        for event in arguments[0]:
            data = event.data
            match event.detail_type:
                case MessageReceived.detail_type:
                    is_true = data["ingest_id"] in self._ingests
                case ConversationOpened.detail_type:
                    is_true = (
                        self.stores.conversations.get(str(data["conversation_id"])) is not None
                    )
                case MessageSent.detail_type:
                    key = (str(data["record_id"]), str(data["message_id"]))
                    is_true = RANK[self.stores.ledger.entries[key].status] >= 2
                case _:
                    is_true = True
            if not is_true:
                raise Broken("V2", f"{event.detail_type} was told of what has not happened")

    def _once(self, event: Envelope) -> None:
        """A conversation is opened once, a message of ours queued once."""
        fields = {
            ConversationOpened.detail_type: "conversation_id",
            MessageQueued.detail_type: "message_id",
        }
        name = fields.get(event.detail_type)
        if name is None:
            return
        place = (event.detail_type, str(event.data[name]))
        if self._told.setdefault(place, event.metadata.event_id) != event.metadata.event_id:
            raise Broken("V2", f"{event.detail_type} happened twice to {place[1]}")
