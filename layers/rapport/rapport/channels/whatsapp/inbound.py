"""WhatsApp Cloud API webhooks."""

from typing import ClassVar

from rapport.channels.meta import MetaAdapter


class Adapter(MetaAdapter):
    """WhatsApp's address: the handshake and signature are Meta's, the mapping is in `payloads`."""

    home: ClassVar[str] = "whatsapp"
