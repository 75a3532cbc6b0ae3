"""What must hold once everything had time to end (V1, V2, V4, V6, V11): looked at in each calm."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations, product

from rapport.conversations.model import OPENING, Conversation, State
from rapport.identity.graph import Component, DecisionKind
from rapport.identity.model import Source
from rapport.identity.names import Name, compare_names, parse_name
from rapport.notifications.model import RANK, MessageStatus
from tests.simulation.platform import Platform
from tests.simulation.watch import Broken, Watch


@dataclass
class Owed:
    """What the platform has taken on by answering 2xx, until it is seen to be done."""

    messages: dict[str, Source] = field(default_factory=dict)
    pictures: set[str] = field(default_factory=set)
    activities: dict[str, int] = field(default_factory=dict)
    receipts: list[tuple[str, MessageStatus]] = field(default_factory=list)


def check(platform: Platform, watch: Watch, owed: Owed) -> None:
    """Raises `Broken`."""
    _is_finished(platform)
    _is_paid(platform, watch, owed)
    _conversations_are_whole(platform)
    _places_are_whole(platform)
    _nobody_waits_in_vain(platform)
    _is_one_customer(platform)
    _conversations_followed(platform)


def _is_finished(platform: Platform) -> None:
    """V11: what stopped going wrong has come to its end."""
    left = platform.unfinished()
    if left:
        raise Broken("V11", f"there is work left: {', '.join(left)}")
    for (_, message_id), entry in platform.stores.ledger.entries.items():
        if entry.status in (MessageStatus.QUEUED, MessageStatus.SENDING):
            raise Broken("V11", f"{message_id} is still {entry.status}")


def _is_paid(platform: Platform, watch: Watch, owed: Owed) -> None:
    """V1: what was answered 2xx is processed."""
    stores = platform.stores
    for key in owed.messages:
        if key not in stores.messages.messages:
            raise Broken("V1", f"{key} was taken and is lost")
    owed.messages.clear()
    for key in owed.pictures:
        if not stores.messages.messages[key].objects:
            raise Broken("V1", f"the picture of {key} was never fetched")
    owed.pictures.clear()
    for key in owed.activities:
        if key not in stores.activities.stored:
            raise Broken("V1", f"{key} was taken and is lost")
    owed.activities.clear()
    for token, status in owed.receipts:
        entry = stores.ledger.entries[watch.entries[token]]
        if RANK[entry.status] < RANK[status]:
            raise Broken("V1", f"{token} is {status} by its receipt, {entry.status} in the ledger")
    owed.receipts.clear()


def _conversations_are_whole(platform: Platform) -> None:
    """V4: a message has its conversation; an open one is somebody's, or waits; never both."""
    stores = platform.stores
    latest: dict[tuple[str, str], datetime] = {}
    for message in stores.messages.messages.values():
        if message.kind in OPENING:
            place = (message.customer_id, message.record_id)
            latest[place] = max(latest.get(place, message.at), message.at)
    for (customer, record_id), at in latest.items():
        whose = sorted(stores.identities.owners[record_id] | {customer})
        heads = (head for one in whose for head in _led_on(platform, one))
        if not any(head.last_message_at >= at for head in heads):
            raise Broken("V4", f"a message of {customer} is in no conversation")
    waiting = {one.conversation_id for one in stores.routing.waiting}
    for head in stores.conversations.current.values():
        if head.state is State.OPEN:
            _is_somewhere(platform, head, is_waiting=head.conversation_id in waiting)
        elif head.state is State.SNOOZED and not _is_remembered(platform, head.conversation_id):
            raise Broken("V4", f"{head.conversation_id} is snoozed, and nobody will wake it")


def _led_on(platform: Platform, customer: str | None) -> Iterator[Conversation]:
    """The customer's conversations, and those into which they went when customers became one.

    A message of days ago may begin another conversation: what was said since lies in the archive.
    """
    heads, seen = platform.stores.conversations.current, set[str]()
    archived = platform.stores.conversations.archived
    while customer in heads and customer not in seen:
        seen.add(customer)
        yield heads[customer]
        yield from (one for one in archived.values() if one.customer_id == customer)
        customer = heads[customer].merged_into


def _is_somewhere(platform: Platform, head: Conversation, *, is_waiting: bool) -> None:
    name = head.conversation_id
    if head.assignee is None:
        if not is_waiting:
            raise Broken("V4", f"{name} is open, and neither assigned nor waiting")
    elif name not in platform.stores.routing.agents[head.assignee].active:
        raise Broken("V4", f"{name} is assigned and fills no place")
    elif is_waiting:
        raise Broken("V4", f"{name} is assigned and waits")


