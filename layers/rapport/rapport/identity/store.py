"""Identity in DynamoDB: one item a record, one an owned identifier."""

from collections.abc import Sequence
from typing import Any

from rapport.aws.dynamo import (
    SCHEMA_VERSION,
    DynamoClient,
    Item,
    events_attribute,
    from_item,
    to_item,
    translated,
    values,
)
from rapport.contracts.events import Envelope
from rapport.contracts.identity import Identifier
from rapport.identity.keys import BY_CUSTOMER, Key, claim_key, owner_key, record_key
from rapport.identity.model import HOLDERS, Evidence, Record, Source, claimed
from rapport.kernel.clock import iso, parse_iso
from rapport.kernel.json import dumps, loads


class DynamoIdentities:
    """`Identities` on the identity table; see `ports.Identities` for what each method promises."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def find(self, source: Source) -> Record | None:
        """One eventually consistent read: half a unit, and a miss is read again surely."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_key(record_key(source)))
        return _record(answer["Item"]) if "Item" in answer else None

    def find_surely(
        self, source: Source, identifiers: Sequence[Identifier]
    ) -> tuple[Record | None, dict[tuple[str, str], str]]:
        """One consistent batch read of the record and the owners."""
        keys = [record_key(source)]
        keys += [owner_key(item.namespace, item.value) for item in identifiers]
        found = self._batch_get(keys)
        record = found.get(keys[0])
        owners = {
            (item.namespace, item.value): str(from_item(found[key])["owner_id"])
            for item, key in zip(identifiers, keys[1:], strict=True)
            if key in found
        }
        return (_record(record) if record else None), owners

    def attach(
        self, record: Record, claim: Sequence[Identifier], events: Sequence[Envelope]
    ) -> None:
        """One transaction: the record and its identifiers' ownership."""
        put = {
            "TableName": self._table,
            "Item": _item(record, events),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        self._write([{"Put": put}, *self._holdings(record, claim, claimed(record))])

    def extend(
        self,
        record: Record,
        known: Record,
        claim: Sequence[Identifier],
        events: Sequence[Envelope],
    ) -> None:
        """One transaction; the record must still carry what `known` carried."""
        put = {
            "TableName": self._table,
            "Item": _item(record, events),
            "ConditionExpression": "content = :content",
            "ExpressionAttributeValues": values(content=_content(known)),
        }
        noted = [item for item in claimed(record) if item not in known.identifiers]
        self._write([{"Put": put}, *self._holdings(record, claim, noted)])

    def records_of(self, customer_id: str) -> list[Record]:
        """One query of the index by customer (at most 1 MB: some thousand records)."""
        with translated():
            answer = self._client.query(
                TableName=self._table,
                IndexName=BY_CUSTOMER,
                KeyConditionExpression="customer_id = :customer_id",
                ExpressionAttributeValues=values(customer_id=customer_id),
            )
        records = [_record(item) for item in answer["Items"]]
        return sorted(records, key=lambda record: (record.created_at, record.record_id))

    def holders(self, identifier: Identifier) -> list[str]:
        """One query of the identifier's partition: `OWNER` sorts before `RECORD#…`."""
        partition = owner_key(identifier.namespace, identifier.value)[0]
        with translated():
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues=values(pk=partition),
                Limit=HOLDERS + 1,
            )
        found = [str(from_item(item)["owner_id"]) for item in answer["Items"]]
        return list(dict.fromkeys(found))[:HOLDERS]

    def _batch_get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        request: Any = {
            self._table: {
                "Keys": [_key(key) for key in dict.fromkeys(keys)],
                "ConsistentRead": True,
            }
        }
        found: dict[Key, Item] = {}
        while request:
            with translated():
                answer = self._client.batch_get_item(RequestItems=request)
            for item in answer["Responses"].get(self._table, []):
                found[item["pk"]["S"], item["sk"]["S"]] = item
            request = answer.get("UnprocessedKeys")
        return found

    def _holdings(
        self, record: Record, claim: Sequence[Identifier], noted: Sequence[Identifier]
    ) -> list[dict[str, Any]]:
        own = [
            self._put(owner_key(item.namespace, item.value), record)
            | {"ConditionExpression": "attribute_not_exists(pk)"}
            for item in claim
        ]
        note = [
            self._put(claim_key(item.namespace, item.value, record.record_id), record)
            for item in noted
        ]
        return [{"Put": action} for action in own + note]

    def _put(self, key: Key, record: Record) -> dict[str, Any]:
        held = {"owner_id": record.customer_id, "record_id": record.record_id}
        return {
            "TableName": self._table,
            "Item": _key(key) | to_item({**held, "v": SCHEMA_VERSION}),
        }

    def _write(self, actions: list[dict[str, Any]]) -> None:
        with translated():
            self._client.transact_write_items(TransactItems=actions)


def _key(key: Key) -> Item:
    return to_item({"pk": key[0], "sk": key[1]})


def _content(record: Record) -> str:
    """What can change of a record, as one string: the condition of a replacement compares it."""
    return dumps(
        {
            "name": record.name,
            "identifiers": [item.model_dump(mode="json") for item in record.identifiers],
            "traits": record.traits,
        }
    )


def _item(record: Record, events: Sequence[Envelope]) -> Item:
    return to_item(
        {
            "pk": record_key(record.source)[0],
            "sk": record_key(record.source)[1],
            "record_id": record.record_id,
            "customer_id": record.customer_id,
            "source_channel": record.source.channel,
            "source_account": record.source.account,
            "source_sender": record.source.sender,
            "channel": record.channel,
            "created_at": iso(record.created_at),
            "content": _content(record),
            "evidence": [
                {
                    "rule": item.rule,
                    "at": iso(item.at),
                    "event_id": item.event_id,
                    "identifier": item.identifier and item.identifier.model_dump(mode="json"),
                }
                for item in record.evidence
            ],
            "events": events_attribute(events),
            "v": SCHEMA_VERSION,
        }
    )


def _record(stored: Item) -> Record:
    item = from_item(stored)
    content = loads(item["content"])
    return Record(
        record_id=item["record_id"],
        customer_id=item["customer_id"],
        source=Source(item["source_channel"], item["source_account"], item["source_sender"]),
        channel=item["channel"],
        created_at=parse_iso(item["created_at"]),
        name=content["name"],
        identifiers=tuple(Identifier.model_validate(each) for each in content["identifiers"]),
        traits=content["traits"],
        evidence=tuple(
            Evidence(
                rule=each["rule"],
                at=parse_iso(each["at"]),
                event_id=each["event_id"],
                identifier=Identifier.model_validate(each["identifier"])
                if each.get("identifier")
                else None,
            )
            for each in item["evidence"]
        ),
    )
