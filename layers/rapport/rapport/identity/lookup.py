"""Find a customer by any id it ever had, and what it is made of."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from rapport.contracts.identity import Assurance
from rapport.identity.graph import Component, Pair, Statement
from rapport.identity.model import Record, Source, strongest
from rapport.identity.ports import Graph
from rapport.identity.statements import (
    claim_key,
    customer_of,
    customers,
    digest_said,
    home_of,
    identifier_key,
)
from rapport.kernel.errors import NotFound


@dataclass(frozen=True)
class Customer:
    """One person as of now: the current id, and the statements they are made of, oldest first."""

    customer_id: str
    component: Component
    statements: tuple[Statement, ...]

    @property
    def sources(self) -> list[Source]:
        """Their senders, each once."""
        return list(dict.fromkeys(one.source for one in self.statements))

    @property
    def record_ids(self) -> list[str]:
        """Their records, each once."""
        return list(dict.fromkeys(one.record_id for one in self.statements))


def load(component_ids: Collection[str], *, graph: Graph) -> dict[str, Component]:
    """Components as of now by the ids asked for, wherever they were absorbed; those there are.

    One call of the graph for each step of being absorbed. They come in the order of their ids: what
    is made of several is the same, byte for byte, in whatever process.
    """
    found: dict[str, Component] = {}
    if not component_ids:
        return found
    wanted = {one: one for one in sorted(component_ids)}
    while wanted:
        loaded = graph.load(set(wanted.values()))
        later = {}
        for asked, now in wanted.items():
            match loaded.get(now):
                case Component() as component:
                    found[asked] = component
                case str() as absorbed_by:
                    later[asked] = absorbed_by
        wanted = later
    return found


def find_customer(customer_id: str, *, graph: Graph) -> Customer:
    """The customer that goes by `customer_id` or once did; raises `NotFound`."""
    home = home_of(customer_id)
    component = load([home], graph=graph).get(home)
    founder = f"stm_{customer_id[4:]}"
    for members in component.customers if component else ():
        if component and founder in members:
            return customer_in(component, members)
    raise NotFound("There is no such customer.")


def customer_in(component: Component, members: Collection[str]) -> Customer:
    """The customer that these statements of `component` make."""
    own = [one for one in component.statements if one.statement_id in members]
    own.sort(key=lambda one: one.statement_id)
    return Customer(customer_of(members), component, tuple(own))


def records_of(customer: Customer, *, graph: Graph) -> list[Record]:
    """Their records, oldest first, each with no more than what they said of themselves."""
    return [narrowed(record, customer) for record in graph.records(customer.sources)]


def narrowed(record: Record, customer: Customer) -> Record:
    """A record as far as it is this customer's: of a shared telephone, others speak too."""
    if set(record.said.values()) <= {customer.customer_id} and _is_whole(record, customer):
        return record
    own = [one for one in customer.statements if one.record_id == record.record_id]
    names = [_name(one) for one in own if _name(one)]
    return replace(
        record,
        customer_id=customer.customer_id,
        name=names[-1] if names else None,
        identifiers=strongest([item for one in own for item in one.identifiers]),
        traits=record.traits if record.customer_id == customer.customer_id else {},
    )


def is_theirs(customer: Customer, record_id: str, said: str, customer_id: str) -> bool:
    """Whether something on a record is this customer's own.

    `said` is the digest under which it was said; where it has none (we said it), `customer_id`
    tells: whoever that customer is by now.
    """
    whose = customers(customer.component)
    on_record = [one for one in customer.component.statements if one.record_id == record_id]
    speakers = {whose[one.statement_id] for one in on_record}
    if speakers == {customer.customer_id}:
        return True
    for one in on_record:
        if said and digest_said(one) == said:
            return whose[one.statement_id] == customer.customer_id
    return whose.get(f"stm_{customer_id[4:]}", customer_id) == customer.customer_id


def holders(pair: Pair, *, graph: Graph) -> list[tuple[Customer, Assurance]]:
    """Everyone who holds an identifier and how surely, the surest first."""
    seen = graph.look_up(None, [identifier_key(pair), claim_key(pair)])
    held = {one for ids in seen.holders.values() for one in ids}
    found = []
    for component in distinct(load(held, graph=graph).values()):
        for members in component.customers:
            customer = customer_in(component, members)
            assurances = [
                item.assurance
                for one in customer.statements
                for item in one.identifiers
                if item.pair == pair
            ]
            if assurances:
                found.append((customer, max(assurances, key=lambda one: one.rank)))
    return sorted(found, key=lambda one: (-one[1].rank, one[0].customer_id))


def _is_whole(record: Record, customer: Customer) -> bool:
    whose = customers(customer.component)
    return all(
        whose[one.statement_id] == customer.customer_id
        for one in customer.component.statements
        if one.record_id == record.record_id
    )


def _name(statement: Statement) -> str:
    said = statement.attributes
    whole = " ".join(part for part in (said.get("given_name"), said.get("surname")) if part)
    return said.get("full_name") or whole or said.get("display_name") or ""


def distinct(components: Iterable[Component]) -> list[Component]:
    """Each component once."""
    return list({one.component_id: one for one in components}.values())
