"""Segment: one tracking call, in canonical form.

Rules: segmentio/segment-docs (connections/sources/catalog/libraries/server/http-api) and
loosely-validate-event 2.0. A client's clock is corrected by how far its `sentAt` is from our own.
"""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from rapport.channels.fields import chosen, ident, present, record
from rapport.contracts.inbound import InboundEvent, Kind

PROVIDER = CHANNEL = "segment"
MAX_ITEM_BYTES = 32 * 1024
Item = dict[str, Any]

OBJECTS = ("context", "integrations", "traits", "properties")
TEXTS = ("event", "name", "category", "type")
IDS = ("userId", "anonymousId", "groupId", "previousId", "messageId")
NEEDED = {
    "track": ("event",),
    "group": ("groupId",),
    "alias": ("userId", "previousId"),
}
FACTS = ("event", "name", "category", "properties", "traits", "integrations")
# The official sample holds 2015-2-02: months, days and hours may lack their zero.
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:[T ]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,12}))?)?"
    r"\s*(?:Z|([+-])([0-9]{2}):?([0-9]{2}))?)?",
    re.IGNORECASE | re.ASCII,
)


class BadItem(ValueError):
    """This call breaks a rule; the text says which."""


def read(item: Item, call: str, batch: Item, received_at: datetime) -> InboundEvent:
    """The event of one call. `batch` gives the defaults; raises `BadItem`."""
    _check(item, call)
    user, anonymous = _id(item.get("userId")), _id(item.get("anonymousId"))
    ids = present({name: _id(item.get(name)) for name in IDS if name != "messageId"})
    context = _merged(batch.get("context"), item.get("context"))
    integrations = _merged(batch.get("integrations"), item.get("integrations"))
    sent_at = item.get("sentAt") or batch.get("sentAt")
    facts = {**chosen(item, FACTS), "context": context, "integrations": integrations}
    return InboundEvent(
        kind=Kind(call),
        channel=CHANNEL,
        provider=PROVIDER,
        provider_message_id=_id(item.get("messageId")),
        from_=user or anonymous,
        timestamp=_when(item, sent_at, received_at),
        sender_ids=present({"anonymous_id": anonymous}),
        extra=present({**ids, **facts}),
    )


def size_of(item: Any) -> int:
    """The item's size in bytes as compact UTF-8 JSON."""
    return len(json.dumps(item, separators=(",", ":"), ensure_ascii=False).encode())


def parse_time(value: Any) -> datetime | None:
    """A lenient ISO 8601 reading; None when it is no time at all."""
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, off_hours, off_minutes = match.groups()
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        offset = timedelta(hours=int(off_hours or 0), minutes=int(off_minutes or 0))
        zone = timezone(-offset if sign == "-" else offset)
        clock = (int(hour or 0), int(minute or 0), int(second or 0), micros)
        return datetime(int(year), int(month), int(day), *clock, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _check(item: Any, call: str) -> None:
    if not isinstance(item, dict):
        raise BadItem("not an object")
    _check_types(item, OBJECTS, dict, "an object")
    _check_types(item, TEXTS, str, "a string")
    for name in IDS:
        if item.get(name) and _id(item[name]) is None:
            raise BadItem(f"{name} must be a string or a number")
    for name in NEEDED.get(call, ()):
        if _id(item.get(name)) is None:
            raise BadItem(f"{name} is required")
    if _id(item.get("userId")) is None and _id(item.get("anonymousId")) is None:
        raise BadItem("userId or anonymousId is required")


def _check_types(item: Item, names: tuple[str, ...], kind: type, what: str) -> None:
    """null, "" and 0 count as absent, as they do for Segment."""
    for name in names:
        if item.get(name) and not isinstance(item[name], kind):
            raise BadItem(f"{name} must be {what}")


def _id(value: Any) -> str | None:
    """An id as text; numbers are allowed, empty text and null are none."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return ident(value)


def _merged(defaults: Any, own: Any) -> Item:
    """The batch's `context` or `integrations` under the item's own, key by key."""
    return {**record(defaults), **record(own)}


def _when(item: Item, sent_at: Any, received_at: datetime) -> datetime:
    """When it happened by our clock: the client's time, moved by what its clock is off."""
    original = parse_time(item.get("originalTimestamp")) or parse_time(item.get("timestamp"))
    if original is None:
        return received_at
    sent = parse_time(sent_at)
    try:
        return original if sent is None else received_at - (sent - original)
    except OverflowError:
        return received_at
