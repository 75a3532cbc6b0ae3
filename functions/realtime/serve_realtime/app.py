"""The API of the realtime context: tickets for the sockets of staff."""

from typing import Any

from rapport import wiring
from rapport.contracts.api.webchat import TicketView
from rapport.contracts.caller import Caller
from rapport.entrypoint.auth import STAFF_ONLY
from rapport.entrypoint.http import Api
from rapport.kernel.clock import iso
from rapport.realtime.model import agent
from rapport.realtime.service import issue_ticket

api = Api("Realtime")


@api.post("/v1/realtime/tickets", STAFF_ONLY, status=201)
def issue_socket_ticket(caller: Caller) -> TicketView:
    """Get a ticket to open one WebSocket as yourself."""
    ticket, expires_at = issue_ticket(agent(caller.subject), realtime=wiring.realtime())
    return TicketView(
        ticket=ticket, expires_at=iso(expires_at), websocket_url=wiring.setting("WEBSOCKET_URL")
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of `/v1/realtime/…` (payload 2.0)."""
    return api(event, context)