def _is_remembered(platform: Platform, conversation: str) -> bool:
    return any(one.conversation_id == conversation for one in platform.stores.routing.snoozed)


def _places_are_whole(platform: Platform) -> None:
    """V4, V2: a place is filled by an open conversation of that agent; nobody has too many."""
    stores = platform.stores
    for agent in stores.routing.agents.values():
        if len(agent.active) > agent.capacity:
            raise Broken("V2", f"{agent.agent_id} has more conversations than places")
        for conversation in sorted(agent.active):
            head = stores.conversations.get(conversation)
            if head is None or head.state is not State.OPEN or head.assignee != agent.agent_id:
                raise Broken("V4", f"{conversation} fills a place of {agent.agent_id} in vain")


def _nobody_waits_in_vain(platform: Platform) -> None:
    """V11."""
    routing = platform.stores.routing
    free = [agent.agent_id for agent in routing.agents.values() if agent.is_eligible]
    if routing.waiting and free:
        raise Broken("V11", f"{len(routing.waiting)} wait while {free[0]} is free")


def _conversations_followed(platform: Platform) -> None:
    """V4, V6: conversations are where customers are, however these were merged and parted.

    Who stands by themselves is led into nobody's conversation, who is gone has none that is open,
    and an open one reaches whoever speaks on its records for this customer.
    """
    stores = platform.stores
    standing: set[str] = set()
    speaking: dict[str, set[str]] = defaultdict(set)
    for component in stores.identities.components.values():
        if isinstance(component, Component):
            standing |= set(component.whose.values())
            for one in component.statements:
                speaking[one.record_id].add(component.whose[one.statement_id])
    for head in stores.conversations.current.values():
        name, customer = head.conversation_id, head.customer_id
        if head.merged_into is not None and customer in standing:
            raise Broken("V4", f"{name} leads on to {head.merged_into}, from who is somebody else")
        if head.is_live and customer not in standing:
            raise Broken("V4", f"{name} is not resolved, and its customer is gone")
        for record_id in head.routes if head.is_live else ():
            if customer not in speaking[record_id]:
                raise Broken("V6", f"{name} reaches {record_id}, which is somebody else's")


def _is_one_customer(platform: Platform) -> None:
    """V2: a phone that a platform vouches for has one customer, however many met it at once,
    unless people said of two who have it that they are apart, or rules that phones tell nothing;
    or two people's names stand against each other, since staff made one customer of two phones.

    V6: a message is of a customer whom its record speaks for, or did before customers merged.
    """
    stores = platform.stores
    for held in _phones(platform) if _phones_join(platform) else ():
        pairs = [*combinations(sorted(held), 2)]
        # Where two of its holders were parted it is shared, and tells nothing of a third.
        are_two = (_are_apart(*p, held[p[0]]) or _are_unlike(*p, held[p[0]]) for p in pairs)
        if pairs and not any(are_two):
            raise Broken("V2", f"{pairs[0][0]} has a phone of {pairs[0][1]}")
    for key, message in stores.messages.messages.items():
        if message.customer_id not in stores.identities.owners[message.record_id]:
            raise Broken("V6", f"{key} is shown on another customer")


def _phones(platform: Platform) -> Iterable[dict[str, Component]]:
    """Of each telephone the customers who have it, and the component that each lies in."""
    found: dict[str, dict[str, Component]] = defaultdict(dict)
    components = platform.stores.identities.components.values()
    for component in (one for one in components if isinstance(one, Component)):
        for statement in component.statements:
            for item in statement.identifiers:
                if item.namespace == "phone" and item.assurance.rank >= 1:
                    found[item.value][component.whose[statement.statement_id]] = component
    return found.values()


def _phones_join(platform: Platform) -> bool:
    rules = platform.stores.rule_book.current()
    namespaces = rules.namespaces if rules is not None else ()
    return all(one.joins_from is not None for one in namespaces if one.name == "phone")


def _are_unlike(one: str, other: str, component: Component) -> bool:
    names: dict[str, list[Name]] = {one: [], other: []}
    for statement in component.statements:
        told = statement.attributes.get("full_name")
        whose = component.whose[statement.statement_id]
        if told and whose in names:
            names[whose].append(parse_name(told))
    return any(compare_names(*pair).conflicts for pair in product(names[one], names[other]))


def _are_apart(one: str, other: str, component: Component) -> bool:
    """Whether somebody decided so of something that each of two customers said."""
    return any(
        {component.whose[side] for side in decision.sides} == {one, other}
        for decision in component.decisions
        if decision.kind is DecisionKind.APART
    )
