"""The guard's counters in the table of one-time codes. See docs/otp-fraud.md."""

from collections.abc import Sequence
from datetime import datetime, timedelta
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
from rapport.kernel.errors import Transient
from rapport.otp.guard_blocks import Prefix
from rapport.otp.guard_books import (
    PREFIX_SHARDS,
    SPEND_SHARDS,
    PrefixBook,
    SpendBook,
    prefix_book,
    prefix_content,
    spend_book,
    spend_content,
)

PREFIX_PK, SPEND_PK, SOURCE_PK = "GUARD#PREFIX#", "GUARD#SPEND", "GUARD#SOURCE#"
READS = 4
"""How often what a batch left over is asked for again."""
KEPT = timedelta(hours=37)
"""Longer than the longest block and the time after which it is forgotten; spending lasts a day."""


class DynamoGuardBooks:
    """`GuardBooks`: an item a shard, its content a JSON string that only we read."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(
        self, operators: Sequence[str], *, spending: bool, as_of_now: bool = False
    ) -> tuple[dict[str, Prefix], Sequence[SpendBook]]:
        """One batch of reads."""
        keys = [_prefix_key(one, shard) for one in operators for shard in range(PREFIX_SHARDS)]
        keys += [_spend_key(shard) for shard in range(SPEND_SHARDS) if spending]
        items = self._batch(keys, as_of_now)
        found = {
            operator: Prefix(
                [
                    _prefix_book(operator, shard, items.get(_prefix_key(operator, shard)))
                    for shard in range(PREFIX_SHARDS)
                ]
            )
            for operator in operators
        }
        purses = [
            _spend_book(shard, items.get(_spend_key(shard)))
            for shard in range(SPEND_SHARDS)
            if spending
        ]
        return found, purses

    def save_prefix(self, book: PrefixBook, events: Sequence[Envelope]) -> bool:
        """One conditional put."""
        key = _prefix_key(book.operator, book.shard)
        return self._put(key, book.version, prefix_content(book), events, _prefix_ends(book))

    def save_spend(self, book: SpendBook, events: Sequence[Envelope]) -> bool:
        """One conditional put."""
        newest = max(book.hours, default=0) * 3600
        return self._put(_spend_key(book.shard), book.version, spend_content(book), events, newest)

    def _put(
        self,
        key: tuple[str, str],
        version: int,
        content: str,
        events: Sequence[Envelope],
        newest: int,
    ) -> bool:
        item = {
            "pk": key[0],
            "sk": key[1],
            "version": version + 1,
            "content": content,
            "events": events_attribute(events),
            "expires_at": newest + int(KEPT.total_seconds()),
            "v": SCHEMA_VERSION,
        }
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if version:
            condition = {
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": values(version=version),
            }
        try:
            with translated():
                self._client.put_item(TableName=self._table, Item=to_item(item), **condition)
        except ConditionFailed:
            return False
        return True

    def _batch(
        self, keys: Sequence[tuple[str, str]], consistent: bool
    ) -> dict[tuple[str, str], Item]:
        asked = [to_item({"pk": pk, "sk": sk}) for pk, sk in keys]
        left = {self._table: {"Keys": asked, "ConsistentRead": consistent}}
        found: dict[tuple[str, str], Item] = {}
        for _ in range(READS):
            with translated():
                answer = self._client.batch_get_item(RequestItems=left)
            for item in answer["Responses"].get(self._table, []):
                plain = from_item(item)
                found[plain["pk"], plain["sk"]] = plain
            left = answer.get("UnprocessedKeys") or {}
            if not left:
                return found
        raise Transient("The table is busy; try again.")


class DynamoSources:
    """`Sources`: an item a source and window, which expires."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def count(self, source: str, window: timedelta, now: datetime) -> int:
        """One update that adds."""
        seconds = int(window.total_seconds())
        slot = int(now.timestamp()) // seconds
        with translated():
            answer = self._client.update_item(
                TableName=self._table,
                Key=to_item({"pk": f"{SOURCE_PK}{source}", "sk": f"{seconds}#{slot}"}),
                UpdateExpression="ADD starts :one SET expires_at = :ends, v = :v",
                ExpressionAttributeValues=values(
                    one=1, ends=(slot + 2) * seconds, v=SCHEMA_VERSION
                ),
                ReturnValues="UPDATED_NEW",
            )
        return int(from_item(answer["Attributes"])["starts"])


def _prefix_key(operator: str, shard: int) -> tuple[str, str]:
    return f"{PREFIX_PK}{operator}", f"SHARD#{shard}"


def _spend_key(shard: int) -> tuple[str, str]:
    return SPEND_PK, f"SHARD#{shard}"


def _prefix_book(operator: str, shard: int, item: Item | None) -> PrefixBook:
    if item is None:
        return PrefixBook(operator, shard)
    return prefix_book(operator, shard, item["version"], item["content"])


def _spend_book(shard: int, item: Item | None) -> SpendBook:
    return spend_book(shard, item["version"], item["content"]) if item else SpendBook(shard)


def _prefix_ends(book: PrefixBook) -> int:
    """The last moment the book speaks of, in seconds since 1970."""
    blocks = [int(block.until.timestamp()) for block in book.blocks.values()]
    return max([*(minute * 60 for minute in (*book.totals, *book.seen)), *blocks], default=0)
