"""Verifications in DynamoDB: one item a subject, one a session."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from rapport.aws.dynamo import (
    SCHEMA_VERSION,
    ConditionFailed,
    DynamoClient,
    Item,
    events_attribute,
    from_item,
    translated,
)
from rapport.contracts.events import Envelope
from rapport.kernel.errors import Conflict
from rapport.otp.items import (
    assigned,
    attempt_attributes,
    begin_session,
    begin_subject,
    epoch,
    item_key,
    millis,
    present,
    session_from,
    subject_from,
    update,
    verification_from,
)
from rapport.otp.keys import Key, session_key, subject_key, subject_of
from rapport.otp.model import (
    KEPT,
    SESSION_KEPT,
    SUBJECT_FAILURES,
    Attempt,
    AttemptStatus,
    Seen,
    Session,
    Status,
    Verification,
)

_OPEN = (
    "#id = :id AND #session = :session AND #status = :pending AND #ends_at > :now"
    " AND #checks < #max_checks AND (attribute_not_exists(#failures) OR #failures < :limit)"
)
_OPEN_NAMES = ("id", "session", "status", "ends_at", "checks", "max_checks", "failures")


class DynamoVerifications:
    """`Verifications` on the table of verifications; see `ports` for what each method promises."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def look(self, subjects: Collection[str], session: str) -> Seen:
        """One consistent batch read."""
        wanted = [*map(subject_key, dict.fromkeys(subjects)), session_key(session)]
        request: Any = {
            self._table: {"Keys": [item_key(one) for one in wanted], "ConsistentRead": True}
        }
        found: dict[str, Item] = {}
        while request:
            with translated():
                answer = self._client.batch_get_item(RequestItems=request)
            for item in map(from_item, answer["Responses"].get(self._table, [])):
                found[item["pk"]] = item
            request = answer.get("UnprocessedKeys")
        asked = found.pop(session_key(session)[0], None)
        return Seen(
            {pk.removeprefix("SUBJECT#"): subject_from(item) for pk, item in found.items()},
            session_from(asked) if asked else Session(),
        )

    def get(self, verification_id: str) -> Verification | None:
        """One consistent read."""
        subject = subject_of(verification_id)
        if subject is None:
            return None
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=item_key(subject_key(subject)), ConsistentRead=True
            )
        found = verification_from(from_item(answer["Item"])) if "Item" in answer else None
        return found if found and found.verification_id == verification_id else None

    def begin(
        self,
        verification: Verification,
        starts: Sequence[datetime],
        session: Session,
        seen: Seen,
        events: Sequence[Envelope],
    ) -> bool:
        """One transaction of two updates."""
        return self._write(
            begin_subject(verification, starts, seen, events),
            begin_session(verification, session, seen.session),
        )

    def order(
        self,
        verification: Verification,
        attempt: Attempt,
        starts: Sequence[datetime],
        next_send_at: datetime,
        events: Sequence[Envelope],
    ) -> bool:
        """One conditional update."""
        changes = {
            "starts": [millis(one) for one in starts],
            "next_send_at": millis(next_send_at),
            "events": events_attribute(events),
        }
        given = present(changes)
        return self._update(
            subject_key(verification.subject),
            f"SET {assigned(given)}, #attempts[{len(verification.attempts)}] = :attempt",
            "#id = :id AND #status = :pending AND #ends_at > :now AND size(#attempts) = :count",
            (*given, "id", "status", "ends_at", "attempts"),
            **given,
            attempt=attempt_attributes(attempt),
            id=verification.verification_id,
            pending=Status.PENDING.value,
            now=millis(attempt.at),
            count=len(verification.attempts),
        )

    def refuse(
        self, verification: Verification, guess_id: str, at: datetime, events: Sequence[Envelope]
    ) -> bool:
        """One conditional update; with an address of its own to count at, one transaction."""
        given = present({"last_guess": guess_id, "events": events_attribute(events)})
        own = update(
            subject_key(verification.subject),
            f"SET #checks = #checks + :one, #failures = if_not_exists(#failures, :none) + :one"
            f", {assigned(given)}",
            f"{_OPEN} AND (attribute_not_exists(#last_guess) OR #last_guess <> :last_guess)",
            (*_OPEN_NAMES, *given),
            **_open_values(verification, at),
            **given,
            one=1,
            none=0,
        )
        if verification.address_digest == verification.subject:
            return self._write(own)
        other = update(
            subject_key(verification.address_digest),
            "SET #failures = if_not_exists(#failures, :none) + :one, #expires_at = :kept, #v = :v",
            "attribute_not_exists(#failures) OR #failures < :limit",
            ("failures", "expires_at", "v"),
            none=0,
            one=1,
            kept=epoch(at + KEPT),
            v=SCHEMA_VERSION,
            limit=SUBJECT_FAILURES,
        )
        return self._write(own, other)

    def note_failure(self, session: str, at: datetime, events: Sequence[Envelope]) -> None:
        """One update."""
        given = present({"events": events_attribute(events), "v": SCHEMA_VERSION})
        self._update(
            session_key(session),
            f"SET #failures = if_not_exists(#failures, :none) + :one, #expires_at = :kept,"
            f" {assigned(given)}",
            None,
            ("failures", "expires_at", *given),
            **given,
            none=0,
            one=1,
            kept=epoch(at + SESSION_KEPT),
        )

    def approve(
        self, verification: Verification, approval: str, at: datetime, events: Sequence[Envelope]
    ) -> bool:
        """One conditional update; where an address of its own had failures, one transaction."""
        changes = {
            "status": Status.APPROVED.value,
            "approval": approval,
            "answered_at": millis(at),
            "failures": 0,
            "events": events_attribute(events),
        }
        given = present(changes)
        own = update(
            subject_key(verification.subject),
            # Nobody can derive a used code any more, and what is left fits into one unit.
            f"SET {assigned(given)} REMOVE #nonce, #key_version, #last_guess",
            _OPEN,
            (*given, *_OPEN_NAMES, "nonce", "key_version", "last_guess"),
            **given,
            **_open_values(verification, at),
        )
        failed = verification.address_failed or verification.checks > 0
        if not failed or verification.address_digest == verification.subject:
            return self._write(own)
        other = update(
            subject_key(verification.address_digest),
            "SET #failures = :none, #expires_at = :kept, #v = :v",
            None,
            ("failures", "expires_at", "v"),
            none=0,
            kept=epoch(at + KEPT),
            v=SCHEMA_VERSION,
        )
        return self._write(own, other)

    def end(
        self, verification: Verification, status: Status, reason: str, events: Sequence[Envelope]
    ) -> bool:
        """One conditional update."""
        changes = {"status": status.value, "reason": reason, "events": events_attribute(events)}
        given = present(changes)
        return self._update(
            subject_key(verification.subject),
            f"SET {assigned(given)}",
            "#id = :id AND #status = :pending",
            (*given, "id"),
            **given,
            id=verification.verification_id,
            pending=Status.PENDING.value,
        )

    def begin_attempt(
        self, verification_id: str, number: int, at: datetime
    ) -> tuple[bool, Verification | None]:
        """One conditional update that returns the item: reading and taking it are one call."""
        subject = subject_of(verification_id)
        if subject is None:
            return False, None
        place = f"#attempts[{number - 1}].#status"
        action = update(
            subject_key(subject),
            f"SET {place} = :sending",
            f"#id = :id AND #status = :pending AND #ends_at > :now AND {place} = :ordered",
            ("attempts", "status", "id", "ends_at"),
            sending=AttemptStatus.SENDING.value,
            ordered=AttemptStatus.ORDERED.value,
            id=verification_id,
            pending=Status.PENDING.value,
            now=millis(at),
        )
        try:
            with translated():
                answer = self._client.update_item(
                    TableName=self._table,
                    **action,
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as failed:
            return False, _own(failed.item, verification_id)
        return True, _own(from_item(answer["Attributes"]), verification_id)

    def end_attempt(
        self,
        verification: Verification,
        number: int,
        status: AttemptStatus,
        *,
        provider_message_id: str | None = None,
        following: Attempt | None = None,
        events: Sequence[Envelope] = (),
    ) -> bool:
        """One conditional update."""
        place, count = f"#attempts[{number - 1}]", len(verification.attempts)
        given = present({"events": events_attribute(events)})
        expression = f"SET {place}.#status = :status"
        expression += f", {assigned(given)}" if given else ""
        condition = f"#id = :id AND {place}.#status = :seen"
        names = {"attempts", "status", "id", *given}
        bound = given | {
            "status": status.value,
            "id": verification.verification_id,
            "seen": verification.attempts[number - 1].status.value,
        }
        if provider_message_id:
            expression += f", {place}.#provider_id = :provider_id"
            names.add("provider_id")
            bound["provider_id"] = provider_message_id
        if following:
            expression += f", #attempts[{count}] = :following"
            condition += " AND size(#attempts) = :count AND #status = :pending AND #ends_at > :now"
            names.add("ends_at")
            bound |= {
                "following": attempt_attributes(following),
                "count": count,
                "pending": Status.PENDING.value,
                "now": millis(following.at),
            }
        return self._update(
            subject_key(verification.subject), expression, condition, (*names,), **bound
        )

    def _update(
        self,
        key: Key,
        expression: str,
        condition: str | None,
        names: Collection[str],
        **bound: Any,
    ) -> bool:
        return self._write(update(key, expression, condition, names, **bound))

    def _write(self, *actions: Item) -> bool:
        """One call: an update for one item, which costs half, else a transaction of updates."""
        on_table: list[Item] = [{"TableName": self._table, **action} for action in actions]
        call, asked = self._client.update_item, on_table[0]
        if len(on_table) > 1:
            call = self._client.transact_write_items
            asked = {"TransactItems": [{"Update": action} for action in on_table]}
        try:
            with translated():
                call(**asked)
        except (ConditionFailed, Conflict):
            return False
        return True


def _open_values(verification: Verification, at: datetime) -> dict[str, Any]:
    return {
        "id": verification.verification_id,
        "session": verification.session,
        "pending": Status.PENDING.value,
        "now": millis(at),
        "limit": SUBJECT_FAILURES,
    }


def _own(item: Item | None, verification_id: str) -> Verification | None:
    found = verification_from(item) if item else None
    return found if found and found.verification_id == verification_id else None
