"""What a function did when it was called once. Plain values: a process without moto reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.capacity import Item

PROVIDER = "provider"
"""The service that a call to somebody else's API counts under: it is not AWS's."""

TARGETS = {
    "dynamodb": "DynamoDB_20120810",
    "sqs": "AmazonSQS",
    "events": "AWSEvents",
    "secretsmanager": "secretsmanager",
}
"""How AWS's JSON services are named in `X-Amz-Target`."""


@dataclass(frozen=True)
class Call:
    """One call: what was asked, what answers it, and what DynamoDB charges.

    `target` is the name under which AWS's JSON services are called, empty for others; `items` are
    the items it left, by their table.
    """

    service: str
    operation: str
    params: Mapping[str, Any]
    target: str = ""
    status: int = 200
    body: bytes = b""
    write_units: int = 0
    read_units: float = 0
    items: tuple[tuple[str, Item], ...] = ()

    @property
    def is_aws(self) -> bool:
        """Whether it went to AWS rather than to a provider."""
        return self.service != PROVIDER


@dataclass(frozen=True)
class Invocation:
    """One function called once: its event, its calls, and how many bytes it logged.

    `function` is the name of its folder, `match_sender`.
    """

    function: str
    event: Any
    calls: tuple[Call, ...]
    logged: int


def target_of(service: str, operation: str, params: Mapping[str, Any]) -> str:
    """The name of a call of AWS's JSON services; reads of secrets are told apart by their own."""
    if service not in TARGETS:
        return ""
    target = f"{TARGETS[service]}.{operation}"
    return f"{target} {params['SecretId']}" if "SecretId" in params else target
