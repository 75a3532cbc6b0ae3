"""Every call a function makes, with DynamoDB's units and the bytes that would answer it again."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from benchmarks.calls import Call, target_of
from benchmarks.capacity import Item, query_units, read_units, size, table_of, write_units
from tests.platform.cloud import Engine
from tests.platform.dynamo import Refusal
from tests.tables import TABLE, resources


@dataclass
class Recorder:
    """Stands before the engines that answer a platform's calls."""

    dynamo: Engine
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = resources()
        self._tables = {
            known.name(name): table_of(name, known.properties(name))
            for name in known.of_kind(TABLE)
        }

    def before(self, service: str, engine: Engine) -> Engine:
        """`engine`, recorded."""

        def answer(operation: str, params: dict[str, Any], body: bytes) -> dict[str, Any]:
            asked = copy.deepcopy(params)
            places = self._places(operation, asked) if service == "dynamodb" else []
            old = [self._item(*place) for place in places]
            bare = Call(service, operation, asked, target_of(service, operation, asked))
            try:
                given = engine(operation, params, body)
            except Refusal as refusal:
                told = {"__type": refusal.code, "message": refusal.message, **refusal.more}
                self._keep(replace(bare, status=400, body=_bytes(told)), places, old)
                raise
            read = _read_units(operation, asked, given)
            content = _bytes(given) if bare.target else b""
            self._keep(replace(bare, body=content, read_units=read), places, old)
            return given

        return answer

    def _keep(
        self, call: Call, places: Sequence[tuple[str, Item]], old: Sequence[Item | None]
    ) -> None:
        new = [self._item(*place) for place in places]
        is_transaction = call.operation == "TransactWriteItems"
        units = sum(
            write_units(self._tables[table], before, after, transaction=is_transaction)
            for (table, _), before, after in zip(places, old, new, strict=True)
        )
        left = [(table, item) for (table, _), item in zip(places, new, strict=True) if item]
        self.calls.append(replace(call, write_units=units, items=tuple(left)))

    def _places(self, operation: str, asked: Mapping[str, Any]) -> list[tuple[str, Item]]:
        """Table and key of each item that a call writes."""
        match operation:
            case "PutItem" | "UpdateItem" | "DeleteItem":
                return [self._place(asked)]
            case "TransactWriteItems":
                actions = [action for each in asked["TransactItems"] for action in each.values()]
                return [self._place(action) for action in actions]
        return []

    def _place(self, write: Mapping[str, Any]) -> tuple[str, Item]:
        table = str(write["TableName"])
        item = write.get("Item") or write["Key"]
        return table, {name: item[name] for name in self._tables[table].keys}

    def _item(self, table: str, key: Item) -> Item | None:
        asked = {"TableName": table, "Key": key, "ConsistentRead": True}
        return self.dynamo("GetItem", asked, json.dumps(asked).encode()).get("Item")


def _bytes(given: dict[str, Any]) -> bytes:
    return json.dumps(given, default=_epoch).encode()


def _epoch(value: object) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"No JSON for {type(value).__name__}")


def _read_units(operation: str, asked: Mapping[str, Any], given: Mapping[str, Any]) -> float:
    consistent = bool(asked.get("ConsistentRead"))
    match operation:
        case "GetItem":
            return read_units([size(given.get("Item", {}))], consistent=consistent)
        case "Query":
            return query_units(_sizes(given.get("Items", [])), consistent=consistent)
        case "BatchGetItem":
            return sum(
                read_units(
                    _padded(_sizes(given["Responses"].get(table, [])), len(wanted["Keys"])),
                    consistent=bool(wanted.get("ConsistentRead")),
                )
                for table, wanted in asked["RequestItems"].items()
            )
    return 0


def _sizes(items: Sequence[Item]) -> list[int]:
    return [size(item) for item in items]


def _padded(sizes: list[int], number: int) -> list[int]:
    return sizes + [0] * (number - len(sizes))
