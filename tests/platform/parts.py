"""The moving parts that template.yaml declares between functions: queues, mappings, rules."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from local.template import FUNCTION
from rapport.kernel.clock import Clock
from tests.platform import sqs
from tests.platform.streams import StreamMapping
from tests.tables import Resources

Queues = dict[str, sqs.Queue]
Rule = tuple[dict[str, Any], list[sqs.Queue]]


@dataclass
class QueueMapping:
    """A function that reads a queue."""

    function: str
    queue: sqs.Queue
    size: int


def queues_of(known: Resources, clock: Clock) -> Queues:
    """Every queue by its logical id, tied to its dead letters."""
    found: Queues = {}
    for name in known.of_kind("AWS::SQS::Queue"):
        own = known.properties(name)
        found[name] = sqs.Queue(
            name=known.name(name),
            arn=known.arn(name),
            clock=clock,
            visibility=timedelta(seconds=own.get("VisibilityTimeout", 30)),
            delay=timedelta(seconds=own.get("DelaySeconds", 0)),
            is_fifo=bool(own.get("FifoQueue")),
        )
    for name, queue in found.items():
        redrive = known.properties(name).get("RedrivePolicy")
        if redrive:
            queue.max_receives = int(redrive["maxReceiveCount"])
            queue.dead_letters = found[known.named(redrive["deadLetterTargetArn"])]
    return found


def mappings_of(
    known: Resources, queues: Queues
) -> tuple[list[QueueMapping], list[StreamMapping], list[str]]:
    """Who reads which queue, who reads which stream, and who is called by a schedule."""
    readers: list[QueueMapping] = []
    streams: list[StreamMapping] = []
    schedules: list[str] = []
    for function, resource in known.of_kind(FUNCTION).items():
        for event in resource["Properties"].get("Events", {}).values():
            own = known.resolve(event["Properties"])
            if event["Type"] == "SQS":
                queue = queues[known.named(own["Queue"])]
                readers.append(QueueMapping(function, queue, own.get("BatchSize", 10)))
            elif event["Type"] == "DynamoDB":
                streams.append(_stream(known, function, own))
            elif event["Type"] == "ScheduleV2":
                schedules.append(function)
    return readers, streams, schedules


def _stream(known: Resources, function: str, own: dict[str, Any]) -> StreamMapping:
    table = next(
        name
        for name in known.of_kind("AWS::DynamoDB::Table")
        if known.attribute(name, "StreamArn") == own["Stream"]
    )
    filters = own.get("FilterCriteria", {}).get("Filters", [])
    return StreamMapping(
        function=function,
        table=known.name(table),
        stream_arn=own["Stream"],
        size=own.get("BatchSize", 100),
        retries=own.get("MaximumRetryAttempts", 10_000),
        bisects=bool(own.get("BisectBatchOnFunctionError")),
        patterns=tuple(json.loads(one["Pattern"]) for one in filters),
    )


def rules_of(known: Resources, queues: Queues) -> list[Rule]:
    """Each rule's pattern, and the queues it sends to."""
    found: list[Rule] = []
    for name in known.of_kind("AWS::Events::Rule"):
        own = known.properties(name)
        targets = [queues[known.named(one["Arn"])] for one in own["Targets"]]
        found.append((own["EventPattern"], targets))
    return found
