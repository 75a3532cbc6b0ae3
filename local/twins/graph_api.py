"""Meta's Graph API: WhatsApp and Messenger sends, and WhatsApp's media."""

import re
from typing import Any

from local.twins.answers import Call, answer, as_text, octets
from local.twins.state import Registration, State
from rapport.channels.base import Account
from rapport.channels.sender import HttpResponse

HOSTS = frozenset({"graph.facebook.com", "lookaside.fbsbx.com", "cdn.fbsbx.com"})
TYPES = frozenset({"text", "image", "video", "audio", "document", "template"})
_EDGE = re.compile(r"/v\d+\.\d+/([^/]+)/messages")
_NODE = re.compile(r"/v\d+\.\d+/([^/]+)")


def handle(state: State, call: Call) -> HttpResponse:
    """Answer one request."""
    if call.host == "cdn.fbsbx.com":
        return _file(state, call.path.rpartition("/")[2])
    if not _is_token(state, call.bearer):
        return error(190, 401)
    if call.host == "lookaside.fbsbx.com":
        return _file(state, call.parameters.get("mid", ""))
    edge = _EDGE.fullmatch(call.path)
    if edge and call.method == "POST":
        return _send(state, call, edge[1])
    node = _NODE.fullmatch(call.path)
    if node and call.method == "GET" and node[1] in state.media:
        return _media(state, node[1])
    return error(100, 400, subcode=33)


def error(code: int, status: int, *, subcode: int | None = None) -> HttpResponse:
    """A Graph error body."""
    body: dict[str, Any] = {
        "message": f"(#{code}) Twin error",
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "Atwin",
    }
    if subcode is not None:
        body["error_subcode"] = subcode
    return answer(status, {"error": body})


def _is_token(state: State, token: str) -> bool:
    accounts = [found.account for found in state.registrations.values()]
    return bool(token) and any(token in account.secrets("access_token") for account in accounts)


def _send(state: State, call: Call, sender: str) -> HttpResponse:
    def is_ours(key: str) -> Any:
        def test(account: Account) -> bool:
            return account.setting(key) == sender and call.bearer in account.secrets("access_token")

        return test

    number = state.find("whatsapp", is_ours("phone_number_id"))
    if number:
        return _whatsapp(state, call.json, number, sender)
    page = state.find("messenger", is_ours("page_id"))
    if page:
        return _messenger(state, call.json, page, sender)
    return error(100, 400, subcode=33)


def _whatsapp(
    state: State, body: dict[str, Any], registration: Registration, sender: str
) -> HttpResponse:
    kind, to = as_text(body.get("type")), as_text(body.get("to"))
    content = body.get(kind or "")
    if body.get("messaging_product") != "whatsapp" or not to:
        return error(100, 400)
    if kind not in TYPES or not isinstance(content, dict):
        return error(131009, 400)
    text = content.get("body") if kind == "text" else content.get("caption")
    if (kind == "text" and not text) or len(text or "") > 4096:
        return error(100, 400)
    template = _template(content) if kind == "template" else None
    if template and template["name"] in state.authentication_templates and not template["button"]:
        return error(131008, 400)  # "Button at index 0 of type Url requires a parameter"
    wamid = state.ident("wamid.")
    # Meta takes a free-form message outside the window, and reports 131047 as a failed status.
    is_late = kind != "template" and not state.is_window_open(registration.account, to)
    facts = {
        "sender": sender,
        "to": to,
        "provider_message_id": wamid,
        "text": text,
        "media_url": content.get("link"),
        "template": template,
        "reference": as_text(body.get("biz_opaque_callback_data")),
        "reply_to": (body.get("context") or {}).get("message_id"),
        **({"failure": "131047"} if is_late else {}),
    }
    state.deliver(registration, "whatsapp", **facts)
    contacts = [{"input": to, "wa_id": to.lstrip("+")}]
    messages = [{"id": wamid, "message_status": "accepted"}]
    return answer(
        200, {"messaging_product": "whatsapp", "contacts": contacts, "messages": messages}
    )


def _template(content: dict[str, Any]) -> dict[str, Any]:
    language = (content.get("language") or {}).get("code")
    copied = _texts(content, "button")
    return {
        "name": content.get("name"),
        "language": language,
        "parameters": _texts(content, "body"),
        "button": copied[0] if copied else None,
    }


def _texts(content: dict[str, Any], kind: str) -> list[Any]:
    return [
        parameter.get("text")
        for component in content.get("components", [])
        if component.get("type") == kind
        for parameter in component.get("parameters", [])
    ]


def _messenger(
    state: State, body: dict[str, Any], registration: Registration, sender: str
) -> HttpResponse:
    to = as_text((body.get("recipient") or {}).get("id"))
    message = body.get("message") or {}
    attachment = message.get("attachment") or {}
    text = as_text(message.get("text"))
    kind = body.get("messaging_type")
    if not to or kind not in ("RESPONSE", "UPDATE", "MESSAGE_TAG") or not (text or attachment):
        return error(100, 400)
    if len((text or "").encode()) > 2000:
        return error(100, 400)
    if kind != "MESSAGE_TAG" and not state.is_window_open(registration.account, to):
        return error(10, 400, subcode=2018278)
    mid = state.ident("m_")
    state.deliver(
        registration,
        "messenger",
        sender=sender,
        to=to,
        provider_message_id=mid,
        text=text,
        media_url=(attachment.get("payload") or {}).get("url"),
    )
    return answer(200, {"recipient_id": to, "message_id": mid})


def _media(state: State, media_id: str) -> HttpResponse:
    media = state.media[media_id]
    url = f"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid={media_id}"
    described = {"url": url, "mime_type": media.content_type, "sha256": media.sha256}
    size = len(media.content)
    return answer(
        200, {**described, "file_size": size, "id": media_id, "messaging_product": "whatsapp"}
    )


def _file(state: State, media_id: str) -> HttpResponse:
    media = state.media.get(media_id)
    return octets(media.content, media.content_type) if media else answer(404, {})
