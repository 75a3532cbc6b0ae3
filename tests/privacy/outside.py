"""What can be read of the running stack without opening a table or a queue."""

import contextlib
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from local.api import Answer
from local.context import StackContext
from local.paths import LOGS
from tests.privacy.scan import Told

LISTED = {
    "sqs": ("list_queues", "QueueUrls", None),
    "secretsmanager": ("list_secrets", "SecretList", "Name"),
    "logs": ("describe_log_groups", "logGroups", "logGroupName"),
    "cloudwatch": ("list_metrics", "Metrics", None),
    "lambda": ("list_functions", "Functions", None),
    "scheduler": ("list_schedules", "Schedules", None),
}


@dataclass
class Outside:
    """Notes what is told from now on; `bus` holds what was on the bus."""

    context: StackContext
    answers: list[Told] = field(default_factory=list)
    bus: list[Told] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._began = int(time.time() * 1000)
        self._sizes = {path: path.stat().st_size for path in LOGS.glob("*.log")}

    def answered(self, what: str, answer: Answer) -> Answer:
        """Note an answer that refuses something."""
        if answer.status >= 400:
            told = f"{answer.headers} {json.dumps(answer.body)}"
            self.answers.append(Told(f"error answer of {what}", told))
        return answer

    def everything(self) -> list[Told]:
        """All of it."""
        return [*self.answers, *self.bus, *self.logs(), *self.cloudwatch(), *self.names()]

    def logs(self) -> Iterator[Told]:
        """New lines of functions, emulator and twins; embedded metrics among them."""
        for path in LOGS.glob("*.log"):
            with path.open("rb") as log:
                log.seek(min(self._sizes.get(path, 0), path.stat().st_size))
                for line in log.read().decode("utf-8", "replace").splitlines():
                    yield Told(f"log {path.name}", line)

    def cloudwatch(self) -> Iterator[Told]:
        """New log lines where CloudWatch has them: what the runtime itself prints as well."""
        client = self.context.client("logs")
        for group in client.describe_log_groups()["logGroups"]:
            name = group["logGroupName"]
            page: dict[str, Any] = {"nextToken": None}
            while "nextToken" in page:
                more = {"nextToken": page["nextToken"]} if page["nextToken"] else {}
                page = client.filter_log_events(logGroupName=name, startTime=self._began, **more)
                for event in page["events"]:
                    yield Told(f"log group {name}", f"{event['logStreamName']} {event['message']}")

    def names(self) -> Iterator[Told]:
        """Objects' keys and content types, and whatever has a name in consoles and metrics."""
        s3, bucket = self.context.client("s3"), self.context.resources["Bucket"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for one in page.get("Contents", []):
                head = s3.head_object(Bucket=bucket, Key=one["Key"])
                told = f"{one['Key']} {head['ContentType']} {head['Metadata']}"
                yield Told("object", told)
        for service, (operation, key, name) in LISTED.items():
            for one in getattr(self.context.client(service), operation)().get(key, []):
                yield Told(f"name in {service}", str(one[name] if name else one))

    def stored(self) -> Iterator[Told]:
        """Every item of every table, and what waits in queues or was given up."""
        dynamodb, sqs = self.context.client("dynamodb"), self.context.client("sqs")
        for name in dynamodb.list_tables()["TableNames"]:
            for page in dynamodb.get_paginator("scan").paginate(TableName=name):
                for item in page["Items"]:
                    text = json.dumps(item, default=str, ensure_ascii=False)
                    yield Told(f"table {name}", text)
        for url in sqs.list_queues(MaxResults=1000).get("QueueUrls", []):
            asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0}
            for message in sqs.receive_message(**asked).get("Messages", []):
                yield Told(f"queue {url.rpartition('/')[2]}", message["Body"])

    @contextlib.contextmanager
    def on_the_bus(self) -> Iterator[None]:
        """Copy the bus's events meanwhile: by a rule and a queue that are gone afterwards."""
        sqs, events = self.context.client("sqs"), self.context.client("events")
        name, bus = f"privacy-{uuid.uuid4().hex[:8]}", self.context.outputs["BusName"]
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        pattern = json.dumps({"source": ["rapport"]})
        try:
            events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
            target = {"Id": "copy", "Arn": asked["Attributes"]["QueueArn"]}
            events.put_targets(Rule=name, EventBusName=bus, Targets=[target])
            yield
            self._drain(sqs, url)
        finally:
            events.remove_targets(Rule=name, EventBusName=bus, Ids=["copy"])
            events.delete_rule(Name=name, EventBusName=bus)
            sqs.delete_queue(QueueUrl=url)

    def _drain(self, sqs: Any, url: str) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            messages = found.get("Messages", [])
            if not messages:
                return
            for message in messages:
                kind = json.loads(message["Body"])["detail-type"]
                self.bus.append(Told(f"bus, {kind}", message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
