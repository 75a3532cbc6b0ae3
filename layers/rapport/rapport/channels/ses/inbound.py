"""Amazon SES through Amazon SNS: e-mail received, and receipts for e-mail sent."""

from collections.abc import Sequence
from typing import ClassVar

from rapport.channels.base import Context, InboundAdapter, Received, Refused, Request
from rapport.channels.ses.payloads import read
from rapport.channels.sns import subscribe_url, verify
from rapport.contracts.inbound import InboundEvent

MAX_MESSAGE_BYTES = 256 * 1024


class Adapter(InboundAdapter):
    """The address that SNS topics with SES's notifications and events post to.

    Document: see `rapport.channels.sns.verify`.
    """

    provider: ClassVar[str] = "ses"
    # SNS carries messages up to 256 KB; as JSON inside JSON they grow by their escapes.
    max_body_bytes: ClassVar[int] = 2 * MAX_MESSAGE_BYTES

    def authenticate(self, request: Request, context: Context) -> None:
        """Check the envelope; raw delivery has none and cannot be authenticated."""
        if (request.header("x-amz-sns-rawdelivery") or "").lower() == "true":
            raise Refused("missing_signature")
        envelope = verify(request, context)
        if len(envelope["Message"].encode()) > MAX_MESSAGE_BYTES:
            raise Refused("too_large")

    def events(self, request: Request, context: Context) -> Sequence[InboundEvent]:
        """The events of a notification; confirmations have none."""
        envelope = request.json
        return list(read(envelope)) if envelope["Type"] == "Notification" else []

    def translate(self, request: Request, context: Context) -> Received:
        """Events, or the address that confirms a subscription to an allowed topic."""
        return Received(
            valid=True,
            events=tuple(self.events(request, context)),
            visit=subscribe_url(request.json),
        )
