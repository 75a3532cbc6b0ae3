"""Twilio: Messages.json, the media of messages, and Calls.json."""

import json
import re
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

from local.twins import codes
from local.twins.answers import Call, answer, octets
from local.twins.state import Registration, State
from rapport.channels.base import Account
from rapport.channels.sender import HttpResponse

HOSTS = frozenset({"api.twilio.com", "mms.twiliocdn.com"})
MESSAGES = {20003: "Authenticate", 21610: "Attempt to send to unsubscribed recipient"}
_MESSAGES = re.compile(r"/2010-04-01/Accounts/([^/]+)/Messages\.json")
_CALLS = re.compile(r"/2010-04-01/Accounts/([^/]+)/Calls\.json")
MAX_TWIML = 4000
_MEDIA = re.compile(r"/2010-04-01/Accounts/([^/]+)/Messages/[^/]+/Media/([^/]+)")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


def handle(state: State, call: Call) -> HttpResponse:
    """Answer one request."""
    if call.host == "mms.twiliocdn.com":
        media = state.media.get(call.path.strip("/"))
        return octets(media.content, media.content_type) if media else answer(404, {})
    is_call = _CALLS.fullmatch(call.path)
    found = is_call or _MESSAGES.fullmatch(call.path) or _MEDIA.fullmatch(call.path)
    if found is None:
        return error(20404, 404)
    registration = state.find("twilio", lambda account: account.setting("account_sid") == found[1])
    if registration is None or not _is_known(registration.account, call.basic):
        return error(20003, 401)
    if call.method == "GET":
        location = f"https://mms.twiliocdn.com/{call.path.rpartition('/')[2]}"
        return HttpResponse(307, {"location": location}, b"")
    if is_call:
        return _call(state, call, registration)
    return _send(state, call.form, registration)


def error(code: int, status: int) -> HttpResponse:
    """A Twilio error body."""
    info = f"https://www.twilio.com/docs/errors/{code}"
    message = MESSAGES.get(code, "Twin error")
    return answer(status, {"code": code, "message": message, "more_info": info, "status": status})


def _is_known(account: Account, basic: tuple[str, str]) -> bool:
    user, password = basic
    if user == account.setting("account_sid"):
        return password in account.secrets("auth_token")
    return bool(user) and basic == (
        account.setting("api_key_sid"),
        account.setting("api_key_secret"),
    )


def _send(state: State, form: dict[str, str], registration: Registration) -> HttpResponse:
    account, to = registration.account, form.get("To", "")
    channel = "whatsapp" if to.startswith("whatsapp:") else "sms"
    refused = _refusal(state, form, account, channel)
    if refused:
        return error(refused, 400)
    sid = state.ident("SM")
    sender = form.get("From") or account.setting("sms_from", "+15005550006")
    state.deliver(
        registration,
        channel,
        sender=sender,
        to=to,
        provider_message_id=sid,
        text=form.get("Body"),
        media_url=form.get("MediaUrl"),
        template=_template(form),
        status_callback=form.get("StatusCallback"),
    )
    answered = {"sid": sid, "status": "queued", "to": to, "from": sender, "error_code": None}
    return answer(201, answered)


def _refusal(state: State, form: dict[str, str], account: Account, channel: str) -> int | None:
    to, body = form.get("To", ""), form.get("Body", "")
    if not _NUMBER.fullmatch(to.removeprefix("whatsapp:")):
        return 21211
    if not form.get("From") and not form.get("MessagingServiceSid"):
        return 21603
    if channel == "whatsapp" and not form.get("From", "").startswith("whatsapp:"):
        return 63007
    if not body and not form.get("MediaUrl") and not form.get("ContentSid"):
        return 21619
    if len(body) > 1600:
        return 21617
    if state.person(account, to) in state.gone:
        return 21610
    is_free = channel == "whatsapp" and "ContentSid" not in form
    return 63016 if is_free and not state.is_window_open(account, to) else None


def _call(state: State, call: Call, registration: Registration) -> HttpResponse:
    form, account = call.form, registration.account
    refused = _uncallable(form, account)
    if refused:
        return error(refused, 400)
    sid, to, sender = state.ident("CA"), form["To"], form["From"]
    # Twilio tells a call's end alone unless it is asked for more, each by a parameter of its own.
    asked = parse_qs(call.body.decode()).get("StatusCallbackEvent", ["completed"])
    state.deliver(
        registration,
        "voice",
        sender=sender,
        to=to,
        provider_message_id=sid,
        text=codes.heard(form["Twiml"]),
        spoken=form["Twiml"],
        status_callback=form.get("StatusCallback"),
        callback_events=tuple(asked),
    )
    direction = {"direction": "outbound-api", "account_sid": account.setting("account_sid")}
    return answer(201, {"sid": sid, "status": "queued", "to": to, "from": sender, **direction})


def _uncallable(form: dict[str, str], account: Account) -> int | None:
    if not _NUMBER.fullmatch(form.get("To", "")):
        return 21211
    if not form.get("From"):
        return 21213
    if form["From"] != account.setting("voice_from"):
        return 21210
    if not form.get("Twiml"):
        return 21205
    if len(form["Twiml"]) > MAX_TWIML:
        return 32018
    try:
        root = ET.fromstring(form["Twiml"])
    except ET.ParseError:
        return 12100
    known = root.tag == "Response" and {one.tag for one in root} <= {"Say", "Pause"}
    return None if known else 12200


def _template(form: dict[str, str]) -> dict[str, Any] | None:
    if "ContentSid" not in form:
        return None
    variables = json.loads(form.get("ContentVariables") or "{}")
    return {"name": form["ContentSid"], "parameters": list(variables.values())}
