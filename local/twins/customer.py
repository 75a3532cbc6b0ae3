"""A customer takes their phone: what they do there, as the webhook that reaches us."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.twins import mail, sms_voice, webhooks
from local.twins.mail import Authority
from local.twins.state import Registration, State
from local.twins.webhooks import Media, Said, Webhook

ALIASES = {"sms": "twilio", "email": "ses"}
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit"})
START_WORDS = frozenset({"start", "unstop", "yes"})
# One transparent pixel: what a picture is when nobody says more.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True)
class Action:
    """What one customer does at one of our accounts.

    `channel`: the account's (`twilio`, `ses`; `sms` and `email` mean these). `media`: `media_type`,
    `content_type`, `filename`, `content` in base64. `to`: our number or mailbox, where several
    share an account. `extra`: see `Said`.
    """

    channel: str
    sender: str
    account: str = "main"
    text: str | None = None
    name: str | None = None
    media: Mapping[str, str] | None = None
    postback: str | None = None
    reply_to: str | None = None
    referral: Mapping[str, Any] | None = None
    membership: str | None = None
    to: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


class UnknownAccount(Exception):
    """The twins were given no such account."""


def webhook(state: State, action: Action, authority: Authority) -> tuple[Webhook, str]:
    """The webhook of `action`, and the provider's id of the message; remembers what changed."""
    channel = ALIASES.get(action.channel, action.channel)
    registration = state.registration(channel, action.account)
    build = BUILDERS.get(channel)
    if registration is None or build is None:
        raise UnknownAccount(f"No account {channel}/{action.account} was registered here.")
    _remember(state, registration, action)
    said = _said(state, channel, action)
    return build(said, registration, action, authority), _canonical_id(channel, said)


def _remember(state: State, registration: Registration, action: Action) -> None:
    account = registration.account
    person = state.person(account, action.sender)
    word = (action.text or "").strip().lower()
    is_sms = account.channel in ("twilio", "aws_messaging")
    if action.membership == "unfollow" or (is_sms and word in STOP_WORDS):
        state.gone.add(person)
        return
    if action.membership == "follow" or (is_sms and word in START_WORDS):
        state.gone.discard(person)
    state.last_inbound[person] = state.clock.now()


def _said(state: State, channel: str, action: Action) -> Said:
    message_id = IDS[channel](state)
    # LINE keeps the bytes under the message's own id.
    media_id = message_id if channel == "line" else state.ident("media")
    return Said(
        sender=action.sender,
        message_id=message_id,
        at=state.clock.now(),
        text=action.text,
        name=action.name,
        media=_media(state, media_id, action.media) if action.media is not None else None,
        postback=action.postback,
        reply_to=action.reply_to,
        referral=action.referral,
        membership=action.membership,
        event_id=message_id if channel == "telegram" else state.ident("01TWIN"),
        extra=action.extra,
    )


def _media(state: State, media_id: str, given: Mapping[str, str]) -> Media:
    content = base64.b64decode(given["content"]) if "content" in given else PIXEL
    media = Media(
        media_id=media_id,
        media_type=given.get("media_type", "image"),
        content_type=given.get("content_type", "image/png"),
        filename=given.get("filename"),
        sha256=base64.b64encode(hashlib.sha256(content).digest()).decode(),
        content=content,
    )
    state.media[media.media_id] = media
    return media


def _canonical_id(channel: str, said: Said) -> str:
    return f"{said.sender}:{said.message_id}" if channel == "telegram" else said.message_id


def _whatsapp(
    said: Said, registration: Registration, action: Action, authority: Authority
) -> Webhook:
    del action, authority
    payload = webhooks.whatsapp_message(said, registration.account)
    return webhooks.meta_webhook(registration.account, registration.webhook_url, payload)


def _messenger(
    said: Said, registration: Registration, action: Action, authority: Authority
) -> Webhook:
    del action, authority
    payload = webhooks.messenger_message(said, registration.account)
    return webhooks.meta_webhook(registration.account, registration.webhook_url, payload)


def _line(said: Said, registration: Registration, action: Action, authority: Authority) -> Webhook:
    del action, authority
    event = webhooks.line_event(said)
    return webhooks.line_webhook(registration.account, registration.webhook_url, [event])


def _telegram(
    said: Said, registration: Registration, action: Action, authority: Authority
) -> Webhook:
    del action, authority
    update = webhooks.telegram_update(said, registration.account)
    return webhooks.telegram_webhook(registration.account, registration.webhook_url, update)


def _twilio(
    said: Said, registration: Registration, action: Action, authority: Authority
) -> Webhook:
    del authority
    account = registration.account
    key = "whatsapp_from" if said.sender.startswith("whatsapp:") else "sms_from"
    form = webhooks.twilio_message(said, account, action.to or account.setting(key))
    return webhooks.twilio_webhook(account, registration.webhook_url, form)


def _ses(said: Said, registration: Registration, action: Action, authority: Authority) -> Webhook:
    account = registration.account
    to = action.to or account.setting("reply_to_address") or account.setting("from_address")
    return _notification(mail.ses_received(said, to), said, registration, authority)


def _aws_messaging(
    said: Said, registration: Registration, action: Action, authority: Authority
) -> Webhook:
    to = action.to or registration.account.setting("origination_identity")
    told = sms_voice.two_way_message(said, to)
    return _notification(told, said, registration, authority)


def _notification(
    message: mail.Json, said: Said, registration: Registration, authority: Authority
) -> Webhook:
    return mail.sns_notification(
        authority,
        registration.account,
        registration.webhook_url,
        message,
        message_id=said.event_id,
        at=said.at,
    )


BUILDERS: dict[str, Callable[[Said, Registration, Action, Authority], Webhook]] = {
    "whatsapp": _whatsapp,
    "messenger": _messenger,
    "line": _line,
    "telegram": _telegram,
    "twilio": _twilio,
    "ses": _ses,
    "aws_messaging": _aws_messaging,
}
IDS: dict[str, Callable[[State], str]] = {
    "whatsapp": lambda state: state.ident("wamid."),
    "messenger": lambda state: state.ident("m_"),
    "line": lambda state: str(state.numeric()),
    "telegram": lambda state: str(state.number()),
    "twilio": lambda state: state.ident("SM"),
    "ses": lambda state: state.ident("twin-in-"),
    "aws_messaging": lambda state: state.ident("twin-in-"),
}
