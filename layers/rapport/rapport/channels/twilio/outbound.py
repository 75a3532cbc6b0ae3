"""Send SMS, MMS and WhatsApp by Twilio (twilio.com/docs/messaging/api/message-resource).

`message.channel` says which: `whatsapp`, `voice` (see the module of that name), or else SMS.

Settings: `account_sid`, `auth_token` (several while rotating) or `api_key_sid` with
`api_key_secret`; the senders `messaging_service_sid` or `sms_from`, and `whatsapp_from`;
`content_sids`, which maps `name:language` or `name` of a template to Twilio's `HX…`.
There is no idempotency key: a lost answer stays unknown until a status callback reports.
"""

import base64
from datetime import datetime, timedelta
from urllib.parse import urlencode

from rapport.channels.base import Account
from rapport.channels.sender import (
    ErrorClass,
    Http,
    HttpResponse,
    OutboundMessage,
    Outcome,
    Sender,
    SendError,
    SendResult,
)
from rapport.channels.sending import (
    Abilities,
    Call,
    HttpSender,
    Limit,
    Rule,
    Window,
    json_object,
    refuse,
    sent,
)
from rapport.contracts.content import MediaContent, TemplateContent, TextContent
from rapport.kernel import json

HOST = "https://api.twilio.com/2010-04-01"
WHATSAPP = "whatsapp"
VOICE = "voice"
WHATSAPP_WINDOW = Window(free=timedelta(hours=24))  # 63016 outside of it
TEXT = Limit(1600)
ABILITIES = Abilities(
    text=TEXT,
    captions={"image": TEXT, "video": TEXT, "audio": TEXT, "document": TEXT},
    templates=True,
)

_RATE = Rule(ErrorClass.RATE_LIMITED, Outcome.RETRY)
_GROUPS: tuple[tuple[tuple[int, ...], Rule], ...] = (
    ((20003, 20006, 20008), Rule(ErrorClass.AUTH)),
    ((20429, 21611, 30001, 63018), _RATE),  # the queue is full: nothing was queued
    ((20404, 21603, 21604, 21605, 21606, 21612, 21617), Rule(ErrorClass.INVALID_REQUEST)),
    ((21619, 21620, 21623, 21655, 21656, 63005, 63007), Rule(ErrorClass.INVALID_REQUEST)),
    ((21211, 21214, 21217, 21614, 63003, 63024), Rule(ErrorClass.RECIPIENT_INVALID)),
    ((30003, 30005, 30006), Rule(ErrorClass.RECIPIENT_INVALID)),
    ((21408, 21608, 30002, 30004, 30007, 30022, 30027, 30034), Rule(ErrorClass.POLICY)),
    ((63013, 63032, 63049), Rule(ErrorClass.POLICY)),
    ((21610,), Rule(ErrorClass.OPTED_OUT)),
    ((63016,), Rule(ErrorClass.WINDOW_CLOSED)),
    ((20005,), Rule(ErrorClass.PAYMENT)),
    ((20500, 20503, 30008, 30036, 30410), Rule(ErrorClass.TRANSIENT, Outcome.UNKNOWN)),
)
ERRORS: dict[int, Rule] = {code: rule for codes, rule in _GROUPS for code in codes}
"""By `code`, of answers and of status callbacks: twilio.com/docs/api/errors."""


