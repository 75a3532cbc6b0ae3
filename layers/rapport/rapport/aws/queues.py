"""SQS: sending in batches, and asking for a message to come again later."""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from typing import Any

from rapport.contracts.queues import QueueEntry

LONGEST_VISIBILITY = 43_200  # seconds; SQS allows twelve hours from the first receipt


class SqsQueue:
    """`Queue` on SQS."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, entries: Sequence[QueueEntry]) -> list[QueueEntry]:
        """One SendMessageBatch; the entries that SQS reports as failed."""
        if not entries:
            return []
        answer = self._client.send_message_batch(
            QueueUrl=self._url,
            Entries=[_entry(number, entry) for number, entry in enumerate(entries)],
        )
        return [entries[int(failed["Id"])] for failed in answer.get("Failed", [])]

    def postpone(self, receipt_handle: str, delay: timedelta) -> None:
        """Let a received message become visible again after `delay`."""
        # Rounded up: what comes again too early is postponed by nothing, until it counts as dead.
        seconds = max(0, min(ceil(delay.total_seconds()), LONGEST_VISIBILITY - 60))
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
        )


def _entry(number: int, entry: QueueEntry) -> dict[str, Any]:
    made: dict[str, Any] = {"Id": str(number), "MessageBody": entry.body}
    if entry.group is not None:
        made["MessageGroupId"] = entry.group
    if entry.deduplication_id is not None:
        made["MessageDeduplicationId"] = entry.deduplication_id
    return made
