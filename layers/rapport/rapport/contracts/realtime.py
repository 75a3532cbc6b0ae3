"""What travels over a socket: what a client asks, and what a screen is told (docs/websocket.md)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rapport.kernel.errors import InvalidInput
from rapport.kernel.json import loads

MAX_ACKNOWLEDGED = 25
Id = Annotated[str, Field(min_length=1, max_length=256)]


class _Action(BaseModel):
    # Fields that we do not know are a newer client's: ignored, so that it may come first.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Resume(_Action):
    """Replay what happened since `since` (the `at` of the last `resumed`), minus one minute."""

    action: Literal["resume"]
    since: Annotated[str, Field(max_length=40)] | None = None


class Typing(_Action):
    """The user is writing; agents say in which conversation."""

    action: Literal["typing"]
    conversation_id: Id | None = None


class Ack(_Action):
    """A visitor's widget has got, or shown, these messages of ours."""

    action: Literal["ack"]
    message_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_ACKNOWLEDGED)]
    status: Literal["delivered", "read"] = "delivered"


class Say(_Action):
    """A visitor's message, as `POST /v1/webchat/messages` takes it; the channel judges its form."""

    action: Literal["message"]
    message_id: Id
    type: Annotated[str, Field(max_length=16)] = "text"
    text: Annotated[str, Field(max_length=65_536)]


class Ping(_Action):
    """Keep the connection: API Gateway closes one that is idle for ten minutes."""

    action: Literal["ping"]


ClientAction = Annotated[Resume | Typing | Ack | Say | Ping, Field(discriminator="action")]
_ACTIONS: TypeAdapter[ClientAction] = TypeAdapter(ClientAction)


def read_action(body: str) -> ClientAction:
    """The action in a client's frame; raises `InvalidInput` that names what is wrong with it."""
    value = loads(body)
    try:
        return _ACTIONS.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"].startswith(("union_tag", "model_attributes", "dict_type")):
            known = "resume, typing, ack, message, ping"
            raise InvalidInput(f"Send an action: {known}.", field="action") from None
        # Pydantic quotes the input; the field's name is all that may be told.
        field = ".".join(str(part) for part in first["loc"][1:])
        raise InvalidInput(f"The field {field} is not as documented.", field=field) from None


class Frame(BaseModel):
    """One thing a screen is told.

    `id` is the same whenever the same thing is told again, so that a client drops repeats. Where
    there is a `rev`, of several frames about one thing the highest is the newest.
    """

    model_config = ConfigDict(frozen=True)

    type: str
    id: str
    at: str


class File(BaseModel):
    """A file of a message; `url` for what we sent only: what came in is fetched through the API."""

    model_config = ConfigDict(frozen=True)

    media_type: str | None = None
    content_type: str | None = None
    filename: str | None = None
    size: int | None = None
    url: str | None = None


class MessageFrame(Frame):
    """A message: `in` from the customer, `out` from us. Visitors see no field marked (agents)."""

    type: Literal["message"] = "message"
    message_id: str
    rev: int
    direction: Literal["in", "out"]
    channel: str
    kind: str
    text: str | None = None
    payload: str | None = None
    template: str | None = None
    attachments: tuple[File, ...] = ()
    reply_to: str | None = None
    edited_at: str | None = None
    deleted_at: str | None = None
    status: str | None = None
    truncated: bool | None = None  # too long for a frame: read it by HTTP
    conversation_id: str | None = None  # (agents)
    customer_id: str | None = None  # (agents)
    record_id: str | None = None  # (agents)
    author: str | None = None  # (agents)


class MessageStatusFrame(Frame):
    """A message of ours has got further; `rev` is its rung, see docs/websocket.md."""

    type: Literal["message_status"] = "message_status"
    message_id: str
    rev: int
    status: str
    conversation_id: str | None = None  # (agents)
    reason: str | None = None  # (agents) why it failed, for people


class ConversationFrame(Frame):
    """A conversation is in another state, or (`assignment`) another's; `rev` is its version."""

    type: Literal["conversation", "assignment"] = "conversation"
    conversation_id: str
    customer_id: str
    rev: int
    state: str
    channel: str
    opened_at: str
    last_message_at: str
    assignee: str | None = None
    assigned_at: str | None = None
    snoozed_until: str | None = None
    resolved_at: str | None = None


class TypingFrame(Frame):
    """Somebody is writing now; forget it after a few seconds."""

    type: Literal["typing"] = "typing"
    who: Literal["agent", "customer"]
    conversation_id: str | None = None


class PresenceFrame(Frame):
    """The agent's own presence has changed, perhaps on another of their screens."""

    type: Literal["presence"] = "presence"
    agent_id: str
    presence: str


class ResumedFrame(Frame):
    """The replay is over; `at` is the next `since`.

    `conversations` are all that the agent has now: any other is theirs no longer. `complete` is
    false where there was too much to replay: load the history by HTTP.
    """

    type: Literal["resumed"] = "resumed"
    complete: bool
    conversations: tuple[str, ...] | None = None


class PongFrame(Frame):
    """The answer to `ping`."""

    type: Literal["pong"] = "pong"


class AcceptedFrame(Frame):
    """The visitor's message is queued under `message_id`; `client_message_id` is the client's."""

    type: Literal["accepted"] = "accepted"
    message_id: str
    client_message_id: str


class ErrorFrame(Frame):
    """An action was refused; `code` as in the API's problem details."""

    type: Literal["error"] = "error"
    code: str
    message: str
    field: str | None = None
    action: str | None = None
    client_message_id: str | None = None
