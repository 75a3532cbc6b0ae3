"""LINE: push with its retry key, and the content of messages."""

import json
import re
from typing import Any
from uuid import UUID

from local.twins.answers import Call, answer, as_text, octets
from local.twins.state import Registration, State
from rapport.channels.sender import HttpResponse

HOSTS = frozenset({"api.line.me", "api-data.line.me"})
_CONTENT = re.compile(r"/v2/bot/message/([^/]+)/content")
MAX_MESSAGES = 5


def handle(state: State, call: Call) -> HttpResponse:
    """Answer one request."""
    token = call.bearer
    registration = state.find(
        "line", lambda account: bool(token) and token in account.secrets("channel_access_token")
    )
    if registration is None:
        return error(401, "Authentication failed. Confirm that the access token is valid.")
    content = _CONTENT.fullmatch(call.path)
    if call.host == "api-data.line.me" and content and call.method == "GET":
        media = state.media.get(content[1])
        return octets(media.content, media.content_type) if media else error(404, "Not found")
    if call.path == "/v2/bot/message/push" and call.method == "POST":
        return _keyed_push(state, call, registration)
    return error(404, "Not found")


def error(status: int, message: str) -> HttpResponse:
    """A LINE error body."""
    return answer(status, {"message": message}, x_line_request_id="twin-request")


def _keyed_push(state: State, call: Call, registration: Registration) -> HttpResponse:
    """Take a retry key once; a second copy is answered 409 with what the first one sent."""
    key = call.headers.get("x-line-retry-key")
    if key is None:
        return _push(state, call.json, registration)
    if not _is_uuid(key):
        return error(400, "Invalid retry key")
    earlier = state.line_keys.get(key)
    if earlier:
        request_id, sent = earlier
        body = {"message": "The retry key is already accepted", **sent}
        return answer(409, body, x_line_accepted_request_id=request_id)
    response = _push(state, call.json, registration)
    if response.status == 200:
        request_id = response.headers["x-line-request-id"]
        state.line_keys[key] = (request_id, json.loads(response.body))
    return response


def _push(state: State, body: dict[str, Any], registration: Registration) -> HttpResponse:
    to, messages = as_text(body.get("to")), body.get("messages")
    if not to:
        return error(400, "The property, 'to', in the request body is invalid (line: -, column: -)")
    if not isinstance(messages, list) or not 0 < len(messages) <= MAX_MESSAGES:
        return error(400, "Size must be between 1 and 5")
    if not all(isinstance(item, dict) and _is_valid(item) for item in messages):
        return error(400, "The request body has 1 error(s)")
    # Whoever blocked the account gets nothing, and LINE says nothing about it.
    is_gone = state.person(registration.account, to) in state.gone
    ids = [str(state.numeric()) for _ in messages]
    for message_id, item in zip(ids, messages, strict=True):
        if not is_gone:
            state.deliver(
                registration,
                "line",
                sender=registration.account.setting("destination", "Utwin"),
                to=to,
                provider_message_id=message_id,
                text=item.get("text"),
                media_url=item.get("originalContentUrl"),
                receipts=False,
            )
    sent = [{"id": message_id, "quoteToken": f"q{message_id}"} for message_id in ids]
    return answer(200, {"sentMessages": sent}, x_line_request_id=state.ident("req-"))


def _is_valid(item: dict[str, Any]) -> bool:
    kind = item.get("type")
    if kind == "text":
        text = as_text(item.get("text")) or ""
        return 0 < len(text.encode("utf-16-le")) // 2 <= 5000
    needed = {
        "image": ("originalContentUrl", "previewImageUrl"),
        "video": ("originalContentUrl", "previewImageUrl"),
        "audio": ("originalContentUrl", "duration"),
    }
    return kind in needed and all(item.get(key) for key in needed[str(kind)])


def _is_uuid(key: str) -> bool:
    try:
        UUID(key)
    except ValueError:
        return False
    return True
