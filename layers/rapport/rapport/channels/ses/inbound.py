"""Amazon SES through Amazon SNS: e-mail received, and receipts for e-mail sent."""

from collections.abc import Iterator
from typing import ClassVar

from rapport.channels.ses import payloads
from rapport.channels.sns import Notification, SnsAdapter
from rapport.contracts.inbound import InboundEvent


class Adapter(SnsAdapter):
    """The address that SNS topics with SES's notifications and events post to."""

    provider: ClassVar[str] = payloads.PROVIDER

    def read(self, notification: Notification) -> Iterator[InboundEvent]:
        """An e-mail received, or the receipts of one sent."""
        return payloads.read(notification)
