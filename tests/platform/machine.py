"""The functions and what they call: real handlers, AWS's answers, the way to providers."""

import functools
import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar, Self
from unittest.mock import patch

from local.twins.mail import Authority
from local.twins.twins import TwinHttp, Twins
from rapport import wiring, wiring_otp
from rapport.channels.sender import AnswerLost, HttpResponse, NotSent
from rapport.kernel.clock import FixedClock
from rapport.kernel.errors import Transient
from rapport.kernel.ids import RandomIds
from rapport.otp.service import Office
from tests.platform import cloud as aws
from tests.platform import sqs
from tests.platform.cloud import Cloud, Died, Objects, Secrets, Sockets
from tests.platform.dynamo import Change, Dynamo, Refusal
from tests.platform.functions import Processes, load_handler
from tests.platform.parts import mappings_of, queues_of, rules_of
from tests.platform.patterns import matches
from tests.tables import PSEUDONYM_KEY, REGION, environment, resources

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TICK = timedelta(milliseconds=1)
FAILED = object()
"""What `invoke` gives for a function that raised or died."""


class Context:
    """Lambda's context object."""

    def __init__(self, function: str, request_id: str, seconds: int) -> None:
        self.function_name = self.invoked_function_arn = function
        self.aws_request_id = request_id
        self.memory_limit_in_mb = 256
        self._milliseconds = seconds * 1000

    def get_remaining_time_in_millis(self) -> int:
        """All of it: virtual time stands still in a function."""
        return self._milliseconds


