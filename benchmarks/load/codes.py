"""How soon after the request for a code its provider is called: alone, and beside a full queue.

`python -m benchmarks.load.codes` on the running stack; 1 where the 95th percentile is over a second
or a code did not arrive. From before `POST /v1/verifications` until the provider's twin has it.
"""

import argparse
import itertools
import os
import statistics
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from benchmarks.load.__main__ import percentile
from local import seed
from local.api import Api, sign_in, twins
from local.context import StackContext
from local.demo import eventually
from rapport.otp.prefixes import destination

TARGET = 1.0
"""Seconds, for 95 of a hundred."""
SETTLE = 2.0
SLOW = 2.0
"""Seconds that a provider of chats takes while the queue is to stay full."""
THREADS = 8
TELEGRAM = "api.telegram.org"
QUEUE = "OutboundChatQueue"


@dataclass
class Outcome:
    """Seconds from request to provider and of the request alone, in the order of the starts."""

    name: str
    arrivals: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)
    waiting: tuple[int, int] = (0, 0)

    @property
    def p95(self) -> float:
        """The 95th percentile until the provider was called."""
        return percentile(self.arrivals, 0.95)


def a_number() -> str:
    """A mobile number that nobody had before, in an exchange that there is."""
    while True:
        number = f"+1415{uuid.uuid4().int % 10**7:07d}"
        if destination(number).is_valid:
            return number


def caller(context: StackContext, place: int) -> Api:
    """The API as one of the seeded people calls it; each may start sixty codes in ten minutes."""
    email = seed.PEOPLE[place].email
    return Api(context.http_api_url, sign_in(context, email, seed.passwords(context)[email]))


def customers(context: StackContext, count: int) -> list[str]:
    """New customers, each with a number of their own."""
    admin = caller(context, 0)

    def register(_: int) -> str:
        identifiers = [{"namespace": "phone", "value": a_number(), "assurance": "verified"}]
        body = {"source_id": f"codes-{uuid.uuid4().hex}", "identifiers": identifiers}
        return str(admin.post("/v1/customers", body)["customer_id"])

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(register, range(count)))


def measure(context: StackContext, name: str, count: int) -> Outcome:
    """`count` codes to as many customers, one after the other; each is answered."""
    known, outcome = customers(context, count), Outcome(name)
    staff = itertools.cycle([caller(context, place) for place in range(len(seed.PEOPLE))])
    time.sleep(SETTLE)  # what registering set off has been done
    before = _depth(context)
    for customer_id, api in zip(known, staff, strict=False):
        _start(context, api, customer_id, outcome)
    outcome.waiting = (before, _depth(context))
    return outcome


def _start(context: StackContext, api: Api, customer_id: str, outcome: Outcome) -> None:
    session, providers = f"session-{uuid.uuid4().hex}", twins(context)
    body = {"customer_id": customer_id, "purpose": "identity", "session": session}
    began = time.time()
    begun = api.post("/v1/verifications", body, **{"idempotency-key": session})
    outcome.requests.append(time.time() - began)
    verification = str(begun["verification_id"])

    def look() -> dict[str, Any] | None:
        found = providers.get("/codes")["codes"]
        return next((one for one in found if one["verification_id"] == verification), None)

    code = eventually("the code", look)
    outcome.arrivals.append(datetime.fromisoformat(code["at"]).timestamp() - began)
    # Answered, as codes are: a range of numbers that never answers is taken for fraud.
    check = {"code": code["code"], "session": session}
    assert api.post(f"/v1/verifications/{verification}/check", check)["valid"]


@contextmanager
def crowded(context: StackContext, messages: int) -> Iterator[None]:
    """The queue of chat messages is full meanwhile: their provider is slow."""
    providers, officer = twins(context), caller(context, 2)
    agent = seed.subject(str(officer.token))
    officer.put(f"/v1/agents/{agent}/presence", {"presence": "online"})
    body = {"channel": "telegram", "from": str(uuid.uuid4().int % 10**9), "text": "Hello"}
    providers.post("/customer/send", body)
    conversation = eventually("the conversation", lambda: _assigned(officer))
    slow = {"kind": "delay", "seconds": SLOW, "times": 2 * messages, "match": {"host": TELEGRAM}}
    providers.post("/faults", slow)

    def answer(number: int) -> None:
        said = {"content": {"type": "text", "text": f"message {number}"}}
        officer.post(f"/v1/conversations/{conversation}/messages", said)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(answer, range(messages)))
    try:
        yield
    finally:
        _empty(context)
        officer.post(f"/v1/conversations/{conversation}/resolve")
        officer.put(f"/v1/agents/{agent}/presence", {"presence": "offline"})


def _assigned(officer: Api) -> str | None:
    mine = officer.get("/v1/conversations", assignee="me")["items"]
    return str(mine[0]["conversation_id"]) if mine else None


def _depth(context: StackContext) -> int:
    """Messages of the chats' queue that wait or are at work."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = context.client("sqs").get_queue_attributes(
        QueueUrl=context.resources[QUEUE], AttributeNames=names
    )
    return sum(int(told["Attributes"][name]) for name in names)


def _empty(context: StackContext) -> None:
    """What is left need not be sent: nobody measures it."""
    context.client("sqs").purge_queue(QueueUrl=context.resources[QUEUE])
    twins(context).post("/reset")


def text(outcome: Outcome) -> str:
    """One line of figures, in milliseconds."""
    shares = [percentile(outcome.arrivals, share) * 1000 for share in (0.5, 0.95, 1)]
    p50, p95, most = (f"{value:.0f}" for value in shares)
    of_request = f"{statistics.median(outcome.requests) * 1000:.0f}"
    first, last = outcome.waiting
    return (
        f"{outcome.name:<28}{len(outcome.arrivals):>4} codes  p50 {p50}  p95 {p95}  max {most} ms  "
        f"(the request alone: p50 {of_request}); chat messages waiting: {first} to {last}"
    )


def main() -> int:
    """Run as a program."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load.codes", description=__doc__)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--messages", type=int, default=500)
    asked = parser.parse_args()
    context = StackContext.load()
    measure(context, "starting up", 4)
    outcomes = [measure(context, "nothing else to do", asked.count)]
    with crowded(context, asked.messages):
        outcomes.append(measure(context, "chats' queue full", asked.count))
    print("\n".join(map(text, outcomes)))
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}.")
    return int(any(one.p95 >= TARGET for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
