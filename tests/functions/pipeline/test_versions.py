"""Two versions of the code on one queue and one table, as during every deployment."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rapport.entrypoint.observability import logger
from tests.faults.compare import EndState, difference, end_state
from tests.faults.stories import STORIES
from tests.faults.world import World
from tests.platform import sqs
from tests.platform.dynamo import Change

NEWS = {"added_by_the_next_version": {"list": [1, None], "text": "…"}}
MAPS = ("sender_ids", "extra")
"""Fields whose keys are data: a new one is no new field."""

TABLES = ("ConversationsTable", "NotificationsTable", "RoutingTable")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = logger().log_level
    logger().setLevel("CRITICAL")
    yield
    logger().setLevel(before)


def end_of(name: str) -> EndState:
    with World() as world:
        with world.uncounted():
            STORIES[name].given(world)
        STORIES[name].told(world)
        world.run_until_quiet()
        world.step()
        assert world.dead_letters() == {}
        return end_state(world)


def with_news(value: Any) -> Any:
    """Every object in a document gains a field that this version has never heard of."""
    if isinstance(value, dict):
        known = {key: one if key in MAPS else with_news(one) for key, one in value.items()}
        return {**known, **NEWS}
    return value


@pytest.mark.parametrize("name", list(STORIES))
def test_what_a_newer_version_queued_is_understood(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, send, seen = end_of(name), sqs.Queue.send, list[str]()

    def newer(queue: sqs.Queue, body: str, group: Any = None, own: Any = None) -> str:
        seen.append(queue.name)
        return send(queue, json.dumps(with_news(json.loads(body))), group, own)

    monkeypatch.setattr(sqs.Queue, "send", newer)

    assert difference(undisturbed, end_of(name)) == []
    assert seen


@pytest.mark.parametrize("name", ["second-message", "answer", "resolve", "returns"])
def test_items_that_a_newer_version_wrote_are_read_and_their_additions_kept(name: str) -> None:
    """This version goes on with them, and what it does not know stays on items it only updates."""
    with World() as world:
        with world.uncounted():
            STORIES[name].given(world)
            _written_by_the_next_version(world)
        before = _marked(world)
        STORIES[name].told(world)
        world.run_until_quiet()
        world.step()
        dead, statuses = world.dead_letters(), [one.status for one in world.said]

    assert before > 0
    assert dead == {}
    assert all(status < 300 for status in statuses)


def _written_by_the_next_version(world: World) -> None:
    for table, items in world.dynamo.items().items():
        if not table.endswith(TABLES):
            continue
        for item in items:
            news = {"added_by_the_next_version": {"M": {"list": {"L": [{"N": "1"}]}}}}
            newer = {**item, **news, "v": {"N": "2"}}
            request = {"TableName": table, "Item": newer}
            world.dynamo.call("PutItem", json.dumps(request).encode())


def _marked(world: World) -> int:
    return sum(
        "added_by_the_next_version" in item
        for items in world.dynamo.items().values()
        for item in items
    )


def test_a_fact_of_a_later_version_is_passed_over_and_not_misread() -> None:
    with World() as world:
        world.step()
        event = {
            "version": "0",
            "source": "rapport",
            "detail-type": "ConversationOpened.v2",
            "detail": {
                "metadata": {"event_id": "evt_1", "occurred_at": "2026-03-02T09:00:00Z"},
                "data": {"renamed": "cnv_1"},
            },
        }
        world.queues["RoutingQueue"].send(json.dumps(event))
        world.run_until_quiet()

        assert world.dead_letters() == {}
        assert world.queues["RoutingQueue"].messages == []


def test_a_change_on_the_stream_that_only_adds_news_publishes_nothing() -> None:
    """The next version writes its own attributes onto an item whose events were told already."""
    with World() as world:
        heard: list[Change] = []

        def hear(change: Change) -> None:
            heard.append(change)
            tell(change)

        with world.uncounted():
            STORIES["second-message"].given(world)
        facts = len(world.facts)
        tell = world.dynamo._tell
        world.dynamo._tell = hear
        _written_by_the_next_version(world)
        world.run_until_quiet()

        assert heard
        assert len(world.facts) == facts