class Outbound(HttpSender):
    """One Twilio account with its senders."""

    name = "Twilio"
    abilities = ABILITIES
    required = ("account_sid",)
    credential = "auth_token"

    def refusal(
        self, message: OutboundMessage, account: Account, now: datetime
    ) -> SendError | None:
        """Why it may not be sent; of a call, the voice sender tells."""
        if message.channel == VOICE:
            return _calls().refusal(message, account, now)
        return super().refusal(message, account, now)

    def send(
        self, message: OutboundMessage, account: Account, http: Http, now: datetime
    ) -> SendResult:
        """Make one attempt; a call is the voice sender's."""
        if message.channel == VOICE:
            return _calls().send(message, account, http, now)
        return super().send(message, account, http, now)

    def window_for(self, message: OutboundMessage) -> Window | None:
        """WhatsApp's window holds also behind Twilio; SMS has none."""
        return WHATSAPP_WINDOW if message.channel == WHATSAPP else None

    def own_refusal(self, message: OutboundMessage, account: Account) -> SendError | None:
        """Some credential, a sender for the channel, and a known template are needed."""
        if not has_credential(account):
            return refuse(ErrorClass.AUTH, "This account lacks the setting auth_token.")
        if not _sender(message, account):
            setting = "whatsapp_from" if message.channel == WHATSAPP else "sms_from"
            return refuse(ErrorClass.AUTH, f"This account lacks the setting {setting}.")
        content = message.content
        if isinstance(content, TemplateContent) and not _content_sid(content, account):
            detail = "The account's content_sids name no Twilio content for this template."
            return refuse(ErrorClass.INVALID_REQUEST, detail)
        return None

    def call(self, message: OutboundMessage, account: Account, now: datetime) -> Call:
        """`POST /Accounts/{sid}/Messages.json`."""
        del now
        form = {"To": _to(message), **_sender(message, account), **_content(message, account)}
        if message.status_callback:
            form["StatusCallback"] = message.status_callback
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "authorization": authorization(account),
        }
        url = f"{HOST}/Accounts/{account.setting('account_sid')}/Messages.json"
        return Call(url, headers, urlencode(form).encode("ascii"))

    def read(self, response: HttpResponse) -> SendResult:
        """`sid`, or the error; a message that is `failed` from the start carries `error_code`."""
        body = json_object(response)
        code = body.get("code") or body.get("error_code")
        if isinstance(code, int) and code in ERRORS:
            return self.result(ERRORS[code], code, response)
        sid = body.get("sid")
        if response.status < 300 and isinstance(sid, str):
            if body.get("status") in ("failed", "undelivered"):
                return self.result(Rule(ErrorClass.INVALID_REQUEST), str(code), response)
            return sent(sid)
        return self.by_status(response)


def has_credential(account: Account) -> bool:
    """Whether the account has a token, or a key and its secret."""
    return _credential(account) is not None


def authorization(account: Account) -> str:
    """The value of the header that proves who we are."""
    user, secret = _credential(account) or ("", "")
    return f"Basic {base64.b64encode(f'{user}:{secret}'.encode()).decode()}"


def _calls() -> Sender:
    from rapport.channels.twilio.voice import Calls  # few accounts ever call anyone

    return Calls()


def _credential(account: Account) -> tuple[str, str] | None:
    key, secret = account.setting("api_key_sid"), account.setting("api_key_secret")
    if key and secret:
        return key, secret
    token = account.setting("auth_token")
    return (account.setting("account_sid"), token) if token else None


def _sender(message: OutboundMessage, account: Account) -> dict[str, str]:
    if message.channel == WHATSAPP:
        number = account.setting("whatsapp_from")
        return {"From": _prefixed(number)} if number else {}
    service = account.setting("messaging_service_sid")
    if service:
        return {"MessagingServiceSid": service}
    number = account.setting("sms_from")
    return {"From": number} if number else {}


def _to(message: OutboundMessage) -> str:
    return _prefixed(message.to) if message.channel == WHATSAPP else message.to


def _prefixed(number: str) -> str:
    return number if number.startswith(f"{WHATSAPP}:") else f"{WHATSAPP}:{number}"


def _content(message: OutboundMessage, account: Account) -> dict[str, str]:
    content = message.content
    if isinstance(content, TextContent):
        return {"Body": content.text}
    if isinstance(content, MediaContent):
        caption = {"Body": content.caption} if content.caption else {}
        return {**caption, "MediaUrl": str(content.url)}
    form = {"ContentSid": _content_sid(content, account)}
    if content.parameters:
        numbered = {str(i): text for i, text in enumerate(content.parameters, start=1)}
        form["ContentVariables"] = json.dumps(numbered)
    return form


def _content_sid(content: TemplateContent, account: Account) -> str:
    known = account.document.get("content_sids")
    sids = known if isinstance(known, dict) else {}
    own = content.name if content.name.startswith("HX") else ""
    return str(sids.get(f"{content.name}:{content.language}") or sids.get(content.name) or own)
