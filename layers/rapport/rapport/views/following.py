"""What conversations make of customers who merge or come apart."""

from collections import defaultdict
from collections.abc import Callable

from rapport.contracts.events import BusEvent
from rapport.contracts.identity import CustomersMerged, CustomersUnmerged
from rapport.conversations.merging import Cause, merge, unmerge
from rapport.conversations.model import Conversation
from rapport.conversations.ports import Conversations
from rapport.identity.changes import ROOM, forwards_of, repointed
from rapport.identity.graph import Component
from rapport.identity.lookup import customer_in, load
from rapport.identity.model import Record
from rapport.identity.ports import Graph, Pointer
from rapport.identity.statements import customers, owner_of, said_by
from rapport.kernel.clock import Clock
from rapport.kernel.errors import Conflict, Transient

ATTEMPTS = 4


def follow(event: BusEvent, *, graph: Graph, conversations: Conversations, clock: Clock) -> None:
    """Bring records and conversations to where their customers are by now.

    A fact says only which customers to look at: what is done follows from the component as it is
    now, so that facts may come late, twice, and in any order.
    """
    data = event.detail.data
    match event.detail_type:
        case CustomersMerged.detail_type:
            merged = CustomersMerged.model_validate(data)
            concerned, rest, component_id = merged.merged, merged.customer_id, merged.component_id
        case CustomersUnmerged.detail_type:
            apart = CustomersUnmerged.model_validate(data)
            concerned, rest, component_id = apart.restored, apart.customer_id, apart.component_id
        case _:
            return
    cause = Cause(event.detail.metadata.event_id, clock.now())

    def bring(component: Component) -> None:
        _repoint(component, graph)
        for customer_id in concerned:
            _bring(customer_id, rest, component, cause, conversations)

    _as_it_stays(component_id, bring, graph)


def lead_on(
    head: Conversation,
    record: Record,
    cause: Cause,
    *,
    graph: Graph,
    conversations: Conversations,
) -> str:
    """The customer to whose conversation a message belongs that came to `head`, which leads on.

    `record` is the message's, as it spoke. Where `head` leads on from who is somebody else again,
    the fact that says so is still under way: what it will do is done first, so that nobody's words
    go to another customer's agent. Raises `Transient` where identity keeps changing.
    """
    found = [head.merged_into or head.customer_id]

    def bring(component: Component) -> None:
        found[0] = _speaker(record, component)
        if found[0] == head.customer_id and head.merged_into is not None:
            own = _own_records(component, head.customer_id)
            unmerge(head.customer_id, head.merged_into, own, cause, conversations=conversations)

    _as_it_stays(record.component_id, bring, graph)
    return found[0]


def _speaker(record: Record, component: Component) -> str:
    """Whose a record's latest words are by now."""
    whose = said_by(component, record.record_id)
    return whose.get(record.saying) or owner_of(component, record.record_id)


def _as_it_stays(component_id: str, bring: Callable[[Component], None], graph: Graph) -> None:
    """Do what follows from a component, and again where it has changed meanwhile.

    Whoever changed it may have been followed before we wrote; whoever changes it after our last
    look is followed after us.
    """
    component = load([component_id], graph=graph).get(component_id)
    for _ in range(ATTEMPTS):
        if component is None:
            return
        known: Component | None = component
        try:
            bring(component)
        except Conflict:  # its records moved on while they were set
            known = None
        component = load([component_id], graph=graph).get(component_id)
        if component and known and _mark(component) == _mark(known):
            return
    raise Transient("The customers kept changing; try again.")


def _mark(component: Component) -> tuple[str, int]:
    return component.component_id, component.version


def _bring(
    customer_id: str, rest: str, component: Component, cause: Cause, conversations: Conversations
) -> None:
    """Two who were one customer, or are: each conversation to whose it is."""
    whose = customers(component)
    now = whose.get(_founder(customer_id), customer_id)
    if now != customer_id:
        _part(customer_id, now, component, cause, conversations)
        merge(now, customer_id, cause, conversations=conversations)
    rest_now = whose.get(_founder(rest), rest)
    if rest_now == now:
        return
    # What was said meanwhile goes along, wherever they are by now. Either of them may have been
    # another's before: where both that customer and the founders change, each fact is of a merge.
    for one, other in ((now, rest_now), (rest_now, now)):
        own = _own_records(component, one)
        unmerge(one, other, own, cause, conversations=conversations)
        _part(one, one, component, cause, conversations)


def _part(
    customer_id: str, now: str, component: Component, cause: Cause, conversations: Conversations
) -> None:
    """Who was one customer may be several now: where `now` has nothing to do with a record any
    more, whoever spoke on it last takes along what was said there."""
    head = conversations.head(customer_id)
    whose, gone = customers(component), defaultdict[str, set[str]](set)
    for record_id in head.routes if head else ():
        speakers = {
            whose[one.statement_id] for one in component.statements if one.record_id == record_id
        }
        if speakers and now not in speakers:
            gone[owner_of(component, record_id)].add(record_id)
    for other in sorted(gone.keys() - {customer_id}):
        unmerge(other, customer_id, gone[other], cause, conversations=conversations)


def _repoint(component: Component, graph: Graph) -> None:
    """Records and ids beyond those that one transaction could move."""
    wanted = repointed(component)
    standing = {one.source: one for one in graph.records([one.source for one in wanted])}
    astray = [
        one for one in wanted if one.source in standing and _is_astray(standing[one.source], one)
    ]
    ids = forwards_of(component, ())
    known = graph.load(ids) if ids else {}
    missing = [one for one in ids if one not in known]
    places: list[Pointer | str] = [*missing, *astray]
    for start in range(0, len(places), ROOM):
        part = places[start : start + ROOM]
        graph.point(
            component,
            [one for one in part if isinstance(one, Pointer)],
            [one for one in part if isinstance(one, str)],
        )


def _is_astray(record: Record, pointer: Pointer) -> bool:
    known = {digest: record.said[digest] for digest in pointer.said if digest in record.said}
    return record.customer_id != pointer.customer_id or any(
        pointer.said[digest] != whose for digest, whose in known.items()
    )


def _founder(customer_id: str) -> str:
    return f"stm_{customer_id[4:]}"


def _own_records(component: Component, customer_id: str) -> set[str]:
    """The records that speak for this customer and for nobody else."""
    whose = customers(component)
    members = [one for one, customer in whose.items() if customer == customer_id]
    own = set(customer_in(component, members).record_ids)
    others = {
        one.record_id for one in component.statements if whose[one.statement_id] != customer_id
    }
    return own - others
