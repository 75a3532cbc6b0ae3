"""Bugs to plant: each drops one promise of one port. The simulation must find them all."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from rapport.contracts.events import Envelope
from rapport.contracts.identity import CustomersUnmerged
from rapport.contracts.inbound import Status
from rapport.conversations.model import Conversation, Message
from rapport.ingest.ports import QueueEntry
from rapport.kernel.clock import iso
from rapport.notifications.model import Failure, LedgerEntry, MessageStatus
from rapport.otp.guard_books import PrefixBook
from rapport.otp.model import Status as CodeStatus
from rapport.otp.model import Verification
from rapport.routing.model import Agent
from tests.simulation.platform import Platform
from tests.simulation.world import Plant


def a_message_is_put_without_its_condition(platform: Platform) -> None:
    """A provider's duplicate overwrites the message, and is told again."""
    messages = platform.stores.messages

    def add(message: Message, events: Sequence[Envelope]) -> None:
        messages.messages[message.key] = message
        messages.events.extend(events)

    messages.add = add  # type: ignore[method-assign]


def a_webhook_is_acknowledged_before_it_is_queued(platform: Platform) -> None:
    """200 although the queue did not take the events."""
    queue = platform.processes._fixed["queue"]

    class Hopeful:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def send(self, entries: Sequence[QueueEntry]) -> list[QueueEntry]:
            try:
                self._inner.send(entries)
            except Exception:  # noqa: BLE001
                return []
            return []

    platform.processes._fixed["queue"] = lambda name: Hopeful(queue(name))


def a_fact_is_told_before_it_is_written(platform: Platform) -> None:
    """The bus hears of a message that is not stored yet, and perhaps never will be."""
    _tell_apart(platform, "messages", "add", is_first=True)


def a_fact_is_told_after_it_is_written(platform: Platform) -> None:
    """The event does not ride on the item: who dies between the two calls loses it."""
    _tell_apart(platform, "conversations", "write", is_first=False)


def _tell_apart(platform: Platform, port: str, method: str, *, is_first: bool) -> None:
    fixed = platform.processes._fixed
    inner, bus = fixed[port](), fixed["bus"]()

    class Apart:
        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name) if name != method else write

    def write(*arguments: Any) -> Any:
        *whole, events = arguments
        if is_first and events:
            bus.publish(events)
        result = getattr(inner, method)(*whole, [])
        if not is_first and events:
            bus.publish(events)
        return result

    fixed[port] = Apart


def a_receipt_is_believed_whatever_came_before(platform: Platform) -> None:
    """The status is the latest told, not the highest."""
    ledger = platform.stores.ledger

    def climb(
        record_id: str,
        message_id: str,
        told: Status,
        at: datetime,
        *,
        to: MessageStatus,
        failure: Failure | None,
        events: Sequence[Envelope],
    ) -> bool | None:
        known = ledger.entries.get((record_id, message_id))
        if known is None:
            return None
        ledger.entries[record_id, message_id] = replace(known, status=to)
        ledger.events.extend(events)
        return True

    ledger.climb = climb  # type: ignore[method-assign]


def a_place_is_taken_without_asking_for_room(platform: Platform) -> None:
    """Two who see the last place both take it."""
    routing = platform.stores.routing

    def take(agent: Agent, conversation_id: str, at: datetime) -> bool:
        known = routing.agents[agent.agent_id]
        active = known.active | {conversation_id}
        routing.agents[agent.agent_id] = replace(known, active=active, last_assigned_at=iso(at))
        return True

    routing.take = take  # type: ignore[method-assign]


def an_attempt_is_begun_twice(platform: Platform) -> None:
    """A redelivered order sends again what may have left."""
    ledger = platform.stores.ledger

    def begin(record_id: str, message_id: str) -> tuple[bool, LedgerEntry | None]:
        known = ledger.entries.get((record_id, message_id))
        if known is None:
            return False, None
        taken = replace(known, status=MessageStatus.SENDING, attempts=known.attempts + 1)
        ledger.entries[record_id, message_id] = taken
        return True, taken

    ledger.begin = begin  # type: ignore[method-assign]


def a_head_is_written_without_looking(platform: Platform) -> None:
    """The later of two writers wins, and what the other wrote is gone."""
    conversations = platform.stores.conversations

    def write(head: Conversation, before: Conversation | None, events: Sequence[Envelope]) -> None:
        conversations.current[head.customer_id] = head
        conversations.events.extend(events)

    conversations.write = write  # type: ignore[method-assign]


def a_code_is_approved_without_its_condition(platform: Platform) -> None:
    """Whoever says a right code has said it, used up or over or not."""
    store = platform.stores.verifications

    def approve(
        one: Verification, approval: str, _at: datetime, events: Sequence[Envelope]
    ) -> bool:
        subject = store.subjects[one.subject]
        approved = replace(one, status=CodeStatus.APPROVED, approval=approval)
        store.subjects[one.subject] = replace(subject, failures=0, verification=approved)
        store.events.extend(events)
        return True

    store.approve = approve  # type: ignore[method-assign, assignment]


def a_resend_makes_another_code(platform: Platform) -> None:
    """The code that is sent once more is not the one that was sent before."""
    store = platform.stores.verifications
    order = store.order

    def reordered(one: Verification, *rest: Any) -> bool:
        is_ordered = order(one, *rest)
        subject = store.subjects[one.subject]
        if is_ordered and subject.verification is not None:
            other = replace(subject.verification, nonce=f"{one.nonce}-again")
            store.subjects[one.subject] = replace(subject, verification=other)
        return is_ordered

    store.order = reordered  # type: ignore[method-assign, assignment]


def a_guess_is_counted_each_time_it_comes(platform: Platform) -> None:
    """The queue brings a wrong guess again, and it costs another one."""
    store = platform.stores.verifications
    refuse = store.refuse

    def refused(one: Verification, guess_id: str, *rest: Any) -> bool:
        return refuse(one, f"{guess_id}-{len(store.events)}", *rest)

    store.refuse = refused  # type: ignore[method-assign, assignment]


def a_parting_is_told_to_nobody(platform: Platform) -> None:
    """Customers come apart, and their conversations never hear of it."""
    fixed = platform.processes._fixed
    bus = fixed["bus"]()

    class Forgetful:
        def publish(self, events: Sequence[Envelope]) -> Any:
            parted = CustomersUnmerged.detail_type
            return bus.publish([one for one in events if one.detail_type != parted])

    fixed["bus"] = Forgetful


def a_book_forgets_what_it_counted(platform: Platform) -> None:
    """The fraud guard counts a batch again that comes again."""
    books = platform.stores.guard_books
    save = books.save_prefix

    def saved(book: PrefixBook, events: Sequence[Envelope]) -> bool:
        return save(replace(book, seen={}), events)

    books.save_prefix = saved  # type: ignore[method-assign]


PLANTS: dict[str, Plant] = {
    plant.__name__: plant
    for plant in (
        a_message_is_put_without_its_condition,
        a_webhook_is_acknowledged_before_it_is_queued,
        a_fact_is_told_before_it_is_written,
        a_fact_is_told_after_it_is_written,
        a_receipt_is_believed_whatever_came_before,
        a_place_is_taken_without_asking_for_room,
        an_attempt_is_begun_twice,
        a_head_is_written_without_looking,
        a_code_is_approved_without_its_condition,
        a_resend_makes_another_code,
        a_guess_is_counted_each_time_it_comes,
        a_parting_is_told_to_nobody,
        a_book_forgets_what_it_counted,
    )
}
