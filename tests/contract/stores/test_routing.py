"""`Routing` on every engine."""

import pytest

from rapport.contracts.routing import Presence
from rapport.kernel.clock import iso
from rapport.routing.model import Agent, Queue
from rapport.routing.ports import Routing
from tests.builders import NOW, a_fact, a_snoozed, a_waiting, after, an_agent
from tests.contract.stores.engines import Engine


@pytest.fixture
def routing(engine: Engine) -> Routing:
    return engine.routing()


def stored(routing: Routing, agent_id: str = "agent-1") -> Agent:
    found = routing.agent(agent_id)
    assert found is not None
    return found


def test_an_empty_queue_is_empty(routing: Routing) -> None:
    assert routing.queue() == Queue()
    assert routing.agent("agent-1") is None
    assert routing.due(NOW, 5) == []


def test_an_agent_reads_back_as_saved(routing: Routing) -> None:
    routing.save_agent(an_agent(name="Ada 😀", presence=Presence.AWAY), [])
    assert stored(routing) == an_agent(name="Ada 😀", presence=Presence.AWAY)
    assert routing.queue().agents == (stored(routing),)


def test_saving_an_agent_keeps_the_places_filled(routing: Routing) -> None:
    routing.save_agent(an_agent(), [])
    routing.take(an_agent(), "cnv_1", NOW)
    routing.save_agent(an_agent(name="other", capacity=9, active=frozenset({"x"})), [])
    assert stored(routing) == an_agent(
        name="other", capacity=9, active=frozenset({"cnv_1"}), last_assigned_at=iso(NOW)
    )


def test_presence_is_set_and_the_agent_given_back(routing: Routing) -> None:
    routing.save_agent(an_agent(), [])
    assert routing.set_presence("agent-1", Presence.AWAY, []) == an_agent(presence=Presence.AWAY)
    assert stored(routing).presence is Presence.AWAY


def test_the_presence_of_nobody_makes_nobody(routing: Routing) -> None:
    assert routing.set_presence("nobody", Presence.ONLINE, [a_fact()]) is None
    assert routing.agent("nobody") is None


def test_taking_fills_a_place_and_notes_when(routing: Routing) -> None:
    routing.save_agent(an_agent(), [])
    assert routing.take(an_agent(), "cnv_1", after(minutes=1))
    agent = stored(routing)
    assert agent.active == {"cnv_1"}
    assert agent.last_assigned_at == iso(after(minutes=1))


def test_taking_twice_is_once(routing: Routing) -> None:
    routing.save_agent(an_agent(), [])
    assert routing.take(an_agent(), "cnv_1", NOW)
    assert routing.take(an_agent(), "cnv_1", NOW)
    assert stored(routing).active == {"cnv_1"}


def test_who_is_full_takes_nothing_more_but_what_they_have(routing: Routing) -> None:
    routing.save_agent(an_agent(capacity=1), [])
    assert routing.take(an_agent(), "cnv_1", NOW)
    assert not routing.take(an_agent(), "cnv_2", NOW)
    assert routing.take(an_agent(), "cnv_1", NOW)
    assert stored(routing).active == {"cnv_1"}


@pytest.mark.parametrize("presence", [Presence.AWAY, Presence.OFFLINE])
def test_who_is_not_there_takes_nothing_whatever_was_read(
    routing: Routing, presence: Presence
) -> None:
    routing.save_agent(an_agent(presence=presence), [])
    assert not routing.take(an_agent(presence=Presence.ONLINE), "cnv_1", NOW)
    assert stored(routing).active == frozenset()


def test_who_left_still_has_what_they_took(routing: Routing) -> None:
    routing.save_agent(an_agent(), [])
    routing.take(an_agent(), "cnv_1", NOW)
    routing.set_presence("agent-1", Presence.OFFLINE, [])
    assert routing.take(an_agent(), "cnv_1", NOW)


def test_nobody_takes_nothing(routing: Routing) -> None:
    assert not routing.take(an_agent(), "cnv_1", NOW)
    assert routing.agent("agent-1") is None


