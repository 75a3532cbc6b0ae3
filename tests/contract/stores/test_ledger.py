"""`Ledger` on every engine."""

from datetime import timedelta

import pytest

from rapport.contracts.content import MediaContent, TemplateContent, TextContent
from rapport.contracts.inbound import Status
from rapport.notifications.model import Failure, LedgerEntry, MessageStatus
from rapport.notifications.ports import Ledger
from tests.builders import NOW, RECORD, a_fact, a_message_id, after, an_entry
from tests.contract.stores.engines import Engine

ID = a_message_id()
FAILURE = Failure("rate_limited", "429", "Too many.")


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return engine.ledger()


def stored(ledger: Ledger, number: int = 1) -> LedgerEntry:
    found = ledger.get(RECORD, a_message_id(number))
    assert found is not None
    return found


def begun(ledger: Ledger) -> LedgerEntry:
    """An entry whose attempt has begun."""
    ledger.enter(an_entry(), [])
    taken, entry = ledger.begin(RECORD, ID)
    assert taken
    assert entry is not None
    return entry


def climb(ledger: Ledger, to: MessageStatus, *, told: Status = Status.READ) -> bool | None:
    return ledger.climb(
        RECORD, ID, told, after(minutes=1), to=to, failure=None, events=[a_fact(f"evt_{to}")]
    )


def test_what_is_not_there_is_none(ledger: Ledger) -> None:
    assert ledger.get(RECORD, ID) is None
    assert ledger.begin(RECORD, ID) == (False, None)
    assert ledger.find("whatsapp", "main", "wamid.1") is None
    assert ledger.of_record(RECORD, before=None, after=None, limit=5) == []
    assert climb(ledger, MessageStatus.READ) is None
    assert ledger.get(RECORD, ID) is None


@pytest.mark.parametrize(
    "content",
    [
        TextContent(text="Grüße 😀", subject="Re: x"),
        MediaContent(media_type="image", url="https://cdn.example.org/1.jpg", caption="c"),
        TemplateContent(name="order_update", language="en_US", parameters=("1", "")),
    ],
)
def test_an_entry_reads_back_as_it_was_entered(
    ledger: Ledger, content: TextContent | MediaContent | TemplateContent
) -> None:
    entry = an_entry(
        content=content,
        conversation_id="cnv_1",
        reply_to="wamid.0",
        last_inbound_at=after(minutes=-3),
        failure=FAILURE,
        receipts={"sent": NOW, "read": after(seconds=1)},
    )
    assert ledger.enter(entry, []) is None
    assert stored(ledger) == entry
    assert ledger.of_record(RECORD, before=None, after=None, limit=5) == [entry]


def test_a_bare_entry_reads_back(ledger: Ledger) -> None:
    entry = an_entry(author=None, last_inbound_at=None)
    ledger.enter(entry, [])
    assert stored(ledger) == entry


@pytest.mark.parametrize("own_id", ["wamid.1", "a#b#c", "<1@example.com>"])
def test_an_entry_with_its_providers_id_reads_back_and_is_found(
    ledger: Ledger, own_id: str
) -> None:
    entry = an_entry(provider_message_id=own_id, sent_at=NOW, status=MessageStatus.SENT)
    ledger.enter(entry, [])
    assert stored(ledger) == entry
    assert ledger.find("whatsapp", "main", own_id) == (RECORD, ID)


def test_entering_again_gives_the_first_entry_unchanged(ledger: Ledger) -> None:
    ledger.enter(an_entry(), [])
    assert ledger.enter(an_entry(address="other"), []) == an_entry()
    assert stored(ledger) == an_entry()


# -- Attempts ----------------------------------------------------------------------------------


def test_an_attempt_takes_a_queued_entry_once(ledger: Ledger) -> None:
    entry = begun(ledger)
    assert (entry.status, entry.attempts) == (MessageStatus.SENDING, 1)
    assert ledger.begin(RECORD, ID) == (False, entry)


