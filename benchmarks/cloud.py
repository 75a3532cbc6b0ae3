"""The deployed stack in one process (tests/platform), recorded call by call.

Streams and queues deliver one record at a time, so that every invocation shows what one message
costs; how batches share an invocation is the cost's business (`benchmarks.cost`).
"""

import io
import json
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from datetime import datetime
from typing import Any

from benchmarks import stub
from benchmarks.calls import PROVIDER, Call, Invocation
from benchmarks.recording import Recorder
from local.twins.webhooks import Webhook
from rapport.channels.base import Account
from rapport.channels.sender import HttpResponse
from rapport.entrypoint import observability
from tests.platform.platform import Answer, Platform
from tests.tables import STAGE, resources

FINE = (200, 201, 202)


class BenchCloud(Platform):
    """A platform whose providers answer at once and always the same."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.clock.at = now
        self.invocations: list[Invocation] = []
        self._out = io.StringIO()
        self.recorder = Recorder(self.cloud.engines["dynamodb"])
        self.cloud.engines = {
            service: self.recorder.before(service, engine)
            for service, engine in self.cloud.engines.items()
        }
        for queue in self.queue_mappings:
            queue.size = 1
        for stream in self.stream_mappings:
            stream.size = 1

    def add_account(self, account: Account) -> None:
        """Register an account of ours."""
        name = f"rapport/{STAGE}/channels/{account.channel}/{account.name}"
        self.secrets.values[name] = json.dumps(dict(account.document))

    def settle(self, what: Callable[[], object]) -> list[Invocation]:
        """Do `what`, and let all follow that is due by now; raises where a message failed."""
        start = len(self.invocations)
        what()
        self.run_until(self.clock.now())
        # Codes are followed later: their queue delays everything.
        queues = [queue for name, queue in self.queues.items() if name != "CodesQueue"]
        if any(queue.messages for queue in queues) or self.dead_letters():
            raise AssertionError(f"A message was not taken:\n{self.last_log()}")
        return self.invocations[start:]

    def bring_now(self, webhook: Webhook) -> list[Invocation]:
        """A provider's webhook and what follows."""
        url, headers = webhook.url, {name.lower(): value for name, value in webhook.headers}
        return self.settle(
            lambda: self.must(self.request(webhook.method, url, webhook.body, headers=headers))
        )

    def must(self, answer: Answer) -> Answer:
        """`answer`, which has to be a good one."""
        if answer.status not in FINE:
            raise AssertionError(f"{answer.status} {answer.text}\n{self.last_log()}")
        return answer

    def last_log(self) -> str:
        """The end of what was logged."""
        return self._out.getvalue()[-2000:]

    def invoke(self, function: str, event: Any) -> Any:
        """Run a function and keep what it did."""
        calls, logged = len(self.recorder.calls), self._out.tell()
        observability.logger.cache_clear()
        with redirect_stdout(self._out):
            answer = super().invoke(function, event)
        made = tuple(self.recorder.calls[calls:])
        size = self._out.tell() - logged
        self.invocations.append(Invocation(folder_name(function), event, made, size))
        return answer

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> HttpResponse:
        """A provider's API, called and answered."""
        asked = {"url": url, "headers": dict(headers), "body": body}
        self.recorder.calls.append(Call(PROVIDER, method, asked))
        status, given, content = stub.provider_answer(url)
        return HttpResponse(status, given, content)


def folder_name(function: str) -> str:
    """`match_sender` for `MatchSenderFunction`."""
    own: Mapping[str, Any] = resources().template["Resources"][function]["Properties"]
    return str(own["CodeUri"]).rpartition("/")[2]
