"""Cost per million, computed from counted calls and list prices (us-east-1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.calls import Invocation
from tests.tables import function_of, resources

# USD per million, or per unit named. Data transfer, storage, backups, idle WebSocket minutes (0.25
# a million) and secrets (read every five minutes) do not grow with messages and are left out.
HTTP_API = 1.00
WEBSOCKET_MESSAGE = 1.00
LAMBDA_REQUEST = 0.20
LAMBDA_GB_SECOND = 13.33
SQS_STANDARD = 0.40
SQS_FIFO = 0.50
EVENTBRIDGE = 1.00
WRITE_UNIT = 0.625
READ_UNIT = 0.125
LOG_GIGABYTE = 0.50

# Assumptions, all of them: what no counting can tell.
BATCH = 10
"""Records an invocation of a queue or stream carries, where its event source allows ten."""

CALL_ON_THE_WIRE = 0.005
CALL_CPU = 0.001
FULL_PROCESSOR_MB = 1769
"""An AWS call: 5 ms of waiting, 1 ms of a whole processor; Lambda shares those by memory."""

PROVIDER_CALL = 0.150
OVERHEAD = 0.002
"""Seconds an invocation is billed besides its calls, a thousandth of a cold start included."""

PLATFORM_LOG = 0
"""Bytes Lambda itself logs an invocation: template.yaml asks it for warnings only."""

ASSUMPTIONS = f"""\
Assumed, not measured: {CALL_ON_THE_WIRE * 1000:.0f} ms of waiting and {CALL_CPU * 1000:.0f} ms of \
a whole processor an AWS call (256 MB get a
seventh of one), {PROVIDER_CALL * 1000:.0f} ms a provider's call, {OVERHEAD * 1000:.0f} ms an \
invocation, {BATCH} records an invocation where its
source allows them. Logs: what functions wrote, and {PLATFORM_LOG} bytes of Lambda's own an \
invocation."""


@dataclass(frozen=True)
class Line:
    """One line of a bill: `quantity` per message times `price` per million is `usd`."""

    what: str
    quantity: float
    price: float

    @property
    def usd(self) -> float:
        """USD per million messages."""
        return self.quantity * self.price


def bill(invocations: Sequence[Invocation]) -> list[Line]:
    """What a million of these cost."""
    return [line for line in _lines(invocations) if line.quantity]


def _lines(invocations: Sequence[Invocation]) -> list[Line]:
    shares = [(one, 1 / batch_of(one)) for one in invocations]
    calls = [call for one in invocations for call in one.calls]
    sent = [call for call in calls if call.operation == "SendMessageBatch"]
    received = [queue for one in invocations if (queue := _queue(one))]
    by_queue = [(_is_fifo(str(call.params["QueueUrl"])), 1.0) for call in sent]
    by_queue += [(_is_fifo(queue), 2 / batch) for queue, batch in received]
    events = [
        entry for call in calls if call.operation == "PutEvents" for entry in call.params["Entries"]
    ]
    # What EventBridge puts on a queue of ours is a request of that queue as well.
    delivered = sum(1 for one in invocations if _is_from_bus(one))
    pushed = sum(call.operation == "PostToConnection" for call in calls)
    return [
        Line("HTTP API requests", sum(_is_http(one) for one in invocations), HTTP_API),
        Line("Lambda requests", sum(share for _, share in shares), LAMBDA_REQUEST),
        Line("Lambda GB-seconds", sum(_gb_seconds(*each) for each in shares), LAMBDA_GB_SECOND),
        Line("SQS requests, FIFO", sum(n for fifo, n in by_queue if fifo), SQS_FIFO),
        Line("SQS requests", sum(n for fifo, n in by_queue if not fifo) + delivered, SQS_STANDARD),
        Line("EventBridge events", len(events), EVENTBRIDGE),
        Line("DynamoDB write units", sum(call.write_units for call in calls), WRITE_UNIT),
        Line("DynamoDB read units", sum(call.read_units for call in calls), READ_UNIT),
        Line("WebSocket messages", pushed, WEBSOCKET_MESSAGE),
        # A million messages of n bytes are n thousandths of a thousand megabytes.
        Line("log kilobytes", sum(_logged(*each) for each in shares) / 1000, LOG_GIGABYTE),
    ]


def total(lines: Sequence[Line]) -> float:
    """USD per million."""
    return sum(line.usd for line in lines)


def batch_of(invocation: Invocation) -> int:
    """How many records share an invocation of this function, given its event source."""
    records = _records(invocation)
    if not records:
        return 1
    arn = records[0]["eventSourceARN"]
    known = resources()
    events = known.template["Resources"][function_of(invocation.function)]["Properties"]["Events"]
    declared = [known.resolve(event["Properties"]) for event in events.values()]
    sizes = [
        int(own.get("BatchSize", BATCH))
        for own in declared
        if arn in (own.get("Queue"), own.get("Stream"))
    ]
    return min(BATCH, *sizes)


def _records(invocation: Invocation) -> Sequence[Mapping[str, str]]:
    return invocation.event.get("Records", [])  # type: ignore[no-any-return]


def _is_http(invocation: Invocation) -> bool:
    return "http" in invocation.event.get("requestContext", {})


def _queue(invocation: Invocation) -> tuple[str, int] | None:
    """The ARN of the queue an invocation was fed from, and its batch."""
    records = _records(invocation)
    if not records or records[0]["eventSource"] != "aws:sqs":
        return None
    return records[0]["eventSourceARN"], batch_of(invocation)


def _is_from_bus(invocation: Invocation) -> bool:
    records = _records(invocation)
    return bool(_queue(invocation)) and '"detail-type"' in records[0]["body"]


def _is_fifo(queue: str) -> bool:
    return queue.endswith(".fifo")


def memory(function: str) -> int:
    """Megabytes of a function in template.yaml."""
    template = resources().template
    everywhere = template["Globals"]["Function"]["MemorySize"]
    own = template["Resources"][function_of(function)]["Properties"]
    return int(own.get("MemorySize", everywhere))


def _gb_seconds(invocation: Invocation, share: float) -> float:
    megabytes = memory(invocation.function)
    a_call = CALL_ON_THE_WIRE + CALL_CPU * FULL_PROCESSOR_MB / megabytes
    to_aws = sum(call.is_aws for call in invocation.calls)
    to_provider = len(invocation.calls) - to_aws
    seconds = to_aws * a_call + to_provider * PROVIDER_CALL + OVERHEAD * share
    return seconds * megabytes / 1024


def _logged(invocation: Invocation, share: float) -> float:
    return invocation.logged + PLATFORM_LOG * share