@pytest.mark.parametrize("status", [s for s in MessageStatus if s is not MessageStatus.QUEUED])
def test_what_is_not_queued_is_not_taken(ledger: Ledger, status: MessageStatus) -> None:
    entry = an_entry(status=status)
    ledger.enter(entry, [])
    assert ledger.begin(RECORD, ID) == (False, entry)


def test_an_attempt_ends_as_sent_with_the_providers_id(ledger: Ledger) -> None:
    entry = begun(ledger)
    assert ledger.end(entry, MessageStatus.SENT, after(seconds=2), provider_message_id="wamid.9")
    ended = stored(ledger)
    assert (ended.status, ended.provider_message_id) == (MessageStatus.SENT, "wamid.9")
    assert ended.sent_at == after(seconds=2)
    assert ledger.find("whatsapp", "main", "wamid.9") == (RECORD, ID)


def test_an_attempt_ends_with_its_failure(ledger: Ledger) -> None:
    assert ledger.end(begun(ledger), MessageStatus.FAILED, NOW, failure=FAILURE)
    assert (stored(ledger).status, stored(ledger).failure) == (MessageStatus.FAILED, FAILURE)


def test_an_attempt_that_may_be_repeated_is_taken_again(ledger: Ledger) -> None:
    assert ledger.end(begun(ledger), MessageStatus.QUEUED, NOW, failure=FAILURE)
    taken, again = ledger.begin(RECORD, ID)
    assert taken
    assert again is not None
    assert (again.attempts, again.failure) == (2, FAILURE)


def test_an_attempt_ends_once(ledger: Ledger) -> None:
    entry = begun(ledger)
    assert ledger.end(entry, MessageStatus.UNKNOWN, NOW)
    assert not ledger.end(entry, MessageStatus.SENT, NOW, provider_message_id="wamid.9")
    assert stored(ledger).status is MessageStatus.UNKNOWN
    assert stored(ledger).provider_message_id is None


def test_an_earlier_attempt_does_not_end_a_later_one(ledger: Ledger) -> None:
    first = begun(ledger)
    ledger.end(first, MessageStatus.QUEUED, NOW)
    ledger.begin(RECORD, ID)
    assert not ledger.end(first, MessageStatus.FAILED, NOW, failure=FAILURE)
    assert stored(ledger).status is MessageStatus.SENDING


def test_an_attempt_that_a_receipt_overtook_does_not_end(ledger: Ledger) -> None:
    entry = begun(ledger)
    climb(ledger, MessageStatus.READ)
    assert not ledger.end(entry, MessageStatus.SENT, NOW, provider_message_id="wamid.9")
    ledger.note_provider_id(entry, "wamid.9", after(seconds=1))
    ended = stored(ledger)
    assert (ended.status, ended.provider_message_id) == (MessageStatus.READ, "wamid.9")
    assert ended.sent_at == after(seconds=1)
    assert ledger.find("whatsapp", "main", "wamid.9") == (RECORD, ID)


def test_an_attempt_of_nothing_does_not_end(ledger: Ledger) -> None:
    assert not ledger.end(an_entry(attempts=1), MessageStatus.SENT, NOW)
    assert ledger.get(RECORD, ID) is None


def test_a_providers_id_is_of_its_account(ledger: Ledger) -> None:
    ledger.end(begun(ledger), MessageStatus.SENT, NOW, provider_message_id="wamid.9")
    assert ledger.find("whatsapp", "second", "wamid.9") is None
    assert ledger.find("twilio", "main", "wamid.9") is None


# -- Receipts ----------------------------------------------------------------------------------


def test_a_receipt_of_a_higher_rung_is_applied_with_its_time(ledger: Ledger) -> None:
    begun(ledger)
    assert climb(ledger, MessageStatus.READ) is True
    assert stored(ledger).status is MessageStatus.READ
    assert stored(ledger).receipts == {"read": after(minutes=1)}


