"""`Identities` on every engine."""

from datetime import timedelta

import pytest

from rapport.contracts.identity import Assurance
from rapport.identity.model import HOLDERS, Evidence, Source
from rapport.identity.ports import Identities
from rapport.kernel.errors import Conflict
from tests.builders import NOW, PHONE, a_claim, a_fact, a_record, a_source, after, an_identifier
from tests.contract.stores.engines import Engine

EMAIL = an_identifier("email", "ada@example.com")


@pytest.fixture
def identities(engine: Engine) -> Identities:
    return engine.identities()


def test_nobody_is_found_where_nobody_is(identities: Identities) -> None:
    assert identities.find(a_source()) is None
    assert identities.find_surely(a_source(), [an_identifier()]) == (None, {})
    assert identities.records_of("cus_x") == []
    assert identities.holders(an_identifier()) == []


def test_a_record_reads_back_as_it_was_written(identities: Identities) -> None:
    record = a_record(
        name="Ada 😀",
        identifiers=(an_identifier(), a_claim(), an_identifier("user_id", "7", Assurance.VERIFIED)),
        traits={"plan": "gold", "age": 36, "score": 1.5, "tags": ["a", {"b": None}], "empty": {}},
        evidence=(
            Evidence("shared_identifier", NOW, "ing_1", an_identifier()),
            Evidence("staff", NOW + timedelta(milliseconds=7), "ing_2"),
        ),
    )
    identities.attach(record, [], [])
    assert identities.find(record.source) == record
    assert identities.find_surely(record.source, [])[0] == record
    assert identities.records_of(record.customer_id) == [record]


def test_a_record_without_name_and_identifiers_reads_back(identities: Identities) -> None:
    bare = a_record(name=None, identifiers=(), evidence=())
    identities.attach(bare, [], [])
    assert identities.find(bare.source) == bare


@pytest.mark.parametrize("sender", ["a#b", "ü", "+1 415", "OWNER", "x" * 900])
def test_strange_senders_are_kept_apart(identities: Identities, sender: str) -> None:
    record = a_record(source=Source("sms", "main", sender))
    identities.attach(record, [], [])
    assert identities.find(record.source) == record
    assert identities.find(Source("sms", "main", sender + "2")) is None


def test_attaching_makes_the_customer_the_owner_of_what_is_claimed(identities: Identities) -> None:
    record = a_record()
    identities.attach(record, [an_identifier(), EMAIL], [])
    known, owners = identities.find_surely(record.source, [EMAIL, an_identifier(), a_claim("x")])
    assert known == record
    assert owners == {
        ("phone", PHONE): record.customer_id,
        ("email", "ada@example.com"): record.customer_id,
    }


def test_a_record_that_exists_is_not_attached_again(identities: Identities) -> None:
    record = a_record()
    identities.attach(record, [], [])
    with pytest.raises(Conflict):
        identities.attach(a_record(customer_id="cus_other", name="Eve"), [EMAIL], [])
    assert identities.find_surely(record.source, [EMAIL]) == (record, {})


def test_an_owned_identifier_is_not_owned_again_and_nothing_of_the_attempt_stays(
    identities: Identities,
) -> None:
    identities.attach(a_record(), [an_identifier()], [])
    second = a_record(record_id="rec_2", customer_id="cus_2", source=a_source("other"))
    with pytest.raises(Conflict):
        identities.attach(second, [EMAIL, an_identifier()], [])
    assert identities.find_surely(second.source, [EMAIL]) == (None, {})


def test_extending_replaces_what_was_read(identities: Identities) -> None:
    record = a_record()
    identities.attach(record, [], [])
    extended = a_record(name="Ada L.", identifiers=(an_identifier(), EMAIL), traits={"plan": "x"})
    identities.extend(extended, record, [EMAIL], [])
    assert identities.find_surely(record.source, [EMAIL]) == (
        extended,
        {("email", "ada@example.com"): record.customer_id},
    )


