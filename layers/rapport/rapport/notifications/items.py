"""Ledger entries as items of the notifications table, and back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from rapport.aws.dynamo import SCHEMA_VERSION, Item, events_attribute, to_item
from rapport.contracts.content import Content
from rapport.contracts.events import Envelope
from rapport.kernel.clock import iso, parse_iso
from rapport.notifications.keys import entry_key, provider_key
from rapport.notifications.model import RANK, Failure, LedgerEntry, MessageStatus

_CONTENT: TypeAdapter[Content] = TypeAdapter(Content)
_TEXTS = ("customer_id", "account_channel", "account", "channel", "address")
_OPTIONAL_TEXTS = ("conversation_id", "author", "reply_to")


def failure_attributes(failure: Failure | None) -> dict[str, str] | None:
    """A failure as a map attribute."""
    if failure is None:
        return None
    return {
        "error_class": failure.error_class,
        "code": failure.code,
        "detail": failure.detail,
    }


def entry_item(entry: LedgerEntry, events: Sequence[Envelope]) -> Item:
    """`entry` as an item, `events` riding on it."""
    pk, sk = entry_key(entry.record_id, entry.message_id)
    return to_item(
        {name: getattr(entry, name) for name in (*_TEXTS, *_OPTIONAL_TEXTS)}
        | {
            "pk": pk,
            "sk": sk,
            "provider_key": _provider_key(entry),
            "content": entry.content.model_dump_json(exclude_none=True),
            "created_at": iso(entry.created_at),
            "status": entry.status.value,
            "rank": RANK[entry.status],
            "last_inbound_at": iso(entry.last_inbound_at) if entry.last_inbound_at else None,
            "sent_at": iso(entry.sent_at) if entry.sent_at else None,
            "attempts": entry.attempts,
            "failure": failure_attributes(entry.failure),
            "receipts": {status: iso(at) for status, at in entry.receipts.items()},
            "events": events_attribute(events),
            "v": SCHEMA_VERSION,
        }
    )


def entry_from(item: Mapping[str, Any]) -> LedgerEntry:
    """The entry of a native item."""
    return LedgerEntry(
        record_id=item["pk"].removeprefix("RECORD#"),
        message_id=item["sk"].removeprefix("MESSAGE#"),
        **{name: item[name] for name in _TEXTS},
        **_optional(item),
        # Said once: an item over 1 KB costs every receipt a unit more.
        provider_message_id=item["provider_key"].split("#", 2)[2]
        if "provider_key" in item
        else None,
        content=_CONTENT.validate_json(item["content"]),
        created_at=parse_iso(item["created_at"]),
        status=MessageStatus(item["status"]),
        last_inbound_at=_moment(item, "last_inbound_at"),
        attempts=item["attempts"],
        sent_at=_moment(item, "sent_at"),
        failure=Failure(**item["failure"]) if "failure" in item else None,
        receipts={status: parse_iso(at) for status, at in item["receipts"].items()},
    )


def _provider_key(entry: LedgerEntry) -> str | None:
    if entry.provider_message_id is None:
        return None
    return provider_key(entry.account_channel, entry.account, entry.provider_message_id)


def _optional(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item.get(name) for name in _OPTIONAL_TEXTS}


def _moment(item: Mapping[str, Any], name: str) -> datetime | None:
    return parse_iso(item[name]) if name in item else None
