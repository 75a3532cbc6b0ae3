"""Send each code that is due, ahead of everything else: recomputed here, written nowhere."""

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from rapport import wiring, wiring_otp
from rapport.contracts.otp import CodeOrder
from rapport.entrypoint.queue import consumes
from rapport.otp.sending import Later, dispatch


def _postpone(record: SQSRecord, error: Exception) -> None:
    if isinstance(error, Later):
        queue = wiring.queue_by_arn(record.event_source_arn)
        queue.postpone(record.receipt_handle, error.delay)


@consumes(CodeOrder, postpone=_postpone)
def handler(order: CodeOrder) -> None:
    """One order: one call before the provider's, one after."""
    dispatch(order.verification_id, order.attempt, courier=wiring_otp.courier())
