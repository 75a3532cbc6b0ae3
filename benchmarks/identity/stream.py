"""Replay a stream of events through the engine, one by one, and say whose each of them is.

python -m benchmarks.identity stream DIR --out pred.csv [--shuffle SEED] [--retract FILE]
"""

import argparse
import csv
import gc
import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.graph import Component, Decision, DecisionKind, Signal
from rapport.identity.hearing import Engine
from rapport.identity.matching import Matcher, default_model
from rapport.identity.memory import InMemoryGraph
from rapport.identity.model import Attestation, Heard, Sender, Source, strongest
from rapport.identity.rules import Rules
from rapport.identity.statements import customers, digest_said
from rapport.kernel import email, phone
from rapport.kernel.errors import InvalidInput
from rapport.kernel.ids import RandomIds

Event = Mapping[str, Any]

REGIONS = ("HK", "TW", "CN", "MO")
"""Where the customers of the business write from, its own region first."""

_PROVEN = frozenset({"otp", "link", "login", "card"})
_NAMESPACES = {"cookie": "anonymous_id"}
_ATTRIBUTES = {
    "name": "full_name",
    "name_local": "local_name",
    "display_name": "display_name",
    "dob": "date_of_birth",
    "address": "address",
    "gender": "gender",
}
_ATTESTATIONS = {
    "none": Attestation.NONE,
    "self": Attestation.SELF,
    "agent": Attestation.AGENT,
    "agent_kba": Attestation.KBA,
    "staff": Attestation.IMPORT,
}
_SENDS = {"whatsapp": "phone", "email": "email", "line": "line_id", "web": "cookie"}


