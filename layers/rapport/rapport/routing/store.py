"""Routing in DynamoDB: a queue's agents and waiting conversations lie in one partition."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rapport.aws.dynamo import (
    SCHEMA_VERSION,
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
from rapport.contracts.routing import Presence
from rapport.kernel.clock import iso, parse_iso
from rapport.routing.model import DEFAULT_QUEUE, Agent, Queue, Snoozed, Waiting

# One partition, so that one consistent query sees both sides: an agent who frees and a conversation
# that opens at the same instant cannot miss each other. A partition takes 1,000 writes a second.
QUEUE_PARTITION = f"QUEUE#{DEFAULT_QUEUE}"
SNOOZED_PARTITION = "SNOOZED"
AGENT, WAITING = "AGENT#", "WAITING#"


class DynamoRouting:
    """`Routing` on the routing table."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def queue(self) -> Queue:
        """One consistent query (more where a queue is longer than a page of 1 MB)."""
        agents: list[Agent] = []
        waiting: list[Waiting] = []
        for item in self._query("pk = :pk", pk=QUEUE_PARTITION):
            if item["sk"].startswith(AGENT):
                agents.append(_agent(item))
            else:
                waiting.append(_waiting(item))
        return Queue(tuple(agents), tuple(waiting))

    def agent(self, agent_id: str) -> Agent | None:
        """One consistent read."""
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=_agent_key(agent_id), ConsistentRead=True
            )
        return _agent(from_item(answer["Item"])) if "Item" in answer else None

    def save_agent(self, agent: Agent, events: Sequence[Envelope]) -> None:
        """One update."""
        self._update(
            _agent_key(agent.agent_id),
            UpdateExpression="SET #name = :name, #capacity = :capacity, v = :v, events = :events,"
            " presence = if_not_exists(presence, :presence)",
            ExpressionAttributeNames={"#name": "name", "#capacity": "capacity"},
            ExpressionAttributeValues=values(
                name=agent.name,
                capacity=agent.capacity,
                presence=agent.presence.value,
                events=events_attribute(events) or "[]",
                v=SCHEMA_VERSION,
            ),
        )

    def set_presence(
        self, agent_id: str, presence: Presence, events: Sequence[Envelope]
    ) -> Agent | None:
        """One conditional update."""
        try:
            answer = self._update(
                _agent_key(agent_id),
                UpdateExpression="SET presence = :presence, events = :events",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues=values(
                    presence=presence.value, events=events_attribute(events) or "[]"
                ),
                ReturnValues="ALL_NEW",
            )
        except ConditionFailed:
            return None
        return _agent(from_item(answer["Attributes"]))

    def take(self, agent: Agent, conversation_id: str, at: datetime) -> bool:
        """One conditional update; a set, so that taking twice fills one place."""
        try:
            self._update(
                _agent_key(agent.agent_id),
                UpdateExpression="ADD active :set SET last_assigned_at = :at",
                ConditionExpression="contains(active, :one) OR (presence = :online AND"
                " (attribute_not_exists(active) OR size(active) < #capacity))",
                ExpressionAttributeNames={"#capacity": "capacity"},
                ExpressionAttributeValues=values(
                    one=conversation_id, at=iso(at), online=Presence.ONLINE.value
                )
                | {":set": {"SS": [conversation_id]}},
            )
        except ConditionFailed:
            return False
        return True

    def release(self, agent_id: str, conversation_id: str, *, seen: str | None = None) -> bool:
        """One conditional update."""
        unchanged = " AND last_assigned_at = :seen" if seen is not None else ""
        expected = values(seen=seen) if seen is not None else {}
        try:
            self._update(
                _agent_key(agent_id),
                UpdateExpression="DELETE active :set",
                ConditionExpression=f"contains(active, :one){unchanged}",
                ExpressionAttributeValues=values(one=conversation_id)
                | {":set": {"SS": [conversation_id]}}
                | expected,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailed as failed:
            # Not theirs any more is as good as freed; only a later assignment stands in the way.
            return conversation_id not in (failed.item or {}).get("active", ())
        return True

    def wait(self, waiting: Waiting) -> None:
        """One put under a key that only this conversation has."""
        item = {
            "conversation_id": waiting.conversation_id,
            "opened_at": iso(waiting.opened_at),
            "preferred": waiting.preferred,
            "v": SCHEMA_VERSION,
        }
        with translated():
            self._client.put_item(TableName=self._table, Item=_waiting_key(waiting) | to_item(item))

    def stop_waiting(self, waiting: Waiting) -> None:
        """One delete."""
        with translated():
            self._client.delete_item(TableName=self._table, Key=_waiting_key(waiting))

    def snooze(self, snoozed: Snoozed) -> None:
        """One put; the key sorts by time."""
        item = {"conversation_id": snoozed.conversation_id, "v": SCHEMA_VERSION}
        with translated():
            self._client.put_item(
                TableName=self._table,
                Item=_snoozed_key(snoozed) | to_item(item | {"until": iso(snoozed.until)}),
            )

    def due(self, now: datetime, limit: int) -> list[Snoozed]:
        """One consistent query."""
        rows = self._query(
            "pk = :pk AND sk < :now", limit=limit, pk=SNOOZED_PARTITION, now=f"{iso(now)}~"
        )
        return [Snoozed(parse_iso(row["until"]), row["conversation_id"]) for row in rows]

    def wake(self, snoozed: Snoozed) -> None:
        """One delete."""
        with translated():
            self._client.delete_item(TableName=self._table, Key=_snoozed_key(snoozed))

    def _query(self, condition: str, limit: int | None = None, **bound: str) -> list[Item]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values(**bound),
            "ConsistentRead": True,
        }
        rows: list[Item] = []
        while True:
            with translated():
                answer = self._client.query(**request, **({"Limit": limit} if limit else {}))
            rows += [from_item(item) for item in answer["Items"]]
            if limit or "LastEvaluatedKey" not in answer:
                return rows
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _update(self, key: Item, **expression: Any) -> dict[str, Any]:
        with translated():
            return self._client.update_item(TableName=self._table, Key=key, **expression)


def _agent_key(agent_id: str) -> Item:
    return to_item({"pk": QUEUE_PARTITION, "sk": f"{AGENT}{agent_id}"})


def _waiting_key(waiting: Waiting) -> Item:
    place = f"{WAITING}{iso(waiting.opened_at)}#{waiting.conversation_id}"
    return to_item({"pk": QUEUE_PARTITION, "sk": place})


def _snoozed_key(snoozed: Snoozed) -> Item:
    place = f"{iso(snoozed.until)}#{snoozed.conversation_id}"
    return to_item({"pk": SNOOZED_PARTITION, "sk": place})


def _agent(item: Mapping[str, Any]) -> Agent:
    return Agent(
        agent_id=item["sk"].removeprefix(AGENT),
        name=item["name"],
        capacity=item["capacity"],
        presence=Presence(item["presence"]),
        active=frozenset(item.get("active", ())),
        last_assigned_at=item.get("last_assigned_at", ""),
    )


def _waiting(item: Mapping[str, Any]) -> Waiting:
    return Waiting(
        opened_at=parse_iso(item["opened_at"]),
        conversation_id=item["conversation_id"],
        preferred=item.get("preferred"),
    )
