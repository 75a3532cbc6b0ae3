"""What the stack holds, read from its tables, queues and twins: nothing is believed on its word."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from benchmarks.load.traffic import Shot
from local.context import StackContext
from rapport.aws.dynamo import from_item
from rapport.conversations.keys import BY_RECORD, message_key

KEYS_A_READ = 100
ON_THE_WAY = ("Inbound", "Receipts", "Outbound", "Routing")
"""How the queues begin that the load goes through; others may hold somebody else's work."""

POLL = 0.05


class Storage:
    """The stack's tables and queues."""

    def __init__(self, context: StackContext) -> None:
        self._context = context
        self._dynamodb = context.client("dynamodb")
        self._sqs = context.client("sqs")
        self._queues = {
            name: url
            for name, url in context.resources.items()
            if url.startswith("http://local") and name.startswith(ON_THE_WAY)
        }

    def table(self, name: str) -> str:
        """The physical name of `ConversationsTable` and the like."""
        return self._context.resources[name]

    def messages(self, shots: Sequence[Shot]) -> dict[str, dict[str, Any]]:
        """The stored messages among `shots`, by key."""
        found: dict[str, dict[str, Any]] = {}
        table = self.table("ConversationsTable")
        for start in range(0, len(shots), KEYS_A_READ):
            keys = [message_key(shot.key) for shot in shots[start : start + KEYS_A_READ]]
            asked = {table: {"Keys": [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]}}
            while asked:
                answer = self._dynamodb.batch_get_item(RequestItems=asked)
                for item in answer["Responses"].get(table, []):
                    found[item["pk"]["S"].removeprefix("MESSAGE#")] = from_item(item)
                asked = answer.get("UnprocessedKeys") or {}
        return found

    def query(self, table: str, **asked: Any) -> list[dict[str, Any]]:
        """Every item of a query, all pages."""
        pages = self._dynamodb.get_paginator("query").paginate(TableName=self.table(table), **asked)
        return [from_item(item) for page in pages for item in page["Items"]]

    def of_partition(self, table: str, pk: str) -> list[dict[str, Any]]:
        """Every item of one partition, read consistently."""
        bound = {":pk": {"S": pk}}
        return self.query(
            table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=bound,
            ConsistentRead=True,
        )

    def of_record(self, record_id: str) -> list[dict[str, Any]]:
        """A record's messages in the order in which they are read."""
        return self.query(
            "ConversationsTable",
            IndexName=BY_RECORD,
            KeyConditionExpression="record_id = :record",
            ExpressionAttributeValues={":record": {"S": record_id}},
        )

    def depths(self, *, dead: bool) -> dict[str, int]:
        """Messages in each queue (in flight included), or in each dead-letter queue."""
        wanted = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = {}
        for name, url in self._queues.items():
            if dead is name.endswith("DeadLetters"):
                given = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(wanted))
                found[name] = sum(int(given["Attributes"][one]) for one in wanted)
        return found


class Lookout:
    """Notes when each message is stored, by looking twenty times a second."""

    def __init__(self, storage: Storage, shots: Sequence[Shot]) -> None:
        self._storage = storage
        self._left = {shot.key: shot for shot in shots}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def wait(self, seconds: float) -> bool:
        """Whether everything was stored within that time."""
        self._thread.join(seconds)
        return not self._left

    def _look(self) -> None:
        while self._left and not self._ended.is_set():
            waiting = [shot for shot in list(self._left.values()) if shot.posted]
            found = self._storage.messages(waiting)
            now = time.time()
            for key, item in found.items():
                shot = self._left.pop(key)
                shot.stored = now
                shot.record_id, shot.customer_id = item["record_id"], item["customer_id"]
            time.sleep(POLL)


@dataclass(frozen=True)
class Recount:
    """Posted messages against what the tables hold; each should be zero but `messages`."""

    messages: int
    lost: int
    doubled: int
    disordered: int
    conversations_too_many: int
    dead_lettered: int

    @property
    def is_right(self) -> bool:
        """Whether nothing is lost, doubled or out of order."""
        return not any(list(vars(self).values())[1:])


def recount(storage: Storage, shots: Sequence[Shot], dead_before: dict[str, int]) -> Recount:
    """Compare `shots` with the tables: by each sender's record and customer, read whole."""
    stored: Counter[str] = Counter()
    disordered = too_many = 0
    for record_id, own in _by_record(shots).items():
        # A message's position ends in the provider's id of it.
        ids = [item["position"].partition("#")[2] for item in storage.of_record(record_id)]
        stored.update(ids)
        wanted = [shot.message_id for shot in own]
        disordered += [one for one in ids if one in set(wanted)] != wanted
        customer = storage.of_partition("ConversationsTable", f"CUSTOMER#{own[0].customer_id}")
        too_many += max(0, len({item["conversation_id"] for item in customer}) - 1)
    dead = storage.depths(dead=True)
    return Recount(
        messages=len(shots),
        lost=sum(stored[shot.message_id] == 0 for shot in shots),
        doubled=sum(count - 1 for count in stored.values())
        + sum(1 for one in stored if one not in {shot.message_id for shot in shots}),
        disordered=disordered,
        conversations_too_many=too_many,
        dead_lettered=sum(dead.values()) - sum(dead_before.values()),
    )


def _by_record(shots: Iterable[Shot]) -> dict[str, list[Shot]]:
    found: dict[str, list[Shot]] = {}
    for shot in shots:
        if shot.record_id:
            found.setdefault(shot.record_id, []).append(shot)
    return found
