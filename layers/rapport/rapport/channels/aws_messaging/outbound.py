"""Send SMS and voice messages by AWS End User Messaging (API pinpoint-sms-voice-v2).

`message.channel` says which: `voice`, or else SMS. Settings: `origination_identity` (a number,
sender id or pool) and `voice_identity` (a number or pool that can call; else the same), `region`
(else `AWS_REGION`), `configuration_set` (without one there are no receipts), `max_price` and
`max_price_per_minute` (USD, e.g. `0.25`: what costs more is not sent), `protect_configuration`;
`voices`, which maps a locale to another of Amazon Polly's voices. The reference comes back in the
events' `context`. There is no idempotency key: a lost answer stays unknown.
"""

import os
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from rapport.channels.aws_requests import (
    CredentialSource,
    exception_name,
    role_credentials,
    signed,
)
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
    json_body,
    json_object,
    refuse,
    sent,
)
from rapport.channels.speech import Said, speak, spoken_locale
from rapport.contracts.content import TextContent
from rapport.kernel.errors import InvalidInput, Misconfigured

VOICE = "voice"
TEXT_LIMIT, SSML_LIMIT = 1600, 6000
TIME_TO_LIVE_S = 300
"""A code that waits longer in a queue of theirs is of little use; five seconds is their least."""
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
PRICE = re.compile(r"[0-9]{1,2}\.[0-9]{1,5}")

_AUTH = Rule(ErrorClass.AUTH)
_POLICY = Rule(ErrorClass.POLICY)
_INVALID = Rule(ErrorClass.INVALID_REQUEST)
_RATE = Rule(ErrorClass.RATE_LIMITED, Outcome.RETRY)
_PERHAPS = Rule(ErrorClass.TRANSIENT, Outcome.UNKNOWN)
_RECIPIENT = Rule(ErrorClass.RECIPIENT_INVALID)
ERRORS: Mapping[str, Rule] = {
    "ThrottlingException": _RATE,
    "ServiceQuotaExceededException": Rule(ErrorClass.PAYMENT),
    "AccessDeniedException": _AUTH,
    "ResourceNotFoundException": _INVALID,
    "ValidationException": _INVALID,
    "ConflictException": _POLICY,
    "InternalServerException": _PERHAPS,
    "ServiceUnavailable": _PERHAPS,
    "InvalidSignatureException": _AUTH,
    "UnrecognizedClientException": _AUTH,
    "MissingAuthenticationTokenException": _AUTH,
    # The role's credentials are renewed under us: the next attempt carries new ones.
    "ExpiredTokenException": Rule(ErrorClass.AUTH, Outcome.RETRY),
}
"""By exception name."""

REASONS: Mapping[str, Rule] = {
    "DESTINATION_PHONE_NUMBER_OPTED_OUT": Rule(ErrorClass.OPTED_OUT),
    "DESTINATION_PHONE_NUMBER_NOT_VERIFIED": _POLICY,
    "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION": _POLICY,
    "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE": _POLICY,
    "NO_ORIGINATION_IDENTITIES_FOUND": _INVALID,
    "NUMBER_CAPABILITIES_MISMATCH": _INVALID,
    "COUNTRY_NOT_ENABLED": _POLICY,
    "DESTINATION_COUNTRY_BLOCKED": _POLICY,
    "INTERNATIONAL_SENDING_NOT_SUPPORTED": _POLICY,
    "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY": _INVALID,
    "PRICE_OVER_THRESHOLD": _POLICY,
    "CANNOT_PARSE": _RECIPIENT,
    "VOICE_CAPABILITY_NOT_AVAILABLE": _INVALID,
    "DAILY_DESTINATION_CALL_LIMIT": _POLICY,
    "ACCOUNT_DISABLED": _AUTH,
}
"""By an exception's `Reason`, which says more than its name: API reference, data types."""

VOICES: Mapping[str, tuple[str, str]] = {
    "en": ("JOANNA", "en-US"),
    "zh-TW": ("ZHIYU", "cmn-CN"),
    "zh-CN": ("ZHIYU", "cmn-CN"),
    "ja": ("MIZUKI", "ja-JP"),
    "es": ("LUCIA", "es-ES"),
    "pt-BR": ("CAMILA", "pt-BR"),
    "de": ("MARLENE", "de-DE"),
    "fr": ("LEA", "fr-FR"),
    "it": ("BIANCA", "it-IT"),
    "ko": ("SEOYEON", "ko-KR"),
}
"""Voice and its language by the locale of `speech.DIGITS`. None of the API's voices speaks
Cantonese: such a call is refused, so that the code goes out on the next route."""


