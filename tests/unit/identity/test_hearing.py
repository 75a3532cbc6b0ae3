"""What follows from what sources say, event by event: one customer for one person."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.contracts.identity import Assurance
from rapport.identity.claims import MAX_HOLDERS
from rapport.identity.graph import Signal
from rapport.identity.hearing import ATTEMPTS, MAX_STATEMENTS
from rapport.identity.lookup import find_customer, holders
from rapport.identity.memory import InMemoryGraph
from rapport.identity.model import MAX_IDENTIFIERS, Heard, Record
from rapport.identity.ports import Change
from rapport.identity.statements import MAX_SAID, digest_heard, digest_said
from rapport.kernel.errors import Conflict, NotFound, Transient
from tests.builders import a_source, after, heard
from tests.unit.identity.worlds import (
    ADA_MAIL,
    ADA_PHONE,
    BOB_PHONE,
    Counting,
    Interrupted,
    World,
    an_engine,
    by_mail,
    by_sms,
    claimed,
    in_the_crm,
    mail,
    on_web,
    on_whatsapp,
    phone,
    user,
)

# -- One sender --------------------------------------------------------------------------------


def test_a_first_contact_makes_a_record_and_a_customer_and_says_so() -> None:
    world = World()
    (record,) = world.hear(on_whatsapp(name="Ada"))
    assert (record.name, record.identifiers) == ("Ada", (phone(),))
    assert record.customer_id[4:] == record.component_id[4:]
    assert world.record(record.source).customer_id == record.customer_id
    (fact,) = world.graph.events
    assert (fact.detail_type, fact.data) == (
        "RecordAttached.v1",
        {
            "record_id": record.record_id,
            "customer_id": record.customer_id,
            "channel": "whatsapp",
            "created": True,
        },
    )
    world.check()


def test_the_same_said_again_is_the_same_statement_and_writes_nothing() -> None:
    graph = Counting()
    world = World(graph)
    first, again = world.hear(on_whatsapp(name="Ada"), on_whatsapp(name="Ada", hours=1))
    assert again == first
    assert graph.calls.count("write") == 1
    assert "save" not in graph.calls


def test_a_new_name_is_another_statement_of_the_same_person() -> None:
    world = World()
    first, second = world.hear(on_whatsapp(name="Ada"), on_whatsapp(name="Ada Lovelace", hours=1))
    assert second.customer_id == first.customer_id
    assert second.record_id == first.record_id
    assert world.record(first.source).name == "Ada Lovelace"
    (component,) = world.components()
    assert len(component.statements) == 2
    assert len(world.graph.events) == 1
    world.check()


@pytest.mark.parametrize("channel", ["telegram", "email", "voice", "segment"])
def test_a_sender_whom_nobody_vouches_for_is_one_customer_all_the_same(channel: str) -> None:
    world = World()
    source = a_source("4242", channel)
    records = world.hear(
        heard(source, name="Ada"),
        heard(source, name="Ada Lovelace", at=after(hours=1)),
        heard(source, at=after(days=40)),
        heard(source, claimed(mail()), at=after(days=90)),
        heard(source, at=after(days=150)),
    )
    assert len({record.customer_id for record in records}) == 1
    assert len({record.record_id for record in records}) == 1
    world.check()


def test_what_is_proven_and_what_is_not_are_kept_apart_on_one_sender() -> None:
    """Anybody can write an address into a mail: the mail that passes DMARC is the holder's."""
    world = World()
    source = a_source(ADA_MAIL, "email")
    proven, forged = world.hear(
        heard(source, mail(), name="Ada"),
        heard(source, claimed(mail()), name="Ada", at=after(hours=1)),
    )
    again = world.hear(heard(source, mail(), name="Ada", at=after(hours=2)))[0]
    assert forged.record_id == proven.record_id
    assert forged.customer_id != proven.customer_id == again.customer_id
    assert len(world.components()) == 1
    world.check()


def test_a_registered_record_stays_one_customer_once_its_contact_is_proven() -> None:
    world = World()
    first, second = world.hear(
        in_the_crm("7", full_name="Ada Lovelace"),
        replace(
            in_the_crm("7", phone(assurance=Assurance.VERIFIED), full_name="Ada Lovelace"),
            event_id="crm.7.again",
        ),
    )
    assert second.customer_id == first.customer_id


