"""Conversations of customers who turn out to be one person, or two.

The conversation of the older customer goes on and the other is closed into it; an unmerge opens it
again with what was said on its own records since. A conversation is an interval over records, so no
message moves.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rapport.contracts.conversations import ConversationReopened, ConversationResolved
from rapport.contracts.events import Data, Envelope, Metadata, envelope
from rapport.conversations.model import Conversation, Route, State, conversation_id
from rapport.conversations.ports import Conversations
from rapport.kernel.errors import Conflict, Transient

ATTEMPTS = 4

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Cause:
    """The event that a merge or an unmerge follows, and when it is followed."""

    event_id: str
    at: datetime


def merge(into: str, merged: str, cause: Cause, *, conversations: Conversations) -> None:
    """Let the conversation of customer `merged` go on in that of customer `into`.

    First what goes on is written, then the other is closed: who dies in between does the first
    again and finds it done. Raises `Transient` when others kept winning.
    """
    for _ in range(ATTEMPTS):
        closing = conversations.head(merged)
        if closing is not None and closing.merged_into == into:
            return
        try:
            if closing is None:
                conversations.write(_signpost(merged, into), None, [])
                return
            going_on = conversations.head(into)
            joined = _joined(into, going_on, closing)
            if joined is not None and joined != going_on:
                facts = [] if _goes_on(going_on, joined) else [_reopened(joined, closing)]
                conversations.write(joined, going_on, _events(facts, cause, "joined"))
            closed = _closed(closing, into, cause.at)
            if closing.is_live:
                events = _events([_resolved(closing)], cause, "closed")
                conversations.archive(closed, closing, events)
            else:
                conversations.write(closed, closing, [])
            return
        except Conflict:
            continue
    raise Transient("The conversations kept changing; try again.")


def unmerge(
    restored: str,
    rest: str,
    record_ids: Collection[str],
    cause: Cause,
    *,
    conversations: Conversations,
) -> None:
    """Give customer `restored`, whose records these are, a conversation of their own again.

    What was said on those records since the merge counts for it, and no longer for that of customer
    `rest`. Raises `Transient` when others kept winning.
    """
    for _ in range(ATTEMPTS):
        own = conversations.head(restored)
        lefts = _lefts(restored, rest, own, conversations)
        given = [(left, _routes(left, record_ids)) for left in lefts]
        try:
            back = _restored(restored, own, given)
            if back is not None and back != own:
                is_back = back.is_live and not (own and own.is_live)
                facts = [_reopened(back, own)] if is_back else []
                events = _events(facts, cause, f"restored.{restored}")
                _write(back, own, events, conversations)
            for left, moved in given:
                if moved:
                    _give_up(left, moved, restored, cause, conversations)
            return
        except Conflict:
            continue
    raise Transient("The conversations kept changing; try again.")


def _write(
    back: Conversation,
    own: Conversation | None,
    events: Sequence[Envelope],
    conversations: Conversations,
) -> None:
    """What they had resolved lies in their archive, whatever they begin next."""
    write = conversations.write if back.is_live or not back.routes else conversations.archive
    write(back, own, events)


def _lefts(
    restored: str, rest: str, own: Conversation | None, conversations: Conversations
) -> list[Conversation]:
    """Where what they said since may lie: with `rest`, and where their own conversation led."""
    found: dict[str, Conversation] = {}
    for start in (rest, own.merged_into if own else None):
        customer_id = start
        for _ in range(ATTEMPTS):
            head = conversations.head(customer_id) if customer_id else None
            if head is None or head.customer_id == restored:
                break
            found[head.customer_id] = head
            customer_id = head.merged_into
    return [*found.values()]


def _give_up(
    left: Conversation,
    moved: Mapping[str, Route],
    restored: str,
    cause: Cause,
    conversations: Conversations,
) -> None:
    remaining = _without(left, moved, cause.at)
    if remaining.is_live:
        conversations.write(remaining, left, [])
        return
    facts = [_resolved(left)] if left.is_live else []
    conversations.archive(remaining, left, _events(facts, cause, f"left.{restored}"))


def _signpost(merged: str, into: str) -> Conversation:
    """Of a customer who never wrote: what was on its way when they merged is led on by it."""
    return Conversation(
        conversation_id=conversation_id(merged, _NEVER),
        customer_id=merged,
        state=State.RESOLVED,
        opened_at=_NEVER,
        last_message_at=_NEVER,
        last_ingest_id="",
        version=1,
        resolved_at=_NEVER,
        merged_into=into,
    )


def _goes_on(before: Conversation | None, joined: Conversation) -> bool:
    """Whether the conversation just goes on, so that nobody needs to be found for it."""
    return before is not None and before.is_live and before.state is joined.state


def _joined(into: str, going_on: Conversation | None, closing: Conversation) -> Conversation | None:
    if not closing.is_live:
        return going_on
    if going_on is not None and going_on.is_live:
        routes = _newest(going_on.routes, closing.routes)
        wakes = going_on.state is State.SNOOZED and closing.state is State.OPEN
        same = routes == going_on.routes and going_on.opened_at <= closing.opened_at
        if same and not wakes:
            return going_on
        going_on = _woken(going_on) if wakes else going_on
        latest = max(going_on, closing, key=lambda one: one.last_message_at)
        return replace(
            going_on,
            routes=routes,
            opened_at=min(going_on.opened_at, closing.opened_at),
            last_message_at=latest.last_message_at,
            last_ingest_id=latest.last_ingest_id,
            version=going_on.version + 1,
        )
    return replace(
        closing,
        conversation_id=conversation_id(into, closing.opened_at),
        customer_id=into,
        state=State.OPEN,
        snoozed_until=None,
        assignee=None,
        assigned_at=None,
        version=going_on.version + 1 if going_on else 1,
    )


def _woken(head: Conversation) -> Conversation:
    return replace(head, state=State.OPEN, snoozed_until=None, assignee=None, assigned_at=None)


def _closed(closing: Conversation, into: str, at: datetime) -> Conversation:
    if closing.merged_into is not None:  # closed before; the customer it went on with moved too
        return replace(closing, merged_into=into, version=closing.version + 1)
    return replace(
        closing,
        state=State.RESOLVED,
        resolved_at=closing.resolved_at or at,
        merged_into=into,
        merged_state=closing.state,
        version=closing.version + 1,
    )


def _restored(
    customer_id: str,
    own: Conversation | None,
    given: Sequence[tuple[Conversation, Mapping[str, Route]]],
) -> Conversation | None:
    """The own conversation as it would be now; None where there is none to have."""
    moved: dict[str, Route] = {}
    for _, routes in given:
        moved = _newest(moved, routes)
    sources = sorted((left for left, routes in given if routes), key=_lately)
    source = sources[-1] if sources else None
    goes_on = source is not None and source.is_live
    if own is None or not own.routes:
        if source is None:
            if own is None or own.merged_into is None:
                return own
            return replace(own, merged_into=None, version=own.version + 1)
        opened = _opened(customer_id, source, moved)
        return replace(opened, version=own.version + 1) if own else opened
    if own.merged_into is None and not moved:
        return own
    routes = _newest(own.routes, moved)
    was_live = own.is_live or own.merged_state in (State.OPEN, State.SNOOZED)
    is_live = was_live or goes_on
    begins = is_live and not own.is_live  # Anew: it fills nobody's place until it is assigned.
    is_free = begins or own.merged_into is not None
    return replace(
        own,
        state=State.OPEN if begins else own.state,
        resolved_at=None if is_live else max(one.resolved_at or _NEVER for one in [own, *sources]),
        snoozed_until=None if is_free else own.snoozed_until,
        assignee=None if is_free else own.assignee,
        assigned_at=None if is_free else own.assigned_at,
        routes=routes,
        last_message_at=max([own.last_message_at, *(one.last_at for one in moved.values())]),
        merged_into=None,
        merged_state=None,
        version=own.version + 1,
    )


def _opened(customer_id: str, left: Conversation, moved: Mapping[str, Route]) -> Conversation:
    return replace(
        left,
        conversation_id=conversation_id(customer_id, left.opened_at),
        customer_id=customer_id,
        state=State.OPEN if left.is_live else State.RESOLVED,
        snoozed_until=None,
        assignee=None,
        assigned_at=None,
        routes=dict(moved),
        last_message_at=max(one.last_at for one in moved.values()),
        merged_into=None,
        merged_state=None,
        version=1,
    )


def _lately(head: Conversation) -> tuple[bool, datetime]:
    """A live conversation is the latest, then the one that was resolved last."""
    return head.is_live, head.resolved_at or _NEVER


def _without(left: Conversation, moved: Mapping[str, Route], at: datetime) -> Conversation:
    """Where nothing is left it reaches nobody, so that nobody is answered who has left, whoever
    opens it again."""
    routes = {key: route for key, route in left.routes.items() if key not in moved}
    remaining = replace(left, routes=routes, version=left.version + 1)
    if routes:
        last = max(one.last_at for one in routes.values())
        return replace(remaining, last_message_at=min(left.last_message_at, last))
    if not left.is_live:
        return remaining
    return replace(remaining, state=State.RESOLVED, resolved_at=at, snoozed_until=None)


def _routes(head: Conversation, record_ids: Collection[str]) -> dict[str, Route]:
    return {key: route for key, route in head.routes.items() if key in record_ids}


def _newest(known: Mapping[str, Route], more: Mapping[str, Route]) -> dict[str, Route]:
    merged = dict(known)
    for key, route in more.items():
        if key not in merged or merged[key].last_at < route.last_at:
            merged[key] = route
    return merged


def _reopened(head: Conversation, before: Conversation | None) -> Data:
    return ConversationReopened(
        conversation_id=head.conversation_id,
        customer_id=head.customer_id,
        opened_at=head.opened_at,
        previous_assignee=before.assignee if before else None,
    )


def _resolved(head: Conversation) -> Data:
    return ConversationResolved(
        conversation_id=head.conversation_id,
        customer_id=head.customer_id,
        agent_id=head.assignee,
    )


def _events(facts: Collection[Data], cause: Cause, step: str) -> list[Envelope]:
    return [
        envelope(fact, Metadata(event_id=f"{cause.event_id}.{step}", occurred_at=cause.at))
        for fact in facts
    ]