class Outbound(HttpSender):
    """The SMS and voice of one AWS account and region."""

    name = "AWS End User Messaging"
    abilities = Abilities(text=Limit(TEXT_LIMIT))
    required = ("origination_identity",)

    def __init__(self, credentials: CredentialSource = role_credentials) -> None:
        self._credentials = credentials

    def own_refusal(self, message: OutboundMessage, account: Account) -> SendError | None:
        """A number to send to, sane settings, and for a call a voice that speaks the language."""
        if not NUMBER.fullmatch(message.to):
            return refuse(ErrorClass.RECIPIENT_INVALID, "This is no number with a country code.")
        for key in ("max_price", "max_price_per_minute"):
            if account.setting(key) and not PRICE.fullmatch(account.setting(key)):
                return refuse(ErrorClass.AUTH, f"The setting {key} must be a price such as 0.25.")
        return _voice_refusal(message) if message.channel == VOICE else None

    def call(self, message: OutboundMessage, account: Account, now: datetime) -> Call:
        """`SendTextMessage` or `SendVoiceMessage`, signed; raises `Misconfigured`."""
        del now
        region = account.setting("region") or os.environ.get("AWS_REGION", "")
        if not REGION.fullmatch(region):
            raise Misconfigured("No region is set for text and voice messages.")
        is_call = message.channel == VOICE
        operation = "SendVoiceMessage" if is_call else "SendTextMessage"
        body = _common(message, account) | (_spoken if is_call else _written)(message, account)
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": f"PinpointSMSVoiceV2.{operation}",
        }
        url = f"https://sms-voice.{region}.amazonaws.com/"
        bare = Call(url, headers, json_body(body))
        return signed(bare, "sms-voice", region, self._credentials())

    def read(self, response: HttpResponse) -> SendResult:
        """`MessageId`, or the exception with its reason."""
        body = json_object(response)
        message_id = body.get("MessageId")
        if response.status < 300 and isinstance(message_id, str):
            return sent(message_id)
        name, reason = exception_name(response, body), str(body.get("Reason") or "")
        rule = REASONS.get(reason) or ERRORS.get(name)
        if rule is None:
            return self.by_status(response)
        return self.result(rule, reason or name, response)


def ssml(message: OutboundMessage) -> str:
    """What is said: words as they are, each digit slowly and with a pause behind it."""
    content = message.content
    if not isinstance(content, TextContent):
        raise InvalidInput("Only words can be said.")
    locale = spoken_locale(str(message.extra.get("locale") or ""))
    code = message.extra.get("code")
    pieces = speak(content.text, code if isinstance(code, str) else None, locale)
    language = VOICES[locale][1]
    said = "".join(map(_element, pieces))
    return f'<speak><lang xml:lang={quoteattr(language)}><break time="1s"/>{said}</lang></speak>'


def _element(piece: Said) -> str:
    if not piece.words:
        return '<break time="2s"/>'
    words = escape(piece.words)
    if piece.is_digit:
        return f'<prosody rate="slow">{words}</prosody><break time="700ms"/>'
    return f'{words}<break time="400ms"/>'


def _voice_refusal(message: OutboundMessage) -> SendError | None:
    code = message.extra.get("code")
    if code is not None and not (isinstance(code, str) and code.isascii() and code.isdigit()):
        return refuse(ErrorClass.INVALID_REQUEST, "Only codes of digits can be said.")
    if spoken_locale(str(message.extra.get("locale") or "")) not in VOICES:
        return refuse(ErrorClass.UNSUPPORTED, "No voice of this service speaks this language.")
    if len(ssml(message)) > SSML_LIMIT:
        return refuse(ErrorClass.INVALID_REQUEST, "There is too much to say.", "too_long")
    return None


def _common(message: OutboundMessage, account: Account) -> dict[str, Any]:
    body: dict[str, Any] = {
        "DestinationPhoneNumber": message.to,
        "TimeToLive": TIME_TO_LIVE_S,
        "Context": {"reference": message.reference},
    }
    if name := account.setting("configuration_set"):
        body["ConfigurationSetName"] = name
    if identifier := account.setting("protect_configuration"):
        body["ProtectConfigurationId"] = identifier
    return body


def _written(message: OutboundMessage, account: Account) -> dict[str, Any]:
    assert isinstance(message.content, TextContent)  # nothing else is within our abilities
    body = {
        "OriginationIdentity": account.setting("origination_identity"),
        "MessageBody": message.content.text,
        "MessageType": "TRANSACTIONAL",
    }
    if price := account.setting("max_price"):
        body["MaxPrice"] = price
    return body


def _spoken(message: OutboundMessage, account: Account) -> dict[str, Any]:
    locale = spoken_locale(str(message.extra.get("locale") or ""))
    chosen = account.document.get("voices")
    voice = chosen.get(locale) if isinstance(chosen, dict) else None
    body = {
        "OriginationIdentity": account.setting("voice_identity")
        or account.setting("origination_identity"),
        "MessageBody": ssml(message),
        "MessageBodyTextType": "SSML",
        "VoiceId": str(voice or VOICES[locale][0]),
    }
    if price := account.setting("max_price_per_minute"):
        body["MaxPricePerMinute"] = price
    return body
