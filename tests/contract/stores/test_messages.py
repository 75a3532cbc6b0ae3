"""`Messages` on every engine."""

from datetime import datetime

import pytest

from rapport.contracts.inbound import Attachment, Kind
from rapport.conversations.model import Message
from rapport.conversations.ports import Messages
from tests.builders import RECORD, a_fact, a_message, after
from tests.contract.stores.engines import Engine

PICTURE = Attachment(media_type="image", url="https://cdn.example.org/1.jpg", size=123)
KEY = a_message().key


@pytest.fixture
def messages(engine: Engine) -> Messages:
    return engine.messages()


def stored(messages: Messages, key: str = KEY) -> Message:
    found = messages.get(key)
    assert found is not None
    return found


def numbers(messages: Messages, before: datetime | None, after: datetime | None) -> list[str]:
    found = messages.of_record(RECORD, before=before, after=after, limit=10)
    return [message.provider_message_id for message in found]


def test_what_is_not_there_is_none(messages: Messages) -> None:
    assert messages.get(KEY) is None
    assert messages.of_record(RECORD, before=None, after=None, limit=5) == []


def test_a_message_reads_back_as_it_was_written(messages: Messages) -> None:
    message = a_message(
        kind=Kind.POSTBACK,
        text="Grüße 😀\n",
        payload="BUTTON#1",
        reply_to="wamid.0",
        attachments=(PICTURE, Attachment(provider_media_id="m1", sha256="ab")),
        extra={"price": 1.25, "big": 2**70, "none": None, "deep": [{"a": [True]}]},
    )
    assert messages.add(message, []) is None
    assert messages.get(KEY) == message
    assert messages.of_record(RECORD, before=None, after=None, limit=5) == [message]


@pytest.mark.parametrize("text", [None, "", " "])
def test_a_message_without_words_reads_back(messages: Messages, text: str | None) -> None:
    messages.add(a_message(text=text), [])
    assert stored(messages).text == text


def test_a_second_message_of_a_key_gives_the_first_unchanged(messages: Messages) -> None:
    messages.add(a_message(), [])
    other = a_message(text="other", ingest_id="ing_2")
    assert messages.add(other, []) == a_message()
    assert stored(messages) == a_message()


@pytest.mark.parametrize("own_id", ["a#b", "=?+/", "x" * 1000, "ü😀"])
def test_strange_provider_ids_are_keys_too(messages: Messages, own_id: str) -> None:
    message = a_message(key=f"line#main#{own_id}", provider_message_id=own_id)
    messages.add(message, [])
    assert messages.get(message.key) == message


def test_a_records_messages_come_latest_first_in_the_order_of_time(messages: Messages) -> None:
    for number in (2, 4, 1, 3):
        messages.add(a_message(number), [])
    messages.add(a_message(9, record_id="rec_other"), [])
    assert numbers(messages, None, None) == ["wamid.4", "wamid.3", "wamid.2", "wamid.1"]


def test_a_page_begins_before_and_ends_with_the_times_given(messages: Messages) -> None:
    for number in range(1, 6):
        messages.add(a_message(number), [])
    page = numbers(messages, after(minutes=4), after(minutes=2))
    assert page == ["wamid.3", "wamid.2"]
    assert numbers(messages, after(minutes=1), None) == []
    assert numbers(messages, None, after(minutes=6)) == []


def test_no_more_messages_come_than_asked_for(messages: Messages) -> None:
    for number in range(1, 6):
        messages.add(a_message(number), [])
    found = messages.of_record(RECORD, before=None, after=None, limit=2)
    assert found == [a_message(5), a_message(4)]


def test_messages_of_one_instant_come_by_id(messages: Messages) -> None:
    for number in (1, 3, 2):
        messages.add(a_message(number, at=after()), [])
    assert numbers(messages, None, None) == ["wamid.3", "wamid.2", "wamid.1"]


def test_an_edit_gives_another_text_and_its_time(messages: Messages) -> None:
    messages.add(a_message(), [])
    messages.edit(KEY, "mended", after(minutes=5))
    assert (stored(messages).text, stored(messages).edited_at) == ("mended", after(minutes=5))


@pytest.mark.parametrize("minutes", [5, 4])
def test_an_edit_that_is_not_later_changes_nothing(messages: Messages, minutes: float) -> None:
    messages.add(a_message(), [])
    messages.edit(KEY, "last", after(minutes=5))
    messages.edit(KEY, "late", after(minutes=minutes))
    assert stored(messages).text == "last"


def test_an_edit_to_nothing_leaves_an_empty_text(messages: Messages) -> None:
    messages.add(a_message(), [])
    messages.edit(KEY, None, after(minutes=5))
    assert stored(messages).text == ""


def test_an_edit_of_what_is_not_there_makes_nothing(messages: Messages) -> None:
    messages.edit(KEY, "x", after())
    assert messages.get(KEY) is None


def test_erasing_removes_everything_that_was_said(messages: Messages) -> None:
    messages.add(a_message(payload="p", attachments=(PICTURE,), extra={"a": 1}), [])
    messages.erase(KEY, after(minutes=5))
    erased = stored(messages)
    assert (erased.text, erased.payload, erased.attachments, erased.extra) == (None, None, (), {})
    assert erased.deleted_at == after(minutes=5)
    assert erased.record_id == RECORD


def test_the_first_erasure_keeps_its_time(messages: Messages) -> None:
    messages.add(a_message(), [])
    messages.erase(KEY, after(minutes=5))
    messages.erase(KEY, after(minutes=9))
    assert stored(messages).deleted_at == after(minutes=5)


def test_what_was_erased_is_not_edited(messages: Messages) -> None:
    messages.add(a_message(), [])
    messages.erase(KEY, after(minutes=5))
    messages.edit(KEY, "back", after(minutes=9))
    assert stored(messages).text is None


def test_what_was_erased_before_it_came_stays_erased(messages: Messages) -> None:
    messages.erase(KEY, after(minutes=5))
    found = messages.add(a_message(), [a_fact()])
    assert found is not None
    assert (found.ingest_id, found.text) == ("", None)
    assert stored(messages).deleted_at == after(minutes=5)
    assert messages.of_record(RECORD, before=None, after=None, limit=5) == []


def test_where_an_attachment_lies_is_noted_again_and_again_the_same(messages: Messages) -> None:
    messages.add(a_message(attachments=(PICTURE, PICTURE)), [])
    for _ in range(2):
        messages.keep_object(KEY, 1, "attachments/1")
    messages.keep_object(KEY, 0, "attachments/0")
    assert stored(messages).objects == {"0": "attachments/0", "1": "attachments/1"}


def test_nothing_is_noted_on_what_has_no_attachment_or_is_gone(messages: Messages) -> None:
    messages.add(a_message(1), [])
    messages.add(a_message(2, attachments=(PICTURE,)), [])
    messages.erase(a_message(2).key, after(minutes=5))
    for number in (1, 2, 3):
        messages.keep_object(a_message(number).key, 0, "attachments/0")
    assert stored(messages, a_message(1).key).objects == {}
    assert stored(messages, a_message(2).key).objects == {}
    assert messages.get(a_message(3).key) is None


def test_the_events_of_a_message_ride_on_it_once(engine: Engine, messages: Messages) -> None:
    messages.add(a_message(), [a_fact("evt_1")])
    messages.add(a_message(), [a_fact("evt_2")])
    messages.edit(KEY, "x", after(minutes=5))
    assert engine.told() == [a_fact("evt_1")]
