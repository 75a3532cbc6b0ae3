"""No fault at any call changes how a story ends; and bugs planted on purpose are found."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from rapport.aws.queues import SqsQueue
from rapport.contracts.events import Envelope
from rapport.entrypoint.observability import logger
from rapport.identity.store import DynamoIdentities
from rapport.ingest.ports import QueueEntry
from rapport.notifications.store import DynamoLedger
from tests.faults.explorer import Verdict, explore, judge, tell
from tests.faults.stories import STORIES
from tests.platform import cloud


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A thousand failures on purpose need no log line each."""
    before = logger().log_level
    logger().setLevel("CRITICAL")
    yield
    logger().setLevel(before)


@pytest.mark.parametrize("name", list(STORIES))
def test_no_fault_changes_how_a_story_ends(name: str) -> None:
    found = [one for one in explore(STORIES[name], exhaustive=False) if one.outcome == "DIFFERS"]

    assert not found, "\n".join(_told(one) for one in found)


def test_telling_a_story_twice_is_the_same_to_the_last_call() -> None:
    first, second = tell(STORIES["answer"]), tell(STORIES["answer"])

    assert [str(call) for call in first.calls] == [str(call) for call in second.calls]
    assert first.state.exact == second.state.exact


def test_an_attempt_that_dies_at_the_provider_is_never_made_again() -> None:
    story = STORIES["answer"]
    base = tell(story)
    (call,) = [one for one in base.calls if one.service == "provider"]

    outcomes = {mode: judge(story, base, call, mode).outcome for mode in call.modes}
    after = tell(story, (call.number, "after"))

    assert set(outcomes.values()) <= {"same", "allowed"}
    assert after.state.deliveries == 1
    # The provider's receipt brings our reference back and tells what became of it.
    assert [item["status"]["S"] for item in after.state.ledger] == ["read"]


def test_a_dropped_condition_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt that is begun twice delivers twice."""
    update = DynamoLedger._update

    def careless(self: DynamoLedger, record_id: str, message_id: str, **expression: Any) -> Any:
        if ":queued" in expression["ExpressionAttributeValues"]:
            expression.pop("ConditionExpression")
            expression["ExpressionAttributeValues"].pop(":queued")
        return update(self, record_id, message_id, **expression)

    monkeypatch.setattr(DynamoLedger, "_update", careless)

    assert "were delivered" in _findings("answer", "DispatchMessagesFunction")


def test_an_acknowledgement_before_the_write_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A webhook answered 200 although the queue did not take its event loses the event."""
    send = SqsQueue.send

    def hopeful(self: SqsQueue, entries: Sequence[QueueEntry]) -> list[QueueEntry]:
        try:
            send(self, entries)
        except Exception:  # noqa: BLE001
            return []
        return []

    monkeypatch.setattr(SqsQueue, "send", hopeful)

    assert "-rapport-test-ConversationsTable" in _findings(
        "second-message", "ReceiveWebhookFunction"
    )


def test_a_publication_before_the_write_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fact told before its write dies is a fact about nothing."""
    attach = DynamoIdentities.attach

    def hasty(self: DynamoIdentities, record: Any, claim: Any, events: Sequence[Envelope]) -> None:
        entries = [
            {
                "EventBusName": "bus",
                "Source": "rapport",
                "DetailType": event.detail_type,
                "Time": event.metadata.occurred_at,
                "Detail": event.model_dump_json(exclude={"detail_type"}),
            }
            for event in events
        ]
        cloud.CURRENT[-1].engines["events"]("PutEvents", {"Entries": entries}, b"")
        attach(self, record, claim, events)

    monkeypatch.setattr(DynamoIdentities, "attach", hasty)

    assert "RecordAttached.v1" in _findings("first-message", "MatchSenderFunction")


def _findings(name: str, function: str) -> str:
    """What the explorer says of the faults in one function."""
    story = STORIES[name]
    base = tell(story)
    verdicts = [
        judge(story, base, call, mode)
        for call in base.calls
        if call.function == function
        for mode in call.modes
    ]
    return "\n".join(_told(one) for one in verdicts if one.outcome == "DIFFERS")


def _told(verdict: Verdict) -> str:
    return "\n  ".join([f"{verdict.call} {verdict.mode}: {verdict.command}", *verdict.reasons[:12]])
