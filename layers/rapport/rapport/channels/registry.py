"""Which adapter and sender serve which channel; a further provider is one folder and one line."""

from importlib import import_module
from typing import TYPE_CHECKING, cast

from rapport.kernel.errors import NotFound

if TYPE_CHECKING:
    from rapport.channels.base import InboundAdapter
    from rapport.channels.sender import Sender

PROVIDERS = {
    "whatsapp": "whatsapp",
    "messenger": "messenger",
    "line": "line",
    "telegram": "telegram",
    "twilio": "twilio",
    "ses": "ses",
    "aws_messaging": "aws_messaging",
    "webchat": "webchat",
    "segment": "segment",
}
"""The path segment of a webhook's address, and the folder that serves it."""


def inbound(channel: str) -> "InboundAdapter":
    """The adapter behind `/webhooks/{channel}/…`; imported on first use for lean cold starts."""
    return cast("InboundAdapter", _load(channel, "inbound", "Adapter"))


def sender(channel: str) -> "Sender":
    """The sender that answers on `channel`."""
    return cast("Sender", _load(channel, "outbound", "Outbound"))


def _load(channel: str, module: str, name: str) -> object:
    folder = PROVIDERS.get(channel)
    if folder is None:
        raise NotFound(f"No channel is named so; known are {', '.join(sorted(PROVIDERS))}.")
    return getattr(import_module(f"rapport.channels.{folder}.{module}"), name)()
