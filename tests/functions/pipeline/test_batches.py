"""Batches that go wrong in part: each message fails alone, and what is good goes on."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.compare import difference, end_state
from tests.faults.stories import GRACE
from tests.faults.world import ADA, BOB, World, claims
from tests.platform.cloud import Engine

MATCH = "MatchSenderFunction"
ROUTE = "RouteConversationsFunction"
POISON = '{"detail-type": 1}'


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made


def kinds(world: World) -> list[str]:
    return [fact["detail-type"] for fact in world.facts]


def many_write(world: World, number: int) -> None:
    """So many customers write, each once, before any queue is read."""
    world.step()
    with world.paused(MATCH):
        for one in range(number):
            world.bring(world.customer(f"1415555{7000 + one}", f"Hello from {one}"))


def all_assigned(world: World) -> list[Any]:
    listed = world.request("GET", "/v1/conversations?limit=50", claims=claims(GRACE))
    return list(listed.json["items"])


def test_one_poisoned_message_among_ten_fails_alone(world: World) -> None:
    world.agent(GRACE, capacity=9)
    with world.paused(ROUTE):
        many_write(world, 9)
        world.run_until_quiet()
        queue = world.queues["RoutingQueue"]
        queue.messages.insert(4, _poisoned(world))
        waiting = len(queue.messages)
    before = world.cloud.invocation
    world.run_until(world.clock.now())

    assert waiting >= 10
    assert len(queue.messages) == 1, "the poison alone is left after one round"
    assert world.cloud.invocation - before >= 2
    world.run_until_quiet()
    assert world.dead_letters() == {"RoutingDeadLetters": [POISON]}
    assert len(all_assigned(world)) == 9


def test_ten_poisoned_messages_end_as_dead_letters_and_the_eleventh_is_served(
    world: World,
) -> None:
    world.agent(GRACE)
    queue = world.queues["RoutingQueue"]
    for _ in range(10):
        queue.send(POISON)
    world.writes(ADA, "Hello")

    assert world.dead_letters() == {"RoutingDeadLetters": [POISON] * 10}
    assert len(all_assigned(world)) == 1


def test_a_poisoned_head_of_a_group_fails_alone(world: World) -> None:
    world.step()
    queue = world.queues["InboundQueue"]
    with world.paused(MATCH):
        world.bring(world.customer(ADA, "First"))
        queue.messages[0].body = POISON
        world.bring(world.customer(ADA, "Second"))
        world.bring(world.customer(ADA, "Third"))
        world.bring(world.customer(BOB, "Hello"))
    world.run_until(world.clock.now())
    at_once = texts(world)
    world.run_until_quiet()

    assert at_once == ["Hello", "Second", "Third"]
    assert world.dead_letters() == {"InboundDeadLetters": [POISON]}


def texts(world: World) -> list[str]:
    items = world.dynamo.items()["rapport-test-ConversationsTable"]
    return sorted(item["text"]["S"] for item in items if "text" in item)


def _poisoned(world: World) -> Any:
    queue = world.queues["RoutingQueue"]
    queue.send(POISON)
    return queue.messages.pop()


def hurt_first(engine: Engine, operation: str, hurt: Any) -> Engine:
    """The first call of an operation that has more than three entries goes wrong in part."""
    done: list[str] = []

    def answer(named: str, asked: dict[str, Any], body: bytes) -> dict[str, Any]:
        if named == operation and not done and len(asked["Entries"]) > 3:
            done.append(named)
            return dict(hurt(engine, asked, body))
        return engine(named, asked, body)

    return answer


def three_events_fail(engine: Engine, asked: dict[str, Any], body: bytes) -> dict[str, Any]:
    taken = engine("PutEvents", {"Entries": asked["Entries"][3:]}, body)
    failed = {"ErrorCode": "InternalFailure", "ErrorMessage": "Try again."}
    return {"FailedEntryCount": 3, "Entries": [failed, failed, failed, *taken["Entries"]]}


def three_messages_fail(engine: Engine, asked: dict[str, Any], body: bytes) -> dict[str, Any]:
    taken = engine("SendMessageBatch", {**asked, "Entries": asked["Entries"][3:]}, body)
    failed = [
        {"Id": one["Id"], "Code": "InternalError", "SenderFault": False}
        for one in asked["Entries"][:3]
    ]
    return {"Successful": taken["Successful"], "Failed": failed}


def test_a_put_of_events_that_answers_200_and_fails_three_publishes_all(world: World) -> None:
    events = world.cloud.engines["events"]
    put: list[int] = []

    def counted(operation: str, asked: dict[str, Any], body: bytes) -> dict[str, Any]:
        put.append(len(asked["Entries"]))
        return events(operation, asked, body)

    world.cloud.engines["events"] = hurt_first(counted, "PutEvents", three_events_fail)
    many_write(world, 6)
    world.run_until_quiet()

    counted_facts = [kinds(world).count(k) for k in ("MessageReceived.v1", "ConversationOpened.v1")]
    assert counted_facts == [6, 6]
    assert 3 in put, "the three that failed are given again alone"
    assert world.dead_letters() == {}


def test_a_batch_that_the_queue_takes_in_part_is_completed_and_nothing_is_doubled(
    world: World,
) -> None:
    world.step()
    world.cloud.engines["sqs"] = hurt_first(
        world.cloud.engines["sqs"], "SendMessageBatch", three_messages_fail
    )
    said = [
        {"id": f"wamid.PART{one}", "type": "text", "text": {"body": f"Part {one}"}}
        for one in range(5)
    ]
    world.bring(world.whatsapp(said, ADA))
    sent = len(world.queues["InboundQueue"].messages)
    world.run_until_quiet()

    assert sent == 5
    assert world.posts == [], "the webhook was answered 2xx"
    assert kinds(world).count("MessageReceived.v1") == 5


def test_keys_that_a_batch_read_leaves_are_asked_for_again(world: World) -> None:
    world.agent(GRACE)
    many_write(world, 4)
    world.run_until_quiet()
    engine, left = world.cloud.engines["dynamodb"], [3]

    def lazy(operation: str, asked: dict[str, Any], body: bytes) -> dict[str, Any]:
        if operation != "BatchGetItem" or not left[0]:
            return engine(operation, asked, body)
        left[0] -= 1
        return world.cloud._partly(operation, engine, asked, body)

    world.cloud.engines["dynamodb"] = lazy
    listed = world.request("GET", "/v1/conversations?limit=50", claims=claims(GRACE))

    assert left == [0]
    assert len(listed.json["items"]) == 4


def test_wherever_a_batch_runs_out_of_time_nothing_is_lost_or_doubled() -> None:
    """A time-out kills the function in the middle of ten: some are done, all come again."""
    with World() as base:
        many_write(base, 3)
        base.run_until_quiet()
        undisturbed = end_state(base)
        numbers = [one.number for one in base.cloud.calls if one.function == MATCH]

    for number in numbers:
        with World() as world:
            world.cloud.fault = (number, "before")
            many_write(world, 3)
            world.run_until_quiet()

            assert world.cloud.hit is not None
            assert difference(undisturbed, end_state(world)) == []
            assert world.dead_letters() == {}
