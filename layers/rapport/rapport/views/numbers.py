"""What carriers said of telephone numbers, as identity heard it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rapport.identity.graph import Component
from rapport.identity.lookup import distinct, load
from rapport.identity.ports import Graph
from rapport.identity.statements import identifier_key
from rapport.otp.model import NumberEvent

DEACTIVATED = "deactivated"
KINDS = {"phone_deactivated": DEACTIVATED, "phone_ported": "ported"}
"""Identity's signals, by what they mean for a number."""


@dataclass(frozen=True)
class CarrierSignals:
    """`NumberHistory` on identity's signals: at most two calls, one for a number nobody holds."""

    graph: Graph

    def events(self, number: str) -> tuple[NumberEvent, ...]:
        """What was said of a number (E.164)."""
        name = identifier_key(("phone", number))
        held = self.graph.look_up(None, [name]).holders.get(name, frozenset())
        return number_events(distinct(load(held, graph=self.graph).values()), number)


def number_events(
    components: Iterable[Component], number: str, *, since: datetime | None = None
) -> tuple[NumberEvent, ...]:
    """What carriers said of a number in these components, not before `since`."""
    return tuple(
        NumberEvent(KINDS[one.kind], one.at, "carrier")
        for component in components
        for one in component.signals
        if one.kind in KINDS and one.value == number and (since is None or one.at >= since)
    )
