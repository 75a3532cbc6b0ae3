"""Who takes which conversation."""

from hypothesis import given
from hypothesis import strategies as st

from rapport.contracts.routing import Presence
from rapport.routing.model import Agent, Queue, choose, oldest_first
from tests.builders import a_waiting, after, an_agent


def holding(agent_id: str, conversations: int, **changes: object) -> Agent:
    active = frozenset(f"cnv_{agent_id}_{number}" for number in range(conversations))
    return an_agent(agent_id, active=active, **changes)


def test_nobody_is_chosen_where_nobody_is() -> None:
    assert choose([], None) is None


def test_who_is_not_online_is_never_chosen_not_even_when_preferred() -> None:
    away = [an_agent("a", presence=Presence.OFFLINE), an_agent("b", presence=Presence.AWAY)]
    assert choose(away, "a") is None
    present = an_agent("c")
    assert choose([*away, present], "a") == present


def test_who_is_full_is_not_chosen_not_even_when_preferred() -> None:
    assert choose([holding("a", 2)], "a") is None


def test_the_preferred_agent_comes_before_the_least_loaded() -> None:
    busy = holding("a", 1)
    assert choose([busy, an_agent("b")], "a") == busy


def test_the_least_loaded_share_of_capacity_decides() -> None:
    large, small = holding("a", 2, capacity=10), holding("b", 1, capacity=2)
    assert choose([small, large], None) == large


def test_among_equals_the_one_given_work_longest_ago_is_chosen() -> None:
    earlier = an_agent("b", last_assigned_at="2026-11-20T11:00:00.000Z")
    later = an_agent("a", last_assigned_at="2026-11-20T11:30:00.000Z")
    assert choose([later, earlier], None) == earlier
    assert choose([later, earlier, an_agent("z")], None) == an_agent("z")


@given(st.integers(1, 6), st.integers(1, 8), st.integers(0, 60))
def test_load_among_equals_never_differs_by_more_than_one(
    agents: int, capacity: int, conversations: int
) -> None:
    team = {f"a{n}": an_agent(f"a{n}", capacity=capacity) for n in range(agents)}
    for number in range(conversations):
        chosen = choose(team.values(), None)
        if chosen is None:
            assert all(len(one.active) == capacity for one in team.values())
            return
        team[chosen.agent_id] = an_agent(
            chosen.agent_id,
            capacity=capacity,
            active=chosen.active | {f"cnv_{number}"},
            last_assigned_at=f"{number:04d}",
        )
        loads = [len(one.active) for one in team.values()]
        assert max(loads) - min(loads) <= 1


@given(st.permutations(range(8)))
def test_the_oldest_is_served_first_in_whatever_order_they_lie(numbers: list[int]) -> None:
    order = oldest_first([a_waiting(number) for number in numbers])
    assert [one.conversation_id for one in order] == [f"cnv_{number}" for number in range(8)]


def test_of_two_that_opened_at_once_the_order_is_still_one() -> None:
    one, two = a_waiting(1, opened_at=after()), a_waiting(2, opened_at=after())
    assert oldest_first([two, one]) == oldest_first([one, two])


def test_a_queue_knows_whose_place_a_conversation_fills() -> None:
    holder = holding("a", 1)
    queue = Queue((an_agent("b"), holder))
    assert queue.holder("cnv_a_0") == holder
    assert queue.holder("cnv_x") is None
