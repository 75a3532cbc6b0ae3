"""No fault at any call changes how a story ends; and bugs planted on purpose are found."""

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from rapport.aws.queues import SqsQueue
from rapport.entrypoint.observability import logger
from rapport.identity.ports import Change
from rapport.identity.store import DynamoGraph
from rapport.ingest.ports import QueueEntry
from rapport.notifications.store import DynamoLedger
from rapport.otp.model import Verification
from rapport.otp.store import DynamoVerifications
from tests.faults.explorer import Verdict, explore, judge, tell
from tests.faults.stories import STORIES
from tests.platform import cloud

MODES = {"before", "after", "timeout", "again", "throttled", "conflict", "partial", "stale"}
MODES |= {"refused", "error"}


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


def test_the_stories_meet_every_way_in_which_a_call_can_go_wrong() -> None:
    """A way that no call of any story could go would be explored in name only."""
    met = {mode for story in STORIES.values() for call in tell(story).calls for mode in call.modes}

    assert met == MODES


def test_a_stale_read_changes_no_end() -> None:
    """Whatever need not see the latest writes, item or index, sees what was before them."""
    verdicts = [
        judge(story, base, call, "stale")
        for story in STORIES.values()
        for base in (tell(story),)
        for call in base.calls
        if call.may_lag
    ]

    assert verdicts
    assert not [_told(one) for one in verdicts if one.outcome == "DIFFERS"]


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
    write = DynamoGraph.write

    def hasty(self: DynamoGraph, change: Change) -> None:
        entries = [
            {
                "EventBusName": "bus",
                "Source": "rapport",
                "DetailType": event.detail_type,
                "Time": event.metadata.occurred_at,
                "Detail": event.model_dump_json(exclude={"detail_type"}),
            }
            for event in change.events
        ]
        cloud.CURRENT[-1].engines["events"]("PutEvents", {"Entries": entries}, b"")
        write(self, change)

    monkeypatch.setattr(DynamoGraph, "write", hasty)

    assert "RecordAttached.v1" in _findings("first-message", "MatchSenderFunction")


def test_a_replay_that_forgets_edits_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody notices while each push arrives; a screen that lost one keeps the old text."""
    monkeypatch.setattr(
        "rapport.views.replay._is_new", lambda message, start: message.received_at >= start
    )

    assert "screen of usr_grace shows" in _findings("edits", "PushChangesFunction")


def test_a_guess_that_counts_each_time_it_comes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong code costs one guess, however often the queue brings the message."""
    refuse, times = DynamoVerifications.refuse, itertools.count()

    def forgetful(self: DynamoVerifications, one: Verification, guess_id: str, *rest: Any) -> bool:
        return refuse(self, one, f"{guess_id}-{next(times)}", *rest)

    monkeypatch.setattr(DynamoVerifications, "refuse", forgetful)

    found = _findings("otp-wrong", "MatchSenderFunction", "TransactWriteItems")
    assert "1 wrong guesses are 2 checks" in found


def test_a_resend_with_another_code_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    update = DynamoVerifications._update

    def renewed(
        self: DynamoVerifications,
        key: Any,
        expression: str,
        condition: Any,
        names: Any,
        **bound: Any,
    ) -> bool:
        if "attempt" in bound:
            expression, names = f"{expression}, #nonce = :nonce", (*names, "nonce")
            bound["nonce"] = "another"
        return update(self, key, expression, condition, names, **bound)

    monkeypatch.setattr(DynamoVerifications, "_update", renewed)

    broken = tell(STORIES["otp-resend"]).broken
    assert any("another code" in one for one in broken)
    assert any("has 2 codes" in one for one in broken)


def test_screens_hold_what_the_tables_hold() -> None:
    """The agent's and the visitor's, after everything that happened to them."""
    held = [line for line in tell(STORIES["widget"]).state.readable if " shows " in line]

    assert {_who_and_what(line) for line in held} == {
        ("screen of usr_grace", "Do you have these in blue?", None),
        ("screen of usr_grace", "Good morning, Ada.", "read"),
        ("widget", "Do you have these in blue?", None),
        ("widget", "Good morning, Ada.", "read"),
    }
    assert len(held) == 4


def _who_and_what(line: str) -> tuple[str, str, str | None]:
    who, _, shown = line.partition(" shows ")
    frame = json.loads(shown)
    return who, frame["text"], frame.get("status")


def _findings(name: str, function: str, operation: str = "") -> str:
    """What the explorer says of the faults in one function, or in some of its calls."""
    story = STORIES[name]
    base = tell(story)
    verdicts = [
        judge(story, base, call, mode)
        for call in base.calls
        if call.function == function and operation in ("", call.operation)
        for mode in call.modes
    ]
    return "\n".join(_told(one) for one in verdicts if one.outcome == "DIFFERS")


def _told(verdict: Verdict) -> str:
    return "\n  ".join([f"{verdict.call} {verdict.mode}: {verdict.command}", *verdict.reasons[:12]])
