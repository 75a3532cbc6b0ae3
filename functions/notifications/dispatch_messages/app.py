"""Send each due message through its provider: once, or the ledger says why not."""

from rapport import wiring
from rapport.contracts.notifications import OutboundOrder
from rapport.entrypoint.queue import consumes
from rapport.notifications.service import dispatch


@consumes(OutboundOrder, fifo=True)
def handler(order: OutboundOrder) -> None:
    """One order: one call before the provider's, one after."""
    dispatch(order.record_id, order.message_id, delivery=wiring.delivery())
