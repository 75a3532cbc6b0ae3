"""What a year's volume asks of each part, from counted calls: rates, units, bytes, money. Pure."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from typing import Any

from benchmarks import cost
from benchmarks.calls import Call, Invocation
from benchmarks.capacity import READ_UNIT, WRITE_UNIT, Item, entry, size, table_of
from tests.tables import TABLE, function_of, resources

YEAR = 365 * 24 * 3600
Rates = dict[str, float]
QUEUE = "QUEUE#default"
CONVERSATION_ID = 39
"""Bytes of a conversation's id in an agent's set."""


@dataclass(frozen=True)
class Mix:
    """What a year consists of, and how it is spread: assumptions, each to be replaced by yours."""

    messages: float = 1.8e9
    interactions: float = 10e9
    peak: float = 10.0
    inbound: float = 0.5
    per_conversation: float = 4.0
    new_people: float = 0.1
    new_visitors: float = 0.05
    receipts: int = 3
    largest_medium: float = 0.5
    handling_minutes: float = 8.0
    at_once: float = 4.0
    occupancy: float = 0.85
    accounts: int = 10

    @property
    def openings(self) -> float:
        """Conversations a year."""
        return self.messages * self.inbound / self.per_conversation

    @property
    def answers(self) -> float:
        """Messages of ours a year."""
        return self.messages * (1 - self.inbound)

    @property
    def tracked(self) -> float:
        """Interactions that are not messages: views, clicks, purchases."""
        return max(0.0, self.interactions - self.messages)

    @property
    def agents(self) -> int:
        """Agents there at the peak."""
        conversations = self.openings / YEAR * self.peak * self.handling_minutes * 60
        return max(1, ceil(conversations / self.at_once / self.occupancy))

    def times(self, factor: float) -> "Mix":
        """The same mix, `factor` as much of it."""
        return Mix(
            **vars(self)
            | {"messages": self.messages * factor, "interactions": self.interactions * factor}
        )


STAGES: Mapping[str, tuple[tuple[str, ...], Callable[[Mix], float]]] = {
    "message into a running conversation": (
        ("inbound queued", "inbound stored", "inbound on screen"),
        lambda mix: mix.messages * mix.inbound - mix.openings,
    ),
    "message that begins one": (
        ("inbound queued", "opening stored", "opening on screen"),
        lambda mix: mix.openings * (1 - mix.new_people),
    ),
    "message of somebody new": (
        ("inbound queued", "new sender", "opening on screen"),
        lambda mix: mix.openings * mix.new_people,
    ),
    "conversation resolved": (("resolved",), lambda mix: mix.openings),
    "answer": (("answer with key", "answer with key, afterwards"), lambda mix: mix.answers),
    "receipt": (
        ("receipt: delivered", "receipt: delivered, afterwards"),
        lambda mix: mix.answers * mix.receipts,
    ),
    "tracked event of a new visitor": (
        ("tracked",),
        lambda mix: mix.tracked * mix.new_visitors,
    ),
    "tracked event": (("tracked again",), lambda mix: mix.tracked * (1 - mix.new_visitors)),
}


@dataclass
class Demand:
    """Means a second over the year, by resource; `at_peak` gives the peak's."""

    mix: Mix
    functions: dict[str, list[float]] = field(default_factory=dict)
    writes: Rates = field(default_factory=lambda: defaultdict(float))
    reads: Rates = field(default_factory=lambda: defaultdict(float))
    stored: Rates = field(default_factory=lambda: defaultdict(float))
    messages: Rates = field(default_factory=lambda: defaultdict(float))
    calls: Rates = field(default_factory=lambda: defaultdict(float))
    bill: Rates = field(default_factory=lambda: defaultdict(float))
    counted: Rates = field(default_factory=lambda: defaultdict(float))

    @property
    def queue_bytes(self) -> float:
        """The routing partition: every agent's item with its conversations."""
        active = self.mix.at_once * CONVERSATION_ID
        return self.mix.agents * (self.counted["agent bytes"] + active)

    @property
    def queue_units(self) -> float:
        """Read units a second, mean, of routing's reads of its whole queue."""
        return self.calls["queue reads"] * ceil(self.queue_bytes / READ_UNIT)

    @cached_property
    def needs(self) -> dict[str, float]:
        """The demand on each quota at the peak."""
        peak = self.mix.peak
        concurrency = sum(busy for _, busy in self.functions.values())
        agent_item = self.counted["agent bytes"] + self.mix.at_once * CONVERSATION_ID
        queue_writes = self.calls["queue writes"] * ceil(agent_item / WRITE_UNIT)
        # Sockets end after two hours.
        connects = self.mix.agents / 7200
        reads = {**self.reads, "RoutingTable": self.reads["RoutingTable"] + self.queue_units}
        return {
            "lambda concurrency": concurrency * peak,
            "http requests": (self.calls["http"] + self.calls["pushes"]) * peak,
            "websocket connects": connects,
            "fifo calls": max(self.fifo_calls().values()) * peak,
            "bus requests": self.calls["bus requests"] * peak,
            "bus deliveries": self.calls["bus deliveries"] * peak,
            "table writes": max(self.writes.values()) * peak,
            "table reads": max(reads.values()) * peak,
            "queue partition writes": queue_writes * peak,
            "queue partition reads": self.queue_units * peak,
            # A conversation enters it when it opens and leaves it when it is resolved.
            "state partition writes": 2 * self.mix.openings / YEAR * peak,
            # Each environment reads its accounts every five minutes.
            "secret reads": concurrency * peak * self.mix.accounts / 300,
            "schedules": 1 / 60,
        }

    def fifo_calls(self) -> dict[str, float]:
        """Calls of the busiest action (sending, one by one) on each FIFO queue."""
        return {name: rate for name, rate in self.messages.items() if name in _fifo_queues()}


