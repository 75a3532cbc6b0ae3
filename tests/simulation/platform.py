"""The deployment of template.yaml on the twins: real handlers, AWS's deliveries, virtual time.

What AWS promises between functions (queues, streams, rules, routes) is `tests.platform`'s. A
function may be overtaken at each of its calls: others run meanwhile, then it goes on.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from rapport.aws.dynamo import events_attribute
from rapport.kernel.ids import RandomIds
from rapport.otp.guard import PumpingGuard
from rapport.otp.guard_rules import GuardRules
from rapport.otp.risk import Policy, PolicyRisk, ToldSightings
from rapport.otp.service import Office
from rapport.views.attachments import AttachmentStore
from rapport.views.numbers import CarrierSignals
from tests.platform import http_api, sqs
from tests.platform.cloud import Died
from tests.platform.dynamo import Change
from tests.platform.functions import Processes, load_handler
from tests.platform.machine import FAILED, Context
from tests.platform.parts import mappings_of, queues_of, rules_of
from tests.platform.platform import Answer, succeeded
from tests.simulation.chance import Chance
from tests.simulation.declared import QueueReader, StreamReader, routes, settings, timeouts
from tests.simulation.ports import BusTwin, Port, QueueTwin, SecretsClient, without_first
from tests.simulation.timeline import MINUTE, SECOND, Timeline
from tests.simulation.twins import Stores
from tests.simulation.weather import Weather
from tests.tables import PSEUDONYM_KEY, REGION, resources

DEEPEST = 3
"""How many functions may have overtaken one another at one time."""

RACE = 400
"""The longest pause at a call, in which others get on."""

CALL = 3
SELDOM, OFTEN = 0.15, 0.7
"""How often others get on before a read, and before a write: what was read is old by then."""

RELAYS, READERS = ("PublishEventsFunction",), ("PublishEventsFunction", "CountCodesFunction")
READS = frozenset({"find", "find_surely", "get", "head", "heads", "listed", "past", "of_record"})
READS |= {"look_up", "load", "records", "current", "queue", "agent", "due", "look", "service"}
READS |= {"read", "review", "reviews", "scan"}


class FunctionClock:
    """The time as the running function's machine has it."""

    def __init__(self, platform: "Platform") -> None:
        self._platform = platform

    def now(self) -> datetime:
        """True time and what the weather adds."""
        platform = self._platform
        skew = platform.weather.skew(platform.function) if platform.weather.active else 0
        true = platform.timeline.now()
        return true + timedelta(milliseconds=skew) if skew else true


