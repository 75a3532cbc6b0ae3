"""Attachments come into our bucket once, and what cannot be had keeps nobody else waiting."""

import pytest

from rapport.channels.base import Account
from rapport.channels.sender import HttpResponse
from rapport.contracts.conversations import MessageReceived
from rapport.contracts.inbound import Attachment
from rapport.conversations.memory import InMemoryMessages
from rapport.kernel.errors import NotFound, RapportError, Transient
from rapport.views.attachments import AttachmentStore, fetch_all
from tests.builders import a_message, after, an_account

KEY = a_message().key
FACT = MessageReceived(
    ingest_id=a_message().ingest_id,
    at=a_message().at,
    record_id=a_message().record_id,
    customer_id=a_message().customer_id,
    channel="webchat",
    kind="message",
    has_attachments=True,
)
OLD, NEW, GONE = (f"https://cdn.example.org/{name}.png" for name in ("old", "new", "gone"))
PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 16


class Web:
    """Addresses and what they give; an error is raised."""

    def __init__(self, **answers: RapportError | bytes) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def get(self, url: str, headers: dict[str, str]) -> HttpResponse:
        self.asked.append(url)
        answer = self.answers.get(url.rpartition("/")[2].partition(".")[0], PICTURE)
        if isinstance(answer, RapportError):
            raise answer
        return HttpResponse(200, {"content-type": "image/png"}, answer)


class Bucket:
    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    def put(self, key: str, body: bytes, content_type: str) -> None:
        self.stored[key] = body

    def get(self, key: str) -> bytes:
        return self.stored[key]


def account_of(channel: str, name: str) -> Account:
    return an_account(channel)


def a_store(web: Web, *urls: str) -> AttachmentStore:
    messages = InMemoryMessages()
    attachments = tuple(Attachment(media_type="image", url=url) for url in urls)
    messages.add(a_message(channel="webchat", attachments=attachments), [])
    return AttachmentStore(messages, Bucket(), account_of, web)


def objects(store: AttachmentStore) -> dict[str, str]:
    message = store.messages.get(KEY)
    assert message is not None
    return message.objects


def test_every_attachment_is_fetched_and_its_place_noted() -> None:
    store = a_store(Web(), OLD, NEW)
    assert fetch_all(FACT, store=store) == []
    assert objects(store) == {"0": "attachments/ing_1/0", "1": "attachments/ing_1/1"}
    assert store.objects.get("attachments/ing_1/1") == PICTURE


def test_a_second_time_fetches_nothing() -> None:
    web = Web()
    store = a_store(web, OLD)
    for _ in range(2):
        fetch_all(FACT, store=store)
    assert web.asked == [OLD]


def test_what_can_never_be_had_is_told_and_the_rest_is_fetched() -> None:
    store = a_store(Web(gone=NotFound("Expired.")), GONE, NEW)
    (error,) = fetch_all(FACT, store=store)
    assert isinstance(error, NotFound)
    assert objects(store) == {"1": "attachments/ing_1/1"}


def test_what_may_be_had_later_comes_again_and_does_not_fetch_the_rest_twice() -> None:
    web = Web(new=Transient("Busy."))
    store = a_store(web, OLD, NEW)
    with pytest.raises(Transient):
        fetch_all(FACT, store=store)
    del web.answers["new"]
    fetch_all(FACT, store=store)
    assert web.asked == [OLD, NEW, NEW]
    assert set(objects(store)) == {"0", "1"}


def test_what_was_erased_is_not_fetched() -> None:
    web = Web()
    store = a_store(web, OLD)
    store.messages.erase(KEY, after(minutes=5))
    assert fetch_all(FACT, store=store) == []
    assert web.asked == []


def test_a_fact_that_is_ahead_of_the_index_comes_again() -> None:
    ahead = FACT.model_copy(update={"ingest_id": "ing_not_seen_yet"})
    with pytest.raises(Transient):
        fetch_all(ahead, store=a_store(Web(), OLD))


def test_an_objects_name_names_nobody() -> None:
    store = a_store(Web(), OLD)
    fetch_all(FACT, store=store)
    assert all("wamid" not in key and "cdn" not in key for key in objects(store).values())
