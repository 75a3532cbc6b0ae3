"""What comes again, hours or days later, by whatever way: nothing happens twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from rapport.entrypoint.observability import logger
from tests.faults.compare import EndState, difference, end_state
from tests.faults.stories import GRACE, STORIES
from tests.faults.world import ADA, World, claims
from tests.platform import sqs
from tests.platform.cloud import Died
from tests.platform.dynamo import Refusal
from tests.platform.streams import StreamMapping

AGES = (timedelta(hours=1), timedelta(hours=24), timedelta(days=7))
SENDERS = {"whatsapp": ADA, "messenger": "4711"}
TELLING = [name for name in STORIES if name != "picture"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = logger().log_level
    logger().setLevel("CRITICAL")
    yield
    logger().setLevel(before)


@contextmanager
def telling(name: str) -> Iterator[World]:
    """A story told to its end without a fault."""
    with World() as world:
        told(world, name)
        yield world


def told(world: World, name: str) -> None:
    with world.uncounted():
        STORIES[name].given(world)
    STORIES[name].told(world)
    world.run_until_quiet()
    world.step()


def counted(world: World) -> dict[str, int]:
    kinds = [fact["detail-type"].partition(".")[0] for fact in world.facts]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


@pytest.mark.parametrize("channel", list(SENDERS))
def test_a_webhook_that_comes_again_after_an_hour_a_day_and_a_week_is_one_message(
    channel: str,
) -> None:
    with World() as world:
        world.agent(GRACE)
        world.step()
        webhook = world.customer(SENDERS[channel], "Hello", channel)
        world.bring(webhook)
        world.run_until_quiet()
        conversation = world.conversation_of(GRACE)
        path = f"/v1/conversations/{conversation}/resolve"
        world.asks("POST", path, {}, claims(GRACE), "resolve")
        before, first = counted(world), world.clock.now()
        for age in AGES:
            world.run_until(first + age)
            world.bring(webhook)
            world.run_until_quiet()

        assert before["MessageReceived"] == 1
        assert counted(world) == before, "neither stored again nor reopened"


def test_a_receipt_that_comes_again_after_a_week_moves_nothing() -> None:
    with telling("answer") as world:
        before, ledger = counted(world), world.dynamo.items()["rapport-test-NotificationsTable"]
        bodies = _sent_to(world, "ReceiptsQueue")
        world.run_until(world.clock.now() + timedelta(days=7))
        for body in bodies:
            world.queues["ReceiptsQueue"].send(body)
        world.run_until_quiet()

        assert len(bodies) == 3
        assert counted(world) == before
        assert world.dynamo.items()["rapport-test-NotificationsTable"] == ledger


def _sent_to(world: World, name: str) -> list[str]:
    return [body for queue, body, _ in world.__dict__["sent"] if queue == name]


@pytest.fixture(autouse=True)
def _sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every world here remembers what was sent to its queues."""
    make, send = World.__init__, sqs.Queue.send

    def remembering(self: World) -> None:
        make(self)
        self.__dict__["sent"] = kept = []
        names = {id(queue): name for name, queue in self.queues.items()}

        def noted(queue: sqs.Queue, body: str, group: Any = None, own: Any = None) -> str:
            kept.append((names[id(queue)], body, group))
            return send(queue, body, group, own)

        monkeypatch.setattr(sqs.Queue, "send", noted)

    monkeypatch.setattr(World, "__init__", remembering)


@pytest.mark.parametrize("name", TELLING)
def test_redriving_everything_that_had_succeeded_changes_nothing(name: str) -> None:
    with telling(name) as world:
        before = end_state(world)
        again = list(world.__dict__["sent"])
        for number, (queue, body, group) in enumerate(again):
            own = f"redrive-{number}" if group else None
            world.queues[queue].send(body, group, own)
        world.run_until_quiet()
        world.step()

        assert again
        assert difference(before, end_state(world)) == []
        assert world.dead_letters() == {}