def test_a_nameless_sender_counts_anew_each_month_and_stays_the_same_customer() -> None:
    world = World()
    records = world.hear(on_whatsapp(), on_whatsapp(days=5), on_whatsapp(days=45))
    assert len({record.customer_id for record in records}) == 1
    (component,) = world.components()
    assert len(component.statements) == 2


def test_traits_are_kept_and_make_no_statement() -> None:
    graph = Counting()
    world = World(graph)
    said = on_web("u1", user())
    world.hear(said, replace(said, sender=replace(said.sender, traits={"plan": "free"})))
    assert world.record(said.sender.source).traits == {"plan": "free"}
    assert graph.calls.count("write") == 1
    assert len(world.components()[0].statements) == 1


def test_a_gained_identifier_is_told_without_its_value() -> None:
    world = World()
    world.hear(on_web("u1", user()), on_web("u1", user(), claimed(mail()), hours=1))
    added = world.graph.events[-1]
    assert added.detail_type == "IdentifierAdded.v1"
    assert (added.data["namespace"], added.data["assurance"]) == ("email", "claimed")
    assert ADA_MAIL not in str(added.data)
    world.check()


def test_a_sender_of_ever_new_claims_is_bounded() -> None:
    world = World()
    for number in range(MAX_IDENTIFIERS + 5):
        (record,) = world.hear(on_web("u1", user(), claimed(mail(f"{number}@babbage.org"))))
    assert len(record.identifiers) == MAX_IDENTIFIERS
    assert len(record.said) == MAX_SAID
    again = world.hear(on_web("u1", user(), claimed(mail("0@babbage.org")), days=2))[0]
    assert again.customer_id == record.customer_id
    assert len(world.components()[0].statements) == MAX_IDENTIFIERS + 5
    world.check()


def test_what_arrives_late_is_heard_whatever_was_said_since() -> None:
    world = World()
    for number in range(MAX_SAID + 2):
        world.hear(on_whatsapp(name=f"Ada {chr(65 + number)}", hours=number))
    late = on_whatsapp(name="Ada", days=-9)
    heard_late, again = world.hear(late, late)
    assert again.customer_id == heard_late.customer_id
    world.check()


def test_a_moment_is_heard_as_precisely_as_it_is_kept() -> None:
    world = World()
    moment = after(seconds=1.234567)
    world.hear(replace(on_whatsapp(), at=moment, heard_at=moment))
    (statement,) = world.components()[0].statements
    assert statement.at == statement.heard_at == after(seconds=1.234)


# -- Several senders ---------------------------------------------------------------------------


def test_the_same_number_by_whatsapp_and_by_sms_is_one_customer_with_two_records() -> None:
    world = World()
    whatsapp, sms = world.hear(on_whatsapp(name="Ada"), by_sms(hours=1))
    assert whatsapp.customer_id == sms.customer_id
    assert whatsapp.record_id != sms.record_id
    assert [one.data["created"] for one in world.graph.events] == [True, False]
    assert len(world.components()) == 1
    world.check()


def test_two_people_on_different_numbers_are_two_customers() -> None:
    world = World()
    ada, bob = world.hear(on_whatsapp(), on_whatsapp(BOB_PHONE))
    assert ada.customer_id != bob.customer_id
    assert len(world.components()) == 2


def test_two_names_on_one_telephone_are_two_customers_who_keep_their_own_words() -> None:
    world = World()
    ada, bob = world.hear(
        on_whatsapp(name="Ada Lovelace"), on_whatsapp(name="Robert Smithson", hours=1)
    )
    assert ada.record_id == bob.record_id
    assert ada.customer_id != bob.customer_id
    again = world.hear(on_whatsapp(name="Ada Lovelace", hours=2))[0]
    assert again.customer_id == ada.customer_id
    assert [(one.data["customer_id"], one.data["created"]) for one in world.graph.events] == [
        (ada.customer_id, True),
        (bob.customer_id, True),
    ]
    world.check()


