"""Our own chat widget: a visitor's messages, posted by our API function.

`Authorization: Bearer <JWT>`, HS256 with the account's `token_key`; claims `sub` (the visitor,
`vis_…`), `acc` (the account's name), `aud` "webchat", `iat`, `exp`, optional `anonymous_id`. Body:
`{"message_id": "<client's id>", "type": "text", "text": "…"}`. The client makes the message id so
that it can send again; it is unique for one visitor only, hence the canonical id
`<visitor>:<message_id>`.
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from rapport.channels.base import Context, InboundAdapter, Received, Refused, Request, Response
from rapport.channels.fields import present, text, whole
from rapport.channels.signatures import demand_header, demand_secrets
from rapport.contracts.inbound import InboundEvent, Kind
from rapport.kernel import json

AUDIENCE, ALGORITHM = "webchat", "HS256"
CLAIMS = ["sub", "acc", "aud", "iat", "exp"]
LEEWAY_S = 60  # our own functions' clocks may differ a little
MAX_TEXT_CHARS = 4096
_VISITOR = re.compile(r"vis_[0-9A-Za-z]{1,64}")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Adapter(InboundAdapter):
    """One website's chat.

    Document: `token_key`, at least 32 bytes (one or several while rotating).
    """

    provider: ClassVar[str] = "rapport"
    max_body_bytes: ClassVar[int] = 64 * 1024

    def authenticate(self, request: Request, context: Context) -> None:
        """Check the visitor's token."""
        visitor_claims(request, context)

    def events(self, request: Request, context: Context) -> Sequence[InboundEvent]:
        """The one message."""
        claims = visitor_claims(request, context)
        body = request.json
        message_id, written = body["message_id"], body["text"]
        if body.get("type", "text") != "text" or not _MESSAGE_ID.fullmatch(message_id):
            raise Refused("malformed")
        if not isinstance(written, str) or not 0 < len(written) <= MAX_TEXT_CHARS:
            raise Refused("malformed")
        return [
            InboundEvent(
                kind=Kind.MESSAGE,
                channel="webchat",
                provider=self.provider,
                provider_message_id=f"{claims['sub']}:{message_id}",
                from_=claims["sub"],
                to=context.account.name,
                text=written,
                timestamp=request.received_at,
                sender_ids=present({"anonymous_id": text(claims.get("anonymous_id"))}),
            )
        ]

    def translate(self, request: Request, context: Context) -> Received:
        """The message, and its id for the widget."""
        events = tuple(self.events(request, context))
        body = json.dumps({"message_id": events[0].provider_message_id})
        response = Response(body=body, content_type="application/json")
        return Received(valid=True, events=events, response=response)


def visitor_claims(request: Request, context: Context) -> dict[str, Any]:
    """The claims of the request's token, judged by the clock of its arrival; raises `Refused`."""
    keys = demand_secrets(context.account, "token_key")
    scheme, _, token = demand_header(request, "Authorization").partition(" ")
    if scheme.lower() != "bearer":
        raise Refused("missing_signature")
    claims = _verified(token.strip(), keys)
    issued, expires, now = (
        whole(claims["iat"]),
        whole(claims["exp"]),
        request.received_at.timestamp(),
    )
    if issued is None or expires is None or not isinstance(claims["sub"], str):
        raise Refused("bad_signature")
    if not issued - LEEWAY_S <= now < expires:
        raise Refused("stale_timestamp")
    if claims["acc"] != context.account.name:
        raise Refused("unexpected_account")
    if not _VISITOR.fullmatch(claims["sub"]):
        raise Refused("bad_signature")
    return claims


def _verified(token: str, keys: list[str]) -> dict[str, Any]:
    import jwt

    # Times are judged by the request's clock, not by PyJWT's; here they must only be there.
    options: Any = {
        "require": CLAIMS,
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
        "verify_sub": False,
    }
    for key in keys:
        try:
            return dict(
                jwt.decode(token, key, algorithms=[ALGORITHM], audience=AUDIENCE, options=options)
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
    raise Refused("bad_signature")
