"""The ledger in DynamoDB: one item a message."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rapport.aws.dynamo import (
    ConditionFailed,
    DynamoClient,
    Item,
    events_attribute,
    from_item,
    to_item,
    translated,
    values,
)
from rapport.contracts.events import Envelope
from rapport.contracts.inbound import Status
from rapport.kernel.clock import iso
from rapport.kernel.ids import time_prefix
from rapport.notifications.items import entry_from, entry_item, failure_attributes
from rapport.notifications.keys import BY_PROVIDER_ID, entry_key, provider_key
from rapport.notifications.model import RANK, Failure, LedgerEntry, MessageStatus


class DynamoLedger:
    """`Ledger` on the notifications table."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def enter(self, entry: LedgerEntry, events: Sequence[Envelope]) -> LedgerEntry | None:
        """One conditional put."""
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=entry_item(entry, events),
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as failed:
            return entry_from(failed.item) if failed.item else entry
        return None

    def get(self, record_id: str, message_id: str) -> LedgerEntry | None:
        """One consistent read."""
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=_key(record_id, message_id), ConsistentRead=True
            )
        return entry_from(from_item(answer["Item"])) if "Item" in answer else None

    def begin(self, record_id: str, message_id: str) -> tuple[bool, LedgerEntry | None]:
        """One conditional update that returns the entry: reading and taking it are one call."""
        try:
            answer = self._update(
                record_id,
                message_id,
                UpdateExpression="SET #status = :sending, #rank = :rank ADD attempts :one",
                ConditionExpression="#status = :queued",
                ExpressionAttributeNames={"#status": "status", "#rank": "rank"},
                ExpressionAttributeValues=values(
                    sending=MessageStatus.SENDING.value,
                    rank=RANK[MessageStatus.SENDING],
                    queued=MessageStatus.QUEUED.value,
                    one=1,
                ),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailed as failed:
            return False, entry_from(failed.item) if failed.item else None
        return True, entry_from(from_item(answer["Attributes"]))

    def end(
        self,
        entry: LedgerEntry,
        status: MessageStatus,
        at: datetime,
        *,
        provider_message_id: str | None = None,
        failure: Failure | None = None,
        events: Sequence[Envelope] = (),
    ) -> bool:
        """One conditional update."""
        changes: dict[str, Any] = {
            "status": status.value,
            "rank": RANK[status],
            "failure": failure_attributes(failure),
            "events": events_attribute(events),
        }
        if provider_message_id:
            changes |= _sent(entry, provider_message_id, at)
        try:
            self._set(
                entry,
                changes,
                "#status = :sending AND attempts = :attempts",
                # What an earlier attempt failed of is no news of a message that went out later.
                remove="" if failure else " REMOVE failure",
                sending=MessageStatus.SENDING.value,
                attempts=entry.attempts,
            )
        except ConditionFailed:
            return False
        return True

    def note_provider_id(self, entry: LedgerEntry, provider_message_id: str, at: datetime) -> None:
        """One update."""
        self._set(entry, _sent(entry, provider_message_id, at), "attribute_exists(pk)")

    def find(
        self, account_channel: str, account: str, provider_message_id: str
    ) -> tuple[str, str] | None:
        """One query of the index by provider's id."""
        with translated():
            answer = self._client.query(
                TableName=self._table,
                IndexName=BY_PROVIDER_ID,
                KeyConditionExpression="provider_key = :key",
                ExpressionAttributeValues=values(
                    key=provider_key(account_channel, account, provider_message_id)
                ),
                Limit=1,
            )
        if not answer["Items"]:
            return None
        item = from_item(answer["Items"][0])
        return item["pk"].removeprefix("RECORD#"), item["sk"].removeprefix("MESSAGE#")

    def climb(
        self,
        record_id: str,
        message_id: str,
        told: Status,
        at: datetime,
        *,
        to: MessageStatus,
        failure: Failure | None,
        events: Sequence[Envelope],
    ) -> bool | None:
        """One conditional update."""
        names = {"#status": "status", "#rank": "rank", "#told": told.value, "#events": "events"}
        expression = (
            "SET #status = :to, #rank = :rank, #events = :events,"
            " receipts.#told = if_not_exists(receipts.#told, :at)"
        )
        bound: dict[str, Any] = {
            "to": to.value,
            "rank": RANK[to],
            "events": events_attribute(events) or "[]",
            "at": iso(at),
        }
        if failure:
            expression += ", failure = :failure"
            bound["failure"] = failure_attributes(failure) or {}
        try:
            self._update(
                record_id,
                message_id,
                UpdateExpression=expression,
                ConditionExpression="#rank < :rank",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values(**bound),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailed as failed:
            return None if failed.item is None else False
        return True

    def note_receipt(self, record_id: str, message_id: str, told: Status, at: datetime) -> None:
        """One conditional update; nothing where the status was told before."""
        try:
            self._update(
                record_id,
                message_id,
                UpdateExpression="SET receipts.#told = :at",
                ConditionExpression="attribute_exists(pk) AND attribute_not_exists(receipts.#told)",
                ExpressionAttributeNames={"#told": told.value},
                ExpressionAttributeValues=values(at=iso(at)),
            )
        except ConditionFailed:
            return

    def of_record(
        self,
        record_id: str,
        *,
        before: datetime | None,
        after: datetime | None,
        limit: int,
    ) -> list[LedgerEntry]:
        """One query of the recipient's partition: ids begin with the time of entry."""
        low = f"MESSAGE#msg_{time_prefix(after)}" if after else "MESSAGE#"
        high = f"MESSAGE#msg_{time_prefix(before)}" if before else "MESSAGE#~"
        with translated():
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
                ExpressionAttributeValues=values(
                    pk=entry_key(record_id, "")[0], low=low, high=high
                ),
                ScanIndexForward=False,
                Limit=limit,
                ConsistentRead=True,
            )
        return [entry_from(from_item(item)) for item in answer["Items"]]

    def _set(
        self,
        entry: LedgerEntry,
        changes: Mapping[str, Any],
        condition: str,
        remove: str = "",
        **bound: Any,
    ) -> None:
        present = {name: value for name, value in changes.items() if value is not None}
        assignments = ", ".join(f"#{name} = :{name}" for name in present)
        names = {f"#{name}": name for name in present} | {"#status": "status"}
        used = {name: real for name, real in names.items() if f"{name} " in assignments + condition}
        self._update(
            entry.record_id,
            entry.message_id,
            UpdateExpression=f"SET {assignments}{remove}",
            ConditionExpression=condition,
            ExpressionAttributeNames=used,
            ExpressionAttributeValues=values(**present, **bound),
        )

    def _update(self, record_id: str, message_id: str, **expression: Any) -> dict[str, Any]:
        with translated():
            return self._client.update_item(
                TableName=self._table, Key=_key(record_id, message_id), **expression
            )


def _key(record_id: str, message_id: str) -> Item:
    pk, sk = entry_key(record_id, message_id)
    return to_item({"pk": pk, "sk": sk})


def _sent(entry: LedgerEntry, provider_message_id: str, at: datetime) -> dict[str, str]:
    return {
        "provider_key": provider_key(entry.account_channel, entry.account, provider_message_id),
        "sent_at": iso(at),
    }
