"""From a request to the queues: everything once, nothing lost, nobody's address in a name."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from rapport.channels.base import Account
from rapport.contracts.inbound import InboundEvent, Kind, ReceivedEvent, Status
from rapport.contracts.queues import QueueEntry
from rapport.ingest.service import (
    BATCH,
    MAX_BATCH_BYTES,
    SENDS,
    Intake,
    body_of,
    queue_events,
    receive_webhook,
)
from rapport.kernel.errors import NotFound, Transient
from tests.builders import PHONE, CountedIds, a_receipt, a_webhook, after, an_account, an_event
from tests.unit.notifications.fakes import NoHttp


class Queue:
    """A queue that takes nothing for `refusals` calls."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.calls: list[list[QueueEntry]] = []
        self.taken: list[QueueEntry] = []

    def send(self, entries: Sequence[QueueEntry]) -> list[QueueEntry]:
        self.calls.append(list(entries))
        if self.refusals:
            self.refusals -= 1
            return list(entries)
        self.taken.extend(entries)
        return []


class Objects:
    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    def put(self, key: str, body: bytes, content_type: str) -> None:
        self.stored[key] = body

    def get(self, key: str) -> bytes:
        return self.stored[key]


@dataclass
class Accounts:
    """One account, whose secret was `stale` when it was read and is `now` after a refresh."""

    now: dict[str, Any]
    stale: dict[str, Any] | None = None
    is_fresh: bool = False
    reads: int = 0
    document: dict[str, Any] = field(default_factory=dict)

    def get(self, channel: str, name: str) -> Account:
        if name != "main":
            raise NotFound("No account of that channel has this name.")
        self.reads += 1
        return Account(channel, name, self.stale or self.now)

    def refresh(self, channel: str, name: str) -> bool:
        if self.is_fresh:
            return False
        self.stale = None
        return True


def no_certificate(_url: str) -> bytes:
    raise OSError


def an_intake(accounts: Accounts | None = None, **changes: Any) -> Any:
    made = Intake(
        accounts=accounts or Accounts({}),
        certificates=no_certificate,
        inbound=Queue(),
        receipts=Queue(),
        objects=Objects(),
        ids=CountedIds(),
        http=NoHttp(),
        pseudonym_key=lambda: b"key",
    )
    return replace(made, **changes)


def queued(*events: InboundEvent, **account: Any) -> Any:
    intake = an_intake()
    queue_events(events, an_account(**account), a_webhook(), intake=intake)
    return intake


def only(intake: Any) -> QueueEntry:
    (entry,) = intake.inbound.taken
    assert isinstance(entry, QueueEntry)
    return entry


def test_a_webhook_of_several_messages_is_one_send() -> None:
    intake = queued(*(an_event(provider_message_id=f"wamid.{n}") for n in range(BATCH)))
    assert [len(call) for call in intake.inbound.calls] == [BATCH]
    assert intake.receipts.calls == []


@pytest.mark.parametrize(
    ("events", "calls"), [(0, []), (1, [1]), (11, [10, 1]), (1000, [10] * 100)]
)
def test_any_number_of_events_goes_in_batches_of_ten(events: int, calls: list[int]) -> None:
    intake = queued(*(an_event(provider_message_id=f"wamid.{n}") for n in range(events)))
    assert [len(call) for call in intake.inbound.calls] == calls


def test_receipts_go_to_their_own_queue_without_order() -> None:
    intake = queued(a_receipt().event, an_event())
    assert len(intake.inbound.taken) == 1
    (entry,) = intake.receipts.taken
    assert (entry.group, entry.deduplication_id) == (None, None)


def test_what_says_nothing_about_anybody_is_not_queued() -> None:
    intake = queued(an_event(kind=Kind.OTHER))
    assert intake.inbound.calls == intake.receipts.calls == []


def test_what_is_queued_reads_back_as_it_was() -> None:
    event = an_event(text="Grüße 😀", extra={"price": 1.5, "big": 2**60})
    read = ReceivedEvent.model_validate_json(only(queued(event)).body)
    assert read.event == event
    assert (read.account_channel, read.account) == ("whatsapp", "main")


def test_a_queued_body_is_plain_ascii() -> None:
    assert only(queued(an_event(text="￾￿ \ufffd 😀"))).body.isascii()


@pytest.mark.parametrize(("document", "trusted"), [({"source_type": "server"}, True), ({}, False)])
def test_only_a_server_source_is_trusted(document: dict[str, str], trusted: bool) -> None:
    body = only(queued(an_event(), **document)).body
    assert ReceivedEvent.model_validate_json(body).trusted is trusted


# -- Groups and duplicates -----------------------------------------------------------------------


def test_a_groups_name_holds_nobodys_address() -> None:
    event = an_event(from_="14155550100", sender_name="Ada")
    entry = only(queued(event))
    assert entry.group is not None
    for secret in ("4155550100", PHONE, "Ada"):
        assert secret not in entry.group
        assert secret not in str(entry.deduplication_id)


def test_messages_of_one_sender_are_in_one_group_and_of_others_in_others() -> None:
    def group(**changes: Any) -> str | None:
        return only(queued(an_event(**changes))).group

    assert group() == group(provider_message_id="wamid.2", text="more")
    assert group() != group(from_="14155550199")


def test_an_echo_is_in_the_group_of_the_customer_it_was_written_to() -> None:
    echo = an_event(kind=Kind.ECHO, from_="204811", to="14155550100")
    assert only(queued(echo)).group == only(queued(an_event())).group


def test_another_key_gives_other_groups() -> None:
    intake = an_intake(pseudonym_key=lambda: b"another key")
    queue_events([an_event()], an_account(), a_webhook(), intake=intake)
    assert only(intake).group != only(queued(an_event())).group


