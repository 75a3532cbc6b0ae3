"""AWS's quotas that the plan is held against: data, with their sources; us-east-1's defaults.

A quota that may be raised on request is a form to fill in; one that may not is a change of design.
"""

from dataclasses import dataclass

DOCS = "docs.aws.amazon.com"


@dataclass(frozen=True)
class Quota:
    """A limit and what it counts; `key` names the demand on it (`benchmarks.demand`)."""

    key: str
    title: str
    limit: float
    unit: str
    can_be_raised: bool
    source: str


QUOTAS = (
    Quota(
        "lambda concurrency",
        "Lambda: concurrent executions of all functions",
        1_000,
        "at once",
        True,
        f"{DOCS}/lambda/latest/dg/gettingstarted-limits.html",
    ),
    Quota(
        "http requests",
        "API Gateway: requests of an account, HTTP and WebSocket",
        10_000,
        "a second",
        True,
        f"{DOCS}/apigateway/latest/developerguide/limits.html",
    ),
    Quota(
        "websocket connects",
        "API Gateway: new WebSocket connections of an account",
        500,
        "a second",
        True,
        f"{DOCS}/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html",
    ),
    Quota(
        "fifo calls",
        "SQS FIFO, high throughput: calls of one action on one queue",
        70_000,
        "a second",
        True,
        f"{DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html",
    ),
    Quota(
        "bus requests",
        "EventBridge: PutEvents",
        10_000,
        "a second",
        True,
        f"{DOCS}/eventbridge/latest/userguide/eb-quota.html",
    ),
    Quota(
        "bus deliveries",
        "EventBridge: deliveries to targets",
        18_750,
        "a second",
        True,
        f"{DOCS}/eventbridge/latest/userguide/eb-quota.html",
    ),
    Quota(
        "table writes",
        "DynamoDB on demand: write units of the busiest table",
        40_000,
        "a second",
        True,
        f"{DOCS}/amazondynamodb/latest/developerguide/ServiceQuotas.html",
    ),
    Quota(
        "table reads",
        "DynamoDB on demand: read units of the busiest table",
        40_000,
        "a second",
        True,
        f"{DOCS}/amazondynamodb/latest/developerguide/ServiceQuotas.html",
    ),
    Quota(
        "queue partition writes",
        "DynamoDB: write units of one partition (`QUEUE#default` of routing)",
        1_000,
        "a second",
        False,
        f"{DOCS}/amazondynamodb/latest/developerguide/bp-partition-key-design.html",
    ),
    Quota(
        "queue partition reads",
        "DynamoDB: read units of one partition (`QUEUE#default` of routing)",
        3_000,
        "a second",
        False,
        f"{DOCS}/amazondynamodb/latest/developerguide/bp-partition-key-design.html",
    ),
    Quota(
        "state partition writes",
        "DynamoDB: write units of one partition (`open` of index `by_state`)",
        1_000,
        "a second",
        False,
        f"{DOCS}/amazondynamodb/latest/developerguide/bp-partition-key-design.html",
    ),
    Quota(
        "secret reads",
        "Secrets Manager: GetSecretValue",
        10_000,
        "a second",
        False,
        f"{DOCS}/secretsmanager/latest/userguide/reference_limits.html",
    ),
    Quota(
        "schedules",
        "EventBridge Scheduler: invocations",
        1_000,
        "a second",
        True,
        f"{DOCS}/scheduler/latest/UserGuide/scheduler-quotas.html",
    ),
)

STORAGE_GB_MONTH = 0.25
"""USD, DynamoDB standard class (aws.amazon.com/dynamodb/pricing/on-demand)."""

WEBSOCKET_MILLION_MINUTES = 0.25
"""USD (engineering-facts.md)."""