def test_a_proof_of_both_numbers_makes_two_known_customers_one() -> None:
    world = World()
    ada, also = world.hear(on_whatsapp(), by_mail(hours=1))
    (proof,) = world.hear(on_web("u1", phone(), mail(), hours=2))
    assert proof.customer_id == ada.customer_id  # the older goes on
    assert world.customer(also) == ada.customer_id
    assert world.facts() == [
        (
            "CustomersMerged",
            {
                "component_id": ada.component_id,
                "customer_id": ada.customer_id,
                "merged": [also.customer_id],
            },
        )
    ]
    assert world.graph.load([also.component_id]) == {also.component_id: ada.component_id}
    assert len(world.components()) == 1
    world.check()


def test_a_merged_customer_is_found_by_every_id_it_ever_had() -> None:
    world = World()
    a, b, c = world.hear(on_whatsapp(), by_mail(hours=1), on_web("u1", user(), hours=2))
    world.hear(on_web("u2", mail(), user(), hours=3))
    assert find_customer(c.customer_id, graph=world.graph).customer_id == b.customer_id
    world.hear(on_web("u3", phone(), user(), hours=4))
    for one in (a, b, c):
        found = find_customer(one.customer_id, graph=world.graph)
        assert found.customer_id == a.customer_id
        assert len(found.sources) == 5
    with pytest.raises(NotFound):
        find_customer("cus_01k9zzzzzzzzzzzzzzzzzzzzzz", graph=world.graph)


def test_a_statement_founds_no_customer_that_never_stood() -> None:
    world = World()
    world.hear(on_whatsapp(name="Ada"), on_whatsapp(name="Ada L.", hours=1))
    second = world.components()[0].statements[1]
    with pytest.raises(NotFound):
        find_customer(f"cus_{second.statement_id[4:]}", graph=world.graph)


# -- Claims ------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["claim", "holder"])
def test_a_claim_joins_nobody_whoever_came_first(first: str) -> None:
    world = World()
    said = [on_web("u1", user(), claimed(phone())), on_whatsapp(hours=1)]
    records = world.hear(*(said if first == "claim" else said[::-1]))
    assert records[0].customer_id != records[1].customer_id
    assert len(world.components()) == 2
    world.check()


def test_who_claims_an_identifier_is_found_by_it_after_who_holds_it() -> None:
    world = World()
    forger, holder = world.hear(on_web("u1", user(), claimed(phone())), on_whatsapp(hours=1))
    found = holders(("phone", ADA_PHONE), graph=world.graph)
    assert [(one.customer_id, assurance) for one, assurance in found] == [
        (holder.customer_id, Assurance.CHANNEL),
        (forger.customer_id, Assurance.CLAIMED),
    ]
    assert holders(("phone", BOB_PHONE), graph=world.graph) == []


def test_however_many_claim_a_number_its_holder_stays_one_customer() -> None:
    world = World()
    for number in range(MAX_HOLDERS + 5):
        world.hear(on_web(f"spam{number}", user(f"spam{number}"), claimed(phone())))
    whatsapp, sms = world.hear(on_whatsapp(hours=1), by_sms(hours=2))
    assert whatsapp.customer_id == sms.customer_id
    world.check()


def test_a_key_that_a_crowd_shares_says_nothing() -> None:
    world = World()
    full = frozenset(f"cmp_{number:026}" for number in range(MAX_HOLDERS))
    world.graph.holders[f"phone#{ADA_PHONE}"] = full
    whatsapp, sms = world.hear(on_whatsapp(), by_sms(hours=1))
    assert whatsapp.customer_id != sms.customer_id
    assert world.graph.holders[f"phone#{ADA_PHONE}"] == full


# -- Limits ------------------------------------------------------------------------------------


def test_a_crowd_behind_one_identifier_stays_within_its_limit() -> None:
    world = World()
    world.hear(on_whatsapp(name="Ada"))
    (component,) = world.components()
    home = component.component_id
    filler = [
        replace(component.statements[0], statement_id=f"stm_9{number:025}", event_id=f"f{number}")
        for number in range(MAX_STATEMENTS - 1)
    ]
    full = replace(
        component,
        statements=(*component.statements, *filler),
        customers=(component.customers[0] | {one.statement_id for one in filler},),
    )
    world.graph.components[home] = full
    known, stranger = world.hear(on_whatsapp(name="Robert Smithson", hours=5), by_sms(hours=6))
    assert world.graph.components[home] == full
    assert known.component_id == stranger.component_id != home
    assert len(world.hear(on_whatsapp(name="Ada", hours=7))[0].said) <= MAX_SAID