def deduplication(**changes: Any) -> str | None:
    return only(queued(an_event(**changes))).deduplication_id


def test_a_providers_repetition_has_the_same_deduplication_id() -> None:
    assert deduplication() == deduplication()


@pytest.mark.parametrize(
    "change",
    [
        {"provider_message_id": "wamid.2"},
        {"kind": Kind.EDIT},
        {"kind": Kind.CALL, "provider_status": "ringing"},
        {"status": Status.SENT},
        {"text": "other"},
        {"payload": "thumbs"},
        {"timestamp": after(seconds=1)},
        {"provider_event_id": "evt-1"},
    ],
)
def test_what_differs_in_kind_status_or_content_is_no_repetition(change: dict[str, Any]) -> None:
    assert deduplication(**change) != deduplication()


def test_what_has_no_id_is_never_taken_for_a_repetition() -> None:
    events = [an_event(provider_message_id=None)] * 2
    intake = queued(*events)
    assert len({entry.deduplication_id for entry in intake.inbound.taken}) == 2


def test_a_deduplication_id_is_short_enough_for_the_queue() -> None:
    assert len(str(deduplication(text="x" * 5000))) <= 128


# -- Large bodies --------------------------------------------------------------------------------


def test_what_is_too_large_for_the_queue_goes_to_the_object_store() -> None:
    intake = queued(an_event(text="x" * (MAX_BATCH_BYTES + 1)))
    entry = only(intake)
    assert len(entry.body) < 100
    body = body_of(entry.body, lambda: intake.objects)
    assert ReceivedEvent.model_validate_json(body).event.text == "x" * (MAX_BATCH_BYTES + 1)


def test_an_objects_key_holds_nobodys_address() -> None:
    intake = queued(an_event(text="x" * (MAX_BATCH_BYTES + 1)))
    (key,) = intake.objects.stored
    assert key.startswith("inbound/ing_")
    assert "4155550100" not in key


def test_an_ordinary_body_needs_no_object_store() -> None:
    def never() -> Objects:
        raise AssertionError

    body = only(queued(an_event())).body
    assert body_of(body, never) == body


def test_a_message_whose_words_look_like_a_pointer_is_none() -> None:
    body = only(queued(an_event(text='{"object_key":"inbound/secret.json"}'))).body
    assert body_of(body, Objects) == body


def test_no_batch_is_larger_than_the_queue_takes() -> None:
    intake = queued(*(an_event(provider_message_id=f"w{n}", text="x" * 90_000) for n in range(7)))
    assert all(
        sum(len(entry.body) for entry in call) <= MAX_BATCH_BYTES for call in intake.inbound.calls
    )
    assert len(intake.inbound.taken) == 7


# -- Failures ------------------------------------------------------------------------------------


def test_what_the_queue_did_not_take_is_sent_again() -> None:
    intake = an_intake(inbound=Queue(SENDS - 1))
    queue_events([an_event()], an_account(), a_webhook(), intake=intake)
    assert len(intake.inbound.taken) == 1


def test_what_the_queue_never_takes_makes_the_provider_come_again() -> None:
    intake = an_intake(inbound=Queue(SENDS))
    with pytest.raises(Transient):
        queue_events([an_event()], an_account(), a_webhook(), intake=intake)


def telegram(token: str) -> Any:
    body = {
        "update_id": 1,
        "message": {
            "message_id": 31,
            "date": 1795175900,
            "chat": {"id": 4242, "type": "private"},
            "from": {"id": 4242, "first_name": "Noor", "is_bot": False},
            "text": "Hello",
        },
    }
    headers = (
        ("content-type", "application/json"),
        ("x-telegram-bot-api-secret-token", token),
    )
    return a_webhook(json.dumps(body).encode(), headers=headers)


OLD, NEW = {"secret_token": "old"}, {"secret_token": "new"}


def test_an_authentic_webhook_is_queued() -> None:
    intake = an_intake(Accounts(NEW))
    assert receive_webhook(telegram("new"), "telegram", "main", intake=intake).valid
    assert len(intake.inbound.taken) == 1


def test_a_forged_webhook_is_refused_and_nothing_is_queued() -> None:
    intake = an_intake(Accounts(NEW))
    received = receive_webhook(telegram("forged"), "telegram", "main", intake=intake)
    assert (received.valid, received.response.status) == (False, 401)
    assert intake.inbound.calls == []


def test_a_secret_rotated_since_it_was_read_is_read_again_and_nothing_is_lost() -> None:
    accounts = Accounts(NEW, stale=OLD)
    intake = an_intake(accounts)
    assert receive_webhook(telegram("new"), "telegram", "main", intake=intake).valid
    assert accounts.reads == 2
    assert len(intake.inbound.taken) == 1


def test_forgers_do_not_make_us_read_a_fresh_secret_again() -> None:
    accounts = Accounts(NEW, is_fresh=True)
    receive_webhook(telegram("forged"), "telegram", "main", intake=an_intake(accounts))
    assert accounts.reads == 1


@pytest.mark.parametrize(("channel", "account"), [("carrier-pigeon", "main"), ("telegram", "x")])
def test_an_unknown_channel_or_account_is_not_found(channel: str, account: str) -> None:
    with pytest.raises(NotFound):
        receive_webhook(telegram("new"), channel, account, intake=an_intake(Accounts(NEW)))


def test_the_time_of_receipt_is_the_requests() -> None:
    request = a_webhook(received_at=after(minutes=3))
    intake = an_intake()
    queue_events([an_event()], an_account(), request, intake=intake)
    read = ReceivedEvent.model_validate_json(only(intake).body)
    assert read.received_at - request.received_at == timedelta(0)
