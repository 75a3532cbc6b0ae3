"""Copy what customers attach into our bucket, since providers' links expire."""

from rapport import wiring
from rapport.contracts.conversations import MessageReceived
from rapport.contracts.events import BusEvent
from rapport.entrypoint.observability import log_failure
from rapport.entrypoint.queue import consumes
from rapport.views.attachments import fetch_all


@consumes(BusEvent)
def handler(event: BusEvent) -> None:
    """One `MessageReceived` with attachments; what can never be fetched is logged and left."""
    received = MessageReceived.model_validate(event.detail.data)
    for error in fetch_all(received, store=wiring.attachment_store()):
        log_failure("attachment_not_fetched", error, event_id=event.detail.metadata.event_id)
