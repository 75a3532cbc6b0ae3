"""What Meta's channels share: the subscription handshake, the signature, and one URL for them all.

Handshake: `GET ?hub.mode=subscribe&hub.challenge=…&hub.verify_token=…` is answered with the
challenge as text/plain. Signature: `X-Hub-Signature-256: sha256=<hex HMAC-SHA256(app_secret, raw
body)>`. The body arrives already \\u-escaped; it is hashed as received. There is no timestamp, so
replays are met by de-duplication on the message's id. (developers.facebook.com, Graph API webhooks;
pywa 4.5.0.)

One Meta app may post WhatsApp, Page and Instagram objects to one URL: `object` decides, not the
route.
"""

import hmac
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, ClassVar

from rapport.channels.base import (
    Account,
    Context,
    InboundAdapter,
    Received,
    Refused,
    Request,
    Response,
)
from rapport.channels.fields import record, records, scalars, text
from rapport.channels.signatures import (
    demand_header,
    demand_match,
    demand_secrets,
    from_hex,
    same_text,
)
from rapport.contracts.inbound import InboundEvent, Kind

SIGNATURE_HEADER = "X-Hub-Signature-256"
PREFIX = "sha256="

READERS = {
    "whatsapp_business_account": ("rapport.channels.whatsapp.payloads", "whatsapp"),
    "page": ("rapport.channels.messenger.payloads", "messenger"),
    "instagram": ("rapport.channels.messenger.payloads", "instagram"),
}
"""The `object` of a webhook, the module that reads its entries, and the channel they belong to."""


class MetaAdapter(InboundAdapter):
    """Verifies Meta's webhooks and hands each entry to the reader of its `object`.

    Document: `app_secret`, `verify_token` (each one or several while rotating); `phone_number_id`,
    `page_id`, `ig_id` bind the address to that number, page or profile when set.
    """

    provider: ClassVar[str] = "meta"
    home: ClassVar[str]  # the channel named for objects we do not know

    def handshake(self, request: Request, context: Context) -> Received:
        """Echo the challenge to whoever knows our verify token."""
        expected = demand_secrets(context.account, "verify_token")
        given = request.parameter("hub.verify_token") or ""
        challenge = request.parameter("hub.challenge")
        if request.parameter("hub.mode") != "subscribe":
            raise Refused("bad_verify_token")
        if not any(same_text(given, token) for token in expected):
            raise Refused("bad_verify_token")
        if challenge is None:
            raise Refused("malformed")
        return Received(valid=True, response=Response(body=challenge))

    def authenticate(self, request: Request, context: Context) -> None:
        """Check the SHA-256 signature; the older SHA-1 header never counts."""
        secrets = demand_secrets(context.account, "app_secret")
        header = demand_header(request, SIGNATURE_HEADER)
        if not header.startswith(PREFIX):
            raise Refused("bad_signature")
        given = from_hex(header[len(PREFIX) :])
        demand_match(given, (hmac.digest(key.encode(), request.body, "sha256") for key in secrets))

    def events(self, request: Request, context: Context) -> Sequence[InboundEvent]:
        """The events of all entries, whichever of Meta's objects they are."""
        body = request.json
        name = text(body["object"])
        entries = body["entry"]
        if name is None or not isinstance(entries, list):
            raise Refused("malformed")
        if name not in READERS:
            return [self._unknown(name, entry) for entry in records(entries)]
        return list(_read(name, entries, context.account))

    def _unknown(self, name: str, entry: dict[str, Any]) -> InboundEvent:
        return InboundEvent(
            kind=Kind.OTHER,
            channel=self.home,
            provider=self.provider,
            extra={"object": name, **scalars(entry)},
        )


def _read(name: str, entries: list[Any], account: Account) -> Iterator[InboundEvent]:
    module, channel = READERS[name]
    read = import_module(module).read
    for entry in entries:
        yield from read(record(entry), account, channel)
