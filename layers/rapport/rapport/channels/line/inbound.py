"""LINE Messaging API webhooks.

Signature: `x-line-signature` = base64(HMAC-SHA256(channel_secret, raw body)), the body being raw
UTF-8 (developers.line.biz, verify-webhook-signature; line-bot-sdk 3.27.0). No timestamp is signed,
so replays are met by de-duplication on `webhookEventId`. The console's "Verify" posts no events.
"""

import hmac
from collections.abc import Sequence
from typing import ClassVar

from rapport.channels.base import Context, InboundAdapter, Refused, Request
from rapport.channels.fields import ident, record
from rapport.channels.line.payloads import read
from rapport.channels.signatures import demand_header, demand_match, demand_secrets, from_base64
from rapport.contracts.inbound import InboundEvent


class Adapter(InboundAdapter):
    """LINE's address.

    Document: `channel_secret` (one or several while rotating); `destination`, the bot's user id,
    binds the address to that bot when set.
    """

    provider: ClassVar[str] = "line"

    def authenticate(self, request: Request, context: Context) -> None:
        """Check the signature over the raw body."""
        secrets = demand_secrets(context.account, "channel_secret")
        given = from_base64(demand_header(request, "x-line-signature"))
        demand_match(given, (hmac.digest(key.encode(), request.body, "sha256") for key in secrets))

    def events(self, request: Request, context: Context) -> Sequence[InboundEvent]:
        """One canonical event for each of LINE's."""
        body = request.json
        events = body["events"]
        if not isinstance(events, list):
            raise Refused("malformed")
        destination = ident(body.get("destination"))
        context.account.must_own("destination", destination)
        return [read(record(event), destination) for event in events]