def demand(stages: Mapping[str, Sequence[Invocation]], mix: Mix) -> Demand:
    """What `mix` asks for, given what each stage does once."""
    found = Demand(mix)
    for names, yearly in STAGES.values():
        number = yearly(mix)
        for invocation in (one for name in names for one in stages[name]):
            _add(found, invocation, number / YEAR)
        lines = cost.bill([one for name in names for one in stages[name]])
        for line in lines:
            found.bill[line.what] += line.usd * number / 1e6
    return found


def _add(found: Demand, invocation: Invocation, rate: float) -> None:
    name = function_of(invocation.function)
    share = 1 / cost.batch_of(invocation)
    rates = found.functions.setdefault(name, [0.0, 0.0])
    rates[0] += rate * share
    rates[1] += rate * seconds_of(invocation, share)
    records = invocation.event.get("Records", [])
    if "http" in invocation.event.get("requestContext", {}):
        found.calls["http"] += rate
    if records and records[0]["eventSource"] == "aws:sqs" and '"detail-type"' in records[0]["body"]:
        found.calls["bus deliveries"] += rate
        found.messages[_named(records[0]["eventSourceARN"])] += rate
    for call in invocation.calls:
        _add_call(found, call, rate)
        # Everybody but the matcher writes over the conversation that is there.
        if invocation.function in ("match_sender", "receive_tracking", "serve_conversations"):
            _add_bytes(found, call, rate)


def _add_bytes(found: Demand, call: Call, rate: float) -> None:
    for table, item in call.items:
        if call.operation in ("PutItem", "TransactWriteItems"):
            found.stored[_table(table)] += rate * _kept(table, item)


def _add_call(found: Demand, call: Call, rate: float) -> None:
    match call.operation:
        case "SendMessageBatch":
            queue = str(call.params["QueueUrl"]).rpartition("/")[2]
            found.messages[_queue(queue)] += rate * len(call.params["Entries"])
        case "PutEvents":
            found.calls["bus requests"] += rate
            found.calls["events"] += rate * len(call.params["Entries"])
        case "PostToConnection":
            found.calls["pushes"] += rate
    if call.service == "dynamodb":
        _add_units(found, call, rate)


def _add_units(found: Demand, call: Call, rate: float) -> None:
    tables = _tables_of(call)
    is_queue = QUEUE in str(call.params)
    for name in tables:
        found.writes[name] += rate * call.write_units / len(tables)
        found.reads[name] += 0 if is_queue else rate * call.read_units / len(tables)
    if is_queue and call.operation == "Query":
        found.calls["queue reads"] += rate
    elif is_queue and call.write_units:
        found.calls["queue writes"] += rate
    for _, item in call.items:
        if is_queue and "active" in item:
            own = {key: value for key, value in item.items() if key != "active"}
            found.counted["agent bytes"] = size(own)


def _kept(table: str, item: Item) -> float:
    """Bytes at the year's end of one item a second, its index entries included; some expire."""
    known = table_of(table, resources().properties(_table(table)))
    entries = [entry(known, index, item) for index in known.indexes]
    kept = size(item) + sum(size(one) for one in entries if one)
    # In whole hours, so that the plan is the same whenever it is made.
    hours = (int(item["expires_at"]["N"]) - time.time()) / 3600 if "expires_at" in item else YEAR
    return kept * min(YEAR, round(hours) * 3600)


def seconds_of(invocation: Invocation, share: float) -> float:
    """How long a record keeps an environment busy, by `cost`'s assumptions."""
    megabytes = cost.memory(invocation.function)
    a_call = cost.CALL_ON_THE_WIRE + cost.CALL_CPU * cost.FULL_PROCESSOR_MB / megabytes
    to_aws = sum(call.is_aws for call in invocation.calls)
    to_provider = len(invocation.calls) - to_aws
    return to_aws * a_call + to_provider * cost.PROVIDER_CALL + cost.OVERHEAD * share


def _tables_of(call: Call) -> list[str]:
    asked: Mapping[str, Any] = call.params
    if "TableName" in asked:
        return [_table(asked["TableName"])]
    if "RequestItems" in asked:
        return [_table(name) for name in asked["RequestItems"]]
    actions: Iterable[Mapping[str, Any]] = [
        action for each in asked["TransactItems"] for action in each.values()
    ]
    return sorted({_table(action["TableName"]) for action in actions})


def _table(name: str) -> str:
    known = resources()
    return next(one for one in known.of_kind(TABLE) if known.name(one) == name)


def _queue(name: str) -> str:
    known = resources()
    return next(one for one in known.of_kind("AWS::SQS::Queue") if known.name(one) == name)


def _named(arn: str) -> str:
    return resources().named(arn)


def _fifo_queues() -> set[str]:
    known = resources()
    queues = known.of_kind("AWS::SQS::Queue")
    return {name for name in queues if known.properties(name).get("FifoQueue")}
