"""What a start and a check cost: AWS calls and write units, counted on DynamoDB.

`pytest tests/functions/otp/test_counts.py -s` prints them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

import pytest
from moto import mock_aws

from benchmarks.capacity import size
from rapport.aws.clients import client
from rapport.contracts.identity import Assurance
from rapport.identity.hearing import Engine
from rapport.identity.matching import Matcher, default_model
from rapport.identity.model import Source
from rapport.identity.rules import Rules
from rapport.identity.store import DynamoGraph
from rapport.otp.guard import PumpingGuard
from rapport.otp.guard_rules import GuardRules
from rapport.otp.guard_store import DynamoGuardBooks, DynamoSources
from rapport.otp.memory import InMemoryCodeKeys
from rapport.otp.store import DynamoVerifications
from rapport.views.verifications import RecordedAddresses
from tests.builders import CountedIds, an_identifier, heard
from tests.functions.otp.conftest import Desk
from tests.tables import table_definitions
from tests.unit.otp.test_catalogue import TABLE
from tests.unit.otp.world import World

MOST_CALLS, MOST_UNITS = 8, 8
KEY_VERSION = "5048b0f4-9b39-4dc5-a6c5-c0b5a1d4f7a1"
PHONE = "+886912345678"
SESSION = "rec_01k9aaaaaaaaaaaaaaaaaaaaaa"


@dataclass
class Counted:
    """A DynamoDB client that notes each call, and the units of what it writes."""

    inner: Any
    calls: list[tuple[str, int]] = field(default_factory=list)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        made = getattr(self.inner, operation)

        def call(**asked: Any) -> Any:
            written = list(_written(operation, asked))
            before = [self._size(one) for one in written]
            try:
                return made(**asked)
            finally:
                after = [self._size(one) for one in written]
                each = 2 if operation == "transact_write_items" else 1
                larger = [max(pair) for pair in zip(before, after, strict=True)]
                units = sum(each * max(1, ceil(one / 1024)) for one in larger)
                self.calls.append((operation, units))

        return call

    def _size(self, where: tuple[str, Any]) -> int:
        table, key = where
        return size(self.inner.get_item(TableName=table, Key=key).get("Item", {}))

    def take(self) -> list[tuple[str, int]]:
        """The calls since the last time."""
        taken, self.calls = self.calls, []
        return taken


def _written(operation: str, asked: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    actions = [next(iter(one.values())) for one in asked.get("TransactItems", [])]
    if operation in ("update_item", "put_item"):
        actions = [asked]
    for action in actions:
        item = action.get("Item")
        key = {name: item[name] for name in ("pk", "sk")} if item else action["Key"]
        yield action["TableName"], key


@dataclass
class Bench:
    """The functions on DynamoDB, everything real but the provider; and the count."""

    desk: Desk
    dynamo: Counted
    customer_id: str

    def count(self, what: Callable[[], Any]) -> tuple[int, int, str]:
        """(calls, write units, how) of what is done."""
        self.dynamo.take()
        what()
        calls = self.dynamo.take()
        told = " + ".join(f"{name} {units}" if units else name for name, units in calls)
        return len(calls), sum(units for _, units in calls), told


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, put_in: Callable[[World], Desk]) -> Iterator[Bench]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client.cache_clear()
        plain = client("dynamodb")
        plain.create_table(**TABLE)
        plain.create_table(**(table_definitions()["IdentityTable"] | {"TableName": "identity"}))
        dynamo = Counted(plain)
        world = World(DynamoVerifications(dynamo, "verifications"))
        world.keys.keys = {KEY_VERSION: b"k" * 32}
        graph = DynamoGraph(dynamo, "identity")
        engine = Engine(graph, Rules(), Matcher(default_model()), CountedIds())
        told = an_identifier("phone", PHONE, Assurance.VERIFIED)
        customer = engine.hear(heard(Source("crm", "c", "1"), told, name="Ada"))
        world.office = replace(
            world.office,
            addresses=RecordedAddresses(graph),
            guard=PumpingGuard(
                DynamoGuardBooks(dynamo, "verifications"),
                DynamoSources(dynamo, "verifications"),
                GuardRules,
            ),
        )
        assert isinstance(world.keys, InMemoryCodeKeys)
        yield Bench(put_in(world), dynamo, customer.customer_id)
    client.cache_clear()


@pytest.mark.parametrize("by", ["customer", "address"])
@pytest.mark.parametrize("guess", ["right", "wrong"])
def test_a_start_and_a_check_stay_within_their_budget(
    bench: Bench, by: str, guess: str, record_property: Callable[[str, object], None]
) -> None:
    world, desk = bench.desk.world, bench.desk
    who = {"customer_id": bench.customer_id} if by == "customer" else {"address": PHONE}
    purpose = "identity" if by == "customer" else "confirm_phone"
    body = {**who, "purpose": purpose, "session": SESSION, "locale": "zh-TW"}
    started: list[str] = []

    def start() -> None:
        answer = desk.call("POST", "/v1/verifications", body)
        assert answer.status == 201, answer.text
        started.append(answer.json["verification_id"])

    def check() -> None:
        one = world.store.get(started[-1])
        assert one is not None
        bench.dynamo.take()  # the look of the test itself
        said = world.code(one) if guess == "right" else world.wrong(one)
        path = f"/v1/verifications/{started[-1]}/check"
        answer = desk.call("POST", path, {"code": said, "session": SESSION})
        assert answer.json["valid"] is (guess == "right")

    counts = [bench.count(start), bench.count(check)]
    calls, units = sum(one[0] for one in counts), sum(one[1] for one in counts)
    told = f"{by}, {guess}: {calls} calls, {units} write units ({'; '.join(c[2] for c in counts)})"
    record_property("counted", told)
    print(told)

    assert calls <= MOST_CALLS
    if guess == "right":
        assert units <= MOST_UNITS
