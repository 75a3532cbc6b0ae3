"""AWS End User Messaging: SendTextMessage and SendVoiceMessage of `pinpoint-sms-voice-v2`."""

import re
from typing import Any
from xml.etree import ElementTree as ET

from local.twins import codes
from local.twins.answers import Call, answer
from local.twins.state import Registration, State
from rapport.channels.base import Account
from rapport.channels.sender import HttpResponse

HOST = re.compile(r"sms-voice\.([a-z0-9-]+)\.amazonaws\.com")
SERVICE = "sms-voice"
_TARGET = re.compile(r"PinpointSMSVoiceV2\.(SendTextMessage|SendVoiceMessage)")
_NUMBER = re.compile(r"\+?[1-9][0-9]{1,18}")
_VOICE = re.compile(r"[A-Z]{3,20}")
TEXT_LIMIT, SPEECH_LIMIT = 1600, 6000
SHORTEST_LIFE, LONGEST_LIFE = 5, 259_200


def handle(state: State, call: Call) -> HttpResponse:
    """Answer one request, whose signature was looked at."""
    operation = _TARGET.fullmatch(call.headers.get("x-amz-target", ""))
    is_json = call.headers.get("content-type") == "application/x-amz-json-1.0"
    if operation is None or call.method != "POST" or call.path != "/" or not is_json:
        return error("UnknownOperationException", 400)
    body, is_call = call.json, operation[1] == "SendVoiceMessage"
    refused = _refusal(body, is_call=is_call)
    if refused:
        return error("ValidationException", 400, refused)
    identity = str(body.get("OriginationIdentity") or "")
    keys = ("voice_identity", "origination_identity") if is_call else ("origination_identity",)
    found = state.find("aws_messaging", lambda account: identity in _settings(account, keys))
    if found is None:
        return error("ResourceNotFoundException", 400)
    if state.person(found.account, body["DestinationPhoneNumber"]) in state.gone:
        return error("ConflictException", 400, "DESTINATION_PHONE_NUMBER_OPTED_OUT")
    return _deliver(state, found, body, is_call=is_call)


def error(name: str, status: int, reason: str | None = None) -> HttpResponse:
    """An error as AWS's JSON 1.0 protocol gives it."""
    body = {"__type": f"com.amazonaws.pinpointsmsvoicev2#{name}", "Message": "Twin error"}
    return answer(status, body | ({"Reason": reason} if reason else {}))


def _settings(account: Account, keys: tuple[str, ...]) -> set[str]:
    return {account.setting(key) for key in keys} - {""}


def _refusal(body: dict[str, Any], *, is_call: bool) -> str | None:
    """The `Reason` of the ValidationException; None for what AWS takes."""
    said = body.get("MessageBody")
    if not _NUMBER.fullmatch(str(body.get("DestinationPhoneNumber") or "")):
        return "FIELD_VALIDATION_FAILED"
    if not body.get("OriginationIdentity"):
        return "FIELD_VALIDATION_FAILED"
    life = body.get("TimeToLive", LONGEST_LIFE)
    if not isinstance(life, int) or not SHORTEST_LIFE <= life <= LONGEST_LIFE:
        return "FIELD_VALIDATION_FAILED"
    if not isinstance(said, str) or not 0 < len(said) <= (SPEECH_LIMIT if is_call else TEXT_LIMIT):
        return "INVALID_PARAMETER"
    return _unspeakable(body, said) if is_call else None


def _unspeakable(body: dict[str, Any], said: str) -> str | None:
    if not _VOICE.fullmatch(str(body.get("VoiceId", "MATTHEW"))):
        return "FIELD_VALIDATION_FAILED"
    if body.get("MessageBodyTextType", "TEXT") != "SSML":
        return None
    try:
        root = ET.fromstring(said)
    except ET.ParseError:
        return "CANNOT_PARSE"
    return None if root.tag == "speak" else "CANNOT_PARSE"


def _deliver(
    state: State, found: Registration, body: dict[str, Any], *, is_call: bool
) -> HttpResponse:
    message_id, said = state.ident("twin-eum-"), body["MessageBody"]
    is_markup = is_call and body.get("MessageBodyTextType") == "SSML"
    state.deliver(
        found,
        "voice" if is_call else "sms",
        sender=body["OriginationIdentity"],
        to=body["DestinationPhoneNumber"],
        provider_message_id=message_id,
        text=codes.heard(said) if is_markup else said,
        spoken=said if is_markup else None,
        reference=(body.get("Context") or {}).get("reference"),
        # Without a configuration set no events are published.
        receipts="ConfigurationSetName" in body,
    )
    return answer(200, {"MessageId": message_id})
