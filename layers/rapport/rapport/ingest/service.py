"""From a provider's request to canonical events on the queue; 2xx only once the queue has them."""

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from rapport.channels import registry
from rapport.channels.base import Account, CertificateSource, Context, Received, Request
from rapport.channels.sender import Http
from rapport.contracts.inbound import InboundEvent, Kind, ReceivedEvent, object_key
from rapport.contracts.queues import Queue, QueueEntry
from rapport.ingest.ports import ChannelAccounts, Objects
from rapport.kernel.clock import iso
from rapport.kernel.errors import Transient
from rapport.kernel.ids import Ids
from rapport.kernel.json import dumps, loads

BATCH = 10
MAX_BATCH_BYTES = 250_000
"""SQS takes 256 KiB a call, attributes included."""

MAX_BODY_BYTES = 50_000
"""An event above it goes to the object store: whatever is cut to fit an item can be read there."""

SENDS = 3
_AUTHENTICITY = frozenset({"bad_signature", "bad_verify_token", "untrusted_cert"})
_UNHEARD = frozenset({Kind.OTHER})


@dataclass(frozen=True)
class Intake:
    """What receiving needs."""

    accounts: ChannelAccounts
    certificates: CertificateSource
    inbound: Queue
    receipts: Queue
    objects: Objects
    ids: Ids
    http: Http
    pseudonym_key: Callable[[], bytes]


def receive_webhook(request: Request, channel: str, account: str, *, intake: Intake) -> Received:
    """Judge a request and queue its events; the result says what to answer.

    Raises `NotFound` for an unknown channel or account, `Transient` when a queue did not take
    everything: the provider then delivers again, and what was queued twice is told apart later.
    """
    adapter = registry.inbound(channel)
    found = intake.accounts.get(channel, account)
    received = adapter.receive(request, Context(found, intake.certificates))
    if received.reason in _AUTHENTICITY and intake.accounts.refresh(channel, account):
        # The secret may have been rotated since we read it.
        found = intake.accounts.get(channel, account)
        received = adapter.receive(request, Context(found, intake.certificates))
    queue_events(received.events, found, request, intake=intake)
    return received


def queue_events(
    events: Iterable[InboundEvent], account: Account, request: Request, *, intake: Intake
) -> None:
    """Put canonical events on their queues: receipts apart, since their order does not matter."""
    arrivals = [
        ReceivedEvent(
            ingest_id=intake.ids.new("ing"),
            account_channel=account.channel,
            account=account.name,
            received_at=request.received_at,
            event=event,
            trusted=account.setting("source_type") == "server",
        )
        for event in events
        if event.kind not in _UNHEARD
    ]
    receipts = [one for one in arrivals if one.event.kind is Kind.RECEIPT]
    others = [one for one in arrivals if one.event.kind is not Kind.RECEIPT]
    _send(intake.receipts, [QueueEntry(_body(one, intake)) for one in receipts])
    _send(intake.inbound, [_ordered(one, intake) for one in others])


def _ordered(arrival: ReceivedEvent, intake: Intake) -> QueueEntry:
    event = arrival.event
    sender = event.customer_address or arrival.ingest_id
    # A group's name is visible in logs and metrics: it must not be somebody's phone number.
    group = hmac.new(
        intake.pseudonym_key(),
        f"{arrival.account_channel}|{arrival.account}|{sender}".encode(),
        sha256,
    )
    return QueueEntry(_body(arrival, intake), group.hexdigest(), _deduplication_id(arrival))


def _deduplication_id(arrival: ReceivedEvent) -> str:
    """The same for a provider's repetition within the queue's five minutes, else different."""
    event = arrival.event
    own_id = event.provider_event_id or event.provider_message_id
    if own_id is None:
        return arrival.ingest_id
    told = (
        arrival.account_channel,
        arrival.account,
        own_id,
        event.provider_message_id,
        event.kind,
        event.status,
        event.provider_status,
        event.text,
        event.payload,
        iso(event.timestamp) if event.timestamp else None,
    )
    return sha256("|".join(str(part) for part in told).encode()).hexdigest()


def _body(arrival: ReceivedEvent, intake: Intake) -> str:
    body = dumps(arrival.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    if len(body) <= MAX_BODY_BYTES:
        return body
    key = object_key(arrival.ingest_id)
    intake.objects.put(key, body.encode(), "application/json")
    return dumps({"object_key": key})


def body_of(body: str, objects: Callable[[], Objects]) -> str:
    """The event's JSON of a queued body, fetched where the body only points to it."""
    if body.startswith('{"object_key":'):
        return objects().get(str(loads(body)["object_key"])).decode()
    return body


def _send(queue: Queue, entries: Sequence[QueueEntry]) -> None:
    for batch in _batches(entries):
        left = queue.send(batch)
        for _ in range(SENDS - 1):
            if not left:
                break
            left = queue.send(left)
        if left:
            raise Transient("The queue did not take every event.")


def _batches(entries: Sequence[QueueEntry]) -> Iterable[list[QueueEntry]]:
    batch: list[QueueEntry] = []
    size = 0
    for entry in entries:
        if batch and (len(batch) == BATCH or size + len(entry.body) > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += len(entry.body)
    if batch:
        yield batch
