"""What conversations need from storage. A method is one atomic AWS call."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from rapport.contracts.events import Envelope
from rapport.conversations.model import Conversation, Message, Route, State
from rapport.kernel.page import Page


class Messages(Protocol):
    """Customers' messages by their key, and by record in provider-time order."""

    def add(self, message: Message, events: Sequence[Envelope]) -> Message | None:
        """Store a message; None if it is new, else the one stored before, unchanged."""
        ...

    def get(self, key: str) -> Message | None:
        """The message under `key`, as of now."""
        ...

    def of_record(
        self, record_id: str, *, before: datetime | None, after: datetime | None, limit: int
    ) -> list[Message]:
        """Up to `limit` messages of a record, latest first, from `after` to `before`."""
        ...

    def edit(self, key: str, text: str | None, at: datetime) -> None:
        """Give a message another text, unless it is absent, erased, or was edited later."""
        ...

    def erase(self, key: str, at: datetime) -> None:
        """Remove what was said for good; a message that arrives later stays erased."""
        ...

    def keep_object(self, key: str, index: int, object_key: str) -> None:
        """Note where attachment `index` of a message is stored."""
        ...


class Conversations(Protocol):
    """The head of each customer's conversations, and the archive of those resolved."""

    def touch(self, message: Message, route: Route) -> tuple[bool, Conversation | None]:
        """Count `message` into an open head; True if done, else False and the head found."""
        ...

    def write(
        self, head: Conversation, before: Conversation | None, events: Sequence[Envelope]
    ) -> None:
        """Replace the head that was read as `before` (None: there is none); raises `Conflict`."""
        ...

    def archive(
        self, head: Conversation, before: Conversation | None, events: Sequence[Envelope]
    ) -> None:
        """Write a resolved head and its archived copy, all or nothing; raises `Conflict`."""
        ...

    def head(self, customer_id: str) -> Conversation | None:
        """The customer's latest conversation, as of now."""
        ...

    def get(self, conversation_id: str) -> Conversation | None:
        """A conversation by its id, the latest or an archived one."""
        ...

    def past(self, customer_id: str, limit: int) -> list[Conversation]:
        """A customer's resolved conversations, latest first."""
        ...

    def listed(
        self, state: State | None, assignee: str | None, cursor: str | None, limit: int
    ) -> Page[tuple[str, str]]:
        """(customer id, conversation id) of those not resolved: of an agent, or all in `state`."""
        ...

    def heads(self, customer_ids: Sequence[str]) -> list[Conversation]:
        """The heads of several customers (at most 100)."""
        ...
