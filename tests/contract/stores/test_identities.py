"""`Graph` on every engine: records, components, keys, reviews, and what one transaction may do."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.graph import Component, Review, Statement
from rapport.identity.model import Attestation, Record, Source
from rapport.identity.ports import Change, Claim, Graph, Pointer, Seen
from rapport.kernel.errors import Conflict, InvalidInput
from rapport.kernel.page import encode_cursor
from tests.builders import (
    COMPONENT,
    CUSTOMER,
    NOW,
    PHONE,
    STATEMENT,
    a_claim,
    a_component,
    a_decision,
    a_fact,
    a_record,
    a_review,
    a_signal,
    a_source,
    a_statement,
    after,
    an_identifier,
)
from tests.contract.stores.engines import Dynamo, Engine

KEY = f"phone#{PHONE}"
NOBODY: frozenset[str] = frozenset()
OURS = frozenset({COMPONENT})


@pytest.fixture
def graph(engine: Engine) -> Graph:
    return engine.identities()


def a_change(component: Component | None = None, **changes: Any) -> Change:
    return Change(component or a_component())._replace(**changes)


def a_first_contact(**changes: Any) -> Change:
    """What a first contact writes: the component, the record, and the key that leads there."""
    return a_change(record=a_record(), claims={KEY: Claim(NOBODY, OURS)}, **changes)


def another_component(number: int = 2, **changes: Any) -> Component:
    statement = a_statement(
        statement_id=f"stm_{number:026}",
        record_id=f"rec_{number:026}",
        source=a_source(f"{number}"),
    )
    return a_component(statement, component_id=f"cmp_{number:026}", **changes)


def another_record(number: int = 2, **changes: Any) -> Record:
    made = a_record(
        record_id=f"rec_{number:026}",
        customer_id=f"cus_{number:026}",
        component_id=f"cmp_{number:026}",
        source=a_source(f"{number}"),
        said={},
        created_at=after(minutes=number),
    )
    return replace(made, **changes)


def a_pointer(record: Record | None = None, **changes: Any) -> Pointer:
    source = record.source if record else a_source()
    return replace(Pointer(source, "cus_new", "cmp_new", {"d1": "cus_new"}), **changes)


def the_component(graph: Graph, component_id: str = COMPONENT) -> Component:
    found = graph.load([component_id])[component_id]
    assert isinstance(found, Component)
    return found


# -- Reading -----------------------------------------------------------------------------------


def test_nothing_is_found_where_nothing_is(graph: Graph) -> None:
    assert graph.find(a_source()) is None
    assert graph.look_up(a_source(), [KEY]) == Seen(None, {})
    assert graph.look_up(None, []) == Seen(None, {})
    assert graph.load([COMPONENT]) == {}
    assert graph.load([]) == {}
    assert graph.records([a_source()]) == []
    assert graph.records([]) == []
    assert graph.review("rvw_x") is None
    assert (graph.reviews(None, 5).items, graph.scan(None, 5).items) == ([], [])


def test_a_first_contact_reads_back_as_it_was_written(graph: Graph) -> None:
    graph.write(a_first_contact())
    assert graph.find(a_source()) == a_record()
    assert graph.look_up(a_source(), [KEY]) == Seen(a_record(), {KEY: OURS})
    assert graph.load([COMPONENT]) == {COMPONENT: a_component()}
    assert graph.records([a_source(), a_source("nobody"), a_source()]) == [a_record()]


def test_everything_a_record_holds_reads_back(graph: Graph) -> None:
    record = a_record(
        name="Ada 😀",
        identifiers=(
            an_identifier(),
            a_claim(),
            Identifier("user_id", "7", Assurance.VERIFIED, "login"),
        ),
        traits={"plan": "gold", "age": 36, "score": 1.5, "tags": ["a", {"b": None}], "empty": {}},
        said={"d1": CUSTOMER, "d2": "cus_of_another"},
        created_at=NOW + timedelta(milliseconds=7),
    )
    graph.write(a_change(record=record))
    assert graph.find(record.source) == record


def test_a_record_without_name_and_identifiers_reads_back(graph: Graph) -> None:
    bare = a_record(name=None, identifiers=(), said={})
    graph.write(a_change(record=bare))
    assert graph.find(bare.source) == bare


def test_everything_a_component_holds_reads_back(graph: Graph) -> None:
    second = a_statement(
        statement_id="stm_2",
        record_id="rec_2",
        source=Source("crm", "client-1", "a#b ü"),
        at=after(days=-400),
        heard_at=NOW + timedelta(milliseconds=1),
        identifiers=(a_claim(), Identifier("phone", PHONE, Assurance.CLAIMED, "staff_keyed")),
        attributes={"full_name": "陳大文", "address": '1 "Main" St\n'},
        attestation=Attestation.IMPORT,
    )
    third = a_statement(statement_id="stm_3", identifiers=(), attributes={})
    component = a_component(
        a_statement(),
        second,
        third,
        signals=(a_signal(), a_signal(event_id="sig_2")),
        decisions=(a_decision(), a_decision(decision_id="dec_2", withdraws="dec_1", right="")),
        customers=(frozenset({STATEMENT, "stm_3"}), frozenset({"stm_2"})),
    )
    graph.write(a_change(component))
    assert graph.load([COMPONENT]) == {COMPONENT: component}
    held = the_component(graph).statements
    # Statements are equal by all they hold, so say what matters most once more.
    assert [one.attestation for one in held] == [
        Attestation.SELF,
        Attestation.IMPORT,
        Attestation.SELF,
    ]


@pytest.mark.parametrize("sender", ["a#b", "ü", "+1 415", "RECORD", "x" * 900])
def test_strange_senders_are_kept_apart(graph: Graph, sender: str) -> None:
    record = a_record(source=Source("sms", "main", sender))
    graph.write(a_change(record=record))
    assert graph.find(record.source) == record
    assert graph.find(Source("sms", "main", sender + "2")) is None


def test_records_come_oldest_first(graph: Graph) -> None:
    records = [another_record(number, created_at=after(minutes=-number)) for number in (2, 3, 4)]
    for number, record in enumerate(records, start=2):
        graph.write(a_change(another_component(number), record=record))
    assert graph.records([one.source for one in records]) == records[::-1]


def test_more_than_a_hundred_keys_and_components_are_read(graph: Graph) -> None:
    for number in range(2, 108):
        claims = {f"phone#{number}": Claim(NOBODY, frozenset({f"cmp_{number:026}"}))}
        graph.write(a_change(another_component(number), claims=claims))
    seen = graph.look_up(a_source(), [f"phone#{number}" for number in range(120)])
    assert len(seen.holders) == 106
    assert len(graph.load({f"cmp_{number:026}" for number in range(120)})) == 106


# -- Writing a component -----------------------------------------------------------------------


def test_a_component_is_replaced_by_its_next_version(graph: Graph) -> None:
    graph.write(a_first_contact())
    second = a_component(a_statement(), a_statement(statement_id="stm_2"), version=2)
    graph.write(a_change(second))
    assert graph.load([COMPONENT]) == {COMPONENT: second}


@pytest.mark.parametrize("version", [1, 3, 7])
def test_a_version_that_does_not_follow_the_stored_one_is_a_conflict(
    graph: Graph, version: int
) -> None:
    graph.write(a_first_contact())
    with pytest.raises(Conflict):
        graph.write(a_change(a_component(version=version, signals=(a_signal(),))))
    assert graph.load([COMPONENT]) == {COMPONENT: a_component()}


def test_a_next_version_of_nothing_is_a_conflict(graph: Graph) -> None:
    with pytest.raises(Conflict):
        graph.write(a_change(a_component(version=2)))
    assert graph.load([COMPONENT]) == {}


def test_an_absorbed_component_gives_where_it_lies_now(graph: Graph) -> None:
    graph.write(a_first_contact())
    graph.write(a_change(another_component()))
    united = a_component(a_statement(), *another_component().statements, version=2)
    graph.write(a_change(united, absorbed={another_component().component_id: 1}))
    assert graph.load([COMPONENT, another_component().component_id]) == {
        COMPONENT: united,
        another_component().component_id: COMPONENT,
    }


@pytest.mark.parametrize("version", [0, 2])
def test_absorbing_a_component_that_moved_on_is_a_conflict_and_changes_nothing(
    graph: Graph, version: int
) -> None:
    graph.write(a_first_contact())
    other = another_component()
    graph.write(a_change(other))
    with pytest.raises(Conflict):
        graph.write(a_change(a_component(version=2), absorbed={other.component_id: version}))
    assert graph.load([COMPONENT, other.component_id]) == {
        COMPONENT: a_component(),
        other.component_id: other,
    }


def test_what_was_absorbed_is_neither_absorbed_nor_written_again(graph: Graph) -> None:
    other = another_component()
    graph.write(a_first_contact())
    graph.write(a_change(other))
    graph.write(a_change(a_component(version=2), absorbed={other.component_id: 1}))
    for late in (
        a_change(a_component(version=3), absorbed={other.component_id: 1}),
        a_change(replace(other, version=2)),
        a_change(replace(other, version=1)),
    ):
        with pytest.raises(Conflict):
            graph.write(late)
    assert graph.load([COMPONENT, other.component_id]) == {
        COMPONENT: a_component(version=2),
        other.component_id: COMPONENT,
    }


def test_forwards_lead_to_the_component_whether_they_led_somewhere_before(graph: Graph) -> None:
    graph.write(a_first_contact())
    graph.write(a_change(another_component(), forwards=["cmp_new"]))
    graph.write(a_change(a_component(version=2), forwards=["cmp_new", "cmp_newer"]))
    assert graph.load(["cmp_new", "cmp_newer"]) == {"cmp_new": COMPONENT, "cmp_newer": COMPONENT}


def test_the_events_of_a_change_ride_on_it(engine: Engine, graph: Graph) -> None:
    graph.write(a_first_contact(events=[a_fact("evt_1")]))
    assert a_fact("evt_1") in engine.told()
    graph.write(a_change(a_component(version=2), events=[a_fact("evt_2"), a_fact("evt_3")]))
    assert {"evt_2", "evt_3"} <= {event.metadata.event_id for event in engine.told()}


def test_a_change_that_conflicts_tells_nothing(engine: Engine, graph: Graph) -> None:
    graph.write(a_first_contact())
    with pytest.raises(Conflict):
        graph.write(a_first_contact(events=[a_fact("evt_2")]))
    assert engine.told() == []


# -- Records in a change -----------------------------------------------------------------------


def test_a_record_that_exists_is_not_made_again(graph: Graph) -> None:
    graph.write(a_first_contact())
    with pytest.raises(Conflict):
        graph.write(a_change(another_component(), record=a_record(name="Eve")))
    assert graph.find(a_source()) == a_record()
    assert graph.load([another_component().component_id]) == {}


def test_a_record_is_replaced_as_it_was_read(graph: Graph) -> None:
    graph.write(a_first_contact())
    changed = a_record(
        name="Ada L.",
        identifiers=(an_identifier(), a_claim()),
        customer_id="cus_2",
        component_id="cmp_2",
        said={"d1": "cus_2", "d2": CUSTOMER},
    )
    graph.write(a_change(a_component(version=2), record=changed, known=a_record()))
    assert graph.find(a_source()) == changed


@pytest.mark.parametrize(
    "meanwhile",
    [{"name": "Eve"}, {"identifiers": (an_identifier(), a_claim())}, {"traits": {"plan": "gold"}}],
)
def test_replacing_a_record_that_changed_is_a_conflict_and_changes_nothing(
    graph: Graph, meanwhile: dict[str, Any]
) -> None:
    graph.write(a_first_contact())
    graph.save(a_record(**meanwhile), a_record())
    late = a_change(a_component(version=2), record=a_record(name="Late"), known=a_record())
    with pytest.raises(Conflict):
        graph.write(late)
    assert graph.find(a_source()) == a_record(**meanwhile)
    assert the_component(graph).version == 1


def test_replacing_a_record_that_does_not_exist_is_a_conflict(graph: Graph) -> None:
    with pytest.raises(Conflict):
        graph.write(a_change(record=a_record(name="x"), known=a_record()))
    assert graph.find(a_source()) is None
    assert graph.load([COMPONENT]) == {}


def test_saving_replaces_what_a_record_says_and_leaves_where_it_stands(graph: Graph) -> None:
    graph.write(a_first_contact())
    said = {**a_record().said, "d2": "cus_2"}
    news = a_record(name="Ada L.", traits={"plan": "x"}, said=said, component_id="cmp_stale")
    graph.save(news, a_record())
    assert graph.find(a_source()) == replace(news, component_id=COMPONENT)


@pytest.mark.parametrize(
    "read", [{"name": "Eve"}, {"traits": {"a": 1}}, {"said": {}}, {"said": {"d9": CUSTOMER}}]
)
def test_saving_over_what_was_not_read_is_a_conflict(graph: Graph, read: dict[str, Any]) -> None:
    graph.write(a_first_contact())
    with pytest.raises(Conflict):
        graph.save(a_record(name="Late"), a_record(**read))
    assert graph.find(a_source()) == a_record()


def test_saving_a_record_whose_customer_moved_meanwhile_is_a_conflict(graph: Graph) -> None:
    graph.write(a_first_contact())
    (digest,) = a_record().said
    graph.point(a_component(), [a_pointer(said={digest: "cus_new"})])
    with pytest.raises(Conflict):
        graph.save(a_record(said={**a_record().said, "d2": CUSTOMER}), a_record())
    found = graph.find(a_source())
    assert found is not None
    assert found.said == {digest: "cus_new"}


def test_saving_a_record_that_does_not_exist_is_a_conflict(graph: Graph) -> None:
    with pytest.raises(Conflict):
        graph.save(a_record(name="x"), a_record())
    assert graph.find(a_source()) is None


# -- Pointers ----------------------------------------------------------------------------------


def test_pointers_move_records_and_leave_what_they_say(graph: Graph) -> None:
    graph.write(a_first_contact())
    graph.write(a_change(another_component(), record=another_record()))
    pointers = [a_pointer(), a_pointer(another_record(), said={"d1": "cus_new", "d2": CUSTOMER})]
    graph.write(a_change(a_component(version=2), pointers=pointers))
    moved: dict[str, Any] = {"customer_id": "cus_new", "component_id": "cmp_new"}
    assert graph.records([a_source(), another_record().source]) == [
        a_record(**moved, said={"d1": "cus_new"}),
        another_record(**moved, said={"d1": "cus_new", "d2": CUSTOMER}),
    ]


def test_a_pointer_of_a_record_that_does_not_exist_is_a_conflict(graph: Graph) -> None:
    graph.write(a_first_contact())
    nobody = a_pointer(another_record())
    with pytest.raises(Conflict):
        graph.write(a_change(a_component(version=2), pointers=[a_pointer(), nobody]))
    with pytest.raises(Conflict):
        graph.point(a_component(), [a_pointer(), nobody])
    assert graph.find(a_source()) == a_record()
    assert graph.find(nobody.source) is None


def test_pointing_follows_a_component_as_it_is(graph: Graph) -> None:
    graph.write(a_first_contact())
    graph.point(a_component(), [a_pointer()])
    found = graph.find(a_source())
    assert found is not None
    assert (found.customer_id, found.component_id, found.name) == ("cus_new", "cmp_new", "Ada")
    assert graph.load([COMPONENT]) == {COMPONENT: a_component()}


def test_pointing_for_a_component_that_moved_on_is_a_conflict(graph: Graph) -> None:
    graph.write(a_first_contact())
    graph.write(a_change(a_component(version=2)))
    with pytest.raises(Conflict):
        graph.point(a_component(), [a_pointer()])
    graph.write(a_change(another_component(), forwards=["cmp_absorbed"]))
    for unknown in ("cmp_absorbed", "cmp_nowhere"):
        with pytest.raises(Conflict):
            graph.point(a_component(component_id=unknown), [a_pointer()])
    assert graph.find(a_source()) == a_record()


def test_pointing_may_add_what_leads_to_the_component(graph: Graph) -> None:
    graph.write(a_first_contact())
    graph.point(a_component(), [a_pointer()], ["cmp_new", "cmp_newer"])
    assert graph.load(["cmp_new", "cmp_newer"]) == {"cmp_new": COMPONENT, "cmp_newer": COMPONENT}
    with pytest.raises(Conflict):
        graph.point(a_component(version=2), [], ["cmp_other"])
    assert graph.load(["cmp_other"]) == {}


def test_ninety_nine_records_are_moved_at_once(graph: Graph) -> None:
    graph.write(a_first_contact())
    records = [another_record(number) for number in range(2, 101)]
    for number, record in enumerate(records, start=2):
        graph.write(a_change(another_component(number), record=record))
    graph.point(a_component(), [a_pointer(one) for one in records])
    found = graph.records([one.source for one in records])
    assert [one.customer_id for one in found] == ["cus_new"] * 99


# -- Keys --------------------------------------------------------------------------------------


def test_claims_replace_what_a_key_names(graph: Graph) -> None:
    graph.write(a_first_contact())
    claims = {KEY: Claim(OURS, frozenset({"cmp_a", "cmp_b"})), "~x": Claim(NOBODY, OURS)}
    graph.write(a_change(a_component(version=2), claims=claims))
    assert graph.look_up(None, [KEY, "~x", "~y"]).holders == {
        KEY: {"cmp_a", "cmp_b"},
        "~x": OURS,
    }


@pytest.mark.parametrize(
    "seen", [NOBODY, frozenset({"cmp_x"}), OURS | {"cmp_x"}], ids=["none", "other", "more"]
)
def test_a_claim_on_a_key_that_was_not_seen_so_is_a_conflict_and_changes_nothing(
    graph: Graph, seen: frozenset[str]
) -> None:
    graph.write(a_first_contact())
    claims = {"~new": Claim(NOBODY, OURS), KEY: Claim(seen, frozenset({"cmp_x"}))}
    with pytest.raises(Conflict):
        graph.write(
            a_change(another_component(), record=another_record(), claims=claims, notes=["~note"])
        )
    assert graph.look_up(another_record().source, [KEY, "~new", "~note"]) == Seen(None, {KEY: OURS})
    assert graph.load([another_component().component_id]) == {}


def test_a_claim_on_a_key_that_is_gone_is_a_conflict(graph: Graph) -> None:
    with pytest.raises(Conflict):
        graph.write(a_change(claims={KEY: Claim(OURS, frozenset({"cmp_x"}))}))
    assert graph.look_up(None, [KEY]).holders == {}


def test_notes_add_to_whatever_a_key_names_by_then(graph: Graph) -> None:
    graph.write(a_change(notes=["~a", "~b"]))
    other = another_component()
    graph.write(a_change(other, notes=["~b", "~c"]))
    graph.write(a_change(replace(other, version=2), notes=["~b"]))
    assert graph.look_up(None, ["~a", "~b", "~c"]).holders == {
        "~a": OURS,
        "~b": OURS | {other.component_id},
        "~c": frozenset({other.component_id}),
    }


# -- What one transaction takes ----------------------------------------------------------------


def a_large_change(pointers: list[Pointer]) -> Change:
    """A hundred actions: one component, fifty-nine pointers, forty keys."""
    claims = {f"phone#{number}": Claim(NOBODY, OURS) for number in range(20)}
    return a_change(
        a_component(version=2),
        pointers=pointers,
        claims=claims,
        notes=[f"~{number}" for number in range(20)],
    )


def test_a_change_of_a_hundred_actions_is_written(graph: Graph) -> None:
    graph.write(a_first_contact())
    records = [another_record(number) for number in range(2, 61)]
    for number, record in enumerate(records, start=2):
        graph.write(a_change(another_component(number), record=record))
    graph.write(a_large_change([a_pointer(one) for one in records]))
    assert the_component(graph).version == 2
    moved = graph.records([one.source for one in records])
    assert {one.customer_id for one in moved} == {"cus_new"}
    assert len(graph.look_up(None, [f"~{number}" for number in range(20)]).holders) == 20


def test_a_change_that_names_an_item_twice_is_a_mistake_and_not_written(
    engine: Engine, graph: Graph
) -> None:
    graph.write(a_first_contact())
    twice = a_change(a_component(version=2), reviews=[a_review(), a_review()])
    with pytest.raises(Exception) as raised:
        graph.write(twice)
    assert not isinstance(raised.value, Conflict)
    assert the_component(graph).version == 1


# -- Reviews -----------------------------------------------------------------------------------


def test_a_review_reads_back_and_the_same_pair_is_the_same_review(graph: Graph) -> None:
    graph.write(a_change(reviews=[a_review(), a_review(2)]))
    again = a_review(at=after(days=1))
    graph.write(a_change(a_component(version=2), reviews=[again]))
    assert graph.review(again.review_id) == again
    assert graph.reviews(None, 10).items == [a_review(2), again]
    assert graph.reviews(None, 10).cursor is None


def test_a_review_names_the_pair_in_whichever_order() -> None:
    link = a_review().link
    turned = replace(a_review(), link=link._replace(left=link.right, right=link.left))
    assert turned.review_id == a_review().review_id


def test_reviews_come_in_pages_latest_first_without_gap_or_repetition(graph: Graph) -> None:
    reviews = [a_review(number) for number in range(1, 6)]
    graph.write(a_change(reviews=reviews))
    seen: list[Review] = []
    cursor = None
    for _ in range(9):
        page = graph.reviews(cursor, 2)
        seen += page.items
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == reviews[::-1]


def test_closed_reviews_are_gone_and_closing_twice_does_nothing(graph: Graph) -> None:
    graph.write(a_change(reviews=[a_review(1), a_review(2), a_review(3)]))
    graph.close_reviews([])
    graph.close_reviews([a_review(1).review_id, "rvw_nobody"])
    graph.write(a_change(a_component(version=2), closed=[a_review(2).review_id]))
    graph.close_reviews([a_review(1).review_id])
    assert graph.reviews(None, 10).items == [a_review(3)]
    assert graph.review(a_review(2).review_id) is None


def test_a_change_that_conflicts_neither_adds_nor_closes_reviews(graph: Graph) -> None:
    graph.write(a_change(reviews=[a_review(1)]))
    with pytest.raises(Conflict):
        graph.write(a_change(reviews=[a_review(2)], closed=[a_review(1).review_id]))
    assert graph.reviews(None, 10).items == [a_review(1)]


@pytest.mark.parametrize("position", [["a"], {"a": 1}, 7, ["a", ""], ["a", 1], "x"])
def test_a_cursor_of_others_is_refused_or_means_nothing(graph: Graph, position: Any) -> None:
    graph.write(a_first_contact(reviews=[a_review()]))
    if not isinstance(position, str):
        with pytest.raises(InvalidInput):
            graph.reviews(encode_cursor(position), 5)
    with pytest.raises(InvalidInput):
        graph.scan(encode_cursor(position), 5)


# -- Scanning ----------------------------------------------------------------------------------


def scanned(graph: Graph, limit: int) -> list[Component]:
    found: list[Component] = []
    cursor = None
    for _ in range(200):
        page = graph.scan(cursor, limit)
        assert len(page.items) <= limit
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError("it never ended")


@pytest.mark.parametrize("limit", [1, 4, 1000])
def test_a_scan_gives_every_component_once_and_nothing_else(graph: Graph, limit: int) -> None:
    graph.write(a_first_contact(notes=["~a"], reviews=[a_review()], forwards=["cmp_forwarded"]))
    others = [another_component(number) for number in range(2, 9)]
    for other in others:
        graph.write(a_change(other, record=another_record(int(other.component_id[4:]))))
    graph.write(a_change(a_component(version=2), absorbed={others[0].component_id: 1}))
    found = sorted(scanned(graph, limit), key=lambda one: one.component_id)
    assert found == sorted([a_component(version=2), *others[1:]], key=lambda one: one.component_id)


# -- DynamoDB only -----------------------------------------------------------------------------


def test_said_of_the_usual_customer_costs_no_room(engine: Engine, graph: Graph) -> None:
    if not isinstance(engine, Dynamo):
        pytest.skip("a matter of items")
    graph.write(a_first_contact())
    (item,) = (one for one in engine.items() if one["sk"]["S"] == "RECORD")
    assert item["said"]["S"].count(CUSTOMER) == 0


def test_statements_are_equal_only_when_all_they_hold_is() -> None:
    """The suite compares statements; were they equal by id alone, it would compare nothing."""
    one: Statement = a_statement()
    assert one != a_statement(attributes={"full_name": "Eve"})
