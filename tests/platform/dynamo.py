"""moto's DynamoDB as an engine in this process: no HTTP, its own tables, changes captured."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.core.exceptions import JsonRESTError, ServiceException
from moto.core.utils import camelcase_to_underscores
from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.exceptions import (
    MultipleTransactionsException,
    TransactionCanceledException,
)
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.responses import DynamoHandler

from local.intrinsics import ACCOUNT
from tests.tables import REGION, table_definitions

Item = dict[str, Any]

TOKEN_LIFE = timedelta(minutes=10)
"""How long a transaction's client token makes its repetition the same transaction."""

LAG = timedelta(minutes=1)
"""What was written this long ago, an eventually consistent read sees for certain."""


@dataclass(frozen=True)
class Change:
    """One change of one item, as a stream tells it."""

    table: str
    keys: Item
    old: Item | None
    new: Item | None
    at: datetime
    number: int

    @property
    def event_name(self) -> str:
        """INSERT, MODIFY or REMOVE."""
        if self.old is None:
            return "INSERT"
        return "MODIFY" if self.new is not None else "REMOVE"

    def record(self, stream_arn: str) -> dict[str, Any]:
        """The change as Lambda hands it to a function (NEW_AND_OLD_IMAGES)."""
        images = {"NewImage": self.new, "OldImage": self.old}
        return {
            "eventID": f"{self.table}-{self.number}",
            "eventName": self.event_name,
            "eventSource": "aws:dynamodb",
            "eventSourceARN": stream_arn,
            "awsRegion": REGION,
            "eventVersion": "1.1",
            "dynamodb": {
                "ApproximateCreationDateTime": self.at.timestamp(),
                "Keys": self.keys,
                "SequenceNumber": f"{self.number:021d}",
                "StreamViewType": "NEW_AND_OLD_IMAGES",
                **{name: image for name, image in images.items() if image is not None},
            },
        }


