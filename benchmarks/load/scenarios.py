"""Catalogue 1-7 of engineering-facts.md, scaled to one machine; each ends by itself."""

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from benchmarks.load.staff import Staff
from benchmarks.load.tables import Lookout, Recount, Storage, recount
from benchmarks.load.traffic import THREADS, Crowd, Shot, post, repost
from local.api import Api, twins
from local.context import StackContext

MOST_MESSAGES = 2_000
PATIENCE = 120.0
"""Seconds until whatever has not come counts as lost."""

RECEIPTS = ("sent", "delivered", "read")


@dataclass(frozen=True)
class Size:
    """How much: messages of the burst (others in proportion), and the steady rate a second."""

    messages: int
    rate: float
    agents: int = 2


FULL, SMALL = Size(300, 12), Size(40, 8, 1)


@dataclass
class Outcome:
    """What one scenario did; latencies in seconds, by what they measure."""

    name: str
    latencies: dict[str, list[float]] = field(default_factory=dict)
    count: Recount | None = None
    throughput: float = 0.0
    drain: float = 0.0
    reposted: int = 0
    wrongs: list[str] = field(default_factory=list)


@dataclass
class Ground:
    """The running stack, the load's agents on it, and the bounds."""

    context: StackContext
    staff: Staff
    size: Size
    fired: int = 0

    def __post_init__(self) -> None:
        self.storage = Storage(self.context)
        self.crowd = Crowd(self.context)
        self.providers: Api = twins(self.context)

    def fire(
        self, name: str, shots: Sequence[Shot], rate: float | None = None, threads: int = THREADS
    ) -> Outcome:
        """Post, wait until everything is stored, shown and drained, and recount."""
        before = self._working()
        self.fired += sum(shot.copies for shot in shots)
        if self.fired > MOST_MESSAGES:
            raise ValueError(f"A run posts at most {MOST_MESSAGES} messages.")
        outcome = Outcome(name)
        dead = self.storage.depths(dead=True)
        began = time.time()
        with Lookout(self.storage, shots) as lookout:
            post(shots, rate, threads)
            posted = time.time()
            outcome.reposted = repost(shots)
            lookout.wait(PATIENCE)
        self.until(outcome, "drained", lambda: self._is_drained(before))
        last = max((shot.stored or 0 for shot in shots), default=began)
        outcome.drain = max(0.0, last - posted)
        outcome.throughput = len(shots) / max(0.001, last - began)
        self.until(outcome, "shown", lambda: self._are_shown(shots))
        outcome.latencies |= {
            "webhook answered": [each for shot in shots for each in shot.answered],
            "webhook to stored": [one.stored - one.posted for one in shots if one.stored],
            "webhook to screen": [one.shown - one.posted for one in shots if one.shown],
        }
        outcome.count = recount(self.storage, shots, dead)
        if not outcome.count.is_right:
            outcome.wrongs.append(str(outcome.count))
        return outcome

    def _working(self) -> dict[str, int]:
        return self.storage.depths(dead=False)

    def _is_drained(self, before: dict[str, int]) -> bool:
        # What lay there before us (a receipt of nobody's message waits ten minutes) may stay.
        return all(count <= before.get(queue, 0) for queue, count in self._working().items())

    def _are_shown(self, shots: Sequence[Shot]) -> bool:
        told = self.staff.told()
        for shot in shots:
            if shot.shown is None:
                # A conversation's first messages come with it when it is assigned.
                began = told.get(("customer", shot.customer_id))
                own = told.get(("text", shot.text), began)
                shot.shown = max(own, shot.posted) if own else None
        return all(shot.shown for shot in shots)

    def until(self, outcome: Outcome, what: str, is_so: Callable[[], bool]) -> None:
        """Wait for something; what has not come in time is wrong."""
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > deadline:
                outcome.wrongs.append(f"not {what} within {PATIENCE:.0f} s")
                return
            time.sleep(0.1)

    def resolve(self, shots: Sequence[Shot]) -> None:
        """End the conversations of a scenario, so that the next finds agents with room."""
        self.staff.resolve([shot.customer_id for shot in shots])


