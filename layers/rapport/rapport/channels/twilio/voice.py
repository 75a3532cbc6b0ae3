"""Call people by Twilio and say a code to them (twilio.com/docs/voice/api/call-resource).

Settings as for messages: `account_sid`, `auth_token` (several while rotating) or `api_key_sid`
with `api_key_secret`; the caller `voice_from`; `voices`, which maps a locale to another of
Twilio's voices. `message.extra`: `locale`, and `code` to be read digit by digit.
There is no idempotency key: a lost answer stays unknown until a status callback reports.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from rapport.channels.base import Account
from rapport.channels.sender import (
    ErrorClass,
    HttpResponse,
    OutboundMessage,
    Outcome,
    SendError,
    SendResult,
)
from rapport.channels.sending import (
    Abilities,
    Call,
    HttpSender,
    Limit,
    Rule,
    json_object,
    refuse,
    sent,
)
from rapport.channels.speech import Said, speak, spoken_locale
from rapport.channels.twilio.outbound import ERRORS as MESSAGE_ERRORS
from rapport.channels.twilio.outbound import HOST, authorization, has_credential
from rapport.contracts.content import TextContent
from rapport.kernel.errors import InvalidInput

MAX_TWIML = 4000  # error 32018 beyond
RING_SECONDS = 30
"""Shorter than it takes most mailboxes to answer: a code has no business on one."""

_POLICY = Rule(ErrorClass.POLICY)
_INVALID = Rule(ErrorClass.INVALID_REQUEST)
ERRORS: Mapping[int, Rule] = {
    **MESSAGE_ERRORS,
    10001: _POLICY,  # the account is not active
    10004: Rule(ErrorClass.RATE_LIMITED, Outcome.RETRY),  # too many calls at once
    20003: Rule(ErrorClass.AUTH),
    13224: Rule(ErrorClass.RECIPIENT_INVALID),
    13225: _POLICY,
    13227: _POLICY,  # no permission for this country
    21201: Rule(ErrorClass.RECIPIENT_INVALID),
    21202: _POLICY,  # a premium number
    21203: _POLICY,
    21205: _INVALID,
    21210: Rule(ErrorClass.AUTH),  # the caller's number is not ours
    21212: Rule(ErrorClass.AUTH),
    21215: _POLICY,  # no permission for this country
    21216: _POLICY,  # blocked for fraud
    21217: Rule(ErrorClass.RECIPIENT_INVALID),
    21219: _POLICY,  # a trial account calls verified numbers alone
    21220: _INVALID,
    32018: _INVALID,
}
"""By `code`: twilio.com/docs/api/errors."""


@dataclass(frozen=True)
class Voice:
    """Who speaks: `language` as `<Say>` takes it, and one of Twilio's voices for it."""

    language: str
    name: str


VOICES: Mapping[str, Voice] = {
    "en": Voice("en-US", "Polly.Joanna"),
    "zh-HK": Voice("yue-HK", "Google.yue-HK-Standard-A"),
    "zh-TW": Voice("cmn-TW", "Google.cmn-TW-Standard-A"),
    "zh-CN": Voice("cmn-CN", "Polly.Zhiyu"),
    "ja": Voice("ja-JP", "Polly.Mizuki"),
    "es": Voice("es-ES", "Polly.Lucia"),
    "pt-BR": Voice("pt-BR", "Polly.Camila"),
    "de": Voice("de-DE", "Polly.Marlene"),
    "fr": Voice("fr-FR", "Polly.Celine"),
    "it": Voice("it-IT", "Polly.Carla"),
    "ko": Voice("ko-KR", "Polly.Seoyeon"),
}
"""By the locale of `speech.DIGITS`; twilio.com/docs/voice/twiml/say/text-speech."""


class Calls(HttpSender):
    """One Twilio account with its number to call from."""

    name = "Twilio Voice"
    abilities = Abilities(text=Limit(1000))
    required = ("account_sid", "voice_from")
    credential = "auth_token"

    def own_refusal(self, message: OutboundMessage, account: Account) -> SendError | None:
        """Some credential, a code of digits if any, and no more to say than Twilio takes."""
        if not has_credential(account):
            return refuse(ErrorClass.AUTH, "This account lacks the setting auth_token.")
        code = message.extra.get("code")
        if code is not None and not (isinstance(code, str) and code.isascii() and code.isdigit()):
            return refuse(ErrorClass.INVALID_REQUEST, "Only codes of digits can be said.")
        if len(twiml(message, account)) > MAX_TWIML:
            return refuse(ErrorClass.INVALID_REQUEST, "There is too much to say.", "too_long")
        return None

    def call(self, message: OutboundMessage, account: Account, now: datetime) -> Call:
        """`POST /Accounts/{sid}/Calls.json`: the words go along, nothing is fetched from us."""
        del now
        form = {
            "To": message.to,
            "From": account.setting("voice_from"),
            "Twiml": twiml(message, account),
            "Timeout": str(RING_SECONDS),
        }
        if message.status_callback:
            form["StatusCallback"] = message.status_callback
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "authorization": authorization(account),
        }
        url = f"{HOST}/Accounts/{account.setting('account_sid')}/Calls.json"
        return Call(url, headers, urlencode(form).encode("ascii"))

    def read(self, response: HttpResponse) -> SendResult:
        """`sid`, or the error."""
        body = json_object(response)
        code = body.get("code")
        if isinstance(code, int) and code in ERRORS:
            return self.result(ERRORS[code], code, response)
        sid = body.get("sid")
        if response.status < 300 and isinstance(sid, str):
            return sent(sid)
        return self.by_status(response)


def twiml(message: OutboundMessage, account: Account) -> str:
    """What Twilio is to say, after a moment in which the telephone reaches the ear."""
    content = message.content
    if not isinstance(content, TextContent):
        raise InvalidInput("Only words can be said.")
    locale = spoken_locale(str(message.extra.get("locale") or ""))
    voice = VOICES[locale]
    chosen = account.document.get("voices")
    name = chosen.get(locale) if isinstance(chosen, dict) else None
    attributes = f"language={quoteattr(voice.language)} voice={quoteattr(str(name or voice.name))}"
    code = message.extra.get("code")
    pieces = speak(content.text, code if isinstance(code, str) else None, locale)
    said = "".join(_verb(piece, attributes) for piece in pieces)
    return f'<Response><Pause length="1"/>{said}</Response>'


def _verb(piece: Said, attributes: str) -> str:
    """One piece; a digit has a second of its own after it."""
    if not piece.words:
        return '<Pause length="2"/>'
    pause = '<Pause length="1"/>' if piece.is_digit else ""
    return f"<Say {attributes}>{escape(piece.words)}</Say>{pause}"