class OneByOne:
    """A thread pool of no threads."""

    def __init__(self, _workers: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """In order."""
        return [function(item) for item in items]


class Machine:
    """A deployment at rest. As a context manager it takes over `rapport.wiring` meanwhile."""

    _environments: ClassVar[dict[str, dict[str, str]]] = {}

    def __init__(self) -> None:
        self.clock = FixedClock(START)
        random = itertools.count(1)
        self.ids = RandomIds(self.clock, lambda _bits: next(random))
        self.cloud = Cloud()
        self.known = resources()
        self.dynamo = Dynamo(self.clock.now, self._changed)
        self.secrets, self.objects, self.sockets = Secrets(), Objects(), Sockets()
        self.twins = Twins(self.clock, _authority(), wait=lambda _seconds: None)
        self.twins.state._run = "aaaaaa"
        self.facts: list[dict[str, Any]] = []
        self.queues = queues_of(self.known, self.clock)
        mappings = mappings_of(self.known, self.queues)
        self.queue_mappings, self.stream_mappings, self.schedules = mappings
        self.rules = rules_of(self.known, self.queues)
        self._twin_http = TwinHttp(self.twins)
        self._patches = ExitStack()
        self._replaced: dict[str, Any] = {
            "rapport.channels.download.PublicHttp": lambda _base: self,
            "rapport.aws.sockets.management_client": _management_client,
            "rapport.aws.links.boto3": SimpleNamespace(client=lambda name, **_: aws.client(name)),
            # Calls are numbered: threads would number them anew each time.
            "rapport.realtime.service.ThreadPoolExecutor": OneByOne,
        }
        self.processes = Processes(
            {"clock": lambda: self.clock, "ids": lambda: self.ids, "http": lambda: self},
            {"verification_office": self._countable},
        )
        self.cloud.engines = {
            "dynamodb": lambda operation, _asked, body: self.dynamo.call(operation, body),
            "sqs": self._sqs,
            "events": self._events,
            "secretsmanager": self.secrets,
            "s3": self.objects,
            "apigatewaymanagementapi": self.sockets,
        }
        self.cloud.late = self.dynamo.call_late
        for name in self.known.of_kind("AWS::SecretsManager::Secret"):
            self.secrets.values[self.known.name(name)] = PSEUDONYM_KEY

    def __enter__(self) -> Self:
        aws.CURRENT.append(self.cloud)
        for module in (wiring, wiring_otp):
            self._patches.enter_context(patch.object(module, "client", aws.client))
        for name, by in self._replaced.items():
            self._patches.enter_context(patch(name, by))
        self.processes.install()
        return self

    def __exit__(self, *_: object) -> None:
        self.processes.uninstall()
        self._patches.close()
        aws.CURRENT.remove(self.cloud)

    def invoke(self, function: str, event: Any) -> Any:
        """Run a function; `FAILED` where it raised or died. A death loses what its process had."""
        own = self.known.template["Resources"][function]["Properties"]
        default = self.known.template["Globals"]["Function"].get("Timeout", 3)
        self.clock.advance(TICK)
        self.cloud.function, self.cloud.invocation = function, self.cloud.invocation + 1
        self.processes.running = function
        context = Context(
            function, f"invocation-{self.cloud.invocation}", own.get("Timeout", default)
        )
        try:
            with environment(self._environment(function)):
                answer = load_handler(function)(json.loads(json.dumps(event)), context)
            return json.loads(json.dumps(answer))
        except Died:
            self.processes.kill(function)
            return FAILED
        except Exception:  # noqa: BLE001 - what a function raises is the platform's to redeliver
            return FAILED
        finally:
            self.cloud.function = ""

    def _countable(self, office: Office) -> Office:
        """Nonces that are the same in each run, and look like ids."""
        return replace(office, nonce=lambda: self.ids.new("non"))

    # --- the ports that leave AWS --------------------------------------------------------------

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> HttpResponse:
        """The `Http` port: one request to a provider's twin, with the faults ordered for it."""
        host = url.partition("://")[2].partition("/")[0]
        mode = self.cloud.begin("provider", method, {"host": host, "url": url, "body": body})
        if mode == "refused":
            raise NotSent("There is no connection.")
        if mode == "error":
            return HttpResponse(503, {"content-type": "text/html"}, b"<h1>Service Unavailable</h1>")
        response = self._twin_http.send(method, url, headers, body)
        if mode == "after":
            raise Died
        if mode == "timeout":
            raise AnswerLost("There was no answer.")
        return response

    def get(self, url: str, headers: dict[str, str]) -> HttpResponse:
        """The `MediaHttp` port of the same."""
        try:
            return self.send("GET", url, headers, b"")
        except (NotSent, AnswerLost):
            raise Transient("The media cannot be fetched now.") from None

    def _environment(self, function: str) -> dict[str, str]:
        if function not in self._environments:
            credentials = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
            self._environments[function] = self.known.environment(function) | credentials
        return self._environments[function]

    # --- engines -------------------------------------------------------------------------------

    def _sqs(self, operation: str, asked: dict[str, Any], _body: bytes) -> dict[str, Any]:
        queue = self.queues[self._logical(asked["QueueUrl"])]
        if operation == "SendMessageBatch":
            done = [{"Id": one["Id"], "MessageId": _put(queue, one)} for one in asked["Entries"]]
            return {"Successful": done, "Failed": []}
        if operation == "SendMessage":
            return {"MessageId": _put(queue, asked)}
        if operation == "ChangeMessageVisibility":
            try:
                queue.change_visibility(asked["ReceiptHandle"], asked["VisibilityTimeout"])
            except KeyError:
                raise Refusal("ReceiptHandleIsInvalid", "It is gone.") from None
            return {}
        raise NotImplementedError(operation)

    def _logical(self, url: str) -> str:
        return next(name for name in self.queues if self.known.ref(name) == url)

    def _events(self, operation: str, asked: dict[str, Any], _body: bytes) -> dict[str, Any]:
        if operation != "PutEvents":
            raise NotImplementedError(operation)
        for entry in asked["Entries"]:
            event = {
                "version": "0",
                "id": f"event-{len(self.facts) + 1}",
                "source": entry["Source"],
                "detail-type": entry["DetailType"],
                "account": "000000000000",
                "time": entry["Time"].isoformat(),
                "region": REGION,
                "resources": [],
                "detail": json.loads(entry["Detail"]),
            }
            self.facts.append(event)
            for pattern, queues in self.rules:
                if matches(pattern, event):
                    for queue in queues:
                        queue.send(json.dumps(event))
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in asked["Entries"]]}

    def _changed(self, change: Change) -> None:
        for mapping in self.stream_mappings:
            mapping.hear(change)


def _put(queue: sqs.Queue, entry: Mapping[str, Any]) -> str:
    group, own = entry.get("MessageGroupId"), entry.get("MessageDeduplicationId")
    return queue.send(entry["MessageBody"], group, own)


@functools.cache
def _authority() -> Authority:
    """Its keys take a tenth of a second to make."""
    return Authority.generate()


def _management_client(endpoint_url: str) -> Any:
    return aws.client("apigatewaymanagementapi", endpoint_url)
