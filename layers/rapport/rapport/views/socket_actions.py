"""What agents and visitors ask over a socket; visitors' messages go the way of every channel."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from rapport.channels.base import Request
from rapport.contracts.realtime import (
    AcceptedFrame,
    Ack,
    ClientAction,
    ErrorFrame,
    Frame,
    Ping,
    PongFrame,
    Resume,
    Say,
    Typing,
    TypingFrame,
    read_action,
)
from rapport.conversations.model import Conversation, State
from rapport.identity.model import Source
from rapport.ingest.service import Intake, queue_events, receive_webhook
from rapport.kernel.clock import iso, parse_iso
from rapport.kernel.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    RapportError,
    TooLarge,
    Unauthenticated,
)
from rapport.kernel.ids import Ids
from rapport.kernel.json import dumps, loads
from rapport.notifications.model import RANK, step
from rapport.realtime.model import Connection, Delivery, Owner, OwnerKind, agent, encode, visitor
from rapport.realtime.ports import Posted
from rapport.realtime.service import Realtime, behind, push
from rapport.views.replay import Tables, record_of, replay_agent, replay_visitor
from rapport.views.screens import is_visible
from rapport.webchat.model import Visitor
from rapport.webchat.service import CHANNEL, receipt, socket_token

Failed = Callable[[Exception], None]


@dataclass(frozen=True)
class Switchboard:
    """What answering a socket needs; `intake` is built for visitors' messages and receipts only."""

    realtime: Realtime
    tables: Tables
    intake: Callable[[], Intake]
    ids: Ids


def answer(connection_id: str, body: str, *, board: Switchboard, failed: Failed) -> None:
    """Do what one frame asks and push the reply; whatever is refused is told in an `error` frame.

    `failed` hears of what was our fault; the client is told no more than that.
    """
    action: ClientAction | None = None
    try:
        connection = behind(connection_id, realtime=board.realtime)
        action = read_action(body)
        frames = _act(action, connection, board)
        _reply(connection_id, frames, board)
    except RapportError as error:
        _reply(
            connection_id, [_refusal(error.code, error.message, error.field, action, board)], board
        )
    except Exception as error:  # noqa: BLE001
        failed(error)
        sentence = "It did not work; try again."
        _reply(connection_id, [_refusal("internal", sentence, None, action, board)], board)


def _act(action: ClientAction, connection: Connection, board: Switchboard) -> Iterable[Frame]:
    now = board.realtime.clock.now()
    match action:
        case Ping():
            return [PongFrame(id=board.ids.new("frm"), at=iso(now))]
        case Resume(since=since):
            return _resume(connection, _since(since), now, board)
        case Typing(conversation_id=conversation_id):
            _typing(connection, conversation_id, now, board)
            return []
        case Ack():
            _acknowledge(_visitor(connection), action, now, board)
            return []
        case Say():
            return [_say(_visitor(connection), action, now, board)]


def _reply(connection_id: str, frames: Iterable[Frame], board: Switchboard) -> None:
    for frame in frames:
        if board.realtime.sockets.post(connection_id, encode(frame)) is not Posted.SENT:
            return  # it comes back and resumes


def _refusal(
    code: str, message: str, field: str | None, action: ClientAction | None, board: Switchboard
) -> ErrorFrame:
    return ErrorFrame(
        id=board.ids.new("frm"),
        at=iso(board.realtime.clock.now()),
        code=code,
        message=message,
        field=field,
        action=action.action if action else None,
        client_message_id=action.message_id if isinstance(action, Say) else None,
    )


def _resume(
    connection: Connection, since: datetime | None, now: datetime, board: Switchboard
) -> Iterable[Frame]:
    owner = connection.owner
    if owner.kind is OwnerKind.AGENT:
        return replay_agent(owner.id, since, now, tables=board.tables)
    return replay_visitor(_source(owner), since, now, tables=board.tables)


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_iso(text)
    except ValueError:
        raise InvalidInput("Give a time as in RFC 3339.", field="since") from None


