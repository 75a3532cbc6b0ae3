"""Twilio webhooks: messages, status callbacks and calls, by POST form, POST JSON or GET.

An answer to a message or a call is TwiML; an empty `<Response/>` says nothing to the sender.
"""

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import parse_qsl

from rapport.channels.base import Context, InboundAdapter, Received, Request, Response
from rapport.channels.fields import text
from rapport.channels.twilio.payloads import read
from rapport.channels.twilio.signature import is_form, verify
from rapport.contracts.inbound import InboundEvent, Kind

TWIML = Response(body="<Response/>", content_type="text/xml")


class Adapter(InboundAdapter):
    """A Twilio account's address; the channel comes out of the payload.

    Document: `auth_token` (one or several while rotating), `shared_keys` {id: secret},
    `public_base_url` (scheme, host and path prefix as Twilio calls them), `account_sid` binds the
    address to it.
    """

    provider: ClassVar[str] = "twilio"
    max_body_bytes: ClassVar[int] = 64 * 1024

    def handshake(self, request: Request, context: Context) -> Received:
        """Twilio has none: a GET is a webhook configured so, its parameters are in the URL."""
        self.authenticate(request, context)
        return self.translate(request, context)

    def authenticate(self, request: Request, context: Context) -> None:
        """Check the signature over URL and parameters."""
        verify(request, context.account)

    def events(self, request: Request, context: Context) -> Sequence[InboundEvent]:
        """The one event of a form; a JSON body (Event Streams and the like) is not mapped."""
        if request.method == "GET":
            pairs = parse_qsl(request.query_string, keep_blank_values=True)
        elif is_form(request):
            pairs = request.form
        else:
            _ = request.json  # must at least be JSON
            return []
        fields = dict(reversed(pairs))  # of a repeated name the first value counts
        context.account.must_own("account_sid", text(fields.get("AccountSid")))
        reference = text(request.parameter("reference"))
        return [read(fields, reference)]

    def translate(self, request: Request, context: Context) -> Received:
        """TwiML for a message or a call, an empty answer for a receipt."""
        events = tuple(self.events(request, context))
        speaks = any(event.kind not in (Kind.RECEIPT, Kind.OTHER) for event in events)
        return Received(valid=True, events=events, response=TWIML if speaks else Response())
