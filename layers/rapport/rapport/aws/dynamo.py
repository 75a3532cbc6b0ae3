"""DynamoDB in plain Python values, and its failures by what they mean."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, cast

from botocore.exceptions import ClientError

from rapport.aws.attributes import plain, typed
from rapport.contracts.events import Envelope
from rapport.kernel.errors import Conflict, RapportError, Transient

Item = dict[str, Any]
SCHEMA_VERSION = 1

_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "InternalServerError",
        "ServiceUnavailable",
        "TransactionInProgressException",
        "LimitExceededException",
    }
)


class DynamoClient(Protocol):
    """The calls of a boto3 DynamoDB client that stores make."""

    def get_item(self, **kwargs: Any) -> dict[str, Any]: ...  # noqa: D102
    def put_item(self, **kwargs: Any) -> dict[str, Any]: ...  # noqa: D102
    def update_item(self, **kwargs: Any) -> dict[str, Any]: ...  # noqa: D102
    def delete_item(self, **kwargs: Any) -> dict[str, Any]: ...  # noqa: D102
    def query(self, **kwargs: Any) -> dict[str, Any]: ...  # noqa: D102
    def scan(self, **kwargs: Any) -> dict[str, Any]: ...  # noqa: D102
    def batch_get_item(self, **kwargs: Any) -> dict[str, Any]: ...  # noqa: D102
    def transact_write_items(self, **kwargs: Any) -> dict[str, Any]: ...  # noqa: D102


class ConditionFailed(RapportError):
    """A conditional write found another state; `item` is what it found (None: absent)."""

    code = "condition_failed"

    def __init__(self, item: Item | None) -> None:
        super().__init__("The stored state is another one.")
        self.item = item


def to_item(values: Mapping[str, Any]) -> Item:
    """Plain values as a DynamoDB item; None values and empty optional fields are left out."""
    return {key: typed(value) for key, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> Item:
    """A DynamoDB item as plain values; whole numbers come back as int."""
    return {key: plain(value) for key, value in item.items()}


def values(**kwargs: Any) -> Item:
    """Expression attribute values: `values(at="…")` is `{":at": {"S": "…"}}`."""
    return {f":{key}": typed(value) for key, value in kwargs.items()}


def events_attribute(events: Sequence[Envelope]) -> str | None:
    """The events of one change as the JSON string that rides on its item; None when there are none.

    A string, since stream filters match leaves only; without nulls, since each kilobyte of an item
    costs a unit, in its index too.
    """
    if not events:
        return None
    return json.dumps(
        [event.model_dump(mode="json", exclude_none=True) for event in events],
        separators=(",", ":"),
    )


@contextmanager
def translated() -> Iterator[None]:
    """Turn botocore's errors into ours: `ConditionFailed`, `Conflict`, `Transient`."""
    try:
        yield
    except ClientError as error:
        raise _ours(error) from error


def _ours(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        found = cast("Item | None", error.response.get("Item"))
        return ConditionFailed(from_item(found) if found else None)
    if code == "TransactionCanceledException":
        reasons = {
            reason.get("Code") for reason in cast("Any", error.response)["CancellationReasons"]
        }
        if "ConditionalCheckFailed" in reasons:
            return Conflict("Another write came first.")
        return Transient("The transaction met another one; try again.")
    if code == "TransactionConflictException" or code in _THROTTLED:
        return Transient(f"The table is busy ({code}); try again.")
    return error
