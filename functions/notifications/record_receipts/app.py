"""Move each message and each code we sent up its ladder as its provider tells."""

from rapport import wiring, wiring_otp
from rapport.contracts.inbound import InboundEvent, ReceivedEvent
from rapport.entrypoint.observability import log
from rapport.entrypoint.queue import consumes
from rapport.identity.model import Source
from rapport.ingest.service import body_of
from rapport.notifications.service import record_receipt
from rapport.otp.keys import parse_reference


@consumes(ReceivedEvent, unwrap=lambda body: body_of(body, wiring.objects))
def handler(received: ReceivedEvent) -> None:
    """One receipt: at most two calls where the provider names the message."""
    found = _record_of_code(received.event) or record_receipt(
        received, _recipient(received), ledger=wiring.ledger(), clock=wiring.clock()
    )
    log("receipt_recorded" if found else "receipt_unmatched", ingest_id=received.ingest_id)


def _record_of_code(event: InboundEvent) -> bool:
    """Whether the receipt is a one-time code's, which is on no ledger, and is noted."""
    reference = str(event.extra.get("reference") or "")
    if event.status is None or parse_reference(reference) is None:
        return False
    from rapport.otp import sending  # receipts of codes are few: the others start without

    return sending.record_receipt(reference, event.status, courier=wiring_otp.courier())


def _recipient(received: ReceivedEvent) -> str | None:
    """The record of a receipt that names no message ("read up to then"); else nobody asks."""
    event = received.event
    if event.provider_message_id is not None or event.to is None:
        return None
    source = Source(received.account_channel, received.account, event.to)
    record = wiring.identities().find(source)
    return record.record_id if record else None
