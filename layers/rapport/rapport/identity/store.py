"""Identity in DynamoDB: one item a record, one a component, one a key that leads to components."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from rapport.aws.dynamo import (
    SCHEMA_VERSION,
    ConditionFailed,
    DynamoClient,
    Item,
    to_item,
    translated,
    values,
)
from rapport.identity.graph import Component, Review
from rapport.identity.items import (
    component_from,
    component_item,
    content_text,
    record_from,
    record_item,
    review_from,
    review_item,
    said_text,
)
from rapport.identity.keys import (
    REVIEWS,
    Key,
    component_key,
    item_place,
    lookup_key,
    record_key,
    review_key,
    review_place,
)
from rapport.identity.model import Record, Source
from rapport.identity.ports import Change, Claim, Pointer, Seen
from rapport.kernel.errors import Conflict
from rapport.kernel.page import Page, encode_cursor

BATCH = 100
"""Keys in one batch read (DynamoDB's limit)."""


class DynamoGraph:
    """`Graph` on the identity table; see `ports.Graph` for what each method promises."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def find(self, source: Source) -> Record | None:
        """One eventually consistent read: half a unit, and a miss is read again surely."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_key(record_key(source)))
        return record_from(answer["Item"]) if "Item" in answer else None

    def look_up(self, source: Source | None, keys: Sequence[str]) -> Seen:
        """One consistent batch read of the record and the keys."""
        wanted = {lookup_key(name): name for name in keys}
        own = record_key(source) if source else None
        found = self._read([*([own] if own else []), *wanted])
        return Seen(
            record=record_from(found[own]) if own and own in found else None,
            holders={
                name: frozenset(found[key]["components"]["SS"])
                for key, name in wanted.items()
                if key in found
            },
        )

    def load(self, component_ids: Collection[str]) -> Mapping[str, Component | str]:
        """One consistent batch read (of a hundred)."""
        wanted = {component_key(one): one for one in component_ids}
        found = self._read([*wanted])
        return {one: component_from(found[key]) for key, one in wanted.items() if key in found}

    def save(self, record: Record, known: Record) -> None:
        """One conditional update; where the record stands is left as it is."""
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(record_key(known.source)),
                    UpdateExpression="SET content = :content, said = :said",
                    ConditionExpression="content = :known AND said = :told"
                    " AND customer_id = :customer",
                    ExpressionAttributeValues=values(
                        customer=known.customer_id,
                        content=content_text(record),
                        said=said_text(record.said, known.customer_id),
                        known=content_text(known),
                        told=said_text(known.said, known.customer_id),
                    ),
                )
        except ConditionFailed:
            raise Conflict("Another write came first.") from None

    def write(self, change: Change) -> None:
        """One transaction of at most a hundred actions."""
        with translated():
            self._client.transact_write_items(TransactItems=[*self._actions(change)])

    def point(
        self, component: Component, pointers: Sequence[Pointer], forwards: Sequence[str] = ()
    ) -> None:
        """One transaction: the component is still that one, and the records move."""
        unmoved = {
            "TableName": self._table,
            "Key": _key(component_key(component.component_id)),
            "ConditionExpression": "version = :version",
            "ExpressionAttributeValues": values(version=component.version),
        }
        with translated():
            self._client.transact_write_items(
                TransactItems=[
                    {"ConditionCheck": unmoved},
                    *(self._point(one) for one in pointers),
                    *(self._forward(one, component, None, {}) for one in forwards),
                ]
            )

    def records(self, sources: Sequence[Source]) -> list[Record]:
        """One consistent batch read (of a hundred)."""
        found = self._read([record_key(one) for one in sources])
        records = [record_from(item) for item in found.values()]
        return sorted(records, key=lambda record: (record.created_at, record.record_id))

    def review(self, review_id: str) -> Review | None:
        """One consistent read."""
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=_key(review_key(review_id)), ConsistentRead=True
            )
        return review_from(answer["Item"]) if "Item" in answer else None

    def reviews(self, cursor: str | None, limit: int) -> Page[Review]:
        """One query of the queue's partition."""
        start = review_place(cursor)
        with translated():
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues=values(pk=REVIEWS),
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=limit,
                **({"ExclusiveStartKey": _key((REVIEWS, start))} if start else {}),
            )
        last = answer.get("LastEvaluatedKey")
        return Page(
            [review_from(item) for item in answer["Items"]],
            encode_cursor(last["sk"]["S"]) if last else None,
        )

    def close_reviews(self, review_ids: Sequence[str]) -> None:
        """One transaction of deletes."""
        if not review_ids:
            return
        with translated():
            self._client.transact_write_items(
                TransactItems=[self._forget(one) for one in review_ids]
            )

    def scan(self, cursor: str | None, limit: int) -> Page[Component]:
        """One scan; `limit` counts items of all kinds, so that a page may well be empty."""
        start = item_place(cursor)
        with translated():
            answer = self._client.scan(
                TableName=self._table,
                FilterExpression="begins_with(pk, :component) AND attribute_exists(version)",
                ExpressionAttributeValues=values(component="COMPONENT#"),
                Limit=limit,
                **({"ExclusiveStartKey": _key(start)} if start else {}),
            )
        last = answer.get("LastEvaluatedKey")
        found = [component_from(item) for item in answer["Items"]]
        return Page(
            [one for one in found if isinstance(one, Component)],
            encode_cursor([last["pk"]["S"], last["sk"]["S"]]) if last else None,
        )

    def _read(self, keys: Sequence[Key]) -> dict[Key, Item]:
        unique = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        for start in range(0, len(unique), BATCH):
            request: Any = {
                self._table: {
                    "Keys": [_key(key) for key in unique[start : start + BATCH]],
                    "ConsistentRead": True,
                }
            }
            while request:
                with translated():
                    answer = self._client.batch_get_item(RequestItems=request)
                for item in answer["Responses"].get(self._table, []):
                    found[item["pk"]["S"], item["sk"]["S"]] = item
                request = answer.get("UnprocessedKeys")
        return found

    def _actions(self, change: Change) -> Iterator[dict[str, Any]]:
        component = change.component
        if component.version == 1:
            yield self._put(component_item(component, change.events), "attribute_not_exists(pk)")
        else:
            yield self._put(
                component_item(component, change.events),
                "version = :version",
                values(version=component.version - 1),
            )
        for component_id, version in change.absorbed.items():
            yield self._forward(
                component_id, component, "version = :version", values(version=version)
            )
        for component_id in change.forwards:
            yield self._forward(component_id, component, None, {})
        if change.record is not None:
            yield self._record(change.record, change.known)
        for pointer in change.pointers:
            yield self._point(pointer)
        for name, claim in change.claims.items():
            yield self._claim(name, claim)
        for name in change.notes:
            yield self._update(
                lookup_key(name),
                "ADD components :one",
                None,
                {":one": {"SS": [component.component_id]}},
            )
        for review in change.reviews:
            yield self._put(review_item(review), None)
        for review_id in change.closed:
            yield self._forget(review_id)

    def _forget(self, review_id: str) -> dict[str, Any]:
        return {"Delete": {"TableName": self._table, "Key": _key(review_key(review_id))}}

    def _forward(
        self, component_id: str, component: Component, condition: str | None, expected: Item
    ) -> dict[str, Any]:
        pk, sk = component_key(component_id)
        forward = {"pk": pk, "sk": sk, "absorbed_by": component.component_id, "v": SCHEMA_VERSION}
        return self._put(to_item(forward), condition, expected)

    def _record(self, record: Record, known: Record | None) -> dict[str, Any]:
        if known is None:
            return self._put(record_item(record), "attribute_not_exists(pk)")
        return self._put(
            record_item(record), "content = :content", values(content=content_text(known))
        )

    def _point(self, pointer: Pointer) -> dict[str, Any]:
        return self._update(
            record_key(pointer.source),
            "SET customer_id = :customer, component_id = :component, said = :said",
            "attribute_exists(pk)",
            values(
                customer=pointer.customer_id,
                component=pointer.component_id,
                said=said_text(pointer.said, pointer.customer_id),
            ),
        )

    def _claim(self, name: str, claim: Claim) -> dict[str, Any]:
        condition, expected = "attribute_not_exists(pk)", {}
        if claim.seen:
            condition, expected = "components = :seen", {":seen": {"SS": sorted(claim.seen)}}
        return self._update(
            lookup_key(name),
            "SET components = :becomes",
            condition,
            {":becomes": {"SS": sorted(claim.becomes)}} | expected,
        )

    def _put(
        self, item: Item, condition: str | None, expected: Item | None = None
    ) -> dict[str, Any]:
        action: dict[str, Any] = {"TableName": self._table, "Item": item}
        if condition:
            action["ConditionExpression"] = condition
        if expected:
            action["ExpressionAttributeValues"] = expected
        return {"Put": action}

    def _update(self, key: Key, update: str, condition: str | None, given: Item) -> dict[str, Any]:
        action = {
            "TableName": self._table,
            "Key": _key(key),
            "UpdateExpression": update,
            "ExpressionAttributeValues": given,
        }
        if condition:
            action["ConditionExpression"] = condition
        return {"Update": action}


def _key(key: Key) -> Item:
    return to_item({"pk": key[0], "sk": key[1]})
