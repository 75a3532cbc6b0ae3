"""The ports of a world: twins behind its weather, each public method one call."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from rapport.aws.queues import LONGEST_VISIBILITY
from rapport.contracts.events import SOURCE, Envelope
from rapport.ingest.ports import QueueEntry
from rapport.kernel.json import dumps
from tests.platform import sqs
from tests.platform.cloud import version_of
from tests.platform.parts import Rule
from tests.platform.patterns import matches

Around = Callable[[str, Any, str, tuple[Any, ...], dict[str, Any]], Any]


class Port:
    """A twin; every method of it is a call that `around` makes, delays, hurts and watches."""

    def __init__(self, name: str, twin: Any, around: Around) -> None:
        self._name = name
        self._twin = twin
        self._around = around

    def __getattr__(self, method: str) -> Callable[..., Any]:
        name, twin, around = self._name, self._twin, self._around

        def call(*arguments: Any, **named: Any) -> Any:
            return around(name, twin, method, arguments, named)

        setattr(self, method, call)
        return call


class QueueTwin:
    """`Queue` on a queue of the platform; `is_sent` hears of whatever becomes visible, and when."""

    def __init__(self, queue: sqs.Queue, is_sent: Callable[[sqs.Queue, int], None]) -> None:
        self.queue = queue
        self._is_sent = is_sent

    def send(self, entries: Sequence[QueueEntry]) -> list[QueueEntry]:
        """Take all entries."""
        for entry in entries:
            self.queue.send(entry.body, entry.group, entry.deduplication_id)
        self._is_sent(self.queue, _delay(self.queue))
        return []

    def postpone(self, receipt_handle: str, delay: timedelta) -> None:
        """Let a received message become visible again after `delay`."""
        seconds = max(0, min(int(delay.total_seconds()), LONGEST_VISIBILITY - 60))
        self.queue.change_visibility(receipt_handle, seconds)
        self._is_sent(self.queue, seconds * 1000)


class BusTwin:
    """`Bus` with the rules of template.yaml."""

    def __init__(self, rules: list[Rule], is_sent: Callable[[sqs.Queue, int], None]) -> None:
        self._rules = rules
        self._is_sent = is_sent
        self._concerned: dict[str, list[Rule]] = {}

    def publish(self, events: Sequence[Envelope]) -> list[Envelope]:
        """Take all events, to the queues whose rules they match."""
        for event in events:
            told = {
                "source": SOURCE,
                "detail-type": event.detail_type,
                "detail": event.model_dump(mode="json", exclude={"detail_type"}),
            }
            for pattern, queues in self._about(event.detail_type):
                if matches(pattern, told):
                    for queue in queues:
                        queue.send(dumps(told))
                        self._is_sent(queue, _delay(queue))
        return []

    def _about(self, detail_type: str) -> list[Rule]:
        """The rules that an event of that type may match: most are about a few others."""
        found = self._concerned.get(detail_type)
        if found is None:
            told = {"detail-type": detail_type}
            found = [
                (pattern, queues)
                for pattern, queues in self._rules
                if matches({key: pattern[key] for key in told if key in pattern}, told)
            ]
            self._concerned[detail_type] = found
        return found


def _delay(queue: sqs.Queue) -> int:
    return queue.delay // timedelta(milliseconds=1)


class SecretsClient:
    """Secrets Manager's client, as far as functions in a world use it."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.versions: dict[tuple[str, str], str] = {}

    def get_secret_value(self, SecretId: str, VersionId: str = "") -> dict[str, str]:  # noqa: N803 - as AWS spells it
        """A secret's current value, or that of a version."""
        known = self.versions.get((SecretId, VersionId)) if VersionId else self.values.get(SecretId)
        if known is None:
            error = {"Error": {"Code": "ResourceNotFoundException", "Message": "There is none."}}
            raise ClientError(error, "GetSecretValue")  # type: ignore[arg-type]
        return {"SecretString": known, "VersionId": version_of(known)}

    def put(self, name: str, document: Any) -> None:
        """Write a secret."""
        value = document if isinstance(document, str) else json.dumps(document)
        self.values[name] = self.versions[name, version_of(value)] = value


def without_first(twin: Any, method: str, arguments: tuple[Any, ...]) -> Any:
    """A batch of which the first entry fails: what the twin left, and that one."""
    first, *rest = arguments[0]
    return [first, *(getattr(twin, method)(rest) if rest else [])]
