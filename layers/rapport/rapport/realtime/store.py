"""Tickets and sockets in DynamoDB: no index, every read as of now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rapport.aws.dynamo import (
    SCHEMA_VERSION,
    ConditionFailed,
    DynamoClient,
    Item,
    from_item,
    to_item,
    translated,
    values,
)
from rapport.kernel.clock import iso, parse_iso
from rapport.realtime.keys import Key, connection_key, sockets_key, ticket_key
from rapport.realtime.model import Connection, Owner, OwnerKind, Socket, Ticket, parse_socket


class DynamoTickets:
    """`Tickets` on the realtime table."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def save(self, digest: str, ticket: Ticket) -> None:
        """One put."""
        item = _owned(ticket.owner) | {
            "anonymous_id": ticket.anonymous_id,
            "ends_at": iso(ticket.expires_at),
            "expires_at": int(ticket.expires_at.timestamp()),
            "v": SCHEMA_VERSION,
        }
        with translated():
            self._client.put_item(
                TableName=self._table, Item=_key(ticket_key(digest)) | to_item(item)
            )

    def use(self, digest: str, now: datetime) -> Ticket | None:
        """One conditional delete, which of many at once only one wins."""
        try:
            with translated():
                answer = self._client.delete_item(
                    TableName=self._table,
                    Key=_key(ticket_key(digest)),
                    ConditionExpression="ends_at > :now",
                    ExpressionAttributeValues=values(now=iso(now)),
                    ReturnValues="ALL_OLD",
                )
        except ConditionFailed:
            return None
        item = from_item(answer["Attributes"])
        return Ticket(_owner(item), parse_iso(item["ends_at"]), item.get("anonymous_id"))


class DynamoConnections:
    """`Connections` on the realtime table: one item a connection, one set of sockets an owner."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def open(self, connection: Connection) -> None:
        """One put."""
        item = _owned(connection.owner) | {
            "anonymous_id": connection.anonymous_id,
            "opened_at": iso(connection.opened_at),
            "expires_at": int(connection.expires_at.timestamp()),
            "v": SCHEMA_VERSION,
        }
        key = connection_key(connection.connection_id)
        with translated():
            self._client.put_item(TableName=self._table, Item=_key(key) | to_item(item))

    def subscribe(self, connection: Connection, most: int) -> list[Socket] | None:
        """One conditional update; the item lives as long as its youngest socket."""
        socket = connection.socket.text
        try:
            self._update(
                connection.owner,
                UpdateExpression="ADD sockets :set SET expires_at = :over, v = :v",
                ConditionExpression="attribute_not_exists(sockets) OR size(sockets) < :most"
                " OR contains(sockets, :one)",
                ExpressionAttributeValues=values(
                    over=int(connection.expires_at.timestamp()),
                    most=most,
                    one=socket,
                    v=SCHEMA_VERSION,
                )
                | {":set": {"SS": [socket]}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailed as failed:
            return _sockets(failed.item or {})
        return None

    def get(self, connection_id: str) -> Connection | None:
        """One consistent read."""
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=_key(connection_key(connection_id)), ConsistentRead=True
            )
        return _connection(connection_id, answer["Item"]) if "Item" in answer else None

    def close(self, connection_id: str) -> Connection | None:
        """One delete that returns what it deleted."""
        with translated():
            answer = self._client.delete_item(
                TableName=self._table,
                Key=_key(connection_key(connection_id)),
                ReturnValues="ALL_OLD",
            )
        return _connection(connection_id, answer["Attributes"]) if "Attributes" in answer else None

    def unsubscribe(self, owner: Owner, sockets: Sequence[Socket]) -> None:
        """One update; DynamoDB drops the attribute with its last element."""
        if not sockets:
            return
        try:
            self._update(
                owner,
                UpdateExpression="DELETE sockets :set",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":set": {"SS": [socket.text for socket in sockets]}},
            )
        except ConditionFailed:
            return

    def of(self, owners: Sequence[Owner]) -> dict[Owner, list[Socket]]:
        """One consistent batch read."""
        by_key = {owner.key: owner for owner in owners}
        keys = [_key(sockets_key(owner)) for owner in by_key.values()]
        request: Any = {self._table: {"Keys": keys, "ConsistentRead": True}} if keys else None
        found: dict[Owner, list[Socket]] = {}
        while request:
            with translated():
                answer = self._client.batch_get_item(RequestItems=request)
            for item in answer["Responses"].get(self._table, []):
                if sockets := _sockets(from_item(item)):
                    found[by_key[item["pk"]["S"]]] = sockets
            request = answer.get("UnprocessedKeys")
        return found

    def _update(self, owner: Owner, **expression: Any) -> None:
        with translated():
            self._client.update_item(
                TableName=self._table, Key=_key(sockets_key(owner)), **expression
            )


def _key(key: Key) -> Item:
    return to_item({"pk": key[0], "sk": key[1]})


def _owned(owner: Owner) -> dict[str, Any]:
    return {
        "owner_kind": owner.kind.value,
        "owner_id": owner.id,
        "account": owner.account or None,
    }


def _owner(item: Mapping[str, Any]) -> Owner:
    return Owner(OwnerKind(item["owner_kind"]), item["owner_id"], item.get("account", ""))


def _connection(connection_id: str, stored: Item) -> Connection:
    item = from_item(stored)
    return Connection(
        connection_id=connection_id,
        owner=_owner(item),
        opened_at=parse_iso(item["opened_at"]),
        anonymous_id=item.get("anonymous_id"),
    )


def _sockets(item: Mapping[str, Any]) -> list[Socket]:
    return sorted(parse_socket(text) for text in item.get("sockets", ()))
