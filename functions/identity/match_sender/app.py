"""Attach each received event to the customer who sent it, and store it where it belongs."""

from rapport import wiring, wiring_otp
from rapport.activity.model import tracked_event
from rapport.contracts.inbound import TRACKED, ReceivedEvent
from rapport.conversations.model import Conversation
from rapport.conversations.service import Stores, receive
from rapport.entrypoint.observability import log
from rapport.entrypoint.queue import consumes
from rapport.identity.model import Record
from rapport.identity.service import match_sender
from rapport.ingest.service import body_of
from rapport.otp.recognition import may_say_code


@consumes(ReceivedEvent, fifo=True, unwrap=lambda body: body_of(body, wiring.objects))
def handler(received: ReceivedEvent) -> None:
    """One event of `inbound.fifo`: one read and two conditional writes for a known sender."""
    record = match_sender(received, graph=wiring.identities(), engine=wiring.engine)
    if record is None:
        log("event_without_sender", kind=received.event.kind, ingest_id=received.ingest_id)
        return
    if may_say_code(received.event):
        received, record = _answered(received, record)
    if received.event.kind in TRACKED:
        wiring.activities().add(tracked_event(received, record.record_id, record.saying))
    else:
        _receive(received, record)
    log("sender_matched", record_id=record.record_id, customer_id=record.customer_id)


def _answered(received: ReceivedEvent, record: Record) -> tuple[ReceivedEvent, Record]:
    """What may be stored of a message that may say a code, and its sender as then proven."""
    # Most messages say no digits: they start without.
    from rapport.identity.proving import prove
    from rapport.views.answers import answer

    answered = answer(received, record, office=wiring_otp.verification_office())
    if answered.proof is not None:
        record = prove(answered.proof, record, engine=wiring.engine())
    if answered.checked is not None:
        log("code_answered", record_id=record.record_id, refusal=answered.checked.refusal)
    return answered.received, record


def _receive(received: ReceivedEvent, record: Record) -> None:
    def led_on(head: Conversation) -> str:
        # Hardly any message meets customers who have just merged or come apart.
        from rapport.conversations.merging import Cause
        from rapport.views.following import lead_on

        cause = Cause(f"{received.ingest_id}.led", wiring.clock().now())
        graph, conversations = wiring.identities(), wiring.conversations()
        return lead_on(head, record, cause, graph=graph, conversations=conversations)

    stores = Stores(messages=wiring.messages(), conversations=wiring.conversations())
    record_id, said = record.record_id, record.saying
    receive(received, record_id, record.customer_id, said, stores=stores, lead_on=led_on)
