"""AWS End User Messaging through Amazon SNS: texts received, and receipts for texts and calls."""

from collections.abc import Iterator
from typing import ClassVar

from rapport.channels.aws_messaging import payloads
from rapport.channels.sns import Notification, SnsAdapter
from rapport.contracts.inbound import InboundEvent


class Adapter(SnsAdapter):
    """The address that the topics of two-way numbers and of event destinations post to."""

    provider: ClassVar[str] = payloads.PROVIDER

    def read(self, notification: Notification) -> Iterator[InboundEvent]:
        """A text received, or the receipt of a text or call of ours."""
        yield payloads.read(notification)
