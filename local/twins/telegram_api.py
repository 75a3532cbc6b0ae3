"""Telegram: sendMessage and the media methods, getFile and files."""

import re
from typing import Any

from local.twins.answers import Call, answer, as_text, octets
from local.twins.state import Registration, State
from rapport.channels.sender import HttpResponse

HOSTS = frozenset({"api.telegram.org"})
METHODS = {
    "sendMessage": "text",
    "sendPhoto": "photo",
    "sendVideo": "video",
    "sendAudio": "audio",
    "sendDocument": "document",
}
_METHOD = re.compile(r"/bot([^/]+)/([A-Za-z]+)")
_FILE = re.compile(r"/file/bot([^/]+)/files/([^/]+)")


def handle(state: State, call: Call) -> HttpResponse:
    """Answer one request."""
    found = _METHOD.fullmatch(call.path) or _FILE.fullmatch(call.path)
    token = found[1] if found else ""
    registration = state.find("telegram", lambda account: token in account.secrets("bot_token"))
    if found is None or registration is None:
        return error(404 if found is None else 401, "Unauthorized")
    if call.path.startswith("/file/"):
        media = state.media.get(found[2])
        return octets(media.content, media.content_type) if media else error(404, "Not Found")
    given = {**call.parameters, **(call.json or call.form)}
    if found[2] == "getFile":
        return _get_file(state, str(given.get("file_id", "")))
    if found[2] in METHODS:
        return _send(state, METHODS[found[2]], given, registration)
    return error(404, "Not Found")


def error(code: int, description: str, **parameters: int) -> HttpResponse:
    """A Telegram error body."""
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return answer(code, {**body, "parameters": parameters} if parameters else body)


def _get_file(state: State, file_id: str) -> HttpResponse:
    if file_id not in state.media:
        return error(400, "Bad Request: invalid file_id")
    size = len(state.media[file_id].content)
    result = {"file_id": file_id, "file_size": size, "file_path": f"files/{file_id}"}
    return answer(200, {"ok": True, "result": result})


def _send(
    state: State, field: str, given: dict[str, Any], registration: Registration
) -> HttpResponse:
    try:
        chat_id = int(given.get("chat_id", ""))
    except (TypeError, ValueError):
        return error(400, "Bad Request: chat not found")
    content = as_text(given.get(field))
    text = content if field == "text" else as_text(given.get("caption"))
    if not content:
        return error(400, "Bad Request: message text is empty")
    if len((text or "").encode("utf-16-le")) // 2 > (4096 if field == "text" else 1024):
        return error(400, "Bad Request: message is too long")
    if state.person(registration.account, str(chat_id)) in state.gone:
        return error(403, "Forbidden: bot was blocked by the user")
    number = state.number()
    replied = (given.get("reply_parameters") or {}).get("message_id")
    message = state.deliver(
        registration,
        "telegram",
        sender=registration.account.setting("bot_token").partition(":")[0],
        to=str(chat_id),
        provider_message_id=f"{chat_id}:{number}",
        text=text,
        media_url=None if field == "text" else content,
        reply_to=f"{chat_id}:{replied}" if replied else None,
        receipts=False,
    )
    chat = {"id": chat_id, "type": "private"}
    date = int(message.at.timestamp())
    result = {"message_id": number, "date": date, "chat": chat, "text": text}
    return answer(200, {"ok": True, "result": result})