def steady(ground: Ground) -> list[Outcome]:
    """1: an even rate, of people who write several times."""
    people = ground.crowd.people(max(5, ground.size.messages // 8))
    shots = [ground.crowd.says(people[n % len(people)]) for n in range(ground.size.messages // 2)]
    outcome = ground.fire("1 steady", shots, ground.size.rate)
    ground.resolve(shots)
    return [outcome]


def burst(ground: Ground) -> list[Outcome]:
    """2, 7, 16: as fast as it goes, every third message twice at once; then the backlog drains."""
    people = ground.crowd.people(max(5, ground.size.messages // 6))
    shots = [
        ground.crowd.says(people[n % len(people)], copies=2 if n % 3 == 0 else 1)
        for n in range(ground.size.messages)
    ]
    outcome = ground.fire("2 burst, a third of it twice", shots)
    ground.resolve(shots)
    return [outcome]


def one_conversation(ground: Ground) -> list[Outcome]:
    """3: everything from one person, in disorder by the threads that post it."""
    (person,) = ground.crowd.people(1)
    shots = [ground.crowd.says(person) for _ in range(ground.size.messages // 4)]
    outcome = ground.fire("3 one conversation", shots)
    ground.resolve(shots)
    return [outcome]


def one_account(ground: Ground) -> list[Outcome]:
    """4: nine of ten messages on one account; the tenth's latency is what it costs the others."""
    people = ground.crowd.people(max(10, ground.size.messages // 8))
    shots = [
        ground.crowd.says(people[n % len(people)], "telegram" if n % 10 == 0 else "whatsapp")
        for n in range(ground.size.messages // 2)
    ]
    outcome = ground.fire("4 one account has nine tenths", shots)
    for channel in ("whatsapp", "telegram"):
        own = [one.stored - one.posted for one in shots if one.stored and one.channel == channel]
        outcome.latencies[f"  … to stored, {channel}"] = own
    ground.resolve(shots)
    return [outcome]


def broadcast(ground: Ground) -> list[Outcome]:
    """5, 6: everybody is answered at once; the provider sends three receipts for each answer."""
    people = ground.crowd.people(min(40 * ground.size.agents, ground.size.messages // 4))
    shots = [ground.crowd.says(person) for person in people]
    opened = ground.fire("5 everybody is known", shots)
    outcome = Outcome("5, 6 everybody is answered, three receipts each")
    mine = {shot.customer_id: shot for shot in shots}
    sent: dict[str, tuple[float, str]] = {}
    lock = threading.Lock()

    def answer(api: Api, conversation_id: str, customer_id: str) -> None:
        text = f"answer {uuid.uuid4().hex}"
        body = {"content": {"type": "text", "text": text}}
        began = time.time()
        done = api.call(
            "POST",
            f"/v1/conversations/{conversation_id}/messages",
            body,
            headers={"idempotency-key": uuid.uuid4().hex},
        )
        with lock:
            outcome.latencies.setdefault("answer accepted", []).append(time.time() - began)
            sent[text] = (began, mine[customer_id].record_id)
            if done.status != 202:
                outcome.wrongs.append(f"an answer was refused: {done.status}")

    began = time.time()
    with ThreadPoolExecutor(THREADS) as pool:
        for api, one in ground.staff.conversations():
            if one["customer_id"] in mine:
                pool.submit(answer, api, one["conversation_id"], one["customer_id"])
    _check_answers(ground, outcome, sent, began)
    ground.resolve(shots)
    return [opened, outcome]


def _check_answers(
    ground: Ground, outcome: Outcome, sent: dict[str, tuple[float, str]], began: float
) -> None:
    records = {record for _, record in sent.values()}

    def entries() -> list[dict[str, object]]:
        return [
            item
            for record in records
            for item in ground.storage.of_partition("NotificationsTable", f"RECORD#{record}")
            if str(item["sk"]).startswith("MESSAGE#")
        ]

    ground.until(outcome, "read", lambda: all(one["status"] == "read" for one in entries()))
    outcome.drain = time.time() - began
    outcome.throughput = len(sent) / outcome.drain
    found = entries()
    box = ground.providers.get("/outbox")["messages"]
    arrived: dict[str, list[float]] = {text: [] for text in sent}
    for message in box:
        if message["text"] in arrived:
            arrived[message["text"]].append(datetime.fromisoformat(message["at"]).timestamp())
    outcome.latencies["answer to provider"] = [
        times[0] - sent[text][0] for text, times in arrived.items() if times
    ]
    receipts = [one for one in found if set(one["receipts"]) >= set(RECEIPTS)]  # type: ignore[call-overload]
    outcome.count = Recount(
        messages=len(sent),
        lost=sum(not times for times in arrived.values()) + len(sent) - len(receipts),
        doubled=sum(max(0, len(times) - 1) for times in arrived.values()) + len(found) - len(sent),
        disordered=0,
        conversations_too_many=0,
        dead_lettered=0,
    )
    if not outcome.count.is_right or not sent:
        outcome.wrongs.append(str(outcome.count))


SCENARIOS: dict[str, Callable[[Ground], list[Outcome]]] = {
    "steady": steady,
    "burst": burst,
    "one-conversation": one_conversation,
    "one-account": one_account,
    "broadcast": broadcast,
}


def run(
    context: StackContext, size: Size, names: Sequence[str] = tuple(SCENARIOS)
) -> list[Outcome]:
    """Run scenarios one after the other; the load's agents are gone afterwards."""
    staff = Staff(context, size.agents)
    try:
        ground = Ground(context, staff, size)
        return [outcome for name in names for outcome in SCENARIOS[name](ground)]
    finally:
        staff.leave()
