"""Other rules are tried on what was said before they count, and do just what was shown."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.contracts.identity import Assurance
from rapport.identity.hearing import Engine
from rapport.identity.model import Heard
from rapport.identity.rules import Blocked, Namespace, Rules
from rapport.identity.trying import Difference, apply_rules, differences
from tests.builders import CountedIds
from tests.unit.identity.test_hearing import SAID
from tests.unit.identity.worlds import (
    BOB_PHONE,
    MATCHER,
    RULES,
    World,
    by_mail,
    by_sms,
    claimed,
    mail,
    on_web,
    on_whatsapp,
    phone,
    replay,
    user,
)

TRUSTING = Rules(
    version="trusting-1",
    namespaces=tuple(
        one.model_copy(update={"joins_from": Assurance.CLAIMED}) if one.name == "phone" else one
        for one in RULES.namespaces
    ),
)
"""Who claims a number is its holder: what one should not do, and what changes a lot."""
WARY = Rules(
    version="wary-1",
    namespaces=(
        Namespace(name="phone", priority=1, joins_from=None),
        Namespace(name="email", priority=2),
        Namespace(name="user_id", priority=0, exclusive=True),
    ),
)
"""Telephones join nobody."""
BLOCKING = Rules(version="blocking-1", blocked=(Blocked(pattern=r"\+4420.*", namespace="phone"),))


def by(rules: Rules, world: World) -> Engine:
    return Engine(world.graph, rules, MATCHER, CountedIds(500))


def told(pages: Sequence[Difference]) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    merged = [pair for one in pages for pair in one.merged]
    apart = [pair for one in pages for pair in one.restored]
    assert len(merged) == len(set(merged))
    assert len(apart) == len(set(apart))
    return set(merged), set(apart)


def shown(rules: Rules, world: World, limit: int = 100) -> list[Difference]:
    found: list[Difference] = []
    cursor = None
    while True:
        page = differences(rules, cursor, limit, engine=world.engine)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found


def applied(rules: Rules, world: World, limit: int = 100) -> list[Difference]:
    found: list[Difference] = []
    cursor = None
    while True:
        page = apply_rules(cursor, limit, engine=by(rules, world))
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found


def test_the_rules_in_force_would_change_nothing() -> None:
    world = replay([on_whatsapp(name="Ada"), by_sms(hours=1), by_mail(hours=2)])
    before = dict(world.graph.components)
    assert shown(RULES, world) == applied(RULES, world) == []
    assert world.graph.components == before


def test_trying_shows_who_would_merge_and_writes_nothing() -> None:
    world = World()
    forger, holder = world.hear(on_web("u1", user(), claimed(phone())), on_whatsapp(hours=1))
    before = dict(world.graph.components), dict(world.graph.holders), len(world.graph.events)
    assert told(shown(TRUSTING, world)) == ({(holder.customer_id, forger.customer_id)}, set())
    assert (world.graph.components, world.graph.holders, len(world.graph.events)) == before


def test_trying_shows_who_would_come_apart() -> None:
    world = World()
    ada, sms = world.hear(on_whatsapp(), by_sms(hours=1))
    assert ada.customer_id == sms.customer_id
    merged, apart = told(shown(WARY, world))
    assert merged == set()
    assert [old for _, old in apart] == [ada.customer_id]


def test_applied_rules_do_what_was_shown_and_say_so() -> None:
    world = World()
    forger, holder = world.hear(on_web("u1", user(), claimed(phone())), on_whatsapp(hours=1))
    wanted = told(shown(TRUSTING, world))
    assert told(applied(TRUSTING, world)) == wanted
    assert world.customer(holder) == forger.customer_id
    assert [name for name, _ in world.facts()] == ["CustomersMerged"]
    assert applied(TRUSTING, world) == []
    world.check()


def test_rules_that_are_taken_back_leave_everybody_as_before() -> None:
    world = replay([on_web("u1", user(), claimed(phone())), on_whatsapp(hours=1), by_sms(hours=2)])
    before = world.people()
    applied(TRUSTING, world)
    assert world.people() != before
    applied(RULES, world)
    assert world.people() == before
    world.check()


def test_a_chain_of_claims_is_one_merge_whatever_page_it_is_on() -> None:
    world = World()
    first, *others = world.hear(
        on_web("u1", user("1"), claimed(phone())),
        on_web("u2", user("2"), claimed(phone()), claimed(phone(BOB_PHONE)), hours=1),
        on_web("u3", user("3"), claimed(phone(BOB_PHONE)), hours=2),
    )
    trusting = TRUSTING.model_copy(update={"protected": (), "version": "trusting-2"})
    one_by_one = told(shown(trusting, world, limit=1))
    assert one_by_one == told(shown(trusting, world))
    assert told(applied(trusting, world, limit=1)) == one_by_one
    assert one_by_one[0] == {(each.customer_id, first.customer_id) for each in others}
    world.check()


def test_who_comes_after_new_rules_meets_those_who_came_before_them() -> None:
    """A number that was blocked led nowhere; once applied, the new rules find its holders by it."""
    world = World(rules=BLOCKING)
    (ada,) = world.hear(on_whatsapp())
    world.hear(on_web("u1", user(), mail(), hours=1))
    assert shown(RULES, world) == []
    assert applied(RULES, world) == []
    later = World(world.graph)
    later.engine = by(RULES, world)
    (sms,) = later.hear(by_sms(hours=2))
    assert sms.customer_id == ada.customer_id
    later.check()


@settings(max_examples=100, deadline=None)
@given(st.lists(SAID, max_size=8), st.sampled_from([TRUSTING, WARY, BLOCKING]), st.integers(1, 9))
def test_what_is_shown_is_what_is_then_done(said: list[Heard], rules: Rules, limit: int) -> None:
    world = replay(said)
    wanted = told(shown(rules, world, limit))
    assert told(applied(rules, world, limit)) == wanted
    world.check()
    assert shown(rules, world) == []
