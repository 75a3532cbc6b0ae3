"""What people and providers say in the stories, as long as such things are in life."""

from datetime import datetime
from typing import Any

from local.twins.webhooks import Webhook, meta_webhook, whatsapp_change
from rapport.channels.base import Account
from tests.platform.http_api import DOMAIN

WHATSAPP = Account(
    "whatsapp",
    "main",
    {
        "app_secret": "b7d1f0a95c3e48d2a6f4908b1c7e2d35",
        "verify_token": "rapport-verify-4410",
        "access_token": "EAAG" + "x" * 180,
        "phone_number_id": "204811093744018",
    },
)
ORIGIN = "https://shop.example"
TWILIO = Account(
    "twilio",
    "main",
    {
        "account_sid": "AC00000000000000000000000000000001",
        "auth_token": "a-token-for-measurements-only",
        "sms_from": "+14155550199",
    },
)
WEBCHAT = Account(
    "webchat",
    "shop",
    {"token_key": "web-chat-token-key-of-32-bytes-or-more", "allowed_origins": [ORIGIN]},
)
WRITE_KEY = "a-write-key-of-the-shop-0001"
SEGMENT = Account("segment", "default", {"write_keys": [WRITE_KEY]})

NAME = "Ada Lindqvist"
SENDER = "14155550100"
ADDRESS = "+14155550123"
"""Where a visitor of the shop reads one-time codes."""
AGENT = "5f0e6c1c-2e0f-4b7c-9a55-0d3c1f4f7a11"  # as Cognito's subjects are
TEXT = (
    "Hi, my order 48213 was meant to arrive on Tuesday but the tracking page still says that it"
    " is in the warehouse. Could you look into it?"
)
"""137 characters: between the 100 and 200 of an ordinary message to a shop."""

ANSWER = (
    "Good morning Ada! I have asked the warehouse: your parcel leaves this afternoon and should be"
    " with you on Thursday before noon. I am sorry for the wait."
)
TRACKED = {
    "anonymousId": "507f191e810c19729de860ea",
    "event": "Product Viewed",
    "properties": {"sku": "G-32", "price": 18.99},
    "messageId": "022bb90c-bbac-11e4-8dfc-aa07a5b093db",
}


def text_message(number: int, at: datetime) -> dict[str, Any]:
    """A customer's text; its id is as long as Meta's are."""
    return {
        "from": SENDER,
        "id": f"wamid.HBgLMTQxNTU1NTAxMDAVAgASGBQzQUNCMkM4{number:016d}A=",
        "timestamp": str(int(at.timestamp())),
        "type": "text",
        "text": {"body": TEXT},
    }


def picture(number: int, at: datetime) -> dict[str, Any]:
    """A customer's photograph."""
    image = {"id": "1013859600285441", "mime_type": "image/jpeg"}
    said = {key: value for key, value in text_message(number, at).items() if key != "text"}
    return {**said, "type": "image", "image": image}


def said(*messages: dict[str, Any]) -> Webhook:
    """One webhook of messages from the customer."""
    contact = {"profile": {"name": NAME}, "wa_id": SENDER}
    return _webhook({"contacts": [contact], "messages": list(messages)})


def receipt(status: str, provider_id: str, reference: str | None, at: datetime) -> Webhook:
    """A webhook with one delivery receipt; `reference` is what we gave with the message."""
    told: dict[str, Any] = {
        "id": provider_id,
        "status": status,
        "timestamp": str(int(at.timestamp())),
        "recipient_id": SENDER,
        "conversation": {"id": "c" * 32, "origin": {"type": "service"}},
        "pricing": {"billable": False, "pricing_model": "PMP", "category": "service"},
    }
    if reference:
        told["biz_opaque_callback_data"] = reference
    return _webhook({"statuses": [told]})


def _webhook(value: dict[str, Any]) -> Webhook:
    url = f"https://{DOMAIN}/webhooks/whatsapp/main"
    return meta_webhook(WHATSAPP, url, whatsapp_change(WHATSAPP, value))
