"""Attachments: from where the provider keeps them for a while into our own bucket."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from rapport.channels.base import Account
from rapport.channels.download import MediaHttp
from rapport.channels.media import FetchedMedia, fetch
from rapport.contracts.conversations import MessageReceived
from rapport.conversations.model import Message
from rapport.conversations.ports import Messages
from rapport.ingest.ports import Objects
from rapport.kernel.errors import RapportError, Transient

MOST = 100
"""Messages of one record in one millisecond that are looked through."""


@dataclass(frozen=True)
class AttachmentStore:
    """What fetching needs."""

    messages: Messages
    objects: Objects
    account_of: Callable[[str, str], Account]
    http: MediaHttp


def fetch_all(received: MessageReceived, *, store: AttachmentStore) -> list[RapportError]:
    """Fetch each attachment of a message that is not in our bucket yet.

    Twice overwrites the same object. What can never be fetched (expired, forbidden, too large) is
    returned as errors and stays by reference; what may be later raises `Transient`, and the queue
    brings it again.
    """
    message = _find(received, store.messages)
    if message.deleted_at is not None:
        return []
    account = store.account_of(message.account_channel, message.account)
    errors: list[RapportError] = []
    for index, attachment in enumerate(message.attachments):
        if str(index) in message.objects:
            continue
        try:
            media = fetch(attachment, message.channel, account, store.http)
        except Transient:
            raise
        except RapportError as error:
            errors.append(error)
            continue
        _keep(message, index, media, store)
    return errors


def _find(received: MessageReceived, messages: Messages) -> Message:
    """The message of a fact; the index by record may be a moment behind the fact."""
    moment = received.at + timedelta(milliseconds=1)
    found = messages.of_record(received.record_id, before=moment, after=received.at, limit=MOST)
    for message in found:
        if message.ingest_id == received.ingest_id:
            return message
    raise Transient("The message of this fact is not to be seen yet.")


def _keep(message: Message, index: int, media: FetchedMedia, store: AttachmentStore) -> None:
    # The arrival's id, not the message's key: object names are visible and must not name people.
    object_key = f"attachments/{message.ingest_id}/{index}"
    store.objects.put(object_key, media.content, media.content_type)
    store.messages.keep_object(message.key, index, object_key)
