"""What worlds have found, told in short: each was a bug once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from rapport.contracts.routing import Presence
from rapport.entrypoint.observability import logger
from rapport.kernel.clock import FixedClock
from rapport.otp.recognition import MASK
from rapport.routing.memory import InMemoryRouting
from rapport.routing.model import Agent, Waiting
from rapport.routing.service import Desk, release, serve_waiting
from tests.simulation.plan import TINY, Action, Spell, plan_of
from tests.simulation.timeline import MINUTE, START
from tests.simulation.world import live
from tests.unit.otp.world import World
from tests.unit.views.test_answers import says, texts


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = logger().log_level
    logger().setLevel("CRITICAL")
    yield
    logger().setLevel(before)


def test_a_place_filled_by_an_attempt_that_died_does_not_keep_its_agent_from_everyone() -> None:
    """Taken, not assigned, and then an older conversation waits: neither was ever served."""
    routing = InMemoryRouting()
    routing.agents["usr_1"] = Agent("usr_1", "Grace", 1, Presence.ONLINE, frozenset({"cnv_2"}))
    for minutes, conversation in ((0, "cnv_1"), (5, "cnv_2")):
        routing.wait(Waiting(START + timedelta(minutes=minutes), conversation))
    assigned: dict[str, str] = {}

    def assign(conversation: str, agent: str, _at: object) -> bool:
        return assigned.setdefault(conversation, agent) == agent

    serve_waiting(desk=Desk(routing, assign, assigned.get, FixedClock(START)))

    assert assigned == {"cnv_2": "usr_1"}
    assert [one.conversation_id for one in routing.waiting] == ["cnv_1"]


def test_a_clock_that_was_ahead_does_not_keep_a_rotated_secret_from_being_read() -> None:
    """An account read "in the future" was never read again: genuine webhooks were refused."""
    who = next(one for one in plan_of(1, TINY).people if "whatsapp" in one.channels).number
    plan = replace(
        plan_of(1, TINY),
        actions=(
            Action(5 * MINUTE, "write", who, "whatsapp", 1),
            Action(11 * MINUTE, "rotate", 1, "whatsapp", 1),
            Action(12 * MINUTE, "write", who, "whatsapp", 2),
        ),
        spells=(Spell(0, 10 * MINUTE, "clock", 1.0, 1, "", 9 * MINUTE),),
    )

    assert live(plan).broken is None


def test_a_late_release_leaves_a_place_that_is_filled_anew_meanwhile() -> None:
    """Looked at while it was resolved, released after it was open and the agent's again."""
    routing = InMemoryRouting()
    agent = Agent("usr_1", "Grace", 2, Presence.ONLINE, frozenset({"cnv_1"}), "earlier")
    routing.agents["usr_1"] = agent
    assigned: dict[str, str] = {}

    def assignee(conversation: str) -> str | None:
        found = assigned.get(conversation)
        if not assigned:  # right after this look it is reopened, routed and assigned
            routing.take(agent, conversation, START)
            assigned[conversation] = "usr_1"
        return found

    desk = Desk(routing, lambda *_: True, assignee, FixedClock(START))
    release("usr_1", "cnv_1", desk=desk)

    assert routing.agents["usr_1"].active == {"cnv_1"}


def test_a_code_that_another_session_has_replaced_is_covered_where_it_was_waited_for() -> None:
    """Asked for in one chat, then for the same customer in another: it was stored as typed."""
    world = World()
    code = world.code(world.start())
    world.start(session="rec_another")

    assert texts(says(world, code)) == {MASK * len(code)}
