"""Receipts move a message up its ladder, in whatever order they come."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.contracts.inbound import ReceivedEvent, Status
from rapport.kernel.clock import FixedClock
from rapport.kernel.errors import Transient
from rapport.notifications.memory import InMemoryLedger
from rapport.notifications.model import RANK, MessageStatus, step
from rapport.notifications.service import RECEIPT_PATIENCE, record_receipt
from tests.builders import NOW, RECORD, a_message_id, a_receipt, after, an_entry
from tests.unit.notifications.fakes import LOST, Died, Office

CLOCK = FixedClock(NOW)
STATUSES = st.lists(st.sampled_from(Status), max_size=8)


def sent_office() -> Office:
    office = Office()
    office.dispatch()
    return office


def tell(office: Office, received: ReceivedEvent, record_id: str | None = None) -> bool:
    return record_receipt(received, record_id, ledger=office.ledger, clock=office.clock)


def test_a_receipt_moves_the_message_and_says_so() -> None:
    office = sent_office()
    assert tell(office, a_receipt(timestamp=after(minutes=1)))
    assert office.entry.status is MessageStatus.DELIVERED
    assert office.entry.receipts == {"delivered": after(minutes=1)}
    assert office.ledger.events[-1].data["status"] == "delivered"


@given(STATUSES)
def test_the_status_is_the_highest_rung_told_in_whatever_order(told: list[Status]) -> None:
    office = sent_office()
    for minute, status in enumerate(told):
        assert tell(office, a_receipt(status, timestamp=after(minutes=minute)))
    rungs = [MessageStatus.SENT, *(rung for rung in map(step, told) if rung)]
    assert office.entry.status is max(rungs, key=RANK.__getitem__)
    assert set(office.entry.receipts) == {status.value for status in told}


def test_every_order_of_the_usual_receipts_ends_the_same() -> None:
    ends = set()
    for order in permutations([Status.SENT, Status.DELIVERED, Status.READ, Status.DELIVERED]):
        office = sent_office()
        for status in order:
            tell(office, a_receipt(status))
        ends.add((office.entry.status, tuple(sorted(office.entry.receipts))))
    assert ends == {(MessageStatus.READ, ("delivered", "read", "sent"))}


@given(STATUSES)
def test_the_ladder_is_told_upwards_only_and_each_rung_once(told: list[Status]) -> None:
    office = sent_office()
    for status in told:
        tell(office, a_receipt(status))
    rungs = [
        RANK[MessageStatus(str(event.data["status"]))]
        for event in office.ledger.events
        if event.detail_type == "MessageStatusChanged.v1"
    ]
    assert rungs == sorted(set(rungs))


def test_the_first_time_of_a_status_is_kept() -> None:
    office = sent_office()
    for minute in (5, 2, 9):
        tell(office, a_receipt(Status.READ, timestamp=after(minutes=minute)))
    assert office.entry.receipts == {"read": after(minutes=5)}


def test_a_failure_told_after_the_delivery_is_noted_and_takes_nothing_back() -> None:
    office = sent_office()
    tell(office, a_receipt(Status.DELIVERED))
    tell(office, a_receipt(Status.FAILED, error_code="131049", error_detail="Blocked."))
    assert office.entry.status is MessageStatus.DELIVERED
    assert set(office.entry.receipts) == {"delivered", "failed"}


def test_a_failure_after_it_was_sent_is_shown_with_the_providers_reason() -> None:
    office = sent_office()
    tell(office, a_receipt(Status.FAILED, error_code="131049", error_detail="Blocked."))
    failure = office.entry.failure
    assert office.entry.status is MessageStatus.FAILED
    assert failure is not None
    assert (failure.code, failure.detail) == ("131049", "Blocked.")


def test_a_bounce_is_a_failure_and_a_complaint_proves_the_delivery() -> None:
    bounced, complained = sent_office(), sent_office()
    tell(bounced, a_receipt(Status.BOUNCED))
    tell(complained, a_receipt(Status.COMPLAINED))
    assert bounced.entry.status is MessageStatus.FAILED
    assert complained.entry.status is MessageStatus.DELIVERED


@pytest.mark.parametrize("status", [Status.QUEUED, Status.DEFERRED, Status.UNKNOWN])
def test_what_moves_nothing_is_noted(status: Status) -> None:
    office = sent_office()
    assert tell(office, a_receipt(status))
    assert office.entry.status is MessageStatus.SENT
    assert status.value in office.entry.receipts


def test_a_receipt_that_overtakes_our_own_note_comes_again() -> None:
    office = Office()
    with pytest.raises(Transient):
        tell(office, a_receipt())
    office.dispatch()
    assert tell(office, a_receipt())
    assert office.entry.status is MessageStatus.DELIVERED


def test_a_receipt_with_our_reference_needs_no_note() -> None:
    office = Office()
    office.ledger.dies_before = "end"
    with pytest.raises(Died):
        office.dispatch()
    assert tell(office, a_receipt(extra={"reference": office.entry.reference}))
    assert office.entry.status is MessageStatus.DELIVERED
    office.dispatch()  # the queue brings the order again
    assert office.entry.status is MessageStatus.DELIVERED
    assert len(office.sender.sent) == 1


def test_a_receipt_between_the_providers_answer_and_our_note_keeps_the_providers_id() -> None:
    office = Office()
    taken, entry = office.ledger.begin(RECORD, a_message_id())
    assert taken
    assert entry is not None
    tell(office, a_receipt(Status.READ, extra={"reference": entry.reference}))
    assert not office.ledger.end(entry, MessageStatus.SENT, NOW, provider_message_id="wamid.out")
    office.ledger.note_provider_id(entry, "wamid.out", NOW)
    assert office.entry.status is MessageStatus.READ
    assert office.entry.provider_message_id == "wamid.out"


def test_an_unknown_outcome_is_reconciled_by_a_receipt() -> None:
    office = Office(LOST)
    office.dispatch()
    assert tell(office, a_receipt(Status.SENT, extra={"reference": office.entry.reference}))
    assert office.entry.status is MessageStatus.SENT


def test_a_receipt_of_nobodys_message_is_given_up_after_a_while() -> None:
    office = Office()
    stranger = a_receipt(provider_message_id="wamid.other")
    office.clock.advance(RECEIPT_PATIENCE)
    assert not tell(office, stranger)


def test_a_receipt_of_another_account_is_not_ours() -> None:
    office = sent_office()
    office.clock.advance(RECEIPT_PATIENCE)
    assert not tell(office, a_receipt().model_copy(update={"account": "second"}))
    assert office.entry.status is MessageStatus.SENT


@pytest.mark.parametrize("reference", ["", "x", "rec_x.msg_x"])
def test_a_reference_that_leads_nowhere_does_no_harm(reference: str) -> None:
    office = sent_office()
    office.clock.advance(RECEIPT_PATIENCE)
    tell(office, a_receipt(extra={"reference": reference}))
    assert office.entry.record_id == RECORD


def test_a_receipt_that_tells_no_status_moves_nothing() -> None:
    office = sent_office()
    assert not tell(
        office,
        a_receipt().model_copy(
            update={"event": a_receipt().event.model_copy(update={"status": None})}
        ),
    )


# -- "Read up to then" -------------------------------------------------------------------------


def watermark(minutes: float, status: Status = Status.READ) -> ReceivedEvent:
    return a_receipt(status, provider_message_id=None, timestamp=after(minutes=minutes))


def ledger_of(*statuses: MessageStatus) -> InMemoryLedger:
    ledger = InMemoryLedger()
    for minute, status in enumerate(statuses):
        entry = an_entry(minute, created_at=after(minutes=minute), status=status)
        ledger.enter(entry, [])
    return ledger


def statuses_of(ledger: InMemoryLedger) -> list[str]:
    return [str(entry.status) for _, entry in sorted(ledger.entries.items())]


def test_a_watermark_moves_what_was_sent_before_it_and_nothing_after() -> None:
    ledger = ledger_of(MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.SENT)
    assert record_receipt(watermark(1.5), RECORD, ledger=ledger, clock=CLOCK)
    assert statuses_of(ledger) == ["read", "read", "sent"]


def test_a_watermark_leaves_alone_what_was_not_sent_or_was_refused() -> None:
    statuses = [
        MessageStatus.QUEUED,
        MessageStatus.SENDING,
        MessageStatus.UNKNOWN,
        MessageStatus.FAILED,
    ]
    ledger = ledger_of(*statuses)
    record_receipt(watermark(9), RECORD, ledger=ledger, clock=CLOCK)
    assert statuses_of(ledger) == statuses


def test_a_watermark_that_comes_again_or_late_moves_nothing_back() -> None:
    ledger = ledger_of(MessageStatus.SENT)
    for status in (Status.READ, Status.DELIVERED, Status.READ):
        record_receipt(watermark(9, status), RECORD, ledger=ledger, clock=CLOCK)
    assert statuses_of(ledger) == ["read"]
    assert len(ledger.events) == 1


def test_a_watermark_of_somebody_unknown_is_of_no_message() -> None:
    assert not record_receipt(watermark(9), None, ledger=ledger_of(), clock=CLOCK)
