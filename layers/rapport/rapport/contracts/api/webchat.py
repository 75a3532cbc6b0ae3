"""Web chat and sockets over HTTP."""

from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field

from rapport.contracts.api.base import Body, View, examples
from rapport.contracts.realtime import MessageFrame


class OpenSession(Body):
    """Who begins to chat, and on which account's website."""

    model_config = examples({"account": "main", "anonymous_id": "a3f1c2"})

    account: Annotated[str, Field(min_length=1, max_length=64)]
    anonymous_id: Annotated[str, Field(max_length=128)] | None = Field(
        default=None, description="The browser's own id, as tracking uses it; made if absent."
    )
    token: Annotated[str, Field(max_length=4096)] | None = Field(
        default=None, description="Of an earlier session: the same visitor comes back."
    )


class SessionView(View):
    """Send `token` as `Authorization: Bearer …`; when it is over, open a session with it."""

    visitor_id: str
    token: str
    expires_at: str
    anonymous_id: str | None
    websocket_url: str


class SendMessage(Body):
    """`message_id` is yours, new for each message: sent again it is the same message."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={"examples": [{"message_id": "m-1", "type": "text", "text": "Hello"}]},
    )

    message_id: str
    type: str = "text"
    text: str


class MessageAccepted(View):
    """The message is queued under this id."""

    message_id: str


class HistoryQuery(Body):
    """The latest `limit` messages from `after` to `before`."""

    after: AwareDatetime | None = None
    before: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class HistoryView(View):
    """Oldest first. `at` is the `since` of a socket's `resume`; `before` brings earlier ones."""

    messages: list[MessageFrame]
    at: str
    before: str | None = None


class TicketView(View):
    """Open `{websocket_url}?ticket={ticket}` before `expires_at`; it works once."""

    ticket: str
    expires_at: str
    websocket_url: str
