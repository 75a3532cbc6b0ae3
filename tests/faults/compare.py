"""Two end states, compared without what may differ: generated ids and processing times.

An id is told from another by where it stands, not by its letters: each gets a colour from the items
it stands in and the places there, refined a few rounds (Weisfeiler-Leman), so that items that
point at the wrong thing differ although each looks right alone.
"""

import difflib
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from local.twins.codes import code_in
from local.twins.state import Delivered
from rapport.kernel.ids import time_prefix
from tests.faults import verifications
from tests.faults.world import World

ROUNDS = 4
_ID = re.compile(
    r"(?<![0-9A-Za-z])(?:cnv_[0-9a-z]{36}|(?:ver_[0-9a-z]{42}|[a-z]{3,4}_[0-9a-z]{26})(?:\d\d)?"
    r"|wamid\.aaaaaa\d+|[0-9a-f]{64}|[0-9a-hjkmnp-tv-z]{16}|[0-9a-f]{10})(?![0-9A-Za-z])"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
_MILLIS = re.compile(r"(?<![0-9])1[67]\d{11}(?![0-9])")
_POSITION = re.compile(r'(?<=")([0-9a-z]{10})#')
_DROPPED = frozenset({"expires_at", "claimed_until", "last_ingest_id", "events", "version"})
"""Processing times, and marks of the last write: of two at one moment either may be last. The facts
of every write are compared as they were told."""

_PASSING = "RealtimeTable"
"""Tickets and sockets, which come and go with every attempt; what they brought counts."""

_KEPT_ANSWER = frozenset({"status", "body"})
"""How a request was answered: a repetition may see further, or find that nothing was kept."""


@dataclass(frozen=True)
class EndState:
    """Everything that counts, as sorted lines: `exact` with colours, `readable` without."""

    exact: list[str]
    readable: list[str]
    ledger: list[dict[str, Any]]
    codes: list[str]
    deliveries: int
    dead: list[str]
    denied: list[str]


def end_state(world: World, *, without_ledger: bool = False) -> EndState:
    """The end state of a run; `without_ledger`, what does not depend on how a sending ended."""
    lines: list[str] = []
    ledger: list[dict[str, Any]] = []
    tables = world.dynamo.items()
    final = {
        item["status"]["S"]
        for table, items in tables.items()
        for item in items
        if table.endswith("NotificationsTable")
    }
    for table, items in tables.items():
        dropped = _DROPPED | (_KEPT_ANSWER if table.endswith("ApiTable") else frozenset())
        is_ledger = table.endswith("NotificationsTable")
        ledger += items if is_ledger else []
        if not (is_ledger and without_ledger) and not table.endswith(_PASSING):
            kept = (
                _of_codes(items, without_ledger) if table.endswith(verifications.TABLE) else items
            )
            lines += [f"{table} {_dumped(item, dropped)}" for item in kept]
    facts = [one for one in world.facts if _counts(one, final)]
    if without_ledger:
        facts = [_without_channel(one) for one in facts if not _is_ours(one)]
    if verifications.attempts(world):
        facts = [_begun(one) for one in facts]
    lines += sorted({f"fact {_fact(one)}" for one in facts})
    if not without_ledger:
        lines += [_phone(one) for one in world.twins.outbox()] + verifications.books(world)
    lines += [
        f"stored {len(body)} bytes"
        for key, body in world.objects.bodies.items()
        if key.startswith("attachments/")
    ]
    lines += [f"answer {one.what} {one.status}" for one in world.said]
    for screen in world.screens.values():
        lines += screen.lines(without_ledger=without_ledger)
    masked = [_masked(line, world.moments) for line in lines]
    dead = [f"{where}: {len(bodies)}" for where, bodies in world.dead_letters().items()]
    return EndState(
        exact=sorted(_coloured(masked)),
        readable=sorted(_ID.sub(lambda found: _prefix(found[0]), line) for line in masked),
        ledger=ledger,
        codes=verifications.attempts(world),
        deliveries=len(world.twins.outbox()),
        dead=dead,
        denied=world.cloud.denied,
    )


def difference(one: EndState, other: EndState) -> list[str]:
    """What differs, as a diff; empty where nothing does."""
    if one.exact == other.exact:
        return []
    told = [
        line
        for line in difflib.unified_diff(one.readable, other.readable, lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]
    return told or ["The items look alike, but their ids point at other ones."]


def _phone(message: Delivered) -> str:
    """What a phone shows; a code stands there as an id does, since it is made of ids."""
    code = code_in(message)
    text = f"{message.text} {message.template or ''}"
    shown = (
        text.replace(code, f"cod_{code:0>26}") if code and verifications.is_code(message) else text
    )
    return f"phone {message.channel} {message.to} {shown}"


def _of_codes(items: list[dict[str, Any]], without_sending: bool) -> list[dict[str, Any]]:
    found = (verifications.comparable(one, without_sending=without_sending) for one in items)
    return [one for one in found if one is not None]


def _dumped(item: dict[str, Any], dropped: frozenset[str]) -> str:
    kept = {name: _sorted(value) for name, value in item.items() if name not in dropped}
    return json.dumps(kept, sort_keys=True)


def _sorted(value: dict[str, Any]) -> dict[str, Any]:
    return {"SS": sorted(value["SS"])} if "SS" in value else value


def _fact(event: dict[str, Any]) -> str:
    data = event["detail"]["data"]
    return json.dumps([event["detail-type"], data], sort_keys=True)


def _without_channel(event: dict[str, Any]) -> dict[str, Any]:
    """An approval names the channel that the code last went out on."""
    if event["detail-type"] != "VerificationApproved.v1":
        return event
    data = {name: one for name, one in event["detail"]["data"].items() if name != "channel"}
    return {**event, "detail": {**event["detail"], "data": data}}


def _begun(event: dict[str, Any]) -> dict[str, Any]:
    """An answered code merges customers while its message is stored: whichever comes first begins
    the conversation, the message by opening it or the merge by moving it there."""
    if event["detail-type"] not in ("ConversationOpened.v1", "ConversationReopened.v1"):
        return event
    names = ("conversation_id", "customer_id", "opened_at")
    data = {name: event["detail"]["data"][name] for name in names}
    return {**event, "detail-type": "Begun", "detail": {**event["detail"], "data": data}}


def _counts(event: dict[str, Any], final: set[str]) -> bool:
    """A receipt that came after a higher one tells nothing: the ladder's end is what counts."""
    is_receipt = str(event["detail-type"]).startswith("MessageStatusChanged")
    return not is_receipt or event["detail"]["data"]["status"] in final


def _is_ours(event: dict[str, Any]) -> bool:
    return str(event["detail-type"]).startswith(
        (
            "MessageSent",
            "MessageFailed",
            "MessageOutcome",
            "MessageStatus",
            "CodeSent",
            "CodeFailed",
        )
    )


def _masked(line: str, moments: Iterable[datetime]) -> str:
    known = {moment.astimezone(UTC) for moment in moments}

    def time(found: re.Match[str]) -> str:
        moment = datetime.fromisoformat(found[0]).astimezone(UTC)
        return found[0] if moment in known else "<time>"

    def prefix(found: re.Match[str]) -> str:
        return found[0] if found[1] in prefixes else "<time>#"

    def millis(found: re.Match[str]) -> str:
        return found[0] if int(found[0]) in numbers else "<time>"

    prefixes = {time_prefix(moment) for moment in known}
    numbers = {round(moment.timestamp() * 1000) for moment in known}
    return _MILLIS.sub(millis, _POSITION.sub(prefix, _TIME.sub(time, line)))


def _prefix(identifier: str) -> str:
    if "_" not in identifier and "." not in identifier:
        return "<hash>"  # of a path, or of what a visitor says, that has a generated id in it
    return f"<{identifier.partition('_')[0][:5]}>"


def _coloured(lines: list[str]) -> list[str]:
    parts = [_split(line) for line in lines]
    colours = {one: _prefix(one) for _, ids in parts for one in ids}
    for _ in range(ROUNDS):
        places: dict[str, list[str]] = defaultdict(list)
        for texts, ids in parts:
            item = _digest("|".join([*texts, *(colours[one] for one in ids)]))
            for place, one in enumerate(ids):
                places[one].append(f"{item}@{place}")
        colours = {
            one: _digest(_prefix(one) + "".join(sorted(found))) for one, found in places.items()
        }
    return ["|".join([*texts, *(colours[one] for one in ids)]) for texts, ids in parts]


def _split(line: str) -> tuple[list[str], list[str]]:
    return _ID.split(line), _ID.findall(line)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]
