"""Subjects and sessions as items of the table of verifications, and back."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rapport.aws.dynamo import SCHEMA_VERSION, Item, events_attribute, to_item, values
from rapport.contracts.events import Envelope
from rapport.otp.keys import Key, session_key, subject_key
from rapport.otp.model import (
    KEPT,
    SESSION_KEPT,
    Attempt,
    AttemptStatus,
    Seen,
    Session,
    Sighting,
    Status,
    Subject,
    Verification,
)

_TEXTS = (
    "service",
    "purpose",
    "session",
    "kind",
    "channel",
    "locale",
)
_SECRETS = ("nonce", "key_version")
"""What the code is derived from; gone once it is used."""

_NUMBERS = ("length", "max_checks", "max_sends", "checks")
_MOMENTS = ("created_at", "ends_at", "next_send_at")
_OPTIONAL_TEXTS = (
    "address",
    "customer_id",
    "operator",
    "block",
    "approval",
    "last_guess",
    "reason",
)
_OPTIONAL_LISTS = ("withheld", "step_up", "avoid")
OPTIONAL = (
    *_OPTIONAL_TEXTS,
    *_OPTIONAL_LISTS,
    "address_failed",
    "address_digest",
    "here",
    "sightings",
)


def millis(moment: datetime) -> int:
    """Milliseconds since 1970: a number compares, and takes a third of the room of a text."""
    return round(moment.timestamp() * 1000)


def moment(stored: int) -> datetime:
    """The instant of `millis`."""
    return datetime.fromtimestamp(stored / 1000, UTC)


def verification_attributes(one: Verification) -> dict[str, Any]:
    """A verification's own attributes on its subject's item; what it lacks is absent."""
    found: dict[str, Any] = {name: getattr(one, name) for name in (*_TEXTS, *_SECRETS, *_NUMBERS)}
    if one.address_digest != one.subject:
        found["address_digest"] = one.address_digest
    found |= {name: millis(getattr(one, name)) for name in _MOMENTS}
    found |= {name: getattr(one, name) for name in _OPTIONAL_TEXTS if getattr(one, name)}
    found |= {name: list(getattr(one, name)) for name in _OPTIONAL_LISTS if getattr(one, name)}
    if one.address_failed:
        found["address_failed"] = True
    if one.here:
        found["here"] = sighting_attributes(one.here)
    return found | {
        "id": one.verification_id,
        "status": one.status.value,
        "attempts": [attempt_attributes(each) for each in one.attempts],
    }


def attempt_attributes(attempt: Attempt) -> dict[str, Any]:
    """An attempt as a map."""
    return {
        "channel": attempt.channel,
        "status": attempt.status.value,
        "at": millis(attempt.at),
        "fallback": attempt.is_fallback or None,
        "provider_id": attempt.provider_message_id,
    }


def sighting_attributes(one: Sighting) -> dict[str, Any]:
    """A sighting as a map; a place in tenths of a degree, which are less than anybody's walk."""
    place = [one.latitude, one.longitude]
    return {
        "at": millis(one.at),
        "device": one.device,
        "place": None if None in place else [round((each or 0) * 10) for each in place],
    }


def verification_from(item: Mapping[str, Any]) -> Verification | None:
    """The verification on a subject's native item; None where it never had one."""
    if "id" not in item:
        return None
    subject = item["pk"].removeprefix("SUBJECT#")
    stored: dict[str, Any] = {name: item[name] for name in (*_TEXTS, *_NUMBERS)}
    stored |= {name: item.get(name, "") for name in _SECRETS}
    stored |= {name: moment(item[name]) for name in _MOMENTS}
    stored |= {name: item.get(name) for name in _OPTIONAL_TEXTS}
    stored |= {name: tuple(item.get(name, ())) for name in _OPTIONAL_LISTS}
    return Verification(
        verification_id=item["id"],
        subject=subject,
        address_digest=item.get("address_digest", subject),
        **stored,
        address_failed=item.get("address_failed", False),
        here=_sighting(item["here"]) if "here" in item else None,
        status=Status(item["status"]),
        attempts=tuple(_attempt(each) for each in item["attempts"]),
    )


def _attempt(stored: Mapping[str, Any]) -> Attempt:
    return Attempt(
        channel=stored["channel"],
        status=AttemptStatus(stored["status"]),
        at=moment(stored["at"]),
        is_fallback=stored.get("fallback", False),
        provider_message_id=stored.get("provider_id"),
    )