class Platform:
    """A deployment; as a context manager it takes over `rapport.wiring` meanwhile."""

    def __init__(self, chance: Chance, timeline: Timeline, weather: Weather) -> None:
        self.chance, self.timeline, self.weather = chance, timeline, weather
        self.stores = Stores(lags=lambda name: weather.hits("lag", name, timeline.ms))
        self.http: Any = None
        self.function = ""
        self.calls = self.invocations = self._random = self._changes = 0
        self.routing_writes = self.overtaken = self.redriven = self.last_effects = 0
        self.uncounted: list[int] = []
        self._swept = -1
        self.effects: list[int] = []
        self.secrets = SecretsClient()
        self.secrets.put(settings()["PSEUDONYM_KEY"], PSEUDONYM_KEY)
        self.secrets.put(settings()["OTP_KEY"], "a key of codes, of more than 32 bytes")
        self.after: Callable[[str, str, tuple[Any, ...], Any], None] = lambda *_: None
        self.told: Callable[[str], None] | None = None
        known = resources()
        self.clock = FunctionClock(self)
        self.queues = queues_of(known, timeline)
        queues, streams, self.schedules = mappings_of(known, self.queues)
        self.queue_readers = [QueueReader(one.function, one.queue, one.size) for one in queues]
        self.stream_readers = [StreamReader(one) for one in streams if one.function in READERS]
        self._names = {known.ref(name): queue for name, queue in self.queues.items()}
        self.rules = rules_of(known, self.queues)
        self._ids = RandomIds(self.clock, self._bits)
        self._made = {
            name: Port(name, twin, self.around) for name, twin in self.stores.named.items()
        }
        self.processes = Processes(
            self._ports(),
            altered={"verification_office": self._countable},
            builders={"guard": self._guard, "guard_rules": GuardRules},
        )
        timeline.at(MINUTE, self._tick)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Functions find this deployment's ports meanwhile."""
        self.processes.install()
        try:
            yield
        finally:
            self.processes.uninstall()

    def _ports(self) -> dict[str, Callable[..., Any]]:
        made = self._made
        bus = Port("bus", BusTwin(self.rules, self._is_sent), self.around)
        by_url = {url: self._queue(queue) for url, queue in self._names.items()}
        by_arn = {queue.arn: by_url[url] for url, queue in self._names.items()}
        media = Port("media", self, self.around)
        return {
            **{name: functools.partial(lambda port: port, port) for name, port in made.items()},
            "clock": lambda: self.clock,
            "ids": lambda: self._ids,
            "http": lambda: self.http,
            "bus": lambda: bus,
            "queue": lambda name: by_url[settings()[name]],
            "queue_by_arn": lambda arn: by_arn[arn],
            "setting": lambda name: settings()[name],
            "client": lambda _service: self.secrets,
            "attachment_store": lambda: AttachmentStore(
                messages=made["messages"],
                objects=made["objects"],
                account_of=self._accounts().get,
                http=media,
            ),
        }

    def _countable(self, office: Office) -> Office:
        """Nonces that are the same in each life of this world."""
        return replace(office, nonce=lambda: self._ids.new("non"))

    def _guard(self) -> PumpingGuard:
        made: Any = self._made
        risk = PolicyRisk(CarrierSignals(made["identities"]), ToldSightings(), Policy())
        return PumpingGuard(made["guard_books"], made["sources"], GuardRules, risk)

    def _queue(self, queue: sqs.Queue) -> Port:
        return Port("queue", QueueTwin(queue, self._is_sent), self.around)

    @staticmethod
    def _accounts() -> Any:
        from rapport import wiring

        return wiring.accounts()

    def _bits(self, bits: int) -> int:
        self._random += 1
        return self.chance.bits(bits, "id", self._random)

    def get(self, url: str, headers: dict[str, str]) -> Any:
        """The `MediaHttp` port: what the provider has of a file."""
        return self.http.fetch(url, headers)

    # --- a call --------------------------------------------------------------------------------

    def around(
        self, port: str, twin: Any, method: str, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        """One call of a function to what is outside of it."""
        self.calls += 1
        fault = self.weather.fault(port, method)
        self.pause(share=SELDOM if method in READS else OFTEN)

        def act() -> Any:
            if fault == "partial" and method in ("send", "publish"):
                result = without_first(twin, method, arguments)
            else:
                result = getattr(twin, method)(*arguments, **named)
            if method not in READS:
                self._took_effect(port, method, arguments, result)
            return result

        return self.weather.call(fault, port, method, act)

    def pause(self, milliseconds: int = CALL, share: float = 0.0) -> None:
        """Time passes at a call; in `share` of all cases others get on meanwhile."""
        line = self.timeline
        if len(self.effects) < DEEPEST and line.has_due(line.ms + max(RACE, milliseconds)):
            if milliseconds <= CALL and self.chance.happens(share, "race", line.ms):
                milliseconds = self.chance.between(1, RACE, "pause", line.ms)
            if milliseconds != CALL:
                self.overtaken += 1
                line.run(line.ms + milliseconds)
                return
        line.ms += milliseconds

    def _took_effect(self, port: str, method: str, arguments: tuple[Any, ...], result: Any) -> None:
        if self.effects:
            self.effects[-1] += 1
        if port == "routing":
            self.routing_writes += 1
        table = self.stores.tables.get(port)
        if table is not None and (events := self.stores.news(port)):
            self._changes += 1
            keys = {"pk": {"S": f"{_kind(port, method)}#{self._changes}"}}
            image = {"events": {"S": events_attribute(events) or ""}, **keys}
            at, number = self.timeline.now(), self._changes
            change = Change(resources().name(table), keys, None, image, at, number)
            for reader in self.stream_readers:
                if reader.mapping.table == change.table:
                    reader.mapping.hear(change)
                    self._plan_stream(reader)
        self.after(port, method, arguments, result)

    # --- functions -----------------------------------------------------------------------------

    def invoke(self, function: str, event: Any) -> Any:
        """Run a function; `FAILED` where it raised or died. A death loses what its process had."""
        self.invocations += 1
        instance = f"{function}/{len(self.effects)}"
        before = (self.function, self.processes.running)
        self.function = function
        self.processes.running = instance
        if self.weather.hits("deploy", function):
            self.processes.kill(instance)
        self.effects.append(0)
        context = Context(function, f"invocation-{self.invocations}", timeouts()[function])
        try:
            return load_handler(function)(event, context)
        except Died:
            self.processes.kill(instance)
            return FAILED
        except Exception as error:  # noqa: BLE001 - what a function raises is AWS's to redeliver
            self.tell(f"{function} raised {error!r}")
            return FAILED
        finally:
            self.last_effects = self.effects.pop()
            self.function, self.processes.running = before

    def request(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> Answer:
        """One HTTP request; `url` as the client has it, or a path."""
        whole = url if url.startswith("https://") else f"https://{http_api.DOMAIN}{url}"
        path = "/" + whole.partition("://")[2].partition("?")[0].partition("/")[2]
        found = http_api.find(method, path, routes())
        if found is None:
            return Answer(404, {}, "")
        route, parameters = found
        given = {"content-type": "application/json", **(headers or {})}
        shown = None if route.is_public else claims
        name = f"request-{self.invocations}"
        event = http_api.event_of(route, parameters, method, whole, given, body, shown, name)
        answer = self.invoke(route.function, event)
        if answer is FAILED:
            return Answer(500, {}, "")
        return Answer(
            int(answer["statusCode"]),
            dict(answer.get("headers") or {}),
            str(answer.get("body") or ""),
        )

    # --- deliveries ----------------------------------------------------------------------------

    def _is_sent(self, queue: sqs.Queue, wait: int) -> None:
        for reader in self.queue_readers:
            if reader.queue is queue:
                self._plan_queue(reader, self.timeline.ms + wait + self._latency(queue.name))

    def _latency(self, name: str) -> int:
        return self.chance.between(5, 150, "poll", name, self.timeline.ms)

    def _plan_queue(self, reader: QueueReader, at: int) -> None:
        if reader.planned is None or at < reader.planned:
            reader.planned = at
            self.timeline.at(at, lambda: self._poll_queue(reader, at))

    def _poll_queue(self, reader: QueueReader, at: int) -> None:
        if reader.planned != at:
            return  # an earlier poll has taken its place
        reader.planned = None
        queue, line = reader.queue, self.timeline
        most = 1 if self.chance.happens(0.6, "alone", queue.name, line.ms) else reader.size
        messages = queue.receive(most)
        self._plan_rest(reader, is_full=len(messages) == most)
        if not messages:
            return
        records = [sqs.record(message, queue, REGION) for message in messages]
        answer = self.invoke(reader.function, {"Records": records})
        for message in succeeded(messages, answer):
            queue.delete(message)
        if queue.messages:
            self._plan_queue(reader, line.ms + self._latency(queue.name))

    def _plan_rest(self, reader: QueueReader, *, is_full: bool) -> None:
        """The next poll: at once where a batch was full, else when something is visible again."""
        now = self.timeline.now()
        later = [one.visible_at for one in reader.queue.messages if one.visible_at > now]
        if is_full and len(later) < len(reader.queue.messages):  # another poller is at it too
            self._plan_queue(reader, self.timeline.ms + 1)
        elif later:
            wait = (min(later) - now) // timedelta(milliseconds=1)
            self._plan_queue(reader, self.timeline.ms + wait + 1)

    def _plan_stream(self, reader: StreamReader, wait: int = 0) -> None:
        at = self.timeline.ms + wait + self._latency(reader.mapping.table)
        if reader.planned is None or at < reader.planned:
            reader.planned = at
            self.timeline.at(at, lambda: self._poll_stream(reader, at))

    def _poll_stream(self, reader: StreamReader, at: int) -> None:
        if reader.planned != at:
            return
        reader.planned = None
        mapping, line = reader.mapping, self.timeline
        batch = None if reader.is_busy else mapping.take(line.now())
        if batch is None:
            if not reader.is_busy and (mapping.batches or mapping.pending):
                self._plan_stream(reader, SECOND)
            return
        reader.is_busy = True
        records = [change.record(mapping.stream_arn) for change in batch.changes]
        answer = self.invoke(mapping.function, {"Records": records})
        reader.is_busy = False
        if answer is FAILED:
            mapping.failed(line.now())
        else:
            mapping.done()
        if mapping.batches or mapping.pending:
            self._plan_stream(reader)

    def _tick(self) -> None:
        """The schedule, every minute; where a tick would find nothing new it is not told.

        A sweep that changed nothing finds the same until somebody writes or something is due.
        """
        line = self.timeline
        line.after(MINUTE, self._tick)
        due = self.stores.routing.due(line.now() + timedelta(minutes=11), 1)
        if self._swept == self.routing_writes and not due:
            return
        for function in self.schedules:
            before = self.routing_writes
            answer = self.invoke(function, {})
            if answer is not FAILED and before == self.routing_writes:
                self._swept = before
            if self.chance.happens(0.01, "twice", line.ms):
                self.invoke(function, {})

    def redrive(self) -> int:
        """What lies in dead letters goes back to where it came from; how much it was."""
        moved = 0
        for queue in self.queues.values():
            dead = queue.dead_letters
            if dead is None:
                continue
            letters, dead.messages = dead.messages, []
            for letter in letters:
                own = f"redrive-{self.timeline.ms}-{letter.message_id}" if queue.is_fifo else None
                queue.send(letter.body, letter.group, own)
                self._is_sent(queue, 0)
            moved += len(letters)
            self.redriven += len(letters)
        for reader in self.stream_readers:
            mapping = reader.mapping
            if mapping.function not in RELAYS:  # too late to count: it says so by an alarm
                self.uncounted += [change.number for change in mapping.given_up]
                mapping.given_up = []
            moved += len(mapping.given_up)
            mapping.pending += mapping.given_up
            mapping.given_up = []
            self._plan_stream(reader)
        return moved

    def unfinished(self) -> list[str]:
        """Which queues and streams still hold something, dead letters included."""
        found = [
            f"{name}: {len(one.messages)}" for name, one in self.queues.items() if one.messages
        ]
        for reader in self.stream_readers:
            mapping = reader.mapping
            left = len(mapping.pending) + len(mapping.batches) + len(mapping.given_up)
            if left:
                found.append(f"stream of {mapping.table}: {left}")
        return found

    def tell(self, text: str) -> None:
        if self.told:
            self.told(text)


def _kind(port: str, method: str) -> str:
    """How the key of an item of the table of verifications begins: functions filter by it."""
    if port == "verifications":
        return "SESSION" if method == "note_failure" else "SUBJECT"
    return "GUARD" if port == "guard_books" else port
