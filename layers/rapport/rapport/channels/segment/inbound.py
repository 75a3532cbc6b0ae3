"""Segment's HTTP Tracking API, served to Segment's own SDKs.

`POST …/{identify|track|page|screen|group|alias|batch|import}` with a write key: Basic (key as user,
no password) or `writeKey` in the body; there is no signature (segmentio/segment-docs,
server/http-api; traffic of segment-analytics-python 2.4.0 and @segment/analytics-node 3.1.0).
"""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from rapport.channels.base import Context, InboundAdapter, Received, Refused, Request, Response
from rapport.channels.fields import record, text
from rapport.channels.segment.payloads import MAX_ITEM_BYTES, BadItem, read, size_of
from rapport.channels.signatures import demand_secrets, from_base64, same_text
from rapport.contracts.inbound import TRACKED, InboundEvent
from rapport.kernel import json

BATCHES = {"batch", "import"}
CALLS = {kind.value for kind in TRACKED}


class Adapter(InboundAdapter):
    """A source's address.

    Document: `write_keys`, every key accepted now.
    """

    provider: ClassVar[str] = "segment"
    max_body_bytes: ClassVar[int] = 500 * 1024

    def _receive(self, request: Request, context: Context) -> Received:
        limit = self.size_limit(context.account)
        if (request.header("Content-Encoding") or "").lower() == "gzip":
            request = replace(request, body=_inflated(request.body, limit))
        return super()._receive(request, context)

    def authenticate(self, request: Request, context: Context) -> None:
        """Check the write key; one in the header wins over one in the body."""
        keys = demand_secrets(context.account, "write_keys")
        scheme, _, credentials = (request.header("Authorization") or "").partition(" ")
        if scheme.lower() == "basic":
            given: str | None = _user(credentials)
        else:
            # No header, or an OAuth token we do not judge: the key in the body decides alone.
            given = text(record(request.json).get("writeKey"))
        if given is None:
            raise Refused("missing_signature")
        if not any(same_text(given, key) for key in keys):
            raise Refused("bad_signature")

    def events(self, request: Request, context: Context) -> Sequence[InboundEvent]:
        """The events of one call or of a batch's good items."""
        return self.translate(request, context).events

    def translate(self, request: Request, context: Context) -> Received:
        """A bad call is refused; of a batch the good items are taken and the bad ones named."""
        endpoint = request.url.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
        body = request.json
        if not isinstance(body, dict):
            raise Refused("malformed")
        if endpoint in BATCHES:
            return _batch(body, request)
        if endpoint not in CALLS:
            raise Refused("malformed", status=404)
        if len(request.body) > MAX_ITEM_BYTES:
            raise Refused("too_large", status=400)
        event = read(body, endpoint, body, request.received_at)
        return Received(valid=True, events=(event,), response=_answer([]))


def _batch(body: dict[str, Any], request: Request) -> Received:
    items = body["batch"]
    if not isinstance(items, list):
        raise Refused("malformed")
    small = len(request.body) <= MAX_ITEM_BYTES  # then no item can be over the limit
    events: list[InboundEvent] = []
    rejected: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        try:
            if not small and size_of(item) > MAX_ITEM_BYTES:
                raise BadItem("too_large")
            call = text(record(item).get("type")) or ""
            if call not in CALLS:
                raise BadItem("unknown type")
            events.append(read(item, call, body, request.received_at))
        except BadItem as bad:
            rejected.append({"index": index, "reason": str(bad)})
    return Received(valid=True, events=tuple(events), response=_answer(rejected))


def _answer(rejected: list[dict[str, Any]]) -> Response:
    body: dict[str, Any] = {"success": True}
    if rejected:
        body["rejected"] = rejected
    return Response(body=json.dumps(body), content_type="application/json")


def _user(credentials: str) -> str:
    """The user name of Basic credentials; very old SDKs leave out the colon."""
    return from_base64(credentials.strip()).decode("utf-8", "replace").partition(":")[0]


def _inflated(body: bytes, limit: int) -> bytes:
    """The body gunzipped, never beyond the size limit: a small body may unfold to gigabytes."""
    if len(body) > limit:
        raise Refused("too_large")
    stream = zlib.decompressobj(wbits=31)
    try:
        inflated = stream.decompress(body, limit + 1)
    except zlib.error:
        raise Refused("malformed") from None
    if len(inflated) > limit:
        raise Refused("too_large")
    if not stream.eof or stream.unused_data:
        raise Refused("malformed")
    return inflated