def _sighting(stored: Mapping[str, Any]) -> Sighting:
    north, east = stored.get("place") or (None, None)
    return Sighting(
        at=moment(stored["at"]),
        latitude=None if north is None else north / 10,
        longitude=None if east is None else east / 10,
        device=stored.get("device"),
    )


def subject_from(item: Item) -> Subject:
    """The subject of a native item."""
    return Subject(
        failures=item.get("failures", 0),
        starts=_moments(item),
        answered_at=moment(item["answered_at"]) if "answered_at" in item else None,
        verification=verification_from(item),
        sightings=tuple(_sighting(one) for one in item.get("sightings", ())),
    )


def session_from(item: Item) -> Session:
    """The session of a native item."""
    return Session(
        failures=item.get("failures", 0),
        room=item.get("room", 0),
        current=item.get("current"),
        starts=_moments(item),
    )


def _moments(item: Item) -> tuple[datetime, ...]:
    return tuple(moment(one) for one in item.get("starts", ()))


def begin_subject(
    verification: Verification,
    starts: Sequence[datetime],
    seen: Seen,
    events: Sequence[Envelope],
) -> Item:
    """The update that makes `verification` its subject's one; the subject's failures stay."""
    before = seen.subject(verification.subject)
    given = present(
        verification_attributes(verification)
        | {
            "starts": [millis(one) for one in starts],
            "sightings": [sighting_attributes(one) for one in before.answered_from] or None,
            "events": events_attribute(events),
            "expires_at": epoch(verification.created_at + KEPT),
            "v": SCHEMA_VERSION,
        }
    )
    gone = [name for name in (*OPTIONAL, "events") if name not in given]
    over = before.verification
    condition, bound = "attribute_not_exists(#id)", dict[str, Any]()
    if over is not None:
        condition = (
            "#id = :over AND #status = :was AND #checks = :checked AND size(#attempts) = :count"
        )
        bound = {
            "over": over.verification_id,
            "was": over.status.value,
            "checked": over.checks,
            "count": len(over.attempts),
        }
    removed = f" REMOVE {', '.join(f'#{name}' for name in gone)}" if gone else ""
    return update(
        subject_key(verification.subject),
        f"SET {assigned(given)}{removed}",
        condition,
        (*given, *gone),
        **given,
        **bound,
    )


def begin_session(verification: Verification, after: Session, before: Session) -> Item:
    """The update that lets a session wait for `verification`, unless it moved since `before`."""
    given = {
        "failures": after.failures,
        "room": after.room,
        "current": after.current,
        "starts": [millis(one) for one in after.starts],
        "expires_at": epoch(verification.created_at + SESSION_KEPT),
        "v": SCHEMA_VERSION,
    }
    condition, bound = "attribute_not_exists(#failures)", dict[str, Any]()
    if before != Session():
        condition, bound = "#failures = :failed", {"failed": before.failures}
        if before.current is None:
            condition += " AND attribute_not_exists(#current)"
        else:
            condition += " AND #current = :was"
            bound["was"] = before.current
    return update(
        session_key(verification.session),
        f"SET {assigned(given)}",
        condition,
        (*given,),
        **given,
        **bound,
    )


def update(
    key: Key, expression: str, condition: str | None, names: Collection[str], **bound: Any
) -> Item:
    """The arguments of one update, its table aside; `names` stand in it as `#name`."""
    action = {
        "Key": item_key(key),
        "UpdateExpression": expression,
        "ExpressionAttributeNames": {f"#{name}": name for name in names},
        "ExpressionAttributeValues": values(**bound),
    }
    return action | ({"ConditionExpression": condition} if condition else {})


def item_key(key: Key) -> Item:
    """A key as DynamoDB takes it."""
    return to_item({"pk": key[0], "sk": key[1]})


def present(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes that set something."""
    return {name: value for name, value in changes.items() if value is not None}


def assigned(given: Mapping[str, Any]) -> str:
    """`#name = :name` for each, in order."""
    return ", ".join(f"#{name} = :{name}" for name in given)


def epoch(moment: datetime) -> int:
    """Seconds since 1970, as DynamoDB's expiry takes them."""
    return int(moment.timestamp())
