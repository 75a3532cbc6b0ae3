"""What is too large for an item is cut, and says where the whole lies."""

import pytest

from rapport.contracts.inbound import Attachment, ReceivedEvent, object_key
from rapport.conversations.model import (
    MAX_ATTACHMENTS_BYTES,
    MAX_EXTRA_BYTES,
    MAX_TEXT_BYTES,
    message_of,
)
from rapport.ingest.service import MAX_BODY_BYTES
from tests.builders import a_received


def received(**changes: object) -> ReceivedEvent:
    original = a_received()
    return original.model_copy(update={"event": original.event.model_copy(update=changes)})


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "ä" * MAX_TEXT_BYTES},
        {"payload": "p" * (MAX_TEXT_BYTES + 1)},
        {"extra": {"facts": "x" * MAX_EXTRA_BYTES}},
        {"attachments": (Attachment(url="https://example.com/1"),) * MAX_ATTACHMENTS_BYTES},
    ],
)
def test_what_is_too_large_is_cut_and_the_whole_stays_with_the_objects(
    changes: dict[str, object],
) -> None:
    arrival = received(**changes)
    message = message_of(arrival, "rec_1", "cus_1")
    assert message.extra["whole_event"] == object_key(arrival.ingest_id)
    assert len((message.text or "").encode()) <= MAX_TEXT_BYTES
    assert len(str(message.attachments)) <= 10 * MAX_ATTACHMENTS_BYTES


def test_what_fits_is_kept_as_it_is() -> None:
    arrival = received(text="t" * MAX_TEXT_BYTES, extra={"a": 1})
    message = message_of(arrival, "rec_1", "cus_1")
    assert message.text == "t" * MAX_TEXT_BYTES
    assert message.extra == {"a": 1}


def test_whatever_is_cut_was_too_large_for_the_queue_and_so_was_stored() -> None:
    assert min(MAX_TEXT_BYTES, MAX_EXTRA_BYTES, MAX_ATTACHMENTS_BYTES) >= MAX_BODY_BYTES


def test_a_cut_never_splits_a_character() -> None:
    message = message_of(received(text="a" + "😀" * MAX_TEXT_BYTES), "rec_1", "cus_1")
    assert message.text is not None
    assert set(message.text) == {"a", "😀"}