class Refusal(Exception):
    """What AWS would answer instead: a code, a message, and what comes with it."""

    def __init__(self, code: str, message: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.more = more


class _Backend(DynamoDBBackend):
    """moto's tables; a transaction checks all its conditions, then writes, and copies no table."""

    def __init__(self, changed: Callable[[str, Item, Item | None, Item | None], None]) -> None:
        super().__init__(REGION, ACCOUNT)
        self._changed = changed

    def image(self, table: str, key: Item) -> Item | None:
        item = self.get_item(table, key)
        return json.loads(json.dumps(item.to_json()["Attributes"], cls=_Plain)) if item else None

    def put_item(self, table_name: str, item_attrs: Item, *args: Any, **kwargs: Any) -> Any:
        return self._watched(
            table_name,
            item_attrs,
            lambda: super(_Backend, self).put_item(table_name, item_attrs, *args, **kwargs),
        )

    def update_item(self, table_name: str, key: Item, *args: Any, **kwargs: Any) -> Any:
        return self._watched(
            table_name,
            key,
            lambda: super(_Backend, self).update_item(table_name, key, *args, **kwargs),
        )

    def delete_item(self, table_name: str, key: Item, *args: Any, **kwargs: Any) -> Any:
        return self._watched(
            table_name,
            key,
            lambda: super(_Backend, self).delete_item(table_name, key, *args, **kwargs),
        )

    def _watched(self, table_name: str, item: Item, write: Callable[[], Any]) -> Any:
        names = self.get_table(table_name).table_key_attrs
        key = {name: item[name] for name in names if name in item}
        old = self.image(table_name, key) if len(key) == len(names) else None
        answer = write()
        new = self.image(table_name, key)
        if old != new:
            self._changed(table_name, key, old, new)
        return answer

    def revert(self, table: str, images: Sequence[tuple[Item, Item | None]]) -> None:
        """Make items what they are given as, and tell nobody."""
        for key, image in images:
            if image is not None:
                super().put_item(table, image)
            elif self.get_item(table, key) is not None:
                super().delete_item(table, key)

    def transact_write_items(self, transact_items: list[dict[str, Any]]) -> None:
        actions = [next(iter(item.items())) for item in transact_items]
        keys = [self._key(kind, action) for kind, action in actions]
        places = [
            (action["TableName"], json.dumps(key, sort_keys=True))
            for (_, action), key in zip(actions, keys, strict=True)
        ]
        if len(set(places)) < len(places):
            raise MultipleTransactionsException
        errors: list[Any] = [
            self._objection(action, key) for (_, action), key in zip(actions, keys, strict=True)
        ]
        if any(code is not None for code, _, _ in errors):
            raise TransactionCanceledException(errors)
        for (kind, action), key in zip(actions, keys, strict=True):
            names = action.get("ExpressionAttributeNames")
            bound = action.get("ExpressionAttributeValues")
            if kind == "Put":
                self.put_item(action["TableName"], action["Item"])
            elif kind == "Delete":
                self.delete_item(action["TableName"], key)
            elif kind == "Update":
                self.update_item(
                    action["TableName"],
                    key,
                    update_expression=action["UpdateExpression"],
                    expression_attribute_names=names,
                    expression_attribute_values=bound,
                )

    def _key(self, kind: str, action: dict[str, Any]) -> Item:
        if kind != "Put":
            return dict(action["Key"])
        names = self.get_table(action["TableName"]).table_key_attrs
        return {name: action["Item"][name] for name in names}

    def _objection(self, action: dict[str, Any], key: Item) -> Any:
        condition = action.get("ConditionExpression")
        if condition is None:
            return (None, None, None)
        holds = get_filter_expression(
            condition,
            action.get("ExpressionAttributeNames"),
            action.get("ExpressionAttributeValues"),
        )
        current = self.get_item(action["TableName"], key)
        if holds.expr(current):
            return (None, None, None)
        wants_old = action.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        found = self.image(action["TableName"], key) if wants_old else None
        return ("ConditionalCheckFailed", "The conditional request failed", found)


class _Plain(json.JSONEncoder):
    def default(self, o: Any) -> Any:
        return o.to_json() if hasattr(o, "to_json") else str(o)


class _Handler(DynamoHandler):
    def __init__(self, backend: _Backend) -> None:
        super().__init__()
        self.region, self.current_account, self.partition = REGION, ACCOUNT, "aws"
        self.headers: Any = {}
        self.response_headers: Any = {}
        self._backend = backend

    @property
    def dynamodb_backend(self) -> DynamoDBBackend:
        return self._backend


class Dynamo:
    """Every table of template.yaml; `changed` hears of each change."""

    def __init__(self, now: Callable[[], datetime], changed: Callable[[Change], None]) -> None:
        self._now = now
        self._tell = changed
        self._number = 0
        self._backend = _Backend(self._changed)
        self._latest: dict[tuple[str, str], Change] = {}
        self._tokens: dict[str, tuple[datetime, Any]] = {}
        for definition in table_definitions().values():
            self._create(definition)

    def call(self, operation: str, body: bytes) -> dict[str, Any]:
        """One API call, its request as JSON; raises `Refusal`."""
        asked = json.loads(body)
        if operation == "TransactWriteItems" and self._is_repeated(asked):
            return {}
        handler = _Handler(self._backend)
        handler.body = asked
        try:
            answer = getattr(handler, camelcase_to_underscores(operation))()
        except (JsonRESTError, ServiceException) as error:
            raise _refusal(error) from None
        if token := asked.get("ClientRequestToken"):
            self._tokens[token] = (self._now(), asked["TransactItems"])
        result = getattr(answer, "_result", None)
        if result is None:
            result = answer.result
        return dict(json.loads(json.dumps(result, cls=_Plain)))

    def call_late(self, operation: str, body: bytes) -> dict[str, Any]:
        """A read by a replica or index that has not heard of the latest change of each item."""
        since = self._now() - LAG
        late = [change for change in self._latest.values() if change.at > since]
        tables = {change.table for change in late}
        by_table = {name: [one for one in late if one.table == name] for name in tables}
        for name, changes in by_table.items():
            self._backend.revert(name, [(one.keys, one.old) for one in changes])
        try:
            return self.call(operation, body)
        finally:
            for name, changes in by_table.items():
                self._backend.revert(name, [(one.keys, one.new) for one in changes])

    def _is_repeated(self, asked: Item) -> bool:
        """Whether a recent transaction comes again; raises for another one of its token."""
        known = self._tokens.get(asked.get("ClientRequestToken", ""))
        if known is None or self._now() - known[0] >= TOKEN_LIFE:
            return False
        if known[1] != asked["TransactItems"]:
            raise Refusal("IdempotentParameterMismatchException", "The token had another request.")
        return True

    def items(self) -> dict[str, list[Item]]:
        """Every item of every table, by the table's name."""
        found: dict[str, list[Item]] = {}
        for name, table in self._backend.tables.items():
            items = [item.to_json()["Attributes"] for item in table.all_items()]
            found[name] = json.loads(json.dumps(items, cls=_Plain))
        return found

    def _create(self, definition: dict[str, Any]) -> None:
        # Streams stay off in moto: it would keep every image, and we capture them ourselves.
        wanted = {key: value for key, value in definition.items() if key != "StreamSpecification"}
        self.call("CreateTable", json.dumps(wanted).encode())

    def _changed(self, table: str, key: Item, old: Item | None, new: Item | None) -> None:
        self._number += 1
        change = Change(table, key, old, new, self._now(), self._number)
        self._latest[table, json.dumps(key, sort_keys=True)] = change
        self._tell(change)


def _refusal(error: Exception) -> Refusal:
    description = getattr(error, "description", None)
    try:
        told = json.loads(description) if description else {}
    except ValueError:
        told = {}
    code = str(told.get("__type") or getattr(error, "code", "ValidationException")).rpartition("#")[
        2
    ]
    message = str(told.get("message") or told.get("Message") or error)
    more = {key: told[key] for key in ("Item", "CancellationReasons") if key in told}
    return Refusal(code, message, **more)
