"""Send each due message through its provider: once, or the ledger says why not."""

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from rapport import wiring
from rapport.contracts.notifications import OutboundOrder
from rapport.entrypoint.queue import consumes
from rapport.notifications.service import Later, dispatch


def _postpone(record: SQSRecord, error: Exception) -> None:
    if isinstance(error, Later):
        queue = wiring.queue_by_arn(record.event_source_arn)
        queue.postpone(record.receipt_handle, error.delay)


@consumes(OutboundOrder, fifo=True, postpone=_postpone)
def handler(order: OutboundOrder) -> None:
    """One order: one call before the provider's, one after."""
    dispatch(order.record_id, order.message_id, delivery=wiring.delivery())
