"""Twins do not drift: any calls in any order, on a twin and on DynamoDB, answer the same.

Each machine makes the same random call on both and compares what came back, or what was raised,
and then what a reader sees.
"""

import os
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from rapport.contracts.inbound import Attachment, Status
from rapport.contracts.routing import Presence
from rapport.conversations import model
from rapport.conversations.model import State
from rapport.idempotency.model import Answer
from rapport.identity.graph import Component
from rapport.identity.ports import Change, Claim, Pointer
from rapport.notifications.model import Failure, MessageStatus
from tests.builders import (
    RECORD,
    a_component,
    a_conversation,
    a_fact,
    a_message,
    a_message_id,
    a_record,
    a_request,
    a_review,
    a_route,
    a_snoozed,
    a_source,
    a_tracked_event,
    a_waiting,
    after,
    an_agent,
    an_entry,
)
from tests.contract.stores.twins import Twins

# The same few examples each time; TWIN_EXAMPLES=200 looks further, and elsewhere each time.
EXAMPLES = os.environ.get("TWIN_EXAMPLES", "")
BOUNDED = settings(
    max_examples=int(EXAMPLES or "6"),
    derandomize=not EXAMPLES,
    database=None,
    phases=[Phase.generate],  # shrinking through moto takes minutes, and the steps are few anyway
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
FEW = st.integers(0, 2)
MINUTES = st.integers(0, 6)
RECORDS = st.sampled_from([RECORD, "rec_2"])


class Identities(Twins):
    """`Graph`: components that move on, absorb one another and contend for keys and records."""

    make = staticmethod(lambda engine: engine.identities())
    versions = st.integers(0, 3)
    some = st.frozensets(FEW, max_size=2)

    @rule(number=FEW, version=versions, absorbed=st.dictionaries(FEW, versions, max_size=1))
    def write_component(self, number: int, version: int, absorbed: dict[int, int]) -> None:
        absorbed.pop(number, None)
        change = Change(
            self._component(number, version + 1),
            absorbed={f"cmp_{one}": seen for one, seen in absorbed.items()},
            events=[a_fact()],
        )
        self.both("write", change)

    @rule(number=FEW, record=FEW, is_new=st.booleans(), pointed=some, name=st.sampled_from("AB"))
    def write_record(
        self, number: int, record: int, is_new: bool, pointed: frozenset[int], name: str
    ) -> None:
        known = None if is_new else self.both("find", a_source(str(record)))
        made = known or a_record(record_id=f"rec_{record}", source=a_source(str(record)), said={})
        change = Change(
            self._next(number),
            record=replace(made, name=name, component_id=f"cmp_{number}"),
            known=known,
            pointers=[self._pointer(one) for one in sorted(pointed - {record})],
        )
        self.both("write", change)

    @rule(number=FEW, key=FEW, seen=some, becomes=some, noted=some)
    def write_keys(
        self,
        number: int,
        key: int,
        seen: frozenset[int],
        becomes: frozenset[int],
        noted: frozenset[int],
    ) -> None:
        claim = Claim(self._ids(seen), self._ids(becomes | {number}))
        notes = [f"~{one}" for one in sorted(noted - {key})]
        self.both("write", Change(self._next(number), claims={f"~{key}": claim}, notes=notes))

    @rule(number=FEW, added=some, closed=some)
    def write_reviews(self, number: int, added: frozenset[int], closed: frozenset[int]) -> None:
        change = Change(
            self._next(number),
            reviews=[a_review(one) for one in sorted(added)],
            closed=[a_review(one).review_id for one in sorted(closed - added)],
        )
        self.both("write", change)

    @rule(record=FEW, read=FEW, name=st.sampled_from("AB"))
    def save(self, record: int, read: int, name: str) -> None:
        known = self.both("find", a_source(str(record))) or a_record(source=a_source(str(record)))
        stale = replace(known, said={**known.said, "d9": "cus_9"}) if read == 0 else known
        news = replace(known, name=name, said={**known.said, name: known.customer_id})
        self.both("save", news, stale)

    @rule(number=FEW, version=versions, pointed=some)
    def point(self, number: int, version: int, pointed: frozenset[int]) -> None:
        pointers = [self._pointer(one) for one in sorted(pointed)]
        self.both("point", self._component(number, version + 1), pointers)

    @rule(closed=some)
    def close_reviews(self, closed: frozenset[int]) -> None:
        self.both("close_reviews", [a_review(one).review_id for one in sorted(closed)])

    @invariant()
    def the_same_is_read(self) -> None:
        sources = [a_source(str(number)) for number in range(3)]
        self.both("records", sources)
        self.both("look_up", sources[0], [f"~{number}" for number in range(3)])
        self.both("load", [f"cmp_{number}" for number in range(3)])
        self.both("reviews", None, 2)

    def _component(self, number: int, version: int) -> Component:
        return a_component(component_id=f"cmp_{number}", version=version)

    def _next(self, number: int) -> Component:
        stored = self.both("load", [f"cmp_{number}"]).get(f"cmp_{number}")
        return self._component(number, stored.version + 1 if isinstance(stored, Component) else 1)

    @staticmethod
    def _ids(numbers: frozenset[int]) -> frozenset[str]:
        return frozenset(f"cmp_{number}" for number in numbers)

    @staticmethod
    def _pointer(number: int) -> Pointer:
        said = {"d1": "cus_1", "d2": "cus_2"}
        return Pointer(a_source(str(number)), f"cus_{number}", f"cmp_{number}", said)


class Messages(Twins):
    """`Messages`: arrivals, edits and erasures in any order."""

    make = staticmethod(lambda engine: engine.messages())
    texts = st.sampled_from([None, "", "x", "😀"])

    @rule(number=FEW, minute=MINUTES, record=RECORDS, text=texts, attached=st.booleans(), again=FEW)
    def add(
        self, number: int, minute: int, record: str, text: Any, attached: bool, again: int
    ) -> None:
        message = a_message(
            number,
            at=after(minutes=minute),
            record_id=record,
            text=text,
            ingest_id=f"ing_{again}",
            attachments=(Attachment(url="https://cdn.example.org/1"),) if attached else (),
        )
        self.both("add", message, [])

    @rule(number=FEW, minute=MINUTES, text=texts)
    def edit(self, number: int, minute: int, text: Any) -> None:
        self.both("edit", a_message(number).key, text, after(minutes=minute))

    @rule(number=FEW, minute=MINUTES)
    def erase(self, number: int, minute: int) -> None:
        self.both("erase", a_message(number).key, after(minutes=minute))

    @rule(number=FEW, index=FEW)
    def keep_object(self, number: int, index: int) -> None:
        self.both("keep_object", a_message(number).key, index, f"attachments/{index}")

    @rule(
        record=RECORDS,
        before=st.none() | MINUTES,
        since=st.none() | MINUTES,
        limit=st.integers(1, 3),
    )
    def page(self, record: str, before: Any, since: Any, limit: int) -> None:
        if before is None or since is None or since <= before:
            until, start = (None if m is None else after(minutes=m) for m in (before, since))
            self.both("of_record", record, before=until, after=start, limit=limit)

    @invariant()
    def the_same_messages(self) -> None:
        for number in range(3):
            self.both("get", a_message(number).key)


class Conversations(Twins):
    """`Conversations`: messages and commands of two customers, some from an old reading."""

    make = staticmethod(lambda engine: engine.conversations())
    customers = st.sampled_from(["cus_" + "a" * 26, "cus_" + "b" * 26])

    def __init__(self) -> None:
        super().__init__()
        self._read: dict[str, Any] = {}

    @rule(customer=customers, minute=MINUTES, record=RECORDS)
    def touch(self, customer: str, minute: int, record: str) -> None:
        message = a_message(minute, customer_id=customer, record_id=record)
        self.both("touch", message, a_route(record_id=record, last_at=after(minutes=minute)))

    @rule(customer=customers)
    def read(self, customer: str) -> None:
        self._read[customer] = self.both("head", customer)

    @rule(customer=customers, minute=MINUTES)
    def begin(self, customer: str, minute: int) -> None:
        before = self._read.get(customer)
        if before is None or before.state is State.RESOLVED:
            head = a_conversation(customer, opened_at=after(days=minute))
            self.both("write", head, before, [a_fact()])

    @rule(
        customer=customers,
        what=st.sampled_from(["assign", "snooze", "resolve", "reopen"]),
        agent=FEW,
    )
    def command(self, customer: str, what: str, agent: int) -> None:
        before = self._read.get(customer)
        if before is None:
            return
        match what:
            case "assign":
                version = before.version + 1
                self.both(
                    "write", replace(before, assignee=f"a{agent}", version=version), before, []
                )
            case "snooze" if before.state is State.OPEN:
                self.both("write", model.snooze(before, after(days=9)), before, [])
            case "resolve" if before.state is not State.RESOLVED:
                self.both("archive", model.resolve(before, after(days=8)), before, [])
            case "reopen" if before.state is not State.OPEN:
                self.both("write", model.reopen(before), before, [])
            case _:
                pass

    @rule(customer=customers, limit=st.integers(1, 3))
    def past(self, customer: str, limit: int) -> None:
        for one in self.both("past", customer, limit):
            self.both("get", one.conversation_id)

    @rule(state=st.none() | st.sampled_from(State), assignee=st.none() | FEW)
    def listed(self, state: State | None, assignee: int | None) -> None:
        agent = None if assignee is None else f"a{assignee}"
        self.both("listed", state, agent, None, 50)

    @invariant()
    def the_same_heads(self) -> None:
        for customer in ("cus_" + "a" * 26, "cus_" + "b" * 26):
            head = self.both("head", customer)
            if head:
                self.both("get", head.conversation_id)


class Ledger(Twins):
    """`Ledger`: attempts and receipts that overtake each other."""

    make = staticmethod(lambda engine: engine.ledger())

    def __init__(self) -> None:
        super().__init__()
        self._begun: list[Any] = []

    @rule(number=FEW)
    def enter(self, number: int) -> None:
        self.both("enter", an_entry(number), [])

    @rule(number=FEW)
    def begin(self, number: int) -> None:
        taken, entry = self.both("begin", RECORD, a_message_id(number))
        if taken:
            self._begun.append(entry)

    @rule(data=st.data(), status=st.sampled_from(MessageStatus), fails=st.booleans())
    def end(self, data: Any, status: MessageStatus, fails: bool) -> None:
        if self._begun:
            entry = data.draw(st.sampled_from(self._begun))
            name = data.draw(st.none() | FEW.map(lambda number: f"wamid.{number}"))
            failure = Failure("transient", "500", "Later.") if fails else None
            self.both("end", entry, status, after(), provider_message_id=name, failure=failure)

    @rule(number=FEW, told=st.sampled_from(Status), to=st.sampled_from(MessageStatus), at=MINUTES)
    def climb(self, number: int, told: Status, to: MessageStatus, at: int) -> None:
        message_id = a_message_id(number)
        self.both(
            "climb", RECORD, message_id, told, after(minutes=at), to=to, failure=None, events=[]
        )

    @rule(number=FEW, told=st.sampled_from(Status), at=MINUTES)
    def note_receipt(self, number: int, told: Status, at: int) -> None:
        self.both("note_receipt", RECORD, a_message_id(number), told, after(minutes=at))

    @invariant()
    def the_same_entries(self) -> None:
        self.both("of_record", RECORD, before=None, after=None, limit=9)


class Routing(Twins):
    """`Routing`: agents who come and go, conversations that wait and sleep."""

    make = staticmethod(lambda engine: engine.routing())
    agents = FEW.map(lambda number: f"agent-{number}")

    @rule(agent=agents, capacity=st.integers(1, 2), presence=st.sampled_from(Presence))
    def save_agent(self, agent: str, capacity: int, presence: Presence) -> None:
        self.both("save_agent", an_agent(agent, capacity=capacity, presence=presence), [])

    @rule(agent=agents, presence=st.sampled_from(Presence))
    def set_presence(self, agent: str, presence: Presence) -> None:
        self.both("set_presence", agent, presence, [])

    @rule(agent=agents, number=FEW, minute=MINUTES)
    def take(self, agent: str, number: int, minute: int) -> None:
        self.both("take", an_agent(agent), f"cnv_{number}", after(minutes=minute))

    @rule(agent=agents, number=FEW)
    def release(self, agent: str, number: int) -> None:
        self.both("release", agent, f"cnv_{number}")

    @rule(number=FEW, preferred=st.none() | agents, stops=st.booleans())
    def wait(self, number: int, preferred: str | None, stops: bool) -> None:
        waiting = a_waiting(number, preferred=preferred)
        self.both("stop_waiting" if stops else "wait", waiting)

    @rule(number=FEW, minute=MINUTES, wakes=st.booleans())
    def snooze(self, number: int, minute: int, wakes: bool) -> None:
        snoozed = a_snoozed(number, until=after(minutes=minute))
        self.both("wake" if wakes else "snooze", snoozed)

    @rule(minute=MINUTES, limit=st.integers(1, 4))
    def due(self, minute: int, limit: int) -> None:
        self.both("due", after(minutes=minute), limit)

    @invariant()
    def the_same_queue(self) -> None:
        queue = self.both("queue")
        assert all(len(agent.active) <= 3 for agent in queue.agents)


class Activities(Twins):
    """`Activities`: events in any order, some again."""

    make = staticmethod(lambda engine: engine.activities())

    @rule(number=MINUTES, record=RECORDS, minute=MINUTES)
    def add(self, number: int, record: str, minute: int) -> None:
        self.both("add", a_tracked_event(number, record_id=record, at=after(minutes=minute)))

    @rule(record=RECORDS, before=st.none() | MINUTES, limit=st.integers(1, 4))
    def page(self, record: str, before: int | None, limit: int) -> None:
        until = None if before is None else after(minutes=before)
        self.both("of_record", record, before=until, limit=limit)


class Requests(Twins):
    """`Requests`: attempts that die, repeat and answer late."""

    make = staticmethod(lambda engine: engine.requests())

    def __init__(self) -> None:
        super().__init__()
        self._seen = [a_request("k0", seed_id="req_never")]

    @rule(key=FEW, hours=st.integers(0, 30))
    def claim(self, key: int, hours: int) -> None:
        request = a_request(
            f"k{key}",
            seed_id=f"req_{len(self._seen)}",
            started_at=after(hours=hours),
            claimed_until=after(hours=hours, seconds=30),
        )
        self._seen.append(self.both("claim", request) or request)

    @rule(data=st.data(), minute=MINUTES, what=st.sampled_from(["retake", "complete", "release"]))
    def go_on(self, data: Any, minute: int, what: str) -> None:
        request = data.draw(st.sampled_from(self._seen))
        until = after(days=2, minutes=minute)
        self.both(what, request, Answer(200, str(minute)) if what == "complete" else until)


def _bounded(machine: type[Twins]) -> Any:
    case = machine.TestCase
    case.settings = BOUNDED
    return case


TestIdentities = _bounded(Identities)
TestMessages = _bounded(Messages)
TestConversations = _bounded(Conversations)
TestLedger = _bounded(Ledger)
TestRouting = _bounded(Routing)
TestActivities = _bounded(Activities)
TestRequests = _bounded(Requests)