@pytest.mark.parametrize(
    "meanwhile",
    [{"name": "Eve"}, {"identifiers": (an_identifier(), a_claim())}, {"traits": {"plan": "gold"}}],
)
def test_extending_what_has_changed_since_is_a_conflict(
    identities: Identities, meanwhile: dict[str, object]
) -> None:
    read, changed = a_record(), a_record(**meanwhile)
    identities.attach(read, [], [])
    identities.extend(changed, read, [], [])
    with pytest.raises(Conflict):
        identities.extend(a_record(name="Late"), read, [EMAIL], [])
    assert identities.find_surely(read.source, [EMAIL]) == (changed, {})


def test_extending_what_does_not_exist_is_a_conflict(identities: Identities) -> None:
    with pytest.raises(Conflict):
        identities.extend(a_record(name="x"), a_record(), [], [])
    assert identities.find(a_source()) is None


def test_extending_by_an_owned_identifier_is_a_conflict_and_changes_nothing(
    identities: Identities,
) -> None:
    first, second = a_record(), a_record(customer_id="cus_2", source=a_source("2"))
    identities.attach(first, [EMAIL], [])
    identities.attach(second, [], [])
    with pytest.raises(Conflict):
        identities.extend(a_record(name="x", source=second.source), second, [EMAIL], [])
    assert identities.find(second.source) == second


def test_a_customers_records_come_oldest_first(identities: Identities) -> None:
    records = [
        a_record(record_id=f"rec_{n}", source=a_source(str(n)), created_at=after(minutes=-n))
        for n in range(3)
    ]
    for record in records:
        identities.attach(record, [], [])
    identities.attach(a_record(customer_id="cus_2", source=a_source("other")), [], [])
    assert identities.records_of(records[0].customer_id) == records[::-1]


def test_an_identifiers_owner_comes_before_those_who_claim_it(identities: Identities) -> None:
    claimants = ["cus_b", "cus_a"]
    for number, customer_id in enumerate(claimants):
        claimant = a_record(
            record_id=f"rec_{number}",
            customer_id=customer_id,
            source=a_source(str(number)),
            identifiers=(a_claim(),),
        )
        identities.attach(claimant, [], [])
    identities.attach(a_record(customer_id="cus_c", identifiers=(EMAIL,)), [EMAIL], [])
    assert identities.holders(a_claim()) == ["cus_c", "cus_b", "cus_a"]


def test_a_claim_made_later_is_searched_too(identities: Identities) -> None:
    record = a_record(identifiers=())
    identities.attach(record, [], [])
    identities.extend(a_record(identifiers=(a_claim(),)), record, [], [])
    assert identities.holders(a_claim()) == [record.customer_id]


def test_who_owns_and_claims_an_identifier_is_named_once(identities: Identities) -> None:
    claimant = a_record(identifiers=(a_claim(),))
    identities.attach(claimant, [], [])
    identities.extend(a_record(identifiers=(EMAIL,)), claimant, [EMAIL], [])
    assert identities.holders(a_claim()) == [claimant.customer_id]


def test_no_more_holders_are_named_than_the_most(identities: Identities) -> None:
    for number in range(HOLDERS + 3):
        identities.attach(
            a_record(
                record_id=f"rec_{number:02}",
                customer_id=f"cus_{number:02}",
                source=a_source(str(number)),
                identifiers=(a_claim(),),
            ),
            [],
            [],
        )
    assert identities.holders(a_claim()) == [f"cus_{number:02}" for number in range(HOLDERS)]


def test_holders_of_another_namespace_or_value_are_not_named(identities: Identities) -> None:
    identities.attach(a_record(identifiers=(a_claim("email", "ada"),)), [], [])
    assert identities.holders(a_claim("user_id", "ada")) == []
    assert identities.holders(a_claim("email", "ad")) == []


def test_the_events_of_a_change_ride_on_it(engine: Engine, identities: Identities) -> None:
    record = a_record()
    identities.attach(record, [], [a_fact("evt_1")])
    assert a_fact("evt_1") in engine.told()
    identities.extend(a_record(name="x"), record, [], [a_fact("evt_2"), a_fact("evt_3")])
    assert {"evt_2", "evt_3"} <= {event.metadata.event_id for event in engine.told()}


def test_a_change_that_failed_tells_nothing(engine: Engine, identities: Identities) -> None:
    identities.attach(a_record(), [], [])
    with pytest.raises(Conflict):
        identities.attach(a_record(), [], [a_fact()])
    assert engine.told() == []
