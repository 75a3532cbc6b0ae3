"""The whole of template.yaml in one process: real handlers, AWS's promises, virtual time.

What is simulated is what AWS does *between* our functions: queues, streams, rules, the schedule,
the HTTP API, redelivery of all that. The functions' own calls go through real botocore clients.
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local.twins.webhooks import Webhook
from rapport.channels.base import Account
from tests.platform import http_api, sqs
from tests.platform.machine import FAILED, START, Machine
from tests.tables import REGION, STAGE

PROVIDER_RETRIES = (5, 30, 120, 600)
SWEEP_EVERY = timedelta(minutes=1)
MOST_STEPS = 5_000


@dataclass(frozen=True)
class Answer:
    """What an HTTP client got."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.text) if self.text else None


@dataclass(frozen=True)
class Post:
    """A webhook that a provider still has to bring, for the `attempt`-th time."""

    due: datetime
    webhook: Webhook
    attempt: int


class Platform(Machine):
    """A deployment at work."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[Post] = []
        self.routes = http_api.routes()
        self._swept_at = START
        self._requests = itertools.count(1)

    # --- what tests do -------------------------------------------------------------------------

    def register(self, account: Account) -> None:
        """Set up one of our accounts, here and at its provider."""
        name = f"rapport/{STAGE}/channels/{account.channel}/{account.name}"
        self.secrets.values[name] = json.dumps(dict(account.document))
        url = f"https://{http_api.DOMAIN}/webhooks/{account.channel}/{account.name}"
        self.twins.register(account, url)

    def bring(self, webhook: Webhook) -> None:
        """A provider posts a webhook, and again until it is taken."""
        self._post(Post(self.clock.now(), webhook, 0))

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> Answer:
        """One HTTP request by its path or URL; JSON unless `body` is bytes."""
        url = path if path.startswith("https://") else f"https://{http_api.DOMAIN}{path}"
        given = {"content-type": "application/json", **(headers or {})}
        data = (
            body
            if isinstance(body, bytes)
            else json.dumps(body).encode()
            if body is not None
            else b""
        )
        bare = url.partition("?")[0].removeprefix("https://")
        found = http_api.find(method, "/" + bare.partition("/")[2], self.routes)
        if found is None:
            return Answer(404, {}, '{"message":"Not Found"}')
        route, parameters = found
        if not route.is_public and claims is None:
            return Answer(401, {}, '{"message":"Unauthorized"}')
        shown = None if route.is_public else claims
        request_id = f"request-{next(self._requests)}"
        event = http_api.event_of(route, parameters, method, url, given, data, shown, request_id)
        answer = self.invoke(route.function, event)
        if not isinstance(answer, dict) or "statusCode" not in answer:
            return Answer(500, {}, '{"message":"Internal Server Error"}')
        return Answer(
            int(answer["statusCode"]),
            dict(answer.get("headers") or {}),
            str(answer.get("body") or ""),
        )

    def insist(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """A client that repeats a request, with the same headers, while the server fails."""
        answer = self.request(method, path, body, **more)
        for _ in range(8):
            is_busy = answer.status == 409 and "retry-after" in answer.headers
            if answer.status < 500 and answer.status != 429 and not is_busy:
                return answer
            self.run_until(
                self.clock.now() + timedelta(seconds=int(answer.headers.get("retry-after", 1)))
            )
            answer = self.request(method, path, body, **more)
        return answer

    def run_until_quiet(self) -> None:
        """Deliver everything that is or becomes due, moving time on where all wait."""
        for _ in range(MOST_STEPS):
            if self._step():
                continue
            due = self._next_due()
            if due is None:
                return
            self._advance_to(due)
        raise AssertionError("The platform does not come to rest.")

    def run_until(self, moment: datetime) -> None:
        """The same, but no further than `moment`; then it is that time."""
        for _ in range(MOST_STEPS):
            if self._step():
                continue
            due = self._next_due()
            if due is None or due > moment:
                self.clock.at = max(self.clock.at, moment)
                return
            self._advance_to(due)
        raise AssertionError("The platform does not come to rest.")

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """What happens here is no part of the story: its calls have no numbers and no faults."""
        before, self.cloud.is_counting = self.cloud.is_counting, False
        try:
            yield
        finally:
            self.cloud.is_counting = before

    @contextmanager
    def paused(self, function: str) -> Iterator[None]:
        """Meanwhile nobody polls for `function`: what it would read gathers in its queues."""
        mappings = self.queue_mappings
        self.queue_mappings = [one for one in mappings if one.function != function]
        try:
            yield
        finally:
            self.queue_mappings = mappings

    def redrive(self) -> int:
        """What lies in dead letters goes back to where it came from; how much it was."""
        return sum(queue.redrive() for queue in self.queues.values())

    def open_socket(self, ticket: str, connection_id: str) -> int:
        """A screen connects; the status it is answered."""
        self.sockets.open.add(connection_id)
        answer = self._socket("$connect", connection_id, query={"ticket": ticket})
        status = answer.get("statusCode", 500) if isinstance(answer, dict) else 500
        if status != 200:
            self.sockets.open.discard(connection_id)
        return int(status)

    def say_on_socket(self, connection_id: str, action: Mapping[str, Any]) -> None:
        """A screen sends a frame."""
        self._socket("$default", connection_id, body=json.dumps(action))

    def close_socket(self, connection_id: str) -> None:
        """A screen goes."""
        self.sockets.open.discard(connection_id)
        self._socket("$disconnect", connection_id)

    def _socket(
        self,
        route: str,
        connection_id: str,
        *,
        query: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> Any:
        kinds = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}
        context = {
            "routeKey": route,
            "eventType": kinds.get(route, "MESSAGE"),
            "connectionId": connection_id,
            "stage": STAGE,
            "apiId": "sockets",
            "requestId": f"request-{next(self._requests)}",
            "connectedAt": int(self.clock.now().timestamp() * 1000),
        }
        event: dict[str, Any] = {"requestContext": context, "isBase64Encoded": False}
        if query:
            event["queryStringParameters"] = dict(query)
        if body is not None:
            event["body"] = body
        return self.invoke("HandleSocketFunction", event)

    def sweep(self) -> None:
        """The schedule's tick, now."""
        self._swept_at = self.clock.now()
        for function in self.schedules:
            self.invoke(function, {})

    def dead_letters(self) -> dict[str, list[str]]:
        """What lies in dead-letter queues and was given up by streams, by where."""
        targets = {id(queue.dead_letters) for queue in self.queues.values() if queue.dead_letters}
        found = {
            name: [message.body for message in queue.messages]
            for name, queue in self.queues.items()
            if id(queue) in targets and queue.messages
        }
        for mapping in self.stream_mappings:
            if mapping.given_up:
                found[f"{mapping.function}/{mapping.table}"] = [
                    str(c.keys) for c in mapping.given_up
                ]
        return found

    # --- delivery ------------------------------------------------------------------------------

    def _step(self) -> bool:
        """Deliver one thing that is due; False where nothing is."""
        self._collect_receipts()
        return self._step_streams() or self._step_queues() or self._step_posts()

    def _step_streams(self) -> bool:
        for mapping in self.stream_mappings:
            batch = mapping.take(self.clock.now())
            if batch is None:
                continue
            records = [change.record(mapping.stream_arn) for change in batch.changes]
            answer = self.invoke(mapping.function, {"Records": records})
            if answer is FAILED:
                mapping.failed(self.clock.now())
            else:
                mapping.done()
            return True
        return False

    def _step_queues(self) -> bool:
        for mapping in self.queue_mappings:
            messages = mapping.queue.receive(mapping.size)
            if messages:
                records = [sqs.record(message, mapping.queue, REGION) for message in messages]
                answer = self.invoke(mapping.function, {"Records": records})
                for message in succeeded(messages, answer):
                    mapping.queue.delete(message)
                return True
        return False

    def _step_posts(self) -> bool:
        for post in sorted(self.posts, key=lambda one: one.due):
            if post.due <= self.clock.now():
                self.posts.remove(post)
                self._post(post)
                return True
        return False

    def _post(self, post: Post) -> None:
        webhook = post.webhook
        answer = self.request(
            webhook.method,
            webhook.url,
            webhook.body,
            headers={k.lower(): v for k, v in webhook.headers},
        )
        if answer.status >= 500 and post.attempt < len(PROVIDER_RETRIES):
            due = self.clock.now() + timedelta(seconds=PROVIDER_RETRIES[post.attempt])
            self.posts.append(Post(due, webhook, post.attempt + 1))

    def _collect_receipts(self) -> None:
        for run in self.twins.take_receipts():
            for number, webhook in enumerate(run.webhooks):
                wait = run.delay_seconds + run.spacing_seconds * number
                self.posts.append(Post(self.clock.now() + timedelta(seconds=wait), webhook, 0))

    def _next_due(self) -> datetime | None:
        read = {id(mapping.queue): mapping.queue for mapping in self.queue_mappings}
        moments = [queue.next_visible() for queue in read.values()]
        moments += [mapping.next_due() for mapping in self.stream_mappings]
        moments += [post.due for post in self.posts]
        return min((moment for moment in moments if moment is not None), default=None)

    def _advance_to(self, moment: datetime) -> None:
        """Move time on, one tick of the schedule at most at a time."""
        tick = self._swept_at + SWEEP_EVERY
        if self.clock.now() < tick <= moment:
            self.clock.at = tick
            self.sweep()
        else:
            self.clock.at = max(moment, self.clock.at)


def succeeded(messages: list[sqs.Message], answer: Any) -> list[sqs.Message]:
    """Those that Lambda deletes: all but the reported; none where the report cannot be read."""
    if answer is FAILED:
        return []
    report = (answer or {}).get("batchItemFailures") if isinstance(answer, dict | None) else None
    if report is None or report == []:
        return messages
    if not isinstance(report, list) or not all(isinstance(one, dict) for one in report):
        return []
    failed = {one.get("itemIdentifier") for one in report}
    if not failed <= {message.message_id for message in messages}:
        return []
    return [message for message in messages if message.message_id not in failed]
