"""Bring conversations to where their customers are after a merge or an unmerge."""

from rapport import wiring
from rapport.contracts.events import BusEvent
from rapport.entrypoint.queue import consumes
from rapport.views.following import follow


@consumes(BusEvent)
def handler(event: BusEvent) -> None:
    """One fact from the bus; unknown ones pass."""
    follow(
        event,
        graph=wiring.identities(),
        conversations=wiring.conversations(),
        clock=wiring.clock(),
    )
