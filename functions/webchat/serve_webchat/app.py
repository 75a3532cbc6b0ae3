"""The API of web chat: a visitor's session, messages, history, and ticket for a socket."""

from typing import Any

from rapport import wiring
from rapport.channels.base import Request
from rapport.contracts.api.webchat import (
    HistoryQuery,
    HistoryView,
    MessageAccepted,
    OpenSession,
    SendMessage,
    SessionView,
    TicketView,
)
from rapport.entrypoint.auth import PUBLIC
from rapport.entrypoint.http import Api
from rapport.entrypoint.requests import HttpRequest
from rapport.identity.model import Source
from rapport.kernel.clock import iso
from rapport.realtime.model import visitor
from rapport.realtime.service import issue_ticket
from rapport.views.replay import history
from rapport.views.socket_actions import receive_message, visitors_request
from rapport.webchat.model import Visitor
from rapport.webchat.service import CHANNEL, bearer, claimed_account, open_session, visitor_of

api = Api("Web chat")
MESSAGES = "/v1/webchat/messages"


@api.post("/v1/webchat/sessions", PUBLIC, status=201)
def open_webchat_session(body: OpenSession, request: HttpRequest) -> SessionView:
    """Begin to chat, or come back, from a website that the account allows (`Origin`)."""
    session = open_session(
        body.account,
        request.headers.get("origin"),
        anonymous_id=body.anonymous_id,
        token=body.token,
        accounts=wiring.accounts(),
        ids=wiring.ids(),
        clock=wiring.clock(),
    )
    return SessionView(
        visitor_id=session.visitor.visitor_id,
        token=session.token,
        expires_at=iso(session.expires_at),
        anonymous_id=session.visitor.anonymous_id,
        websocket_url=wiring.setting("WEBSOCKET_URL"),
    )


@api.post(MESSAGES, PUBLIC, status=202)
def send_webchat_message(body: SendMessage, request: HttpRequest) -> MessageAccepted:
    """Say something, with the session's token. It goes the way of every channel's messages."""
    del body  # the channel's adapter reads the bytes, as it does for every channel
    account = claimed_account(bearer(request.headers.get("authorization")))
    message_id = receive_message(account, _as_webhook(request), intake=wiring.intake())
    return MessageAccepted(message_id=message_id)


@api.get(MESSAGES, PUBLIC)
def read_webchat_messages(query: HistoryQuery, request: HttpRequest) -> HistoryView:
    """Read what you said and what we answered here, with the session's token."""
    now, who = wiring.clock().now(), _visitor(request)
    page = history(
        Source(CHANNEL, who.account, who.visitor_id),
        after=query.after,
        before=query.before,
        limit=query.limit,
        tables=wiring.tables(),
    )
    return HistoryView(messages=page.items, at=iso(now), before=page.cursor)


@api.post("/v1/webchat/tickets", PUBLIC, status=201)
def issue_webchat_ticket(request: HttpRequest) -> TicketView:
    """Get a ticket to open one WebSocket as this visitor, with the session's token."""
    who = _visitor(request)
    ticket, expires_at = issue_ticket(
        visitor(who.account, who.visitor_id),
        anonymous_id=who.anonymous_id,
        realtime=wiring.realtime(),
    )
    return TicketView(
        ticket=ticket, expires_at=iso(expires_at), websocket_url=wiring.setting("WEBSOCKET_URL")
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of `/v1/webchat/…` (payload 2.0)."""
    return api(event, context)


def _visitor(request: HttpRequest) -> Visitor:
    token = bearer(request.headers.get("authorization"))
    return visitor_of(token, accounts=wiring.accounts(), clock=wiring.clock())


def _as_webhook(request: HttpRequest) -> Request:
    return visitors_request(request.body(), tuple(request.headers.items()), wiring.clock().now())
