"""Carry the events that ride on items from the tables' streams to the bus and the queues."""

from typing import Any

from rapport import wiring
from rapport.entrypoint.invocation import guarded
from rapport.entrypoint.stream import events_of
from rapport.relay.service import publish


@guarded
def handler(event: dict[str, Any], _context: object) -> None:
    """A batch of stream records; raising brings it again, halved where the platform can."""
    publish(events_of(event), outlets=wiring.outlets())
