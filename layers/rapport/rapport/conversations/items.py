"""Messages and conversations as items of the conversations table, and back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rapport.aws.dynamo import SCHEMA_VERSION, Item, events_attribute, to_item
from rapport.contracts.events import Envelope
from rapport.contracts.inbound import Attachment, Kind
from rapport.conversations.keys import Key, message_key
from rapport.conversations.model import Conversation, Message, Route, State
from rapport.kernel.clock import iso, parse_iso
from rapport.kernel.json import dumps, loads

_MESSAGE_TEXTS = ("record_id", "customer_id", "account_channel", "account", "channel", "ingest_id")


def message_item(message: Message, events: Sequence[Envelope]) -> Item:
    """`message` as an item, `events` riding on it."""
    pk, sk = message_key(message.key)
    return to_item(
        {name: getattr(message, name) for name in _MESSAGE_TEXTS}
        | {
            "pk": pk,
            "sk": sk,
            "position": message.position,
            "kind": message.kind.value,
            "at": iso(message.at),
            "received_at": iso(message.received_at),
            "said": message.said or None,
            "text": message.text,
            "payload": message.payload,
            "reply_to": message.reply_to,
            "attachments": _attachments(message.attachments),
            "objects": {} if message.attachments else None,
            # As text: providers' structures may hold floats and depths that an item cannot.
            "extra": dumps(message.extra) if message.extra else None,
            "events": events_attribute(events),
            "v": SCHEMA_VERSION,
        }
    )


def message_from(item: Mapping[str, Any]) -> Message:
    """The message of a native item; a tombstone gives an erased message of nobody."""
    return Message(
        key=item["pk"].removeprefix("MESSAGE#"),
        **{name: item.get(name, "") for name in _MESSAGE_TEXTS},
        kind=Kind(item.get("kind", Kind.DELETE)),
        at=parse_iso(item.get("at") or item["deleted_at"]),
        received_at=parse_iso(item.get("received_at") or item["deleted_at"]),
        # The position ends in it: an item over a kilobyte costs twice.
        provider_message_id=item.get("position", "").partition("#")[2],
        said=item.get("said", ""),
        text=item.get("text"),
        payload=item.get("payload"),
        reply_to=item.get("reply_to"),
        attachments=tuple(Attachment.model_validate(each) for each in item.get("attachments", [])),
        objects=item.get("objects", {}),
        extra=loads(item["extra"]) if "extra" in item else {},
        edited_at=_moment(item, "edited_at"),
        deleted_at=_moment(item, "deleted_at"),
    )


def conversation_item(head: Conversation, events: Sequence[Envelope], key: Key) -> Item:
    """`head` as an item under `key`; only what is not resolved appears in the sparse indexes."""
    is_live = head.state is not State.RESOLVED
    return to_item(
        {
            "pk": key[0],
            "sk": key[1],
            "conversation_id": head.conversation_id,
            "position": head.position if is_live else None,
            "customer_id": head.customer_id,
            "state": head.state.value,
            "listed": head.state.value if is_live else None,
            "inbox": head.assignee if is_live else None,
            "assignee": head.assignee,
            "assigned_at": _text(head.assigned_at),
            "opened_at": iso(head.opened_at),
            "last_message_at": iso(head.last_message_at),
            "last_ingest_id": head.last_ingest_id,
            "snoozed_until": _text(head.snoozed_until),
            "resolved_at": _text(head.resolved_at),
            "merged_into": head.merged_into,
            "merged_state": head.merged_state,
            "routes": {
                record_id: route_attributes(route) for record_id, route in head.routes.items()
            },
            "version": head.version,
            "events": events_attribute(events),
            "v": SCHEMA_VERSION,
        }
    )


def conversation_from(item: Mapping[str, Any]) -> Conversation:
    """The conversation of a native item."""
    return Conversation(
        conversation_id=item["conversation_id"],
        customer_id=item["customer_id"],
        state=State(item["state"]),
        opened_at=parse_iso(item["opened_at"]),
        last_message_at=parse_iso(item["last_message_at"]),
        last_ingest_id=item["last_ingest_id"],
        version=item["version"],
        routes={key: _route(key, each) for key, each in item["routes"].items()},
        assignee=item.get("assignee"),
        assigned_at=_moment(item, "assigned_at"),
        snoozed_until=_moment(item, "snoozed_until"),
        resolved_at=_moment(item, "resolved_at"),
        merged_into=item.get("merged_into"),
        merged_state=State(item["merged_state"]) if "merged_state" in item else None,
    )


def route_attributes(route: Route) -> dict[str, str]:
    """A route as a map attribute, without the record id that is its key."""
    return {
        "account_channel": route.account_channel,
        "account": route.account,
        "channel": route.channel,
        "address": route.address,
        "last_at": iso(route.last_at),
    }


def _route(record_id: str, item: Mapping[str, Any]) -> Route:
    return Route(
        record_id=record_id,
        account_channel=item["account_channel"],
        account=item["account"],
        channel=item["channel"],
        address=item["address"],
        last_at=parse_iso(item["last_at"]),
    )


def _attachments(attachments: Sequence[Attachment]) -> list[dict[str, Any]] | None:
    return [each.model_dump(exclude_none=True) for each in attachments] or None


def _text(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _moment(item: Mapping[str, Any], name: str) -> datetime | None:
    return parse_iso(item[name]) if name in item else None
