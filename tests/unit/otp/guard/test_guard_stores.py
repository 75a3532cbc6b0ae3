"""The guard's counters in memory and on DynamoDB behave the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from rapport.contracts.events import Metadata, envelope
from rapport.contracts.otp_guard import PrefixReleased
from rapport.kernel.clock import FixedClock
from rapport.kernel.errors import Transient
from rapport.kernel.ids import RandomIds
from rapport.otp.guard import PumpingGuard
from rapport.otp.guard_blocks import Prefix
from rapport.otp.guard_books import (
    PREFIX_SHARDS,
    SPEND_SHARDS,
    Counts,
    Kind,
    Observation,
    PrefixBook,
    SpendBook,
    spent,
    total,
)
from rapport.otp.guard_counting import Counting
from rapport.otp.guard_memory import InMemoryGuardBooks, InMemorySources
from rapport.otp.guard_ports import GuardBooks, Sources
from rapport.otp.guard_rules import GuardRules
from rapport.otp.guard_store import DynamoGuardBooks, DynamoSources
from rapport.otp.ports import Decision
from tests.unit.otp.guard.guarding import NOW, a_request, sequence

TABLE, OPERATOR = "otp", "+886912"
SINCE = NOW - timedelta(hours=1)


@dataclass
class Stores:
    books: GuardBooks
    sources: Sources
    client: Any = None

    def prefix(self) -> Prefix:
        return self.books.read([OPERATOR], spending=False)[0][OPERATOR]


@pytest.fixture(params=["memory", "dynamo"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "memory":
        yield Stores(InMemoryGuardBooks(), InMemorySources())
        return
    with mock_aws():
        client = boto3.client(
            "dynamodb",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        keys = (("pk", "HASH"), ("sk", "RANGE"))
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k, _ in keys],
            KeySchema=[{"AttributeName": k, "KeyType": kind} for k, kind in keys],
        )
        yield Stores(DynamoGuardBooks(client, TABLE), DynamoSources(client, TABLE), client)


def an_order(event_id: str = "evt1") -> Observation:
    return Observation(event_id, Kind.ORDERED, OPERATOR, "34", NOW, NOW, cost=45_000)


def test_what_nobody_counted_is_empty(stores: Stores) -> None:
    prefixes, purses = stores.books.read([OPERATOR, "+85291"], spending=True)
    assert prefixes["+85291"] == Prefix([PrefixBook("+85291", i) for i in range(PREFIX_SHARDS)])
    assert list(purses) == [SpendBook(i) for i in range(SPEND_SHARDS)]
    assert stores.books.read([], spending=True)[0] == {}
    assert list(stores.books.read([OPERATOR], spending=False)[1]) == []


def test_a_book_is_put_over_the_version_it_was_read_as_and_no_other(stores: Stores) -> None:
    book = PrefixBook(OPERATOR, 2).counting([an_order()], SINCE)
    assert stores.books.save_prefix(book, [])
    assert not stores.books.save_prefix(book, [])
    read = stores.prefix().books[2]
    assert (read.version, total([read.totals], SINCE)) == (1, Counts(1, 0))
    assert stores.books.save_prefix(read.counting([an_order("evt2")], SINCE), [])
    assert not stores.books.save_prefix(read, [])
    assert total([stores.prefix().books[2].totals], SINCE) == Counts(2, 0)


def test_a_purse_is_put_over_the_version_it_was_read_as_and_no_other(stores: Stores) -> None:
    purse = SpendBook(1).counting([an_order()], NOW)
    assert stores.books.save_spend(purse, [])
    assert not stores.books.save_spend(purse, [])
    assert spent(stores.books.read([], spending=True)[1], NOW).hour == 45_000


def test_each_source_is_counted_in_each_window(stores: Stores) -> None:
    ten = timedelta(minutes=10)
    assert [stores.sources.count("a", ten, NOW) for _ in range(3)] == [1, 2, 3]
    assert stores.sources.count("b", ten, NOW) == 1
    assert stores.sources.count("a", ten, NOW + ten) == 1
    assert stores.sources.count("a", timedelta(hours=1), NOW) == 1


def test_guard_and_counting_work_alike_on_both(stores: Stores) -> None:
    clock = FixedClock(NOW)
    counting = Counting(stores.books, GuardRules, clock, RandomIds(clock))
    guard = PumpingGuard(stores.books, stores.sources, GuardRules)
    decisions = []
    for number in sequence("+88691234", 10):
        clock.advance(timedelta(seconds=6))
        now = clock.now()
        judged = guard.judge(a_request(address=number, at=now, source=number))
        decisions.append(judged.decision)
        if judged.decision is Decision.ALLOW:
            order = Observation(number, Kind.ORDERED, OPERATOR, "34", now, now, cost=judged.cost)
            counting.count([order])
    assert decisions == [Decision.ALLOW] * 6 + [Decision.REFUSE] * 4
    _, block = stores.prefix().of_range("34")
    assert block is not None
    assert (block.strikes, block.counts) == (1, Counts(6, 0))


def test_items_expire_carry_their_facts_and_hold_no_whole_number(stores: Stores) -> None:
    if stores.client is None:
        return
    fact = envelope(
        PrefixReleased(prefix=OPERATOR, level="operator", starts=3, approvals=2),
        Metadata(event_id="evt_1", occurred_at=NOW),
    )
    stores.books.save_prefix(PrefixBook(OPERATOR, 0).counting([an_order()], SINCE), [fact])
    stores.books.save_spend(SpendBook(0).counting([an_order()], NOW), [])
    stores.sources.count("a", timedelta(minutes=10), NOW)
    items = stores.client.scan(TableName=TABLE)["Items"]
    assert len(items) == 3
    for item in items:
        ends = int(item["expires_at"]["N"]) - NOW.timestamp()
        assert 0 < ends < timedelta(days=4).total_seconds()
    (told,) = [item["events"]["S"] for item in items if "events" in item]
    assert "PrefixReleased.v1" in told


def test_what_a_busy_table_leaves_over_is_asked_for_again_and_then_given_up() -> None:
    class Busy:
        calls = 0

        def batch_get_item(self, **asked: Any) -> dict[str, Any]:
            self.calls += 1
            return {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]}

    client: Any = Busy()
    with pytest.raises(Transient):
        DynamoGuardBooks(client, TABLE).read([OPERATOR], spending=True)
    assert client.calls == 4
