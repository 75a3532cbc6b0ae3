"""Move each message we sent up its ladder as its provider tells."""

from rapport import wiring
from rapport.contracts.inbound import ReceivedEvent
from rapport.entrypoint.observability import log
from rapport.entrypoint.queue import consumes
from rapport.identity.model import Source
from rapport.ingest.service import body_of
from rapport.notifications.service import record_receipt


@consumes(ReceivedEvent, unwrap=lambda body: body_of(body, wiring.objects))
def handler(received: ReceivedEvent) -> None:
    """One receipt: at most two calls where the provider names the message."""
    found = record_receipt(
        received, _recipient(received), ledger=wiring.ledger(), clock=wiring.clock()
    )
    log("receipt_recorded" if found else "receipt_unmatched", ingest_id=received.ingest_id)


def _recipient(received: ReceivedEvent) -> str | None:
    """The record of a receipt that names no message ("read up to then"); else nobody asks."""
    event = received.event
    if event.provider_message_id is not None or event.to is None:
        return None
    source = Source(received.account_channel, received.account, event.to)
    record = wiring.identities().find(source)
    return record.record_id if record else None
