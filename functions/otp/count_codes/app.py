"""Count codes by prefix and money, from the stream of verifications."""

from typing import Any

from rapport import wiring_otp
from rapport.entrypoint.invocation import guarded
from rapport.entrypoint.observability import log
from rapport.entrypoint.stream import events_of
from rapport.otp.guard_counting import observation


@guarded
def handler(event: dict[str, Any], _context: object) -> None:
    """A batch of stream records; raising brings it again, and what was counted counts once."""
    found = [observation(one) for one in events_of(event)]
    alarms = wiring_otp.guard_counting().count([one for one in found if one is not None])
    for alarm in alarms:
        log("spend_alarm_raised", alarm=alarm)