@pytest.mark.parametrize("name", list(STORIES))
def test_what_was_done_and_not_deleted_is_done_again_and_changes_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the effects, before the queue's delete and the stream's checkpoint."""
    with telling(name) as world:
        undisturbed = end_state(world)
    lost: set[str] = set()
    delete, done = sqs.Queue.delete, StreamMapping.done

    def forgetful(queue: sqs.Queue, message: sqs.Message) -> None:
        if message.message_id in lost:
            delete(queue, message)
            return
        lost.add(message.message_id)
        message.visible_at = queue.clock.now() + timedelta(seconds=1)

    def unsure(mapping: StreamMapping) -> None:
        place = f"{mapping.table}-{mapping.batches[0].changes[-1].number}"
        if place in lost:
            done(mapping)
        lost.add(place)

    monkeypatch.setattr(sqs.Queue, "delete", forgetful)
    monkeypatch.setattr(StreamMapping, "done", unsure)
    with telling(name) as world:
        assert lost
        assert difference(undisturbed, end_state(world)) == []
        assert world.dead_letters() == {}


def with_engine(
    name: str, wrap: Callable[[World, Callable[..., Any]], Callable[..., Any]]
) -> tuple[EndState, EndState]:
    """How a story ends, undisturbed and with DynamoDB wrapped."""
    with telling(name) as world:
        undisturbed = end_state(world)
    with World() as world:
        world.cloud.engines["dynamodb"] = wrap(world, world.cloud.engines["dynamodb"])
        told(world, name)
        return undisturbed, end_state(world)


@pytest.mark.parametrize("name", ["first-message", "resolve", "webchat"])
def test_a_transaction_that_is_made_again_after_eleven_minutes_takes_effect_once(name: str) -> None:
    """By then no client token would tell it: its conditions alone keep it from happening twice."""
    died: list[str] = []

    def wrap(world: World, engine: Callable[..., Any]) -> Callable[..., Any]:
        def late(operation: str, asked: dict[str, Any], body: bytes) -> Any:
            answer = engine(operation, asked, body)
            if operation == "TransactWriteItems" and world.cloud.is_counting and not died:
                died.append(operation)
                world.clock.advance(timedelta(minutes=11))
                raise Died
            return answer

        return late

    undisturbed, repeats = with_engine(name, wrap)

    assert died
    assert difference(undisturbed, repeats) == []


def test_every_transaction_has_a_token_of_its_own_and_a_mismatch_is_made_good() -> None:
    """So that none of ours meets another's; where AWS says so all the same, the queue retries."""
    tokens: list[str] = []

    def wrap(world: World, engine: Callable[..., Any]) -> Callable[..., Any]:
        def refusing(operation: str, asked: dict[str, Any], body: bytes) -> Any:
            if operation == "TransactWriteItems":
                assert "ClientRequestToken" not in asked, "botocore makes one for each call"
                tokens.append(body.decode().partition('"ClientRequestToken": "')[2][:36])
                if world.cloud.is_counting and len(tokens) % 2:
                    raise Refusal("IdempotentParameterMismatchException", "Another request.")
            return engine(operation, asked, body)

        return refusing

    undisturbed, refused = with_engine("resolve", wrap)

    assert len(tokens) > 2
    assert len(set(tokens)) == len(tokens)
    assert all(tokens)
    assert difference(undisturbed, refused) == []


def test_redrive_during_live_traffic_converges() -> None:
    """An outage fills the dead letters; they come back among new messages of the same people."""
    with World() as world:
        world.step()
        engine = world.cloud.engines["dynamodb"]

        def down(operation: str, asked: dict[str, Any], body: bytes) -> Any:
            raise Refusal("ProvisionedThroughputExceededException", "Slow down.")

        world.cloud.engines["dynamodb"] = down
        for number in range(4):
            world.bring(world.customer(f"1415555810{number}", "During"))
        world.run_until_quiet()
        letters = len(world.dead_letters()["InboundDeadLetters"])
        world.cloud.engines["dynamodb"] = engine
        with world.paused("MatchSenderFunction"):
            for number in range(4):
                world.bring(world.customer(f"1415555810{number}", "After"))
                assert world.redrive() == (0 if number else 4)
        world.run_until_quiet()

        assert letters == 4
        assert world.dead_letters() == {}
        assert counted(world)["MessageReceived"] == 8
        assert counted(world)["ConversationOpened"] == 4
