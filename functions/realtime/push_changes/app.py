"""Push what changed in the tables to the screens it concerns."""

from typing import Any

from rapport import wiring
from rapport.entrypoint.invocation import guarded
from rapport.entrypoint.observability import log, log_failure
from rapport.realtime.service import push
from rapport.views.changes import customers_of, deliveries, heads_of, read_changes


@guarded
def handler(event: dict[str, Any], _context: object) -> None:
    """A batch of stream records: one read of heads, one of sockets, and a call a frame and socket.

    A push that fails is dropped, since its client resumes; only our own reads failing raises.
    """
    changes = read_changes(
        event["Records"], lambda error: log_failure("change_not_readable", error)
    )
    customers = customers_of(changes)
    heads = heads_of(customers, wiring.conversations()) if customers else {}
    told = deliveries(changes, heads)
    if told:
        report = push(told, realtime=wiring.realtime())
        log("changes_pushed", sent=report.sent, gone=report.gone, dropped=report.failed)
