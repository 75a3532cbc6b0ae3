"""Messenger (and Instagram) webhooks."""

from typing import ClassVar

from rapport.channels.meta import MetaAdapter


class Adapter(MetaAdapter):
    """A page's address: the handshake and signature are Meta's, the mapping is in `payloads`."""

    home: ClassVar[str] = "messenger"