def _typing(
    connection: Connection, conversation_id: str | None, now: datetime, board: Switchboard
) -> None:
    owner = connection.owner
    if owner.kind is OwnerKind.AGENT:
        head = board.tables.conversations.get(conversation_id or "")
        if head is None or head.assignee != owner.id or head.state is State.RESOLVED:
            raise NotFound("You have no such conversation.", field="conversation_id")
        hearers = _visitors(head)
        frame = TypingFrame(id=f"typing.agent.{iso(now)}", at=iso(now), who="agent")
    else:
        found = _conversation(owner, board)
        if found is None or found.assignee is None or found.state is State.RESOLVED:
            return
        hearers = [agent(found.assignee)]
        frame = TypingFrame(
            id=f"typing.{found.conversation_id}.{iso(now)}",
            at=iso(now),
            who="customer",
            conversation_id=found.conversation_id,
        )
    push([Delivery(one, frame) for one in hearers], realtime=board.realtime)


def _visitors(head: Conversation) -> list[Owner]:
    return [
        visitor(route.account, route.address)
        for route in head.routes.values()
        if route.account_channel == CHANNEL
    ]


def _conversation(owner: Owner, board: Switchboard) -> Conversation | None:
    record = record_of(_source(owner), board.tables)
    return board.tables.conversations.head(record.customer_id) if record else None


def _acknowledge(who: Visitor, ack: Ack, now: datetime, board: Switchboard) -> None:
    """Queue receipts for those of the messages that were sent to this visitor, and for no other."""
    record = record_of(Source(CHANNEL, who.account, who.visitor_id), board.tables)
    told = receipt(who, "", ack.status, now).status
    rung = step(told) if told else None
    if record is None or rung is None:
        return
    events = []
    for message_id in dict.fromkeys(ack.message_ids):
        entry = board.tables.ledger.get(record.record_id, message_id)
        if entry and is_visible(entry) and RANK[entry.status] < RANK[rung]:
            events.append(receipt(who, message_id, ack.status, now))
    if events:
        intake = board.intake()
        account = intake.accounts.get(CHANNEL, who.account)
        queue_events(events, account, visitors_request(b"", (), now), intake=intake)


def _say(who: Visitor, say: Say, now: datetime, board: Switchboard) -> AcceptedFrame:
    intake = board.intake()
    token = socket_token(who, accounts=intake.accounts, clock=board.realtime.clock)
    body = dumps({"message_id": say.message_id, "type": say.type, "text": say.text})
    headers = (("authorization", f"Bearer {token}"),)
    message_id = receive_message(
        who.account, visitors_request(body.encode(), headers, now), intake=intake
    )
    return AcceptedFrame(
        id=f"accepted.{message_id}",
        at=iso(now),
        message_id=message_id,
        client_message_id=say.message_id,
    )


def receive_message(account: str, request: Request, *, intake: Intake) -> str:
    """Take a visitor's message as a webhook of our own channel; its id once the queue has it."""
    try:
        received = receive_webhook(request, CHANNEL, account, intake=intake)
    except NotFound:
        raise Unauthenticated("The token is not valid: open a new session.") from None
    if received.valid:
        return str(loads(received.response.body)["message_id"])
    match received.response.status:
        case 401 | 403:
            raise Unauthenticated("The token is not valid or is over: open a new session.")
        case 413:
            raise TooLarge("The message is too large.")
        case _:
            raise InvalidInput(
                "Give message_id (1 to 64 of A-Z a-z 0-9 _ -), type text, and a text of 1 to 4096"
                " characters.",
                field="text",
            )


def visitors_request(body: bytes, headers: tuple[tuple[str, str], ...], now: datetime) -> Request:
    """A visitor's message as the webhook that it is to our own channel."""
    # Milliseconds are what every store keeps.
    received_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return Request("POST", "https://localhost/v1/webchat/messages", headers, body, received_at)


def _visitor(connection: Connection) -> Visitor:
    owner = connection.owner
    if owner.kind is not OwnerKind.VISITOR:
        raise Forbidden("Agents answer through the API: POST /v1/conversations/{id}/messages.")
    return Visitor(owner.account, owner.id, connection.anonymous_id)


def _source(owner: Owner) -> Source:
    return Source(CHANNEL, owner.account, owner.id)
