"""Send each code that is due, ahead of everything else: recomputed here, written nowhere."""

from rapport import wiring_otp
from rapport.contracts.otp import CodeOrder
from rapport.entrypoint.queue import consumes
from rapport.otp.sending import dispatch


@consumes(CodeOrder)
def handler(order: CodeOrder) -> None:
    """One order: one call before the provider's, one after."""
    dispatch(order.verification_id, order.attempt, courier=wiring_otp.courier())
