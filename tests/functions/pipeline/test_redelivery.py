"""The pipeline's real handlers under what the platform brings: duplicates, poison, disorder."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from local.twins.faults import Fault
from local.twins.receipts import ReceiptSettings
from tests.faults.stories import ANSWER, GRACE
from tests.faults.world import ADA, BOB, World, claims
from tests.platform.cloud import Died
from tests.platform.dynamo import Refusal
from tests.platform.machine import START
from tests.platform.platform import succeeded as done


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made


def kinds(world: World) -> list[str]:
    return [fact["detail-type"] for fact in world.facts]


def answer(world: World) -> None:
    conversation = world.conversation_of(GRACE)
    world.asks("POST", f"/v1/conversations/{conversation}/messages", ANSWER, claims(GRACE), "key")


def entry(world: World) -> dict[str, dict[str, str]]:
    (found,) = world.dynamo.items()["rapport-test-NotificationsTable"]
    return dict(found)


def test_a_webhook_brought_five_times_is_one_message_one_conversation_one_assignment(
    world: World,
) -> None:
    world.agent(GRACE)
    world.step()
    webhook = world.customer(ADA, "Hello")

    for _ in range(5):
        world.bring(webhook)
    world.run_until_quiet()

    counted = [
        kinds(world).count(kind)
        for kind in ("MessageReceived.v1", "ConversationOpened.v1", "ConversationAssigned.v1")
    ]
    assert counted == [1, 1, 1]


def test_a_poisoned_message_holds_up_its_own_group_only(world: World) -> None:
    world.step()
    queue = world.queues["InboundQueue"]
    queue.send('{"ingest_id": 1}', "poison", "poison")
    world.bring(world.customer(BOB, "Hello"))
    world.run_until_quiet()

    assert list(world.dead_letters()) == ["InboundDeadLetters"]
    assert kinds(world).count("MessageReceived.v1") == 1


def test_a_webhook_is_answered_503_while_the_queue_does_not_take_it(world: World) -> None:
    world.step()
    webhook = world.customer(ADA, "Hello")
    sqs, world.cloud.engines["sqs"] = world.cloud.engines["sqs"], _throttled
    refused = world.request(
        "POST", webhook.url, webhook.body, headers={k.lower(): v for k, v in webhook.headers}
    )
    world.cloud.engines["sqs"] = sqs

    world.bring(webhook)
    world.run_until_quiet()

    assert refused.status == 503
    assert kinds(world).count("MessageReceived.v1") == 1


def _throttled(operation: str, asked: dict[str, object], body: bytes) -> dict[str, object]:
    raise Refusal("RequestThrottled", "Slow down.")


@pytest.mark.parametrize("order", ["forward", "reverse", "shuffle"])
def test_receipts_in_any_order_leave_the_message_read(world: World, order: str) -> None:
    world.agent(GRACE)
    world.writes(ADA, "Hello")
    world.step()
    world.twins.settings.receipts = ReceiptSettings(order=order, copies=2)  # type: ignore[arg-type]

    answer(world)

    assert entry(world)["status"]["S"] == "read"
    assert set(entry(world)["receipts"]["M"]) == {"sent", "delivered", "read"}


def test_a_provider_that_asks_for_patience_is_asked_again_and_gets_the_message_once(
    world: World,
) -> None:
    world.agent(GRACE)
    world.writes(ADA, "Hello")
    world.step()
    busy = Fault(kind="status", status=429, body={}, headers={"retry-after": "7"}, times=2)
    world.twins.faults.pending.append(busy)

    answer(world)

    assert len(world.twins.outbox()) == 1
    assert entry(world)["attempts"]["N"] == "3"
    assert "failure" not in entry(world)
    assert entry(world)["status"]["S"] == "read"


def test_a_secret_that_cannot_be_read_leaves_no_message_unknown(world: World) -> None:
    world.agent(GRACE)
    world.writes(ADA, "Hello")
    world.step()
    conversation = world.conversation_of(GRACE)
    path = f"/v1/conversations/{conversation}/messages"
    world.request("POST", path, ANSWER, headers={"idempotency-key": "k"}, claims=claims(GRACE))
    secrets, world.cloud.engines["secretsmanager"] = world.secrets, _throttled
    world.run_until(world.clock.now())
    world.cloud.engines["secretsmanager"] = secrets

    world.run_until_quiet()

    assert len(world.twins.outbox()) == 1
    assert entry(world)["status"]["S"] == "read"


def test_an_answer_lost_on_the_way_is_unknown_until_the_receipt_tells(world: World) -> None:
    world.agent(GRACE)
    world.writes(ADA, "Hello")
    world.step()
    world.twins.settings.receipts = ReceiptSettings(delay_seconds=300)
    world.twins.faults.pending.append(Fault(kind="drop_after"))
    conversation = world.conversation_of(GRACE)
    path = f"/v1/conversations/{conversation}/messages"
    world.request("POST", path, ANSWER, headers={"idempotency-key": "k"}, claims=claims(GRACE))
    world.run_until(world.clock.now() + timedelta(seconds=200))
    before = entry(world)["status"]["S"]

    world.run_until_quiet()

    assert (before, entry(world)["status"]["S"]) == ("unknown", "read")
    assert len(world.twins.outbox()) == 1


def test_a_snoozed_conversation_wakes_on_the_minute_and_is_given_back(world: World) -> None:
    world.agent(GRACE)
    world.writes(ADA, "Hello")
    world.step()
    conversation = world.conversation_of(GRACE)
    until = (START + timedelta(minutes=45)).isoformat()
    world.asks(
        "POST", f"/v1/conversations/{conversation}/snooze", {"until": until}, claims(GRACE), "key"
    )

    world.step()

    assert world.conversation_of(GRACE) == conversation
    assert "ConversationReopened.v1" in kinds(world)


def test_a_function_that_dies_leaves_nothing_in_its_process(world: World) -> None:
    world.processes._built["MatchSenderFunction"] = {"kept": 1}
    world.cloud.fault, world.cloud.function = (1, "before"), "MatchSenderFunction"
    with pytest.raises(Died):
        world.cloud.begin("dynamodb", "GetItem", {"TableName": "rapport-test-IdentityTable"})

    world.processes.kill("MatchSenderFunction")

    assert world.processes._built == {}


def test_a_broken_report_of_failures_brings_the_whole_batch_again(world: World) -> None:
    queue = world.queues["RoutingQueue"]
    queue.send("one")
    queue.send("two")
    received = queue.receive(10)

    def succeeded(report: object) -> list[str]:
        return [message.body for message in done(received, {"batchItemFailures": report})]

    assert succeeded([]) == ["one", "two"]
    assert succeeded([{"itemIdentifier": received[0].message_id}]) == ["two"]
    assert succeeded([{"itemIdentifier": "nobody"}]) == []
    assert succeeded([{"itemIdentifier": ""}]) == []
