"""Amazon: SESv2's SendEmail, SNS's certificate and confirmation; others in modules of their own."""

import base64
import json
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

from local.twins import sms_voice_api
from local.twins.answers import Call, answer, octets
from local.twins.mail import Authority
from local.twins.state import Registration, State
from rapport.channels.sender import HttpResponse

SES_HOST = re.compile(r"email\.([a-z0-9-]+)\.amazonaws\.com")
SNS_HOST = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com")
SEND = "/v2/email/outbound-emails"


def handle(state: State, call: Call, authority: Authority) -> HttpResponse:
    """Answer one request."""
    if SNS_HOST.fullmatch(call.host):
        return _sns(state, call, authority)
    messaging = sms_voice_api.HOST.fullmatch(call.host)
    if messaging:
        if not _is_signed(call, sms_voice_api.SERVICE, messaging[1]):
            return sms_voice_api.error("MissingAuthenticationTokenException", 400)
        return sms_voice_api.handle(state, call)
    region = SES_HOST.fullmatch(call.host)
    if region is None or call.method != "POST" or call.path != SEND:
        return error("NotFoundException", 404)
    if not _is_signed(call, "ses", region[1]):
        return error("MissingAuthenticationTokenException", 403)
    return _send(state, call.json)


def channels_of(call: Call) -> set[str]:
    """The names by which a fault may mean this request's channel."""
    if not sms_voice_api.HOST.fullmatch(call.host):
        return {"ses", "email"}
    is_call = "Voice" in call.headers.get("x-amz-target", "").rpartition(".")[2]
    return {"aws_messaging", "voice" if is_call else "sms"}


def error(name: str, status: int) -> HttpResponse:
    """An error as SES's REST-JSON protocol gives it."""
    return answer(status, {"message": "Twin error"}, x_amzn_errortype=name)


def _sns(state: State, call: Call, authority: Authority) -> HttpResponse:
    if call.path == f"/{authority.certificate_path}":
        return octets(authority.certificate_pem, "application/x-pem-file")
    given = call.parameters
    if given.get("Action") == "ConfirmSubscription" and given.get("Token"):
        state.confirmed_topics.add(given.get("TopicArn", ""))
        return octets(b"<ConfirmSubscriptionResponse/>", "text/xml")
    return answer(400, {})


def _is_signed(call: Call, service: str, region: str) -> bool:
    """Signature version 4 in form: scope, and the headers that must be signed. Not its digest."""
    value = call.headers.get("authorization", "")
    scope = re.search(r"Credential=[^/]+/(\d{8})/([a-z0-9-]+/[a-z0-9-]+)/aws4_request", value)
    wanted = f"{region}/{service}"
    if not value.startswith("AWS4-HMAC-SHA256 ") or scope is None or scope[2] != wanted:
        return False
    is_dated = call.headers.get("x-amz-date", "").startswith(scope[1])
    return is_dated and "host" in value and "Signature=" in value


def _send(state: State, body: dict[str, Any]) -> HttpResponse:
    source = parseaddr(str(body.get("FromEmailAddress", "")))[1]
    registration = state.find(
        "ses", lambda account: account.setting("from_address").lower() == source.lower()
    )
    if registration is None:
        return error("MessageRejected", 400)  # "Email address is not verified"
    recipients = (body.get("Destination") or {}).get("ToAddresses")
    content = body.get("Content")
    if not isinstance(recipients, list) or len(recipients) != 1 or not isinstance(content, dict):
        return error("BadRequestException", 400)
    if "@" not in recipients[0] or "," in recipients[0]:
        return error("BadRequestException", 400)
    read = _raw(content["Raw"]) if "Raw" in content else _template(content.get("Template"))
    if read is None:
        return error("BadRequestException", 400)
    return _deliver(state, body, registration, {**read, "sender": source, "to": recipients[0]})


def _deliver(
    state: State, body: dict[str, Any], registration: Registration, facts: dict[str, Any]
) -> HttpResponse:
    tags = {tag["Name"]: tag["Value"] for tag in body.get("EmailTags", [])}
    message_id = state.ident("0100twin-")
    state.deliver(
        registration,
        "email",
        provider_message_id=message_id,
        reference=tags.get("reference"),
        # Without a configuration set SES publishes no events.
        receipts="ConfigurationSetName" in body,
        **facts,
    )
    return answer(200, {"MessageId": message_id})


def _template(template: object) -> dict[str, Any] | None:
    if not isinstance(template, dict) or not template.get("TemplateName"):
        return None
    data = json.loads(template.get("TemplateData") or "{}")
    return {"template": {"name": template["TemplateName"], "parameters": list(data.values())}}


def _raw(raw: object) -> dict[str, Any] | None:
    try:
        data = base64.b64decode(raw["Data"], validate=True)  # type: ignore[index]
    except (TypeError, KeyError, ValueError):
        return None
    mail = message_from_bytes(data, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    kept = ("from", "to", "subject", "in-reply-to", "references", "reply-to")
    kept_headers = {name: str(mail[name]) for name in kept if mail[name] is not None}
    return {
        "text": _part(mail, "plain"),
        "html": _part(mail, "html"),
        "subject": kept_headers.get("subject"),
        "headers": kept_headers,
    }


def _part(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body(preferencelist=(kind,))
    # Line breaks are CRLF on the wire, one character on a screen.
    return str(part.get_content()).replace("\r\n", "\n") if part else None
