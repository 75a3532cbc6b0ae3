"""Conversations in DynamoDB: one item a message, one head a customer, one archived item each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rapport.aws.dynamo import (
    ConditionFailed,
    DynamoClient,
    Item,
    from_item,
    to_item,
    translated,
    values,
)
from rapport.contracts.events import Envelope
from rapport.conversations.items import (
    conversation_from,
    conversation_item,
    message_from,
    message_item,
    route_attributes,
)
from rapport.conversations.keys import (
    BY_INBOX,
    BY_RECORD,
    BY_STATE,
    Key,
    archive_key,
    head_key,
    message_key,
    place_of,
)
from rapport.conversations.model import Conversation, Message, Route, State, customer_of
from rapport.kernel.clock import iso
from rapport.kernel.errors import Conflict
from rapport.kernel.ids import time_prefix
from rapport.kernel.page import Page, encode_cursor


class DynamoMessages:
    """`Messages` on the conversations table."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def add(self, message: Message, events: Sequence[Envelope]) -> Message | None:
        """One conditional put: two units with its index entry."""
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=message_item(message, events),
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as failed:
            return message_from(failed.item) if failed.item else message
        return None

    def get(self, key: str) -> Message | None:
        """One consistent read."""
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=_key(message_key(key)), ConsistentRead=True
            )
        return message_from(from_item(answer["Item"])) if "Item" in answer else None

    def of_record(
        self, record_id: str, *, before: datetime | None, after: datetime | None, limit: int
    ) -> list[Message]:
        """One query of the index by record."""
        with translated():
            answer = self._client.query(
                TableName=self._table,
                IndexName=BY_RECORD,
                KeyConditionExpression="record_id = :record AND #position BETWEEN :low AND :high",
                ExpressionAttributeNames={"#position": "position"},
                ExpressionAttributeValues=values(
                    record=record_id,
                    low=time_prefix(after) if after else "0",
                    high=time_prefix(before) if before else "~",
                ),
                ScanIndexForward=False,
                Limit=limit,
            )
        return [message_from(from_item(item)) for item in answer["Items"]]

    def edit(self, key: str, text: str | None, at: datetime) -> None:
        """One conditional update."""
        self._update(
            key,
            UpdateExpression="SET #text = :text, edited_at = :at",
            ConditionExpression="attribute_exists(pk) AND attribute_not_exists(deleted_at)"
            " AND (attribute_not_exists(edited_at) OR edited_at < :at)",
            ExpressionAttributeNames={"#text": "text"},
            ExpressionAttributeValues=values(text=text or "", at=iso(at)),
        )

    def erase(self, key: str, at: datetime) -> None:
        """One update; it leaves a tombstone where the message has not arrived."""
        self._update(
            key,
            UpdateExpression="SET deleted_at = if_not_exists(deleted_at, :at)"
            " REMOVE #text, attachments, payload, extra",
            ExpressionAttributeNames={"#text": "text"},
            ExpressionAttributeValues=values(at=iso(at)),
        )

    def keep_object(self, key: str, index: int, object_key: str) -> None:
        """One update; kept apart from the attachment, so that a retry overwrites itself."""
        self._update(
            key,
            UpdateExpression="SET objects.#index = :object",
            ConditionExpression="attribute_exists(objects) AND attribute_not_exists(deleted_at)",
            ExpressionAttributeNames={"#index": str(index)},
            ExpressionAttributeValues=values(object=object_key),
        )

    def _update(self, key: str, **expression: Any) -> None:
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table, Key=_key(message_key(key)), **expression
                )
        except ConditionFailed:
            return


