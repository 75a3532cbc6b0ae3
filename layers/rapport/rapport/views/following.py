"""What conversations make of customers who merge or come apart."""

from rapport.contracts.events import BusEvent
from rapport.contracts.identity import CustomersMerged, CustomersUnmerged
from rapport.conversations.merging import Cause, merge, unmerge
from rapport.conversations.ports import Conversations
from rapport.identity.changes import ROOM, forwards_of, repointed
from rapport.identity.graph import Component
from rapport.identity.lookup import customer_in, load
from rapport.identity.model import Record
from rapport.identity.ports import Graph, Pointer
from rapport.identity.statements import customers
from rapport.kernel.clock import Clock


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
    component = load([component_id], graph=graph).get(component_id)
    if component is None:
        return
    _repoint(component, graph)
    cause = Cause(event.detail.metadata.event_id, clock.now())
    whose = customers(component)
    for customer_id in concerned:
        now = whose.get(_founder(customer_id), customer_id)
        if now != customer_id:
            _part(customer_id, now, component, cause, conversations)
            merge(now, customer_id, cause, conversations=conversations)
        rest_now = whose.get(_founder(rest), rest)
        if rest_now != now:  # what was said meanwhile goes along, wherever they are by now
            own = _own_records(component, now)
            unmerge(now, rest_now, own, cause, conversations=conversations)


def _part(
    customer_id: str, now: str, component: Component, cause: Cause, conversations: Conversations
) -> None:
    """Who was one customer may be several now: whoever is not `now` takes along what is theirs."""
    head = conversations.head(customer_id)
    whose = customers(component)
    routes = head.routes if head else {}
    others = {whose[one.statement_id] for one in component.statements if one.record_id in routes}
    for other in sorted(others - {now, customer_id}):
        own = _own_records(component, other)
        unmerge(other, customer_id, own, cause, conversations=conversations)


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