@dataclass(slots=True)
class Replay:
    """A stream on its way through an engine; `seconds` of CPU time are what each took there."""

    engine: Engine
    graph: InMemoryGraph
    sources: dict[str, tuple[Source, str]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    @classmethod
    def begin(cls, rules: Rules | None = None) -> "Replay":
        """On an empty in-memory graph, with the rules and the model that we ship."""
        graph = InMemoryGraph()
        ids = RandomIds(randbits=random.Random(1).getrandbits)
        return cls(Engine(graph, rules or Rules(), Matcher(default_model()), ids), graph)

    def take(self, event: Event) -> None:
        """One event, as a channel would bring it."""
        self.hear(event["event_id"], told_by(event))

    def hear(self, event_id: str, told: Heard | list[Signal]) -> None:
        """What an event tells, in our terms."""
        started = time.process_time()
        if isinstance(told, Heard):
            record = self.engine.hear(told)
            self.sources[event_id] = (record.source, record.saying)
        else:
            for signal in told:
                self.engine.signal(signal)
            self.sources.pop(event_id, None)
        self.seconds.append(time.process_time() - started)

    def retract(self, event_ids: Iterable[str]) -> None:
        """Take back the statements that rest on none but these events."""
        gone = set(event_ids)
        kept = {where for event_id, where in self.sources.items() if event_id not in gone}
        said = self._said()
        moment = datetime.now(UTC)
        for event_id in sorted(gone & self.sources.keys()):
            where = self.sources.pop(event_id)
            if where in kept:
                continue
            component, statement_id = said[where]
            decision = Decision(
                decision_id=f"dec_{event_id}",
                kind=DecisionKind.RETRACT,
                at=moment,
                by="benchmark",
                left=statement_id,
            )
            self.engine.decide([decision], [component.component_id])

    def profiles(self) -> dict[str, str]:
        """The customer of each event as of now."""
        whose = {
            where: customers(component)[statement_id]
            for where, (component, statement_id) in self._said().items()
        }
        return {event_id: whose[where] for event_id, where in self.sources.items()}

    def _said(self) -> dict[tuple[Source, str], tuple[Component, str]]:
        """Where each thing that was said lies, by its source and digest."""
        return {
            (one.source, digest_said(one)): (component, one.statement_id)
            for component in self.graph.components.values()
            if isinstance(component, Component)
            for one in component.statements
        }


def told_by(event: Event) -> Heard | list[Signal]:
    """What an event tells, in our terms: something a sender says, or what a carrier signals."""
    return signals_of(event) if event["type"] == "phone_deactivated" else heard_of(event)


def heard_of(event: Event) -> Heard:
    """What an event says, in our terms."""
    identifiers = strongest([one for raw in event["identifiers"] for one in _identifier(raw)])
    attributes = {
        _ATTRIBUTES[key]: str(text)
        for key, text in event["attributes"].items()
        if key in _ATTRIBUTES and text
    }
    sender = Sender(
        source=Source(event["channel"], "main", _sender(event)),
        channel=event["channel"],
        identifiers=identifiers,
        name=attributes.get("full_name") or attributes.get("display_name"),
        attributes=attributes,
        attestation=_ATTESTATIONS[event["attribute_assurance"]],
    )
    at, heard_at = map(datetime.fromisoformat, (event["ts"], event["received_at"]))
    return Heard(sender, at, heard_at, event["event_id"])


def signals_of(event: Event) -> list[Signal]:
    """What a carrier says of numbers."""
    at = datetime.fromisoformat(event["ts"])
    return [
        Signal("phone_deactivated", one.namespace, one.value, at, event["event_id"])
        for raw in event["identifiers"]
        for one in _identifier(raw)
    ]


def _identifier(raw: Event) -> list[Identifier]:
    kind: str = raw["type"]
    value = _value(kind, raw["value"])
    if not value:
        return []
    assurance = Assurance.CLAIMED
    if raw["verified"]:
        assurance = Assurance.VERIFIED if raw["method"] in _PROVEN else Assurance.CHANNEL
    return [Identifier(_NAMESPACES.get(kind, kind), value, assurance, raw["method"])]


@lru_cache(100_000)
def _value(kind: str, raw: str) -> str:
    try:
        if kind == "phone":
            return phone.normalise_local(raw, REGIONS)
        return email.normalise(raw) if kind == "email" else raw.strip()
    except InvalidInput:
        return ""


def _sender(event: Event) -> str:
    """Who speaks: the sender of the channel, the card, else the event alone."""
    wanted = _SENDS.get(event["channel"], "loyalty")
    itself: str = event["event_id"]
    for one in event["identifiers"]:
        if one["type"] == wanted and one["verified"]:
            return _value(wanted, one["value"]) or itself
    return itself


def read_events(directory: Path, shuffle: int | None = None) -> list[Event]:
    """The lines of `stream.jsonl`, in their order or another one."""
    with (directory / "stream.jsonl").open(encoding="utf-8") as file:
        events: list[Event] = [json.loads(line) for line in file]
    if shuffle is not None:
        random.Random(shuffle).shuffle(events)
    return events


def read_ids(file: Path) -> list[str]:
    """The first column of a CSV file with a heading."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [row[0] for row in csv.reader(lines)][1:]


def write_profiles(out: Path, profiles: Mapping[str, str]) -> None:
    """`event_id,profile_id`, one line an event."""
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("event_id", "profile_id"))
        writer.writerows(sorted(profiles.items()))


def _told(replay: Replay, reading: float, hearing: float) -> Iterator[str]:
    ordered = sorted(replay.seconds)
    p99 = ordered[int(len(ordered) * 0.99)] * 1000 if ordered else 0.0
    total, events = reading + hearing, len(ordered)
    yield f"{events} events in {total:.2f} s of a core: {events / total:,.0f} events/s"
    yield f"in the engine alone {hearing:.2f} s: {events / hearing:,.0f} events/s"
    yield f"p50 {ordered[len(ordered) // 2] * 1000:.3f} ms, p99 {p99:.3f} ms"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="stream", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shuffle", type=int, metavar="SEED")
    parser.add_argument("--retract", type=Path, metavar="FILE")
    parser.add_argument("--rules", type=Path, help="a rules document to try (JSON)")
    args = parser.parse_args(argv)
    rules = Rules.model_validate_json(args.rules.read_text("utf-8")) if args.rules else None
    events = read_events(args.directory, args.shuffle)
    replay = Replay.begin(rules)
    # The graph in memory stands for a database, and nothing here leaves cycles behind: walking all
    # of it again and again would be measured as if it were the engine's work.
    gc.disable()
    started = time.process_time()
    told = [(event["event_id"], told_by(event)) for event in events]
    read = time.process_time()
    for event_id, one in told:
        replay.hear(event_id, one)
    heard = time.process_time()
    gc.enable()
    if args.retract:
        replay.retract(read_ids(args.retract))
    write_profiles(args.out, replay.profiles())
    for line in _told(replay, read - started, heard - read):
        print(line)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
