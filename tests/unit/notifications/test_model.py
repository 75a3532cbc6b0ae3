"""The ladder that a message's status climbs."""

import pytest

from rapport.contracts.inbound import Status
from rapport.notifications.model import (
    RANK,
    MessageStatus,
    parse_reference,
    reference,
    step,
)
from tests.builders import an_entry


def test_every_status_has_a_rung_of_its_own() -> None:
    assert set(RANK) == set(MessageStatus)
    assert len(set(RANK.values())) == len(RANK)


def test_the_ladder_leads_from_queued_to_clicked() -> None:
    rungs = [
        MessageStatus.QUEUED,
        MessageStatus.SENDING,
        MessageStatus.UNKNOWN,
        MessageStatus.SENT,
        MessageStatus.FAILED,
        MessageStatus.DELIVERED,
        MessageStatus.READ,
        MessageStatus.CLICKED,
    ]
    assert sorted(rungs, key=RANK.__getitem__) == rungs


@pytest.mark.parametrize(
    ("told", "rung"),
    [
        (Status.SENT, MessageStatus.SENT),
        (Status.DELIVERED, MessageStatus.DELIVERED),
        (Status.READ, MessageStatus.READ),
        (Status.CLICKED, MessageStatus.CLICKED),
        (Status.FAILED, MessageStatus.FAILED),
        (Status.BOUNCED, MessageStatus.FAILED),
        (Status.COMPLAINED, MessageStatus.DELIVERED),
        (Status.QUEUED, None),
        (Status.DEFERRED, None),
        (Status.UNKNOWN, None),
    ],
)
def test_a_receipt_leads_to_its_rung_or_is_noted_only(
    told: Status, rung: MessageStatus | None
) -> None:
    assert step(told) == rung


def test_a_reference_finds_its_entry_again() -> None:
    entry = an_entry()
    assert parse_reference(entry.reference) == (entry.record_id, entry.message_id)
    assert entry.reference == reference(entry.record_id, entry.message_id)


@pytest.mark.parametrize("text", ["", ".", "rec_1", "rec_1.", ".msg_1", "x.msg_1", "rec_1.x", "é"])
def test_a_reference_of_somebody_else_is_none_of_ours(text: str) -> None:
    assert parse_reference(text) is None
