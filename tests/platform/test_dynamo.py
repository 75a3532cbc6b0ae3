"""DynamoDB's promises that moto does not keep: transactions' tokens, and reads that lag."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rapport.kernel.clock import FixedClock
from tests.platform.dynamo import Change, Dynamo, Refusal

TABLE = "rapport-test-RoutingTable"


class Tables:
    """The tables, their clock, and what their streams told."""

    def __init__(self) -> None:
        self.clock = FixedClock(datetime(2026, 3, 2, tzinfo=UTC))
        self.told: list[Change] = []
        self.dynamo = Dynamo(self.clock.now, self.told.append)

    def call(self, operation: str, **asked: Any) -> dict[str, Any]:
        return self.dynamo.call(operation, json.dumps(asked).encode())

    def add(self, token: str | None = None, sk: str = "1") -> None:
        item = {"pk": {"S": "a"}, "sk": {"S": sk}}
        put = {
            "TableName": TABLE,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        named = {"ClientRequestToken": token} if token else {}
        self.call("TransactWriteItems", TransactItems=[{"Put": put}], **named)


@pytest.fixture
def tables() -> Tables:
    return Tables()


def test_a_transaction_repeated_under_its_token_is_made_once_and_succeeds(tables: Tables) -> None:
    tables.add("token")
    tables.clock.advance(timedelta(minutes=9))
    tables.add("token")

    assert len(tables.told) == 1


def test_after_ten_minutes_a_token_is_forgotten_and_the_conditions_decide(tables: Tables) -> None:
    tables.add("token")
    tables.clock.advance(timedelta(minutes=11))

    with pytest.raises(Refusal) as refused:
        tables.add("token")

    assert refused.value.code == "TransactionCanceledException"
    assert len(tables.told) == 1


def test_another_transaction_under_a_token_is_a_mismatch(tables: Tables) -> None:
    tables.add("token")

    with pytest.raises(Refusal) as refused:
        tables.add("token", sk="2")

    assert refused.value.code == "IdempotentParameterMismatchException"


def test_a_lagging_read_sees_the_item_before_its_latest_change_for_a_minute(
    tables: Tables,
) -> None:
    key = {"pk": {"S": "a"}, "sk": {"S": "1"}}

    def write(name: str) -> None:
        tables.call("PutItem", TableName=TABLE, Item={**key, "name": {"S": name}})

    def late() -> Any:
        asked = json.dumps({"TableName": TABLE, "Key": key}).encode()
        return tables.dynamo.call_late("GetItem", asked).get("Item", {}).get("name")

    write("first")
    unseen = late()
    write("second")
    before = late()
    tables.clock.advance(timedelta(minutes=1))

    assert (unseen, before, late()) == (None, {"S": "first"}, {"S": "second"})
    assert len(tables.told) == 2, "reading changes nothing"
