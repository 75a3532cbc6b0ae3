"""Attach each received event to the customer who sent it, and store it where it belongs."""

from rapport import wiring
from rapport.activity.model import tracked_event
from rapport.contracts.inbound import TRACKED, ReceivedEvent
from rapport.conversations.service import Stores, receive
from rapport.entrypoint.observability import log
from rapport.entrypoint.queue import consumes
from rapport.identity.service import match_sender
from rapport.ingest.service import body_of


@consumes(ReceivedEvent, fifo=True, unwrap=lambda body: body_of(body, wiring.objects))
def handler(received: ReceivedEvent) -> None:
    """One event of `inbound.fifo`: one read and two conditional writes for a known sender."""
    record = match_sender(received, graph=wiring.identities(), engine=wiring.engine)
    if record is None:
        log("event_without_sender", kind=received.event.kind, ingest_id=received.ingest_id)
        return
    if received.event.kind in TRACKED:
        wiring.activities().add(tracked_event(received, record.record_id, record.saying))
    else:
        receive(received, record.record_id, record.customer_id, record.saying, stores=_stores())
    log("sender_matched", record_id=record.record_id, customer_id=record.customer_id)


def _stores() -> Stores:
    return Stores(messages=wiring.messages(), conversations=wiring.conversations())
