"""Bring conversations to agents as facts about either arrive."""

from rapport import wiring
from rapport.contracts.events import BusEvent
from rapport.entrypoint.queue import consumes
from rapport.views.desk import on_fact


@consumes(BusEvent)
def handler(event: BusEvent) -> None:
    """One fact from the bus; unknown ones pass."""
    on_fact(event, desk=wiring.desk())