def test_a_merge_of_many_records_fits_one_transaction() -> None:
    world = World()
    accounts = range(70)
    world.hear(*(on_web(f"a{n}", user(), minutes=n) for n in accounts), on_whatsapp(hours=2))
    world.hear(*(on_web(f"b{n}", mail(), minutes=n) for n in accounts))
    joined = on_web("both", user(), mail(), hours=3)
    (record,) = world.hear(joined)  # the twin refuses more than a hundred actions
    assert len(world.components()[0].customers) + len(world.components()[1].customers) == 2
    assert record.customer_id == world.customer(record)


def test_many_who_come_together_at_once_fit_one_transaction() -> None:
    world = World()
    namespaces = [f"shop{n}" for n in range(MAX_IDENTIFIERS)]
    ids = [replace(user(), namespace=one) for one in namespaces]
    for number, one in enumerate(ids):
        world.hear(on_web(f"a{number}", one, minutes=number))
    (record,) = world.hear(on_web("all", *ids, hours=1))
    assert len(world.components()) == 1
    assert len(world.facts()[0][1]["merged"]) == MAX_IDENTIFIERS - 1
    assert record.customer_id == min(one.customer_id for one in world.graph.found.values())
    world.check()


def test_the_cost_of_hearing_is_counted_in_calls() -> None:
    graph = Counting()
    world = World(graph)
    world.hear(on_whatsapp())
    assert graph.calls == ["look_up", "write"] or graph.calls == ["look_up", "load", "write"]
    graph.calls.clear()
    world.hear(by_sms(hours=1))
    assert graph.calls == ["look_up", "load", "write"]


# -- Others write meanwhile --------------------------------------------------------------------


def meanwhile(*said: Heard) -> Any:
    return lambda graph: [an_engine(graph, ids_from=900).hear(one) for one in said]


def test_two_first_contacts_of_one_sender_at_once_make_one_record() -> None:
    world = World(Interrupted(meanwhile(on_whatsapp(hours=-1))))
    (ours,) = world.hear(on_whatsapp())
    assert list(world.graph.found) == [ours.source]
    assert len(world.components()) == 1
    world.check()


def test_two_first_contacts_of_one_number_at_once_make_one_customer() -> None:
    world = World(Interrupted(meanwhile(by_sms())))
    (ours,) = world.hear(on_whatsapp())
    assert len(world.graph.found) == 2
    assert {one.customer_id for one in world.graph.found.values()} == {ours.customer_id}
    world.check()


def test_a_merge_that_another_made_first_is_seen() -> None:
    world = World(Interrupted(meanwhile(on_web("u2", phone(), mail(), hours=3)), times=0))
    world.hear(on_whatsapp(), by_mail(hours=1))
    world.graph._left = 1  # type: ignore[attr-defined]
    world.hear(on_web("u1", phone(), mail(), hours=2))
    assert len({one.customer_id for one in world.graph.found.values()}) == 1
    assert [name for name, _ in world.facts()] == ["CustomersMerged"]
    world.check()


def test_each_of_two_customers_may_be_joined_to_the_other_at_once() -> None:
    """One proves from its side that both are one, the other from its own."""
    from_b = by_mail(hours=3)
    from_b = replace(from_b, sender=replace(from_b.sender, identifiers=(mail(), phone())))
    world = World(Interrupted(meanwhile(from_b), times=0))
    a, b = world.hear(on_whatsapp(), by_mail(hours=1))
    world.graph._left = 1  # type: ignore[attr-defined]
    said = on_whatsapp(hours=2)
    world.hear(replace(said, sender=replace(said.sender, identifiers=(phone(), mail()))))
    assert world.customer(a) == world.customer(b) == a.customer_id
    assert len(world.components()) == 1
    world.check()


def test_who_never_wins_gives_the_event_back_to_the_queue() -> None:
    class NeverWins(InMemoryGraph):
        tried = 0

        def write(self, change: Change) -> None:
            self.tried += 1
            raise Conflict("Another write came first.")

    graph = NeverWins()
    with pytest.raises(Transient):
        an_engine(graph).hear(on_whatsapp())
    assert graph.tried == ATTEMPTS


