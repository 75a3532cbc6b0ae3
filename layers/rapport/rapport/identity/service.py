"""Find or make the one customer behind a sender."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rapport.contracts.inbound import ReceivedEvent
from rapport.identity.model import Heard, Record, has_news
from rapport.identity.ports import Graph
from rapport.identity.senders import sender_of
from rapport.identity.statements import digest_heard
from rapport.kernel.clock import believable

if TYPE_CHECKING:
    from rapport.identity.hearing import Engine


def match_sender(
    received: ReceivedEvent, *, graph: Graph, engine: Callable[[], "Engine"]
) -> Record | None:
    """The record of who sent `received`, made and joined to its customer if it is new.

    Exactly one customer results however many first contacts race. `engine` is asked for only where
    something new was said. None where the event names nobody. Raises `Transient` when other writers
    kept winning; the queue brings the event again.
    """
    sender = sender_of(received)
    if sender is None:
        return None
    at = believable(received.event.timestamp, received.received_at)
    heard = Heard(sender, at, received.received_at, received.ingest_id)
    # What we said ourselves tells nothing of a customer whom we know.
    known = recalled(heard, graph=graph, is_ours=received.event.is_ours)
    return known or engine().hear(heard)


def recalled(heard: Heard, *, graph: Graph, is_ours: bool = False) -> Record | None:
    """The record of a sender who says nothing new; one read, which may lag by a moment."""
    known = graph.find(heard.sender.source)
    if known is None or is_ours:
        return known
    digest = digest_heard(heard.sender, heard.at)
    if digest not in known.said or has_news(known, heard.sender):
        return None
    return known.speaking(digest)
