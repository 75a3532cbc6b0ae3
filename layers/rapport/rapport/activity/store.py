"""Activity in DynamoDB: one item a tracked event, expiring after the retention time."""

from datetime import datetime, timedelta

from rapport.activity.model import TrackedEvent
from rapport.aws.dynamo import (
    SCHEMA_VERSION,
    ConditionFailed,
    DynamoClient,
    from_item,
    to_item,
    translated,
    values,
)
from rapport.kernel.clock import iso, parse_iso
from rapport.kernel.ids import time_prefix
from rapport.kernel.json import dumps, loads

BY_RECORD = "by_record"
RETENTION = timedelta(days=396)
"""Thirteen months: a year's seasons and one to compare with."""


class DynamoActivities:
    """`Activities` on the activity table."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def add(self, event: TrackedEvent) -> None:
        """One conditional put."""
        item = {
            "pk": f"TRACKED#{event.key}",
            "record_id": event.record_id,
            "position": event.position,
            "kind": event.kind,
            "at": iso(event.at),
            "received_at": iso(event.received_at),
            "said": event.said or None,
            "name": event.name,
            "properties": dumps(event.properties) if event.properties else None,
            "context": dumps(event.context) if event.context else None,
            "expires_at": int((event.received_at + RETENTION).timestamp()),
            "v": SCHEMA_VERSION,
        }
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=to_item(item),
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except ConditionFailed:
            return

    def of_record(
        self, record_id: str, *, before: datetime | None, limit: int
    ) -> list[TrackedEvent]:
        """One query of the index by record."""
        with translated():
            answer = self._client.query(
                TableName=self._table,
                IndexName=BY_RECORD,
                KeyConditionExpression="record_id = :record AND #position < :high",
                ExpressionAttributeNames={"#position": "position"},
                ExpressionAttributeValues=values(
                    record=record_id, high=time_prefix(before) if before else "~"
                ),
                ScanIndexForward=False,
                Limit=limit,
            )
        return [_event(from_item(item)) for item in answer["Items"]]


def _event(item: dict[str, str]) -> TrackedEvent:
    return TrackedEvent(
        key=item["pk"].removeprefix("TRACKED#"),
        record_id=item["record_id"],
        kind=item["kind"],
        at=parse_iso(item["at"]),
        received_at=parse_iso(item["received_at"]),
        said=item.get("said", ""),
        name=item.get("name"),
        properties=loads(item["properties"]) if "properties" in item else {},
        context=loads(item["context"]) if "context" in item else {},
    )