def test_an_event_that_comes_again_after_its_function_died_changes_nothing() -> None:
    world = World()
    world.hear(on_whatsapp(name="Ada"), by_mail(hours=1), on_web("u1", phone(), mail(), hours=2))
    before = dict(world.graph.components), dict(world.graph.found), len(world.graph.events)
    world.hear(on_web("u1", phone(), mail(), hours=2), by_mail(hours=1), on_whatsapp(name="Ada"))
    assert (world.graph.components, world.graph.found, len(world.graph.events)) == before


# -- Signals -----------------------------------------------------------------------------------

GIVEN_UP = Signal("phone_deactivated", "phone", ADA_PHONE, after(days=30), "sig_1")


def test_who_holds_a_number_after_it_was_given_up_is_another_customer() -> None:
    world = World()
    before, _ = world.hear(on_whatsapp(), by_sms(days=1))
    world.engine.signal(GIVEN_UP)
    (later,) = world.hear(on_whatsapp(days=45))
    (sms,) = world.hear(by_sms(days=46))
    assert later.record_id == before.record_id
    assert later.customer_id == sms.customer_id != before.customer_id
    world.check()


def test_a_signal_that_comes_first_or_late_means_the_same() -> None:
    said = [on_whatsapp(), by_sms(days=1), on_whatsapp(days=45), by_sms(days=46)]
    early, late = World(), World()
    early.engine.signal(GIVEN_UP)
    early.hear(*said)
    late.hear(*said)
    assert len(late.people()) == 1
    late.engine.signal(GIVEN_UP)
    assert early.people() == late.people()
    assert [name for name, _ in late.facts()] == ["CustomersUnmerged"]
    for world in (early, late):
        world.check()


def test_a_signal_twice_is_a_signal_once() -> None:
    world = World()
    world.hear(on_whatsapp())
    exact = replace(GIVEN_UP, at=after(days=30, microseconds=1500))
    world.engine.signal(exact)
    before = dict(world.graph.components)
    world.engine.signal(exact)
    assert world.graph.components == before


# -- Any order ---------------------------------------------------------------------------------

NAMES = st.sampled_from([None, None, "Ada Lovelace", "Ada", "Robert Smithson"])
NUMBERS = st.sampled_from([ADA_PHONE, BOB_PHONE])
SAID = st.one_of(
    st.builds(on_whatsapp, NUMBERS, NAMES, hours=st.integers(0, 50)),
    st.builds(by_sms, NUMBERS, hours=st.integers(0, 50)),
    st.builds(by_mail, name=NAMES, hours=st.integers(0, 50)),
    st.builds(
        lambda sender, value, name, hours: on_web(
            sender, user(sender), phone(value), mail(), name=name, hours=hours
        ),
        st.sampled_from(["u1", "u2"]),
        NUMBERS,
        NAMES,
        st.integers(0, 50),
    ),
    st.builds(
        lambda sender, value, hours: on_web(
            sender, user(sender), claimed(phone(value)), hours=hours
        ),
        st.sampled_from(["u1", "u2"]),
        NUMBERS,
        st.integers(0, 50),
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(SAID, max_size=8), st.randoms(use_true_random=False))
def test_whatever_is_said_in_whatever_order_the_world_holds_together(
    said: list[Heard], chance: Any
) -> None:
    one, other = World(), World()
    one.hear(*said)
    one.check()
    # The same statement said twice is the first saying's: told apart by event they would differ.
    first: dict[tuple[Any, ...], Heard] = {}
    for each in said:
        key = (each.sender.source, digest_heard(each.sender, each.at))
        first.setdefault(key, each)
    unique = list(first.values())
    chance.shuffle(unique)
    other.hear(*unique)
    other.check()
    again = World()
    again.hear(*first.values())
    assert other.people() == again.people()


@settings(max_examples=100, deadline=None)
@given(st.lists(SAID, min_size=1, max_size=8))
def test_who_says_the_same_again_is_told_whose_that_is_by_now(said: list[Heard]) -> None:
    world = World()
    answers: list[Record] = world.hear(*said)
    for each, answer in zip(said, answers, strict=True):
        again = world.engine.hear(each)
        assert again.record_id == answer.record_id
        now = find_customer(again.customer_id, graph=world.graph)
        assert now.customer_id == again.customer_id
        digest = digest_heard(each.sender, each.at)
        assert digest in {
            digest_said(one) for one in now.statements if one.record_id == again.record_id
        }
