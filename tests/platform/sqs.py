"""SQS as its documentation tells it: visibility, groups, de-duplication, dead letters."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rapport.kernel.clock import Clock

DEDUPLICATION = timedelta(minutes=5)


@dataclass
class Message:
    """One message in a queue."""

    message_id: str
    body: str
    sequence: int
    sent_at: datetime
    visible_at: datetime
    group: str | None = None
    deduplication_id: str | None = None
    receives: int = 0
    receipt: str = ""
    is_in_flight: bool = False


@dataclass
class Queue:
    """One queue with its settings of template.yaml; `dead_letters` is where it gives up to."""

    name: str
    arn: str
    clock: Clock
    visibility: timedelta = timedelta(seconds=30)
    is_fifo: bool = False
    max_receives: int | None = None
    dead_letters: "Queue | None" = None
    delay: timedelta = timedelta(0)
    messages: list[Message] = field(default_factory=list)
    _seen: dict[tuple[str | None, str], datetime] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def send(self, body: str, group: str | None = None, deduplication_id: str | None = None) -> str:
        """Take a message; a duplicate of the last five minutes is taken and forgotten."""
        now = self.clock.now()
        if self.is_fifo:
            if not group or not deduplication_id:
                raise ValueError("A FIFO queue wants a group and a de-duplication id.")
            seen = self._seen.get((group, deduplication_id))
            if seen is not None and now - seen < DEDUPLICATION:
                return "duplicate"
            self._seen[group, deduplication_id] = now
        elif group or deduplication_id:
            raise ValueError("A standard queue takes no group here.")
        number = next(self._numbers)
        message_id = f"{self.name}-{number}"
        visible_at = now + self.delay
        self.messages.append(
            Message(message_id, body, number, now, visible_at, group, deduplication_id)
        )
        return message_id

    def receive(self, limit: int) -> list[Message]:
        """Up to `limit` visible messages, now in flight; FIFO groups in order, blocked by a head
        that is in flight. What was received too often goes to the dead letters instead."""
        now = self.clock.now()
        taken: list[Message] = []
        blocked: set[str | None] = set()
        for message in list(self.messages):
            if len(taken) == limit:
                break
            if self.is_fifo and message.group in blocked:
                continue
            if message.visible_at > now:
                if self.is_fifo:
                    blocked.add(message.group)
                continue
            if self._give_up(message):
                continue
            message.receives += 1
            message.receipt = f"{message.message_id}#{message.receives}"
            message.visible_at = now + self.visibility
            taken.append(message)
        return taken

    def _give_up(self, message: Message) -> bool:
        if self.max_receives is None or message.receives < self.max_receives:
            return False
        self.messages.remove(message)
        if self.dead_letters is not None:
            self.dead_letters.messages.append(message)
        return True

    def redrive(self) -> int:
        """Take back what lies in the dead letters, as new messages; how many they are."""
        if self.dead_letters is None:
            return 0
        letters, self.dead_letters.messages = self.dead_letters.messages, []
        for letter in letters:
            own = f"redrive-{letter.message_id}-{next(self._numbers)}" if self.is_fifo else None
            self.send(letter.body, letter.group, own)
        return len(letters)

    def delete(self, message: Message) -> None:
        """It is done."""
        if message in self.messages:
            self.messages.remove(message)

    def change_visibility(self, receipt: str, seconds: int) -> None:
        """Let a message in flight come again in so many seconds; raises KeyError."""
        for message in self.messages:
            if message.receipt == receipt:
                message.visible_at = self.clock.now() + timedelta(seconds=seconds)
                return
        raise KeyError(receipt)

    def next_visible(self) -> datetime | None:
        """When a message is next to be had; None where the queue is empty."""
        return min((message.visible_at for message in self.messages), default=None)


def record(message: Message, queue: Queue, region: str) -> dict[str, Any]:
    """A message as Lambda hands it to a function."""
    attributes = {
        "ApproximateReceiveCount": str(message.receives),
        "SentTimestamp": str(int(message.sent_at.timestamp() * 1000)),
        "SenderId": "AROATEST",
        "ApproximateFirstReceiveTimestamp": str(int(message.sent_at.timestamp() * 1000)),
    }
    if queue.is_fifo:
        attributes |= {
            "MessageGroupId": str(message.group),
            "MessageDeduplicationId": str(message.deduplication_id),
            "SequenceNumber": f"{message.sequence:020d}",
        }
    return {
        "messageId": message.message_id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": region,
    }
