"""Every open conversation reaches one agent, whatever races or dies."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.contracts.routing import Presence
from rapport.kernel.clock import FixedClock
from rapport.kernel.errors import InvalidInput, NotFound
from rapport.routing import service
from rapport.routing.memory import InMemoryRouting
from rapport.routing.model import MAX_CAPACITY, Agent, Queue, Waiting
from rapport.routing.service import Desk
from tests.builders import NOW, CountedIds, a_snoozed, a_waiting, after, an_agent

CLOCK = FixedClock(NOW)


class Office:
    """A desk whose conversations are a dictionary of who has which."""

    def __init__(self, *agents: Agent, routing: InMemoryRouting | None = None) -> None:
        self.routing = routing or InMemoryRouting()
        for agent in agents:
            self.routing.agents[agent.agent_id] = agent
        self.assigned: dict[str, str] = {}
        self.closed: set[str] = set()
        self.told: list[tuple[str, str]] = []
        self.desk = Desk(self.routing, self.assign, self.assignee, CLOCK)

    def assignee(self, conversation_id: str) -> str | None:
        if conversation_id in self.closed:
            return None
        return self.assigned.get(conversation_id, service.NOBODY)

    def assign(self, conversation_id: str, agent_id: str, at: datetime) -> bool:
        if conversation_id in self.closed:
            return False
        holder = self.assigned.setdefault(conversation_id, agent_id)
        self.told.append((conversation_id, holder))
        return holder == agent_id

    def route(self, waiting: Waiting) -> None:
        service.route(waiting, desk=self.desk)

    def close(self, conversation_id: str) -> None:
        agent_id = self.assigned.pop(conversation_id, None)
        self.closed.add(conversation_id)
        service.release(agent_id, conversation_id, desk=self.desk)

    def load(self, agent_id: str = "agent-1") -> set[str]:
        return set(self.routing.agents[agent_id].active)


class Racing(InMemoryRouting):
    """Routing where something happens right before the next call of `method`, once."""

    def __init__(self, method: str, meanwhile: Callable[["Racing"], None]) -> None:
        super().__init__()
        self._method, self._meanwhile = method, meanwhile

    def armed(self) -> "Racing":
        original = getattr(self, self._method)

        def interrupted(*args: Any) -> Any:
            setattr(self, self._method, original)
            self._meanwhile(self)
            return original(*args)

        setattr(self, self._method, interrupted)
        return self


def test_a_new_conversation_goes_to_who_is_there() -> None:
    office = Office(an_agent())
    office.route(a_waiting())
    assert office.assigned == {"cnv_1": "agent-1"}
    assert office.load() == {"cnv_1"}
    assert not office.routing.waiting


@pytest.mark.parametrize("presence", [Presence.OFFLINE, Presence.AWAY])
def test_who_is_not_online_is_given_nothing(presence: Presence) -> None:
    office = Office(an_agent(presence=presence))
    office.route(a_waiting(preferred="agent-1"))
    assert not office.assigned
    assert [*office.routing.waiting] == [a_waiting()]


def test_an_old_fact_of_what_is_closed_or_given_does_not_wait() -> None:
    office = Office(an_agent(capacity=1))
    office.route(a_waiting(1))
    office.closed.add("cnv_2")
    for number in (1, 2):
        office.route(a_waiting(number))
    assert not office.routing.waiting
    assert office.load() == {"cnv_1"}


def test_a_fact_that_comes_twice_assigns_once() -> None:
    office = Office(an_agent("a"), an_agent("b"))
    office.route(a_waiting())
    office.route(a_waiting())
    assert office.load("a") | office.load("b") == {"cnv_1"}
    assert len(office.assigned) == 1


def test_a_reopened_conversation_returns_to_who_had_it_if_they_are_there() -> None:
    office = Office(an_agent("a"), an_agent("b", active=frozenset({"x"})))
    office.route(a_waiting(preferred="b"))
    assert office.assigned == {"cnv_1": "b"}


def test_a_reopened_conversation_whose_place_was_not_freed_yet_does_not_follow_who_left() -> None:
    gone = an_agent("gone", presence=Presence.OFFLINE, active=frozenset({"cnv_1"}))
    office = Office(gone, an_agent("here"))
    office.route(a_waiting(preferred="gone"))
    assert office.assigned == {"cnv_1": "here"}
    assert office.load("gone") == set()


def test_a_late_duplicate_leaves_a_conversation_with_its_agent_who_went_offline() -> None:
    gone = an_agent("gone", presence=Presence.OFFLINE, active=frozenset({"cnv_1"}))
    office = Office(gone, an_agent("here"))
    office.assigned["cnv_1"] = "gone"
    office.route(a_waiting())
    assert office.assigned == {"cnv_1": "gone"}
    assert office.load("gone") == {"cnv_1"}
    assert office.load("here") == set()


def test_the_oldest_is_served_first_when_a_place_frees() -> None:
    office = Office(an_agent(capacity=1))
    for number in (1, 3, 2):
        office.route(a_waiting(number))
    office.close("cnv_1")
    assert "cnv_2" in office.assigned
    assert "cnv_3" not in office.assigned


def test_a_newer_conversation_does_not_pass_those_who_wait() -> None:
    office = Office()
    office.route(a_waiting(1))
    office.routing.agents["agent-1"] = an_agent(capacity=1)  # and nobody has told us yet
    office.route(a_waiting(2))
    assert office.assigned == {"cnv_1": "agent-1"}
    assert [*office.routing.waiting] == [a_waiting(2)]


def test_whoever_comes_is_given_what_waits_up_to_their_capacity() -> None:
    office = Office()
    for number in range(1, 5):
        office.route(a_waiting(number))
    office.routing.agents["agent-1"] = an_agent(capacity=3)
    service.serve_waiting(desk=office.desk)
    assert set(office.assigned) == {"cnv_1", "cnv_2", "cnv_3"}
    assert [*office.routing.waiting] == [a_waiting(4)]


def test_a_conversation_that_was_closed_while_it_waited_fills_no_place() -> None:
    office = Office()
    office.route(a_waiting())
    office.closed.add("cnv_1")
    office.routing.agents["agent-1"] = an_agent()
    service.serve_waiting(desk=office.desk)
    assert office.load() == set()
    assert not office.routing.waiting


def test_a_conversation_somebody_else_was_given_fills_no_place_here() -> None:
    office = Office(an_agent("a"))
    office.assigned["cnv_1"] = "b"
    office.route(a_waiting())
    assert office.load("a") == set()
    assert office.assigned == {"cnv_1": "b"}


def test_dying_between_taking_a_place_and_assigning_ends_with_one_agent_and_one_place() -> None:
    office = Office(an_agent("a"), an_agent("b"))
    office.routing.take(office.routing.agents["a"], "cnv_1", NOW)  # and here the function died
    office.route(a_waiting())
    assert office.assigned == {"cnv_1": "a"}
    assert (office.load("a"), office.load("b")) == ({"cnv_1"}, set())


def test_dying_between_taking_and_assigning_does_not_give_it_to_who_has_left_since() -> None:
    office = Office(an_agent("a"), an_agent("b"))
    office.routing.take(office.routing.agents["a"], "cnv_1", NOW)
    office.routing.set_presence("a", Presence.OFFLINE, [])
    office.route(a_waiting())
    assert office.assigned == {"cnv_1": "b"}
    assert (office.load("a"), office.load("b")) == (set(), {"cnv_1"})


def test_dying_after_the_assignment_and_before_it_stopped_waiting_is_mended_by_the_sweep() -> None:
    office = Office(an_agent("a"), an_agent("b"))
    office.routing.wait(a_waiting())
    office.routing.take(office.routing.agents["a"], "cnv_1", NOW)
    office.assign("cnv_1", "a", NOW)
    service.sweep(desk=office.desk, reopen=lambda _conversation, _until: None)
    assert not office.routing.waiting
    assert office.assigned == {"cnv_1": "a"}
    assert (office.load("a"), office.load("b")) == ({"cnv_1"}, set())


def test_an_agent_who_frees_at_the_instant_a_conversation_opens_is_not_missed() -> None:
    def frees(routing: Racing) -> None:
        routing.release("agent-1", "cnv_0")  # after our first look, before we begin to wait
        service.serve_waiting(desk=office.desk)

    routing = Racing("wait", frees)
    office = Office(an_agent(capacity=1, active=frozenset({"cnv_0"})), routing=routing)
    routing.armed()
    office.route(a_waiting())
    assert office.assigned == {"cnv_1": "agent-1"}


def test_two_conversations_that_race_for_the_last_place_get_one_and_one_waits() -> None:
    def other(routing: Racing) -> None:
        office.route(a_waiting(2))

    routing = Racing("take", other)
    office = Office(an_agent(capacity=1), routing=routing)
    routing.armed()
    office.route(a_waiting(1))
    assert office.assigned == {"cnv_2": "agent-1"}
    assert [*office.routing.waiting] == [a_waiting(1)]


def test_who_goes_offline_between_our_look_and_our_taking_is_given_nothing() -> None:
    def leaves(routing: Racing) -> None:
        routing.set_presence("agent-1", Presence.OFFLINE, [])

    routing = Racing("take", leaves)
    office = Office(an_agent(), routing=routing)
    routing.armed()
    office.route(a_waiting())
    assert not office.assigned
    assert office.routing.waiting


def test_a_late_resolution_does_not_free_the_place_of_a_conversation_they_have_again() -> None:
    office = Office(an_agent())
    office.route(a_waiting())
    service.release("agent-1", "cnv_1", desk=office.desk)
    assert office.load() == {"cnv_1"}


def test_snoozing_frees_the_place_and_the_sweep_wakes_it_when_due() -> None:
    office, woken = Office(an_agent()), list[tuple[str, datetime]]()
    office.route(a_waiting())
    office.closed.add("cnv_1")
    service.snooze(a_snoozed(1), "agent-1", desk=office.desk)
    assert office.load() == set()

    def sweep_at(minutes: float) -> int:
        clock = FixedClock(after(minutes=minutes))
        desk = Desk(office.routing, office.assign, office.assignee, clock)
        return service.sweep(desk=desk, reopen=lambda *what: woken.append(what))

    assert [sweep_at(0.9), sweep_at(1), sweep_at(2)] == [0, 1, 0]
    assert woken == [("cnv_1", after(minutes=1))]


def test_a_sweep_that_dies_before_it_forgets_wakes_again() -> None:
    office = Office()
    office.routing.snooze(a_snoozed(-1))

    def dies(_conversation: str, _until: datetime) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        service.sweep(desk=office.desk, reopen=dies)
    assert service.sweep(desk=office.desk, reopen=lambda *_what: None) == 1


@pytest.mark.parametrize("capacity", [0, -1, MAX_CAPACITY + 1])
def test_a_capacity_is_between_one_and_the_most(capacity: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.save_agent(
            an_agent(capacity=capacity), routing=InMemoryRouting(), ids=CountedIds(), clock=CLOCK
        )
    assert refused.value.field == "capacity"


def test_saving_an_agent_keeps_what_they_have_and_tells_their_presence() -> None:
    routing = InMemoryRouting()
    routing.agents["agent-1"] = an_agent(active=frozenset({"cnv_1"}))
    service.save_agent(
        an_agent(name="Ada", capacity=5), routing=routing, ids=CountedIds(), clock=CLOCK
    )
    assert routing.agents["agent-1"].active == {"cnv_1"}
    assert routing.agents["agent-1"].capacity == 5
    assert routing.events[-1].data == {"agent_id": "agent-1", "presence": "online"}


def test_the_presence_of_nobody_is_not_found() -> None:
    with pytest.raises(NotFound):
        service.set_presence(
            "nobody", Presence.ONLINE, routing=InMemoryRouting(), ids=CountedIds(), clock=CLOCK
        )


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.integers(1, 12)),
        st.tuples(st.just("close"), st.integers(1, 12)),
        st.tuples(st.just("come"), st.integers(0, 2)),
        st.tuples(st.just("leave"), st.integers(0, 2)),
    ),
    max_size=40,
)


@given(STEPS)
def test_whatever_happens_nobody_is_overloaded_and_nobody_waits_while_somebody_is_free(
    steps: list[tuple[str, int]],
) -> None:
    office = Office(*(an_agent(f"a{n}", presence=Presence.OFFLINE) for n in range(3)))
    for what, number in steps:
        match what:
            case "open" if f"cnv_{number}" not in office.closed:
                office.route(a_waiting(number))
            case "close":
                office.close(f"cnv_{number}")
            case "come":
                office.routing.set_presence(f"a{number}", Presence.ONLINE, [])
                service.serve_waiting(desk=office.desk)
            case "leave":
                office.routing.set_presence(f"a{number}", Presence.OFFLINE, [])
            case _:
                pass
        queue: Queue = office.routing.queue()
        for agent in queue.agents:
            assert len(agent.active) <= agent.capacity
            assert {
                c for c, who in office.assigned.items() if who == agent.agent_id
            } == agent.active
        if any(agent.is_eligible for agent in queue.agents):
            assert not queue.waiting
