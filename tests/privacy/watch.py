"""The platform with somebody who writes down everything that strangers might read.

Log lines, what an exception says that leaves a handler (Lambda prints it), error answers, every
name given to AWS, what is on the bus.
"""

import io
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from functools import cache
from typing import Any, Self
from unittest.mock import patch

from aws_lambda_powertools import Logger

from rapport.channels.base import Account
from rapport.entrypoint import observability
from tests.faults.world import SES, STEP, TWILIO, World
from tests.platform import machine
from tests.platform.calls import Call
from tests.platform.cloud import Engine
from tests.platform.dynamo import Refusal
from tests.platform.functions import Handler, load_handler
from tests.platform.platform import Answer
from tests.privacy.scan import Told

ACCOUNTS = (
    Account("twilio", "main", {**TWILIO.document, "voice_from": "+15550009998"}),
    SES,
    Account("line", "main", {"channel_secret": "line-secret", "channel_access_token": "line-t"}),
    Account("telegram", "main", {"bot_token": "110201543:bot", "secret_token": "telegram-s"}),
    Account(
        "aws_messaging",
        "main",
        {
            "origination_identity": "+15550009997",
            "region": "us-east-1",
            "configuration_set": "messaging",
            "allowed_topic_arns": ["arn:aws:sns:us-east-1:000000000000:messaging"],
        },
    ),
)


class Watch(World):
    """A world, watched. `quotes`: each kind of AWS call first fails, by an error that quotes it."""

    def __init__(self, *, quotes: bool = False) -> None:
        super().__init__()
        self.told: list[Told] = []
        self.refused: set[tuple[str, str]] = set()
        self._out = io.StringIO()
        self._libraries = logging.StreamHandler(self._out)
        for account in ACCOUNTS:
            self.register(account)
        if quotes:
            self.cloud.engines = {
                service: self._quoting(service, engine)
                for service, engine in self.cloud.engines.items()
            }

    def __enter__(self) -> Self:
        super().__enter__()
        self._patches.enter_context(patch.object(machine, "load_handler", self._listened))
        self._patches.enter_context(patch.object(observability, "logger", cache(self._logger)))
        root = logging.getLogger()
        self._patches.callback(root.setLevel, root.level)
        self._patches.callback(root.removeHandler, self._libraries)
        root.setLevel(logging.INFO)  # as Lambda sets it
        root.addHandler(self._libraries)
        return self

    def step(self, *, sweep_is_told: bool = False) -> None:
        """Twenty minutes pass; unlike in the explorer's stories, recoveries may take longer."""
        self.run_until_quiet()
        self.run_until(self.clock.now() + STEP)
        self.sweep()
        self.run_until_quiet()

    def invoke(self, function: str, event: Any) -> Any:
        """Run a function; its log lines are told, and what Lambda would print of its failure."""
        start = self._out.tell()
        with redirect_stdout(self._out):
            answer = super().invoke(function, event)
        for line in self._out.getvalue()[start:].splitlines():
            self.told.append(Told(f"log of {function}", line))
        return answer

    def request(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """One HTTP request; what refuses it is told."""
        answer = super().request(method, path, body, **more)
        if answer.status >= 400:
            text = f"{json.dumps(answer.headers)} {answer.text}"
            self.told.append(Told(f"error answer of {method} {path.partition('?')[0][:40]}", text))
        return answer

    def everything(self) -> list[Told]:
        """All that was told, the names in every call included."""
        return [*self.told, *(name for call in self.cloud.calls for name in names(call))]

    def written(self) -> list[Told]:
        """Everything that functions asked AWS to keep or to pass on: items, messages, events.

        But for the queue of what customers wrote: encrypted, and read by one function alone.
        """
        return [asked(call) for call in self.cloud.calls if not is_confidential(call)]

    def confided(self) -> list[Told]:
        """What is meant to hold what customers write and are sent: that queue, and providers."""
        return [asked(call) for call in self.cloud.calls if is_confidential(call)]

    def _logger(self) -> Logger:
        # Loggers of one name share their first one's stream: ours must be nobody else's.
        return Logger(service=f"watched.{id(self)}", stream=self._out)

    def _listened(self, function: str) -> Handler:
        handler = load_handler(function)

        def run(event: Any, context: Any) -> Any:
            try:
                return handler(event, context)
            except Exception as error:
                self.told.append(Told(f"exception of {function}", f"{type(error)} {error}"))
                raise

        return run

    def _quoting(self, service: str, engine: Engine) -> Engine:
        def answer(operation: str, asked: dict[str, Any], body: bytes) -> dict[str, Any]:
            kind = (self.cloud.function, operation)
            if self.cloud.function and self.cloud.is_counting and kind not in self.refused:
                self.refused.add(kind)
                raise Refusal("ValidationException", f"One or more values are invalid: {asked}")
            return engine(operation, asked, body)

        return answer


def asked(call: Call) -> Told:
    """All that was asked in one call."""
    text = json.dumps(call.parameters, default=str, ensure_ascii=False)
    return Told(f"{call.operation} of {call.function}", text)


def is_confidential(call: Call) -> bool:
    """Whether a call is a provider's, or the one that puts a customer's words into their queue."""
    is_inbound = "inbound" in str(call.parameters.get("QueueUrl", "")).lower()
    return call.service == "provider" or (is_inbound and call.operation.startswith("SendMessage"))


def names(call: Call) -> Iterator[Told]:
    """The names in one call: what AWS shows in consoles, metrics, traces and its own logs."""
    asked = call.parameters
    for key in ("MessageGroupId", "MessageDeduplicationId", "Key", "SecretId", "Name", "Bucket"):
        if isinstance(asked.get(key), str):
            yield Told(f"{call.operation} {key}", asked[key])
    for entry in asked.get("Entries", []):
        yield from _of_entry(call.operation, entry)
    for key in ("Metadata", "Tagging", "ContentDisposition", "Dimensions", "MetricData"):
        if key in asked:
            yield Told(f"{call.operation} {key}", str(asked[key]))


def _of_entry(operation: str, entry: Mapping[str, Any]) -> Iterator[Told]:
    """All of an event on the bus; of a message, everything but its body, which is encrypted."""
    for key, value in entry.items():
        if key != "MessageBody":
            kind = f" of {entry['DetailType']}" if key == "Detail" else ""
            yield Told(f"{operation} {key}{kind}", str(value))
