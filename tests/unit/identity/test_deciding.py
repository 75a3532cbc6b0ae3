"""What people decide about customers, and that every merge can be undone exactly."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.identity.deciding import (
    Plan,
    evidence_id,
    explain,
    plan_merge,
    plan_review,
    plan_unmerge,
    taken,
    tried,
)
from rapport.identity.graph import Decision, DecisionKind
from rapport.identity.lookup import find_customer, load, records_of
from rapport.identity.model import Heard
from rapport.identity.rules import Rules
from rapport.identity.statements import customers
from rapport.kernel.errors import InvalidInput, NotFound
from tests.builders import after
from tests.unit.identity.test_hearing import SAID
from tests.unit.identity.worlds import (
    ADA_MAIL,
    ADA_PHONE,
    BOB_PHONE,
    World,
    by_mail,
    by_sms,
    in_the_crm,
    mail,
    on_web,
    on_whatsapp,
    phone,
    replay,
)


def linked(world: World, customer_id: str, namespace: str) -> str:
    """The id of the evidence that rests on an identifier of that type."""
    links = explain(customer_id, engine=world.engine).links
    return next(
        evidence_id(one) for one in links if one.identifier and one.identifier[0] == namespace
    )


def a_merged_world() -> tuple[World, str, str]:
    """Ada by WhatsApp and by mail, whom a login made one customer."""
    world = World()
    a, b = world.hear(on_whatsapp(name="Ada"), by_mail(hours=1))
    world.hear(on_web("u1", phone(), mail(), hours=2))
    assert world.customer(b) == a.customer_id
    return world, a.customer_id, b.customer_id


# -- Together ----------------------------------------------------------------------------------


def test_a_person_may_make_one_customer_of_two() -> None:
    world = World()
    a, b = world.hear(on_whatsapp(), on_whatsapp(BOB_PHONE, hours=1))
    world.merge(b.customer_id, a.customer_id)
    assert world.customer(a) == world.customer(b) == a.customer_id
    (link,) = explain(b.customer_id, engine=world.engine).links
    assert (link.rule, link.decision_id[:4]) == ("decision", "dec_")
    assert [name for name, _ in world.facts()] == ["CustomersMerged"]
    world.check()


def test_a_decision_twice_is_a_decision_once() -> None:
    world = World()
    a, b = world.hear(on_whatsapp(), on_whatsapp(BOB_PHONE, hours=1))
    asked = world.asked()
    for _ in range(2):
        plan = plan_merge(a.customer_id, b.customer_id, asked, engine=world.engine)
        component = taken(plan, engine=world.engine)
    assert [set(customers(component).values())] == [{a.customer_id}]
    assert len(component.decisions) == 1
    assert component.version == world.components()[0].version
    assert len(world.facts()) == 1


def test_one_customer_is_not_made_one_by_another_request() -> None:
    world = World()
    a, b = world.hear(on_whatsapp(), by_sms(hours=1))
    with pytest.raises(InvalidInput):
        world.merge(a.customer_id, b.customer_id)
    with pytest.raises(NotFound):
        world.merge(a.customer_id, "cus_01k9zzzzzzzzzzzzzzzzzzzzzz")


def test_what_a_decision_would_change_is_told_and_not_done() -> None:
    world = World()
    a, b = world.hear(on_whatsapp(), on_whatsapp(BOB_PHONE, hours=1))
    before = dict(world.graph.components), dict(world.graph.found)
    plan = plan_merge(a.customer_id, b.customer_id, world.asked(), engine=world.engine)
    preview = tried(plan, engine=world.engine)
    assert (world.graph.components, world.graph.found) == before
    done = taken(plan, engine=world.engine)
    assert set(done.customers) == set(preview.component.customers)


def test_a_decision_about_what_nobody_said_is_refused() -> None:
    world = World()
    (a,) = world.hear(on_whatsapp())
    decision = Decision("dec_1", DecisionKind.JOIN, after(), "boss", a.customer_id, "stm_none")
    with pytest.raises(NotFound):
        world.engine.decide([decision], [a.component_id])
    with pytest.raises(NotFound):
        world.engine.decide([decision], ["cmp_none"])


# -- Apart -------------------------------------------------------------------------------------


def test_evidence_taken_back_parts_a_customer_and_says_so() -> None:
    world, one, other = a_merged_world()
    world.unmerge(one, evidence=linked(world, one, "email"))
    assert len(world.people()) == 2
    mails = find_customer(other, graph=world.graph)
    assert [source.channel for source in mails.sources] == ["email"]
    assert [name for name, _ in world.facts()] == ["CustomersMerged", "CustomersUnmerged"]
    assert world.facts()[1][1]["restored"] == [other]
    world.check()


def test_who_was_parted_stays_apart_whatever_speaks_for_them_again() -> None:
    world, one, other = a_merged_world()
    world.unmerge(one, evidence=linked(world, one, "email"))
    world.hear(on_web("u1", phone(), mail(), name="Ada", days=3), by_mail(name="Ada", days=4))
    found = find_customer(one, graph=world.graph)
    assert found.customer_id == one
    assert find_customer(other, graph=world.graph).customer_id == other
    world.check()


def test_a_merge_that_a_person_took_back_is_not_made_again_by_evidence() -> None:
    world = World()
    a, b = world.hear(on_whatsapp(), on_whatsapp(BOB_PHONE, hours=1))
    world.merge(a.customer_id, b.customer_id)
    (link,) = explain(a.customer_id, engine=world.engine).links
    world.unmerge(a.customer_id, evidence=evidence_id(link))
    world.hear(on_web("u1", phone(), phone(BOB_PHONE), days=3))
    assert world.customer(a) != world.customer(b)
    world.check()


def test_a_person_may_think_again_and_again() -> None:
    world = World()
    a, b = world.hear(on_whatsapp(), on_whatsapp(BOB_PHONE, hours=1))
    for _ in range(3):
        world.merge(a.customer_id, b.customer_id)
        assert world.customer(a) == world.customer(b)
        (link,) = explain(a.customer_id, engine=world.engine).links
        world.unmerge(a.customer_id, evidence=evidence_id(link))
        assert world.customer(a) != world.customer(b)
    world.check()


def test_the_same_unmerge_comes_again_and_changes_nothing() -> None:
    world, one, _ = a_merged_world()
    asked = world.asked()
    evidence = linked(world, one, "email")
    parts = []
    for _ in range(2):
        plan = plan_unmerge(one, asked, engine=world.engine, evidence=evidence)
        parts.append(taken(plan, engine=world.engine))
    assert parts[0] == parts[1]
    assert len(world.facts()) == 2


def test_records_may_be_given_to_another_person() -> None:
    world, one, other = a_merged_world()
    web = next(
        record
        for record in records_of(find_customer(one, graph=world.graph), graph=world.graph)
        if record.channel == "segment"
    )
    world.unmerge(one, record_ids=[web.record_id])
    alone = find_customer(world.customer(web), graph=world.graph)
    assert alone.record_ids == [web.record_id]
    assert find_customer(one, graph=world.graph).customer_id == one
    assert find_customer(other, graph=world.graph).customer_id == other
    world.check()


def test_records_that_leave_together_are_one_person() -> None:
    world = World()
    records = world.hear(on_whatsapp(), by_sms(hours=1), on_web("u1", phone(), hours=2))
    leaving = {one.record_id for one in records[1:]}
    world.unmerge(records[0].customer_id, record_ids=leaving)
    assert len({world.customer(one) for one in records[1:]}) == 1
    assert world.customer(records[1]) != world.customer(records[0])
    world.check()


def test_what_a_customer_does_not_have_cannot_be_taken_from_them() -> None:
    world, one, _ = a_merged_world()
    records = find_customer(one, graph=world.graph).record_ids
    for how in ({"evidence": "evd_none"}, {"record_ids": ["rec_none"]}):
        with pytest.raises(NotFound):
            world.plan_unmerge(one, **how)
    for some in (records, []):
        with pytest.raises(InvalidInput):
            world.plan_unmerge(one, record_ids=some)


def test_an_unmerge_that_is_taken_back_makes_them_one_again() -> None:
    world, one, other = a_merged_world()
    world.unmerge(one, evidence=linked(world, one, "email"))
    component = find_customer(one, graph=world.graph).component
    (apart,) = component.decisions
    asked = world.asked()
    back = asked.decision(0, DecisionKind.APART, apart.left, apart.right, apart.decision_id)
    taken(Plan([back], {component.component_id}), engine=world.engine)
    assert find_customer(other, graph=world.graph).customer_id == one
    world.check()


def test_a_retracted_statement_is_nobodys_evidence() -> None:
    world, one, other = a_merged_world()
    component = find_customer(one, graph=world.graph).component
    (login,) = (each for each in component.statements if each.channel == "segment")
    decision = world.asked().decision(0, DecisionKind.RETRACT, login.statement_id)
    world.engine.decide([decision], [component.component_id])
    assert find_customer(other, graph=world.graph).customer_id == other
    assert find_customer(one, graph=world.graph).customer_id == one
    assert len(world.people()) == 3
    world.check()


# -- As of a time ------------------------------------------------------------------------------


def test_a_customer_is_shown_as_of_any_time() -> None:
    world, one, other = a_merged_world()
    world.unmerge(one, evidence=linked(world, one, "email"))

    def channels(customer_id: str, **at: float) -> list[str]:
        found = explain(customer_id, engine=world.engine, at=after(**at)).customer
        return [source.channel for source in found.sources]

    assert channels(one, minutes=30) == ["whatsapp"]
    assert channels(other, hours=1.5) == ["email"]
    assert sorted(channels(other, hours=3)) == ["email", "segment", "whatsapp"]
    assert channels(other, days=9) == ["email"]
    with pytest.raises(NotFound):
        channels(other, minutes=30)


def test_what_speaks_against_is_told_too() -> None:
    world = World()
    ada, _ = world.hear(
        on_whatsapp(name="Ada Lovelace"), on_whatsapp(name="Robert Smithson", hours=1)
    )
    explained = explain(ada.customer_id, engine=world.engine)
    assert explained.links == []
    assert [one.rule for one in explained.against] == ["name_conflict"]


def test_evidence_keeps_its_id() -> None:
    world, one, _ = a_merged_world()
    first = {evidence_id(link) for link in explain(one, engine=world.engine).links}
    world.hear(by_sms(days=3))
    later = {evidence_id(link) for link in explain(one, engine=world.engine).links}
    assert first <= later
    assert len(first) == 2


# -- Reviews -----------------------------------------------------------------------------------


CAREFUL = Rules(version="careful-1", join_bits=60, review_bits=0)
"""No second field is enough: every pair that is likely waits for a person."""


def an_uncertain_world() -> World:
    """Two registrations that may be of one person: name and address agree."""
    world = World(rules=CAREFUL)
    said = {"full_name": "Ada Lovelace", "address": "Flat 5A, 12 Harbour Road, Wan Chai"}
    world.hear(in_the_crm("1", phone(), **said), in_the_crm("2", mail(), **said))
    return world


@pytest.mark.parametrize("is_same", [True, False])
def test_an_answered_review_leaves_the_queue_and_counts(is_same: bool) -> None:
    world = an_uncertain_world()
    (review,) = world.graph.reviews(None, 10).items
    assert len(world.people()) == 2
    plan = plan_review(review.review_id, is_same, world.asked(), engine=world.engine)
    taken(plan, engine=world.engine, closing=[review.review_id])
    assert world.graph.reviews(None, 10).items == []
    assert len(world.people()) == (1 if is_same else 2)
    with pytest.raises(NotFound):
        plan_review(review.review_id, is_same, world.asked(), engine=world.engine)
    world.hear(in_the_crm("1", phone(), full_name="Ada Lovelace"))
    assert len(world.people()) == (1 if is_same else 2)
    world.check()


def test_a_review_leads_to_where_its_statements_are_by_now() -> None:
    world = an_uncertain_world()
    world.hear(by_sms(hours=2), by_mail(hours=3), on_web("u1", mail(), hours=4))
    reviews = world.graph.reviews(None, 10).items
    for review in reviews:
        found = load([review.left_component, review.right_component], graph=world.graph)
        held = {one.statement_id for part in found.values() for one in part.statements}
        assert {review.link.left, review.link.right} <= held
    assert len({one.review_id for one in reviews}) == len(reviews) >= 1


# -- Undone exactly ----------------------------------------------------------------------------


def apart_pairs(world: World) -> list[Decision]:
    return [one for part in world.components() for one in part.decisions]


def moved(decision: Decision, old: World, new: World) -> Decision:
    """The same decision about the same words in another world."""
    events = {
        one.statement_id: (one.source, one.event_id)
        for part in old.components()
        for one in part.statements
    }
    ids = {
        (one.source, one.event_id): one.statement_id
        for part in new.components()
        for one in part.statements
    }
    left, right = (ids[events[side]] for side in decision.sides)
    return replace(decision, left=left, right=right)


def where(world: World, decision: Decision) -> set[str]:
    return {
        part.component_id
        for part in world.components()
        for one in part.statements
        if one.statement_id in decision.sides
    }


@settings(max_examples=120, deadline=None)
@given(st.lists(SAID, max_size=6), st.lists(SAID, max_size=4))
def test_merge_then_more_then_unmerge_is_a_history_without_the_evidence(
    before: list[Heard], since: list[Heard]
) -> None:
    """Unmerging by a decision's evidence gives what would be, had the merge never been made and
    were both told apart from the start."""
    seeds = [on_whatsapp(minutes=1), on_whatsapp(BOB_PHONE, minutes=2)]
    world = replay([*seeds, *before])
    one, other = (world.record(seed.sender.source).customer_id for seed in seeds)
    if find_customer(one, graph=world.graph).customer_id != (
        find_customer(other, graph=world.graph).customer_id
    ):
        world.merge(one, other)
        links = explain(one, engine=world.engine).links
        if not any(link.rule == "decision" for link in links):
            return
        world.hear(*since)
        world.check()
        joined = [
            link for link in explain(one, engine=world.engine).links if link.rule == "decision"
        ]
        if not joined:
            return
        world.unmerge(one, evidence=evidence_id(joined[0]))
        world.check()
        never = replay([*seeds, *before])
        never.hear(*since)
        (apart,) = (each for each in apart_pairs(world) if each.kind is DecisionKind.APART)
        told = moved(apart, world, never)
        never.engine.decide([told], where(never, told))
        assert world.people() == never.people()


@settings(max_examples=100, deadline=None)
@given(st.lists(SAID, min_size=2, max_size=8), st.lists(SAID, max_size=4), st.data())
def test_any_evidence_taken_back_is_as_if_both_had_been_told_apart_from_the_start(
    before: list[Heard], since: list[Heard], data: Any
) -> None:
    world = replay(before)
    chosen = data.draw(
        st.sampled_from(sorted({one.customer_id for one in world.graph.found.values()}))
    )
    links = explain(chosen, engine=world.engine).links
    if not links:
        return
    world.unmerge(chosen, evidence=evidence_id(data.draw(st.sampled_from(links))))
    world.check()
    world.hear(*since)
    world.check()
    later = replay([*before, *since])
    (apart,) = apart_pairs(world)
    told = moved(apart, world, later)
    later.engine.decide([told], where(later, told))
    assert world.people() == later.people()


def test_every_id_that_a_customer_ever_had_leads_to_where_its_first_words_are() -> None:
    world, one, other = a_merged_world()
    world.unmerge(one, evidence=linked(world, one, "email"))
    world.merge(one, other)
    for customer_id in (one, other):
        assert find_customer(customer_id, graph=world.graph).customer_id == one
    assert {ADA_PHONE, ADA_MAIL} <= {
        item.value
        for record in records_of(find_customer(other, graph=world.graph), graph=world.graph)
        for item in record.identifiers
    }
    world.check()
