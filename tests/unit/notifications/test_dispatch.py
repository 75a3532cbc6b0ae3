"""One delivery at most, whatever dies, repeats or is asked to wait."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rapport.channels.base import Account
from rapport.channels.sender import ErrorClass, SendError
from rapport.kernel.errors import InvalidInput, Later, NotFound, Transient, WindowClosed
from rapport.notifications.model import Failure, MessageStatus
from rapport.notifications.service import MAX_ATTEMPTS, check_sendable, dispatch, enter
from tests.builders import NOW, a_message_id, an_account, an_entry
from tests.unit.notifications.fakes import LOST, REFUSED, SENT, Died, Office, ScriptedSender, busy

DEATHS = ["before begin", "after begin", "before end", "after end"]


def deliver(office: Office) -> None:
    """Deliver the order until the queue may forget it."""
    for _ in range(MAX_ATTEMPTS + 3):
        try:
            office.dispatch()
        except (Died, Transient):
            continue
        return
    raise AssertionError("the order never ended")


def test_a_message_is_entered_before_it_is_sent_and_sent_once() -> None:
    office = Office()
    office.dispatch()
    entry = office.entry
    assert (entry.status, entry.attempts, entry.provider_message_id) == (
        MessageStatus.SENT,
        1,
        "wamid.out",
    )
    assert office.facts() == ["MessageQueued", "MessageSent"]


def test_an_order_that_comes_again_sends_nothing() -> None:
    office = Office()
    for _ in range(3):
        office.dispatch()
    assert len(office.sender.sent) == 1


def test_an_order_without_its_entry_comes_again() -> None:
    office = Office()
    with pytest.raises(Transient):
        dispatch("rec_x", a_message_id(9), delivery=office.delivery)


def test_entering_twice_keeps_the_first_and_queues_once() -> None:
    office = Office()
    kept = enter(an_entry(address="somebody else"), ledger=office.ledger)
    assert kept == an_entry()
    assert office.facts() == ["MessageQueued"]


def test_the_sender_gets_what_the_ledger_holds() -> None:
    office = Office()
    office.dispatch()
    message = office.sender.sent[0]
    assert (message.to, message.content) == (office.entry.address, office.entry.content)
    assert message.reference == office.entry.reference
    assert message.status_callback is None


def test_the_callback_carries_the_entrys_place() -> None:
    office = Office()
    office.account = an_account(public_base_url="https://hooks.example.org/")
    office.dispatch()
    callback = office.sender.sent[0].status_callback
    assert callback == (
        f"https://hooks.example.org/webhooks/whatsapp/main?reference={office.entry.reference}"
    )


@pytest.mark.parametrize("when", DEATHS)
def test_wherever_it_dies_at_most_one_message_leaves(when: str) -> None:
    office = Office()
    moment, _, method = when.partition(" ")
    setattr(office.ledger, f"dies_{moment}", method)
    with pytest.raises(Died):
        office.dispatch()
    deliver(office)
    assert len(office.sender.sent) <= 1
    assert office.entry.status in {MessageStatus.SENT, MessageStatus.UNKNOWN}
    died_in_between = when in {"after begin", "before end"}
    assert (office.entry.status is MessageStatus.UNKNOWN) == died_in_between


@pytest.mark.parametrize("when", DEATHS)
def test_a_provider_that_recognises_copies_is_asked_again_and_the_outcome_is_known(
    when: str,
) -> None:
    office = Office(idempotent=True)
    moment, _, method = when.partition(" ")
    setattr(office.ledger, f"dies_{moment}", method)
    with pytest.raises(Died):
        office.dispatch()
    deliver(office)
    assert office.entry.status is MessageStatus.SENT
    assert {message.message_id for message in office.sender.sent} == {office.entry.message_id}


def test_a_lost_answer_is_unknown_and_is_never_sent_again() -> None:
    office = Office(LOST)
    for _ in range(3):
        office.dispatch()
    assert len(office.sender.sent) == 1
    assert office.entry.status is MessageStatus.UNKNOWN
    assert office.facts()[-1] == "MessageOutcomeUnknown"


def test_a_refusal_of_the_provider_ends_as_failed_with_its_reason() -> None:
    office = Office(REFUSED)
    office.dispatch()
    assert office.entry.status is MessageStatus.FAILED
    assert office.entry.failure == Failure("recipient_invalid", "131026", "No such recipient.")
    assert office.ledger.events[-1].data["error_class"] == "recipient_invalid"


def test_what_the_channel_forbids_fails_before_anything_leaves() -> None:
    closed = SendError(ErrorClass.WINDOW_CLOSED, "refused_window_closed", "Use a template.")
    office = Office(refuses=closed)
    office.dispatch()
    assert office.sender.sent == []
    assert office.entry.failure == Failure("window_closed", closed.code, closed.detail)


def test_a_provider_that_asks_to_wait_is_asked_again_when_it_said() -> None:
    office = Office(busy(timedelta(seconds=42)), SENT)
    with pytest.raises(Later) as later:
        office.dispatch()
    assert later.value.delay == timedelta(seconds=42)
    assert office.entry.status is MessageStatus.QUEUED
    office.dispatch()
    assert (office.entry.status, office.entry.attempts) == (MessageStatus.SENT, 2)


def test_no_provider_makes_us_wait_longer_than_an_hour() -> None:
    office = Office(busy(timedelta(days=3)))
    with pytest.raises(Later) as later:
        office.dispatch()
    assert later.value.delay == timedelta(hours=1)


def test_waits_grow_and_end_as_failed() -> None:
    office, waits = Office(busy()), []
    while office.entry.status is MessageStatus.QUEUED:
        try:
            office.dispatch()
        except Later as later:
            waits.append(later.delay.total_seconds())
    assert waits == sorted(set(waits))
    assert len(office.sender.sent) == MAX_ATTEMPTS
    assert office.entry.status is MessageStatus.FAILED
    assert office.entry.failure is not None
    assert office.facts() == ["MessageQueued", "MessageFailed"]


def test_an_account_that_cannot_be_read_is_tried_again_and_nothing_is_unknown() -> None:
    office = Office()

    def missing(_channel: str, _name: str) -> Account:
        raise NotFound("No account of that channel has this name.")

    office.delivery = replace(office.delivery, account_of=missing)
    with pytest.raises(Later):
        office.dispatch()
    assert office.entry.status is MessageStatus.QUEUED
    assert office.sender.sent == []


def test_an_attempt_makes_one_call_of_the_provider() -> None:
    office = Office(busy(), busy(), SENT)
    deliver(office)
    assert len(office.sender.sent) == office.entry.attempts == 3


@pytest.mark.parametrize(
    ("error_class", "error"),
    [(ErrorClass.WINDOW_CLOSED, WindowClosed), (ErrorClass.UNSUPPORTED, InvalidInput)],
)
def test_what_would_be_refused_is_told_before_it_is_entered(
    error_class: ErrorClass, error: type[Exception]
) -> None:
    sender = ScriptedSender(refuses=SendError(error_class, "c", "Why."))
    with pytest.raises(error, match="Why"):
        check_sendable(an_entry(), sender=sender, account=an_account(), now=NOW)


def test_what_may_be_sent_passes() -> None:
    check_sendable(an_entry(), sender=ScriptedSender(), account=an_account(), now=NOW)