def test_releasing_frees_the_place_once(routing: Routing) -> None:
    routing.save_agent(an_agent(), [])
    for conversation in ("cnv_1", "cnv_2"):
        routing.take(an_agent(), conversation, NOW)
    for _ in range(2):
        routing.release("agent-1", "cnv_1")
    assert stored(routing).active == {"cnv_2"}
    routing.release("agent-1", "cnv_2")
    assert stored(routing).active == frozenset()
    assert routing.take(an_agent(), "cnv_3", NOW)


def test_a_release_that_an_assignment_overtook_frees_nothing(routing: Routing) -> None:
    routing.save_agent(an_agent(), [])
    routing.take(an_agent(), "cnv_1", NOW)
    seen = stored(routing).last_assigned_at
    routing.take(an_agent(), "cnv_1", after(seconds=1))

    assert not routing.release("agent-1", "cnv_1", seen=seen)
    assert stored(routing).active == {"cnv_1"}
    assert routing.release("agent-1", "cnv_1", seen=stored(routing).last_assigned_at)
    assert routing.release("agent-1", "cnv_1", seen=seen), "it is free already"


def test_releasing_what_nobody_has_does_nothing(routing: Routing) -> None:
    routing.save_agent(an_agent(), [])
    routing.release("agent-1", "cnv_1")
    routing.release("nobody", "cnv_1")
    assert stored(routing) == an_agent()
    assert routing.agent("nobody") is None


def test_the_queue_shows_both_sides_the_oldest_first(routing: Routing) -> None:
    for number in (2, 1, 3):
        routing.save_agent(an_agent(f"agent-{number}"), [])
        routing.wait(a_waiting(number, preferred="agent-1" if number == 2 else None))
    queue = routing.queue()
    assert [agent.agent_id for agent in queue.agents] == ["agent-1", "agent-2", "agent-3"]
    assert queue.waiting == (a_waiting(1), a_waiting(2), a_waiting(3))
    assert [one.preferred for one in queue.waiting] == [None, "agent-1", None]


def test_waiting_twice_is_once_and_the_last_preference_stands(routing: Routing) -> None:
    routing.wait(a_waiting())
    routing.wait(a_waiting(preferred="agent-1"))
    assert [one.preferred for one in routing.queue().waiting] == ["agent-1"]


def test_what_stops_waiting_is_gone_and_twice_is_once(routing: Routing) -> None:
    routing.wait(a_waiting(1))
    routing.wait(a_waiting(2))
    for _ in range(2):
        routing.stop_waiting(a_waiting(1))
    assert routing.queue().waiting == (a_waiting(2),)


def test_what_is_due_comes_in_its_order_and_no_more_than_asked(routing: Routing) -> None:
    for number in (3, 1, 2, 9):
        routing.snooze(a_snoozed(number))
    due = routing.due(after(minutes=3), 9)
    assert due == [a_snoozed(1), a_snoozed(2), a_snoozed(3)]
    assert routing.due(after(minutes=3), 2) == due[:2]
    assert routing.due(after(minutes=0.5), 9) == []


def test_what_is_awake_is_forgotten_and_twice_is_once(routing: Routing) -> None:
    routing.snooze(a_snoozed(1))
    for _ in range(2):
        routing.wake(a_snoozed(1))
    assert routing.due(after(days=1), 9) == []


def test_a_conversation_snoozed_anew_keeps_both_times_until_each_is_awake(
    routing: Routing,
) -> None:
    first, second = a_snoozed(1), a_snoozed(1, until=after(minutes=5))
    for one in (first, second, second):
        routing.snooze(one)
    assert routing.due(after(days=1), 9) == [first, second]
    routing.wake(first)
    assert routing.due(after(days=1), 9) == [second]


def test_what_sleeps_does_not_wait_and_has_no_place_in_the_queue(routing: Routing) -> None:
    routing.snooze(a_snoozed(1))
    assert routing.queue() == Queue()


def test_the_events_of_an_agent_ride_on_them(engine: Engine, routing: Routing) -> None:
    routing.save_agent(an_agent(), [a_fact("saved")])
    assert a_fact("saved") in engine.told()
    routing.set_presence("agent-1", Presence.AWAY, [a_fact("went")])
    assert a_fact("went") in engine.told()
