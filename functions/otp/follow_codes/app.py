"""Send a code on its next route when nobody answered it in time."""

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from rapport import wiring, wiring_otp
from rapport.contracts.events import BusEvent
from rapport.contracts.otp import CodeSent
from rapport.entrypoint.queue import consumes
from rapport.otp.sending import Later, follow


def _postpone(record: SQSRecord, error: Exception) -> None:
    if isinstance(error, Later):
        queue = wiring.queue_by_arn(record.event_source_arn)
        queue.postpone(record.receipt_handle, error.delay)


@consumes(BusEvent, postpone=_postpone)
def handler(event: BusEvent) -> None:
    """One sent code: one read where it was answered, one write more where it was not."""
    sent = CodeSent.model_validate(event.detail.data)
    follow(sent.verification_id, sent.attempt, courier=wiring_otp.courier())