@pytest.mark.parametrize("to", [MessageStatus.READ, MessageStatus.DELIVERED, MessageStatus.FAILED])
def test_a_receipt_of_no_higher_rung_changes_nothing(ledger: Ledger, to: MessageStatus) -> None:
    ledger.enter(an_entry(status=MessageStatus.READ), [])
    assert climb(ledger, to, told=Status.DELIVERED) is False
    assert stored(ledger) == an_entry(status=MessageStatus.READ)


def test_a_receipt_brings_its_failure(ledger: Ledger) -> None:
    ledger.enter(an_entry(status=MessageStatus.SENT), [])
    assert ledger.climb(
        RECORD, ID, Status.BOUNCED, NOW, to=MessageStatus.FAILED, failure=FAILURE, events=[]
    )
    assert stored(ledger).failure == FAILURE


def test_a_receipt_without_a_failure_keeps_the_known_one(ledger: Ledger) -> None:
    ledger.enter(an_entry(status=MessageStatus.SENT, failure=FAILURE), [])
    climb(ledger, MessageStatus.DELIVERED)
    assert stored(ledger).failure == FAILURE


def test_the_first_time_of_a_status_is_kept(ledger: Ledger) -> None:
    ledger.enter(an_entry(status=MessageStatus.SENT, receipts={"read": NOW}), [])
    ledger.note_receipt(RECORD, ID, Status.READ, after(minutes=5))
    ledger.note_receipt(RECORD, ID, Status.DEFERRED, after(minutes=5))
    climb(ledger, MessageStatus.READ)
    assert stored(ledger).receipts == {"read": NOW, "deferred": after(minutes=5)}
    assert stored(ledger).status is MessageStatus.READ


def test_a_receipt_of_nothing_makes_nothing(ledger: Ledger) -> None:
    ledger.note_receipt(RECORD, ID, Status.READ, NOW)
    assert ledger.get(RECORD, ID) is None


# -- A recipient's messages --------------------------------------------------------------------


def test_a_recipients_messages_come_latest_first_between_the_times_given(ledger: Ledger) -> None:
    for number in (2, 4, 1, 3, 5):
        ledger.enter(an_entry(number, created_at=after(minutes=number)), [])
    ledger.enter(an_entry(9, record_id="rec_other"), [])

    def numbers(**bounds: float) -> list[int]:
        limits = {name: after(minutes=minutes) for name, minutes in bounds.items()}
        before, since = limits.get("before"), limits.get("since")
        found = ledger.of_record(RECORD, before=before, after=since, limit=9)
        return [int((entry.created_at - NOW) / timedelta(minutes=1)) for entry in found]

    assert numbers() == [5, 4, 3, 2, 1]
    assert numbers(before=4, since=2) == [3, 2]
    assert numbers(before=1) == []
    assert numbers(since=6) == []


def test_no_more_entries_come_than_asked_for(ledger: Ledger) -> None:
    for number in range(5):
        ledger.enter(an_entry(number), [])
    found = ledger.of_record(RECORD, before=None, after=None, limit=2)
    assert found == [an_entry(4), an_entry(3)]


# -- Events ------------------------------------------------------------------------------------


def test_the_events_of_each_change_ride_on_it(engine: Engine, ledger: Ledger) -> None:
    def told() -> set[str]:
        return {event.metadata.event_id for event in engine.told()}

    ledger.enter(an_entry(), [a_fact("entered")])
    assert "entered" in told()
    _, entry = ledger.begin(RECORD, ID)
    assert entry is not None
    ledger.end(entry, MessageStatus.SENT, NOW, events=[a_fact("ended")])
    assert "ended" in told()
    climb(ledger, MessageStatus.READ)
    assert "evt_read" in told()


def test_a_change_that_was_not_made_tells_nothing(engine: Engine, ledger: Ledger) -> None:
    ledger.enter(an_entry(status=MessageStatus.READ), [])
    ledger.enter(an_entry(), [a_fact()])
    climb(ledger, MessageStatus.DELIVERED)
    ledger.end(an_entry(attempts=1), MessageStatus.SENT, NOW, events=[a_fact()])
    assert engine.told() == []
