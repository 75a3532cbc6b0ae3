"""Records and components as items, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from rapport.aws.dynamo import SCHEMA_VERSION, Item, events_attribute, from_item, to_item
from rapport.contracts.events import Envelope
from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.graph import (
    Component,
    Decision,
    DecisionKind,
    Link,
    Review,
    Signal,
    Statement,
)
from rapport.identity.keys import component_key, record_key, review_key
from rapport.identity.model import Attestation, Record, Source
from rapport.kernel.clock import iso, parse_iso
from rapport.kernel.json import dumps, loads


def record_item(record: Record) -> Item:
    """A record's item."""
    pk, sk = record_key(record.source)
    return to_item(
        {
            "pk": pk,
            "sk": sk,
            "record_id": record.record_id,
            "customer_id": record.customer_id,
            "component_id": record.component_id,
            "source_channel": record.source.channel,
            "source_account": record.source.account,
            "source_sender": record.source.sender,
            "channel": record.channel,
            "created_at": iso(record.created_at),
            "content": content_text(record),
            "said": said_text(record.said, record.customer_id),
            "v": SCHEMA_VERSION,
        }
    )


def record_from(stored: Item) -> Record:
    """The record of an item."""
    item = from_item(stored)
    content = loads(item["content"])
    return Record(
        record_id=item["record_id"],
        customer_id=item["customer_id"],
        component_id=item["component_id"],
        source=Source(item["source_channel"], item["source_account"], item["source_sender"]),
        channel=item["channel"],
        created_at=parse_iso(item["created_at"]),
        name=content["name"],
        identifiers=_identifiers(content["identifiers"]),
        traits=content["traits"],
        said={
            digest: whose or item["customer_id"] for digest, whose in loads(item["said"]).items()
        },
    )


def content_text(record: Record) -> str:
    """What a record says of itself, as one string: the condition of a replacement compares it."""
    return dumps(
        {
            "name": record.name,
            "identifiers": _lists(record.identifiers),
            "traits": dict(record.traits),
        }
    )


def said_text(said: Mapping[str, str], customer_id: str) -> str:
    """What was said lately and whose it is; empty for the record's own customer, who is usual."""
    return dumps({digest: "" if whose == customer_id else whose for digest, whose in said.items()})


def component_item(component: Component, events: Sequence[Envelope]) -> Item:
    """A component's item."""
    pk, sk = component_key(component.component_id)
    return to_item(
        {
            "pk": pk,
            "sk": sk,
            "version": component.version,
            "content": _component_text(component),
            "events": events_attribute(events),
            "v": SCHEMA_VERSION,
        }
    )


def component_from(stored: Item) -> Component | str:
    """The component of an item, or the id of the one that absorbed it."""
    item = from_item(stored)
    if "absorbed_by" in item:
        return str(item["absorbed_by"])
    content = loads(item["content"])
    statements = tuple(_statement(one) for one in content["statements"])
    return Component(
        component_id=item["pk"].partition("#")[2],
        statements=statements,
        signals=tuple(_signal(one) for one in content["signals"]),
        decisions=tuple(_decision(one) for one in content["decisions"]),
        version=item["version"],
        customers=tuple(
            frozenset(statements[place].statement_id for place in places)
            for places in content["customers"]
        ),
    )


def review_item(review: Review) -> Item:
    """A review's item."""
    pk, sk = review_key(review.review_id)
    link = review.link
    return to_item(
        {
            "pk": pk,
            "sk": sk,
            "at": iso(review.at),
            "content": dumps(
                {
                    "left": [link.left, review.left_component],
                    "right": [link.right, review.right_component],
                    "rule": link.rule,
                    "score": link.score,
                    "fields": dict(link.fields),
                }
            ),
            "v": SCHEMA_VERSION,
        }
    )


def review_from(stored: Item) -> Review:
    """The review of an item."""
    item = from_item(stored)
    content = loads(item["content"])
    (left, left_component), (right, right_component) = content["left"], content["right"]
    link = Link(left, right, content["rule"], None, content["score"], content["fields"])
    return Review(link, left_component, right_component, parse_iso(item["at"]))


def _component_text(component: Component) -> str:
    places = {one.statement_id: place for place, one in enumerate(component.statements)}
    return dumps(
        {
            "statements": [_statement_content(one) for one in component.statements],
            "signals": [
                [one.kind, one.namespace, one.value, iso(one.at), one.event_id]
                for one in component.signals
            ],
            "decisions": [
                [
                    one.decision_id,
                    one.kind,
                    iso(one.at),
                    one.by,
                    one.left,
                    one.right,
                    one.reason,
                    one.withdraws,
                ]
                for one in component.decisions
            ],
            "customers": [
                sorted(places[one] for one in members) for members in component.customers
            ],
        }
    )


def _statement_content(one: Statement) -> dict[str, Any]:
    # Short names: every kilobyte of a component costs two units each time something is said.
    return {
        "i": one.statement_id,
        "r": one.record_id,
        "s": [one.source.channel, one.source.account, one.source.sender, one.channel],
        "t": [iso(one.at), iso(one.heard_at)],
        "e": one.event_id,
        "n": _lists(one.identifiers),
        "a": dict(one.attributes),
        "b": one.attestation,
    }


def _statement(one: Mapping[str, Any]) -> Statement:
    channel, account, sender, said_on = one["s"]
    at, heard_at = one["t"]
    return Statement(
        statement_id=one["i"],
        record_id=one["r"],
        source=Source(channel, account, sender),
        channel=said_on,
        at=parse_iso(at),
        heard_at=parse_iso(heard_at),
        event_id=one["e"],
        identifiers=_identifiers(one["n"]),
        attributes=one["a"],
        attestation=Attestation(one["b"]),
    )


def _signal(one: Sequence[str]) -> Signal:
    kind, namespace, value, at, event_id = one
    return Signal(kind, namespace, value, parse_iso(at), event_id)


def _decision(one: Sequence[str]) -> Decision:
    decision_id, kind, at, by, left, right, reason, withdraws = one
    return Decision(
        decision_id, DecisionKind(kind), parse_iso(at), by, left, right, reason, withdraws
    )


def _lists(identifiers: Sequence[Identifier]) -> list[list[str]]:
    return [[one.namespace, one.value, one.assurance, one.method] for one in identifiers]


def _identifiers(lists: Sequence[Sequence[str]]) -> tuple[Identifier, ...]:
    return tuple(
        Identifier(namespace, value, Assurance(assurance), method)
        for namespace, value, assurance, method in lists
    )