class DynamoConversations:
    """`Conversations` on the conversations table."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def touch(self, message: Message, route: Route) -> tuple[bool, Conversation | None]:
        """One conditional update: the steady state of a conversation costs one unit."""
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(head_key(message.customer_id)),
                    UpdateExpression="SET last_message_at = :at, last_ingest_id = :ingest,"
                    " routes.#record = :route",
                    ConditionExpression="#state = :open AND last_message_at <= :at AND"
                    " (attribute_not_exists(routes.#record) OR routes.#record.last_at <= :last)",
                    ExpressionAttributeNames={"#state": "state", "#record": route.record_id},
                    ExpressionAttributeValues=values(
                        at=iso(message.at),
                        ingest=message.ingest_id,
                        route=route_attributes(route),
                        last=iso(route.last_at),
                        open=State.OPEN.value,
                    ),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as failed:
            return False, conversation_from(failed.item) if failed.item else None
        return True, None

    def write(
        self, head: Conversation, before: Conversation | None, events: Sequence[Envelope]
    ) -> None:
        """One conditional put. Repeated by botocore after a lost answer it meets itself: done."""
        put = self._put(head, before, events)
        try:
            with translated():
                self._client.put_item(**put, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except ConditionFailed as failed:
            if failed.item != from_item(put["Item"]):
                raise Conflict("The conversation has changed meanwhile.") from None

    def archive(
        self, head: Conversation, before: Conversation | None, events: Sequence[Envelope]
    ) -> None:
        """One transaction of two puts, since a resolved head is replaced by the next one."""
        copy = conversation_item(head, [], archive_key(head.customer_id, head.conversation_id))
        with translated():
            self._client.transact_write_items(
                TransactItems=[
                    {"Put": self._put(head, before, events)},
                    {"Put": {"TableName": self._table, "Item": copy}},
                ]
            )

    def head(self, customer_id: str) -> Conversation | None:
        """One consistent read."""
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=_key(head_key(customer_id)), ConsistentRead=True
            )
        return conversation_from(from_item(answer["Item"])) if "Item" in answer else None

    def get(self, conversation_id: str) -> Conversation | None:
        """One consistent batch read of head and archive: the id names its customer."""
        customer_id = customer_of(conversation_id)
        keys = [head_key(customer_id), archive_key(customer_id, conversation_id)]
        found = [one for one in self._batch(keys) if one.conversation_id == conversation_id]
        return max(found, key=lambda one: one.version, default=None)

    def past(self, customer_id: str, limit: int) -> list[Conversation]:
        """One query of the customer's partition."""
        with translated():
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :archived)",
                ExpressionAttributeValues=values(
                    pk=head_key(customer_id)[0], archived="CONVERSATION#"
                ),
                ScanIndexForward=False,
                Limit=limit,
            )
        return [conversation_from(from_item(item)) for item in answer["Items"]]

    def listed(
        self, state: State | None, assignee: str | None, cursor: str | None, limit: int
    ) -> Page[tuple[str, str]]:
        """One query of a sparse index; both indexes hold keys only and change with the state."""
        index, name, wanted = BY_STATE, "listed", (state or State.OPEN).value
        if assignee:
            index, name, wanted = BY_INBOX, "inbox", assignee
        start = _start(cursor, name, wanted)
        with translated():
            answer = self._client.query(
                TableName=self._table,
                IndexName=index,
                KeyConditionExpression="#name = :wanted",
                ExpressionAttributeNames={"#name": name},
                ExpressionAttributeValues=values(wanted=wanted),
                Limit=limit,
                **({"ExclusiveStartKey": start} if start else {}),
            )
        places = [_place(item) for item in answer["Items"]]
        more = "LastEvaluatedKey" in answer and bool(places)
        return Page(
            [(customer_id, position.partition("#")[2]) for customer_id, position in places],
            encode_cursor(places[-1]) if more else None,
        )

    def heads(self, customer_ids: Sequence[str]) -> list[Conversation]:
        """One consistent batch read; none for nobody, since DynamoDB refuses an empty one."""
        keys = [head_key(customer_id) for customer_id in dict.fromkeys(customer_ids)]
        return self._batch(keys) if keys else []

    def _batch(self, keys: Sequence[Key]) -> list[Conversation]:
        request: Any = {self._table: {"Keys": [_key(key) for key in keys], "ConsistentRead": True}}
        found: list[Conversation] = []
        while request:
            with translated():
                answer = self._client.batch_get_item(RequestItems=request)
            found += [
                conversation_from(from_item(item)) for item in answer["Responses"][self._table]
            ]
            request = answer.get("UnprocessedKeys")
        return found

    def _put(
        self, head: Conversation, before: Conversation | None, events: Sequence[Envelope]
    ) -> dict[str, Any]:
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": conversation_item(head, events, head_key(head.customer_id)),
        }
        if before is None:
            return put | {"ConditionExpression": "attribute_not_exists(pk)"}
        # Commands raise the version, messages leave their mark: either means that `before` is old.
        return put | {
            "ConditionExpression": "version = :version AND last_ingest_id = :ingest",
            "ExpressionAttributeValues": values(
                version=before.version, ingest=before.last_ingest_id
            ),
        }


def _place(item: Item) -> tuple[str, str]:
    row = from_item(item)
    return row["pk"].removeprefix("CUSTOMER#"), row["position"]


def _start(cursor: str | None, name: str, wanted: str) -> Item | None:
    """The key to go on after. Callers hold the cursor, so the index's partition is never theirs."""
    place = place_of(cursor)
    if place is None:
        return None
    pk, sk = head_key(place[0])
    return to_item({"pk": pk, "sk": sk, name: wanted, "position": place[1]})


def _is_key(start: Any, names: set[str]) -> bool:
    """Whether a decoded cursor has the shape of an index key: DynamoDB refuses any other."""
    return (
        isinstance(start, dict)
        and set(start) == names
        and all(isinstance(part, str) and part for part in start.values())
    )


def _key(key: Key) -> Item:
    return to_item({"pk": key[0], "sk": key[1]})
