"""Every minute: wake snoozed conversations, and serve whoever still waits."""

from typing import Any

from rapport import wiring
from rapport.entrypoint.invocation import guarded
from rapport.entrypoint.observability import log
from rapport.routing.service import sweep
from rapport.views.desk import wake


@guarded
def handler(_event: dict[str, Any], _context: object) -> None:
    """A tick; the event says nothing that we need."""
    woken = sweep(desk=wiring.desk(), reopen=wake(wiring.conversations()))
    log("routing_swept", woken=woken)
