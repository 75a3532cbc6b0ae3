"""One account a channel, as both sides have it, and twins that know them all."""

from datetime import UTC, datetime
from functools import cache

from local.twins.customer import Action
from local.twins.mail import Authority
from local.twins.twins import Twins
from local.twins.webhooks import Webhook
from rapport.channels import registry
from rapport.channels.base import Account, Context, Received
from rapport.kernel.clock import FixedClock

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HOOKS = "https://hooks.example.org/webhooks"

DOCUMENTS: dict[str, dict[str, object]] = {
    "whatsapp": {
        "app_secret": "wa-app-secret",
        "verify_token": "v",
        "access_token": "wa-token",
        "phone_number_id": "106540",
    },
    "messenger": {
        "app_secret": "fb-app-secret",
        "verify_token": "v",
        "access_token": "fb-token",
        "page_id": "PAGE1",
    },
    "line": {
        "channel_secret": "line-secret",
        "channel_access_token": "line-token",
        "destination": "Ubot",
    },
    "telegram": {"bot_token": "777:tg-token", "secret_token": "tg-secret"},
    "twilio": {
        "account_sid": "AC1",
        "auth_token": "tw-token",
        "sms_from": "+15005550006",
        "whatsapp_from": "whatsapp:+15005550007",
        "voice_from": "+15005550008",
    },
    "ses": {
        "from_address": "help@shop.example",
        "region": "eu-west-1",
        "configuration_set": "events",
        "allowed_topic_arns": ["arn:aws:sns:eu-west-1:111122223333:mail"],
    },
    "aws_messaging": {
        "origination_identity": "+15005550009",
        "region": "eu-west-1",
        "configuration_set": "events",
        "allowed_topic_arns": ["arn:aws:sns:eu-west-1:111122223333:messaging"],
    },
}


@cache
def authority() -> Authority:
    """Keys take a moment to make; one pair serves all tests."""
    return Authority.generate()


def account(channel: str, **changes: object) -> Account:
    document = {**DOCUMENTS[channel], **changes}
    if "allowed_topic_arns" in document:
        document["trusted_root_pem"] = authority().root_pem
    return Account(channel, "main", document)


def twins() -> Twins:
    """Fresh twins that know every account; the clock stands at NOW."""
    made = Twins(FixedClock(NOW), authority(), wait=lambda _: None)
    for channel in DOCUMENTS:
        made.register(account(channel), f"{HOOKS}/{channel}/main")
    return made


def received(made: Twins, webhook: Webhook) -> Received:
    """What our own inbound adapter says of a webhook."""
    context = Context(account(webhook.account_channel), made.certificate)
    adapter = registry.inbound(webhook.account_channel)
    return adapter.receive(webhook.request(made.state.clock.now()), context)


def said(made: Twins, channel: str, sender: str, **facts: object) -> Received:
    """A customer does something; what our adapter makes of it."""
    webhook, _ = made.customer(Action(channel, sender, **facts))  # type: ignore[arg-type]
    return received(made, webhook)
