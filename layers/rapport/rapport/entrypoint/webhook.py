"""How API Gateway hands us a webhook: the bytes as they came, and the provider's answer back."""

import base64
import binascii
from datetime import datetime
from typing import Any

from rapport.channels.base import Received, Request
from rapport.channels.registry import PROVIDERS
from rapport.channels.sender import AnswerLost, NotSent
from rapport.entrypoint.observability import log, log_failure
from rapport.ingest.service import Intake, receive_webhook
from rapport.kernel.errors import Misconfigured, NotFound, RapportError

HttpEvent = dict[str, Any]


def request_of(event: HttpEvent, received_at: datetime) -> Request:
    """The request of a payload-2.0 event; its URL is the one the gateway was called by."""
    context = event["requestContext"]
    query = event.get("rawQueryString") or ""
    address = f"https://{context.get('domainName', 'localhost')}{event['rawPath']}"
    return Request(
        method=context["http"]["method"],
        url=f"{address}?{query}" if query else address,
        headers=tuple((event.get("headers") or {}).items()),
        body=_body(event),
        # Milliseconds are what every store keeps.
        received_at=received_at.replace(microsecond=received_at.microsecond // 1000 * 1000),
    )


def _body(event: HttpEvent) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return b""


def answer_webhook(
    event: HttpEvent, channel: str, account: str, received_at: datetime, *, intake: Intake
) -> dict[str, Any]:
    """Receive one webhook and say what the provider is answered.

    4xx tells the provider that repeating will not help, 503 that it will: when a queue, a secret or
    a table of ours is not there for us, nothing is lost.
    """
    try:
        received = receive_webhook(request_of(event, received_at), channel, account, intake=intake)
    except NotFound:
        return {"statusCode": 404, "body": "unknown webhook"}
    except Exception as error:  # noqa: BLE001 - whatever broke, the provider shall come again
        # No account name here: it comes from the address, and may name none of ours.
        log_failure("webhook_not_taken", error, channel=_known(channel))
        return {"statusCode": 503, "body": "try again"}
    _log(received, channel, account)
    _visit(received, intake)
    return {
        "statusCode": received.response.status,
        "headers": {
            "content-type": received.response.content_type,
            "x-content-type-options": "nosniff",
        },
        "body": received.response.body,
    }


def _known(channel: str) -> str | None:
    return channel if channel in PROVIDERS else None


def _log(received: Received, channel: str, account: str) -> None:
    if received.valid:
        log("webhook_taken", channel=channel, account=account, events=len(received.events))
    else:
        log("webhook_refused", channel=channel, account=account, reason=received.reason)


def _visit(received: Received, intake: Intake) -> None:
    """Confirm a subscription; should it fail, the provider asks again."""
    if received.visit is None:
        return
    try:
        intake.http.send("GET", received.visit, {}, b"")
        log("subscription_confirmed")
    except (NotSent, AnswerLost, Misconfigured, RapportError) as error:
        log_failure("subscription_not_confirmed", error)
