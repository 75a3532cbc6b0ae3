"""Send a code on its next route when nobody answered it in time."""

from rapport import wiring_otp
from rapport.contracts.events import BusEvent
from rapport.contracts.otp import CodeSent
from rapport.entrypoint.queue import consumes
from rapport.otp.sending import follow


@consumes(BusEvent)
def handler(event: BusEvent) -> None:
    """One sent code: one read where it was answered, one write more where it was not."""
    sent = CodeSent.model_validate(event.detail.data)
    follow(sent.verification_id, sent.attempt, courier=wiring_otp.courier())
