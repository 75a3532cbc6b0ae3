"""What must be true of verifications whatever goes wrong: watched at each write, and at the end."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.twins.codes import codes
from local.twins.state import Delivered
from rapport.aws.dynamo import from_item
from rapport.otp.guard_books import prefix_book, spend_book
from rapport.otp.items import subject_from, verification_from
from rapport.otp.model import AttemptStatus, Status, Subject, Verification
from tests.platform.dynamo import Change
from tests.platform.platform import Platform

TABLE = "OtpTable"
GUARD = "GUARD#"
_SENDING = frozenset({"attempts", "next_send_at", "starts"})
"""What depends on how a sending ended."""

_REACHED = (AttemptStatus.SENT, AttemptStatus.DELIVERED)


@dataclass(frozen=True)
class Expected:
    """What an undisturbed story comes to: `sends` reach a phone, `wrong` guesses are made."""

    sends: int
    wrong: int
    approved: bool


@dataclass
class Watched:
    """Every write to the table of verifications; `broken` says which broke a promise."""

    ids: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)

    def hear(self, change: Change) -> None:
        """One write to any table."""
        image = from_item(change.new) if change.new else {}
        if not change.table.endswith(TABLE) or not str(image.get("pk", "")).startswith("SUBJECT#"):
            return
        before = subject_from(from_item(change.old)) if change.old else Subject()
        now = subject_from(image)
        self.broken += objections(before, now, str(image.get("events")))
        if now.verification:
            self.ids.add(now.verification.verification_id)


def objections(old: Subject, new: Subject, told: str) -> Iterator[str]:
    """What one write to a subject must not do; `told` are the facts that ride on it."""
    was, now = old.verification, new.verification
    if new.failures not in (0, old.failures, old.failures + 1):
        yield f"failures went from {old.failures} to {new.failures}"
    if was is None or now is None:
        return
    if was.verification_id == now.verification_id:
        yield from _of_one(was, now, new.answered_at)
    elif was.is_open(now.created_at) and "superseded" not in told:
        yield f"{was.verification_id} is open, and another one has silently taken its place"


def _of_one(was: Verification, now: Verification, answered_at: datetime | None) -> Iterator[str]:
    name = now.verification_id
    # What a code is made of may be forgotten once it is over, and is never another.
    if now.nonce not in (was.nonce, "") or (not now.nonce and now.status is Status.PENDING):
        yield f"{name} has another code all of a sudden"
    if not 0 <= now.checks - was.checks <= 1 or now.checks > now.max_checks:
        yield f"{name} counts {now.checks} guesses after {was.checks}"
    if was.status is not Status.PENDING and now.status is not was.status:
        yield f"{name} was {was.status} and is {now.status}"
    is_approved = now.status is Status.APPROVED and was.status is Status.PENDING
    if is_approved and answered_at is not None and not was.is_open(answered_at):
        yield f"{name} was approved when it was over"


def promises(
    world: Platform, watched: Watched, expected: Expected, *, is_harmed: bool
) -> list[str]:
    """What is broken at the end; `is_harmed`: a sending was hurt, and may have ended otherwise."""
    found = [*watched.broken, *_about_codes(world), *_about_clear_text(world)]
    if len(watched.ids) != 1:
        return [*found, f"{len(watched.ids)} verifications were begun for one wish"]
    return [*found, *_about_counts(world, expected), *_about_sends(world, expected, is_harmed)]


def _about_codes(world: Platform) -> Iterator[str]:
    """One verification has one code; one attempt is one message."""
    sent = list(world.twins.outbox())
    by_id: dict[str | None, set[str]] = {}
    for one in codes(sent):
        by_id.setdefault(one.verification_id, set()).add(one.code)
    for told, known in by_id.items():
        if told is not None and len(known) > 1:
            yield f"{told} has {len(known)} codes"
    asked = Counter(one.status_callback for one in sent if is_code(one) and one.status_callback)
    for reference, times in asked.items():
        if times > 1:
            yield f"{reference} was sent {times} times"


def _about_clear_text(world: Platform) -> Iterator[str]:
    """No code in any table, object or fact."""
    known = {one.code for one in codes(world.twins.outbox())}
    stored = [str(item) for items in world.dynamo.items().values() for item in items]
    stored += [str(one) for one in world.facts]
    stored += [body.decode("latin-1") for body in world.objects.bodies.values()]
    for code in known:
        word = re.compile(rf"(?<![0-9A-Za-z]){code}(?![0-9A-Za-z])")
        yield from (f"a code is stored in {text[:200]}" for text in stored if word.search(text))


def _about_counts(world: Platform, expected: Expected) -> Iterator[str]:
    """Each guess counts once, everywhere; there is one approval; the guard has lost nothing."""
    (one,) = [found for item in _items(world) if (found := verification_from(item))]
    refused = {str(e["detail"]["data"]) for e in _facts(world, "CodeRefused.v1")}
    approved = {
        e["detail"]["metadata"]["event_id"] for e in _facts(world, "VerificationApproved.v1")
    }
    if one.checks != expected.wrong or len(refused) != expected.wrong:
        yield f"{expected.wrong} wrong guesses are {one.checks} checks and {len(refused)} facts"
    if len(approved) != expected.approved or (one.status is Status.APPROVED) != expected.approved:
        yield f"{len(approved)} approvals, and its status is {one.status}"
    failures = {subject_from(item).failures for item in _items(world)}
    if failures != {0 if expected.approved else expected.wrong}:
        yield f"failures are {sorted(failures)}"
    books = [prefix_book("", 0, 1, item["content"]) for item in _guard(world, "GUARD#PREFIX#")]
    tallies = [tally for book in books for tally in book.totals.values()]
    starts, answered = sum(one[0] for one in tallies), sum(one[1] for one in tallies)
    if (starts, answered) != (1, int(expected.approved)):
        yield f"the guard counts {starts} starts and {answered} approvals"
    if not _guard(world, "GUARD#SOURCE#"):
        yield "the guard has not counted who asked"


def _about_sends(world: Platform, expected: Expected, is_harmed: bool) -> Iterator[str]:
    """An attempt is a message, or its outcome is unknown: never a message twice, never a lie."""
    (one,) = [found for item in _items(world) if (found := verification_from(item))]
    reached = sum(is_code(message) for message in world.twins.outbox())
    statuses = [attempt.status for attempt in one.attempts]
    if AttemptStatus.ORDERED in statuses and one.status is not Status.APPROVED:
        yield "an attempt was ordered and never made"
    if sum(status in _REACHED for status in statuses) > reached:
        yield "an attempt is called sent, and nobody got it"
    if reached > len(statuses):
        yield f"{len(statuses)} attempts are {reached} messages"
    if not is_harmed and reached != expected.sends:
        yield f"{reached} messages, not {expected.sends}"


def is_code(message: Delivered) -> bool:
    """Whether what reached a phone is a code."""
    return next(codes([message]), None) is not None


# -- For comparing ends -------------------------------------------------------------------------


def comparable(item: dict[str, Any], *, without_sending: bool) -> dict[str, Any] | None:
    """What of an item must be the same in each run; None for what is summed up in `books`."""
    if item["pk"]["S"].startswith(GUARD):
        return None
    dropped = _SENDING if without_sending else frozenset[str]()
    return {name: value for name, value in item.items() if name not in dropped}


def attempts(world: Platform) -> list[str]:
    """How every sending of every code ended."""
    found = (verification_from(item) for item in _items(world))
    return [attempt.status.value for one in found if one for attempt in one.attempts]


def books(world: Platform) -> list[str]:
    """The guard's counts without their times and shards. A source's starts are asked for before a
    start is written: whoever dies in between has been counted, and is counted again."""
    prefixes = [(str(item["pk"]), item["content"]) for item in _guard(world, "GUARD#PREFIX#")]
    lines = [
        f"{pk} {[sum(column) for column in zip(*totals, strict=True)]}"
        for pk, content in prefixes
        if (totals := list(prefix_book("", 0, 1, content).totals.values()))
    ]
    purses = [spend_book(0, 1, item["content"]) for item in _guard(world, "GUARD#SPEND")]
    return [*lines, f"spent {sum(cost for purse in purses for cost in purse.hours.values())}"]


def _items(world: Platform) -> list[dict[str, Any]]:
    return [one for one in _table(world) if str(one["pk"]).startswith("SUBJECT#")]


def _guard(world: Platform, prefix: str) -> list[dict[str, Any]]:
    return [one for one in _table(world) if str(one["pk"]).startswith(prefix)]


def _table(world: Platform) -> list[dict[str, Any]]:
    tables = world.dynamo.items()
    return [from_item(one) for name, all_ in tables.items() if name.endswith(TABLE) for one in all_]


def _facts(world: Platform, kind: str) -> list[dict[str, Any]]:
    return [one for one in world.facts if one["detail-type"] == kind]
