"""Exactly one customer behind a sender, however first contacts race."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from rapport.contracts.events import Envelope
from rapport.contracts.identity import Assurance, Identifier
from rapport.contracts.inbound import Kind, ReceivedEvent
from rapport.identity.memory import InMemoryIdentities
from rapport.identity.model import MAX_IDENTIFIERS, Record, Source
from rapport.identity.service import ATTEMPTS, match_sender
from rapport.kernel.errors import Conflict, Transient
from tests.builders import (
    PHONE,
    CountedIds,
    a_claim,
    a_mail,
    a_received,
    a_tracking_call,
    an_event,
    an_identifier,
    an_sms,
)

IDS = CountedIds()


def match(received: ReceivedEvent, identities: InMemoryIdentities) -> Record:
    record = match_sender(received, identities=identities, ids=IDS)
    assert record is not None
    return record


class Interrupted(InMemoryIdentities):
    """Identities where somebody else writes between our read and our write, `times` times."""

    def __init__(self, meanwhile: Callable[[InMemoryIdentities], None], times: int = 1) -> None:
        super().__init__()
        self._meanwhile = meanwhile
        self._left = times

    def find_surely(
        self, source: Source, identifiers: Sequence[Identifier]
    ) -> tuple[Record | None, dict[tuple[str, str], str]]:
        found = super().find_surely(source, identifiers)
        if self._left:
            self._left -= 1
            self._meanwhile(self)
        return found


class NeverWins(InMemoryIdentities):
    """Identities where our write always comes second."""

    tried = 0

    def attach(self, *_args: Any) -> None:
        self.tried += 1
        raise Conflict("Another write came first.")


def by_another_function(received: ReceivedEvent) -> Callable[[InMemoryIdentities], None]:
    def write(identities: InMemoryIdentities) -> None:
        plain = InMemoryIdentities()
        plain.__dict__ = {**identities.__dict__, "_left": 0}  # the same state, uninterrupted
        match_sender(received, identities=plain, ids=IDS)

    return write


def facts(events: Sequence[Envelope]) -> list[tuple[str, dict[str, object]]]:
    return [(event.detail_type, event.data) for event in events]


def test_a_first_contact_makes_a_customer_and_says_why() -> None:
    identities = InMemoryIdentities()
    record = match(a_received(an_event(sender_name="Ada")), identities)
    assert record.name == "Ada"
    assert record.identifiers == (an_identifier(),)
    assert [(one.rule, one.event_id, one.identifier) for one in record.evidence] == [
        ("first_contact", "ing_1", None)
    ]
    assert identities.owned == {("phone", PHONE): record.customer_id}
    assert facts(identities.events) == [
        (
            "RecordAttached.v1",
            {
                "record_id": record.record_id,
                "customer_id": record.customer_id,
                "channel": "whatsapp",
                "created": True,
            },
        )
    ]


def test_a_second_message_finds_the_record_and_writes_nothing() -> None:
    identities = InMemoryIdentities()
    first = match(a_received(), identities)
    before = dict(identities.__dict__, events=[*identities.events])
    again = match(
        a_received(an_event(provider_message_id="wamid.2"), ingest_id="ing_2"), identities
    )
    assert again == first
    assert identities.__dict__ == before


def test_the_same_phone_by_whatsapp_and_sms_is_one_customer_with_two_records() -> None:
    identities = InMemoryIdentities()
    whatsapp, sms = match(a_received(), identities), match(an_sms(), identities)
    assert whatsapp.customer_id == sms.customer_id
    assert whatsapp.record_id != sms.record_id
    assert sms.evidence[0].rule == "shared_identifier"
    assert sms.evidence[0].identifier == an_identifier()
    assert identities.events[-1].data["created"] is False


def test_a_claim_joins_nobody() -> None:
    identities = InMemoryIdentities()
    owner = match(a_mail(), identities)
    forged = match(a_mail(dmarc=False).model_copy(update={"account": "second"}), identities)
    assert forged.customer_id != owner.customer_id
    assert identities.owned == {("email", "ada@example.com"): owner.customer_id}
    assert identities.holders(a_claim()) == [owner.customer_id, forged.customer_id]


def test_a_claim_made_first_does_not_keep_the_owner_from_the_identifier() -> None:
    identities = InMemoryIdentities()
    call = a_tracking_call(Kind.IDENTIFY, anonymousId="anon-7", traits={"phone": PHONE})
    claimant, owner = match(call, identities), match(a_received(), identities)
    assert claimant.customer_id != owner.customer_id
    assert identities.owned["phone", PHONE] == owner.customer_id


def test_two_people_on_different_numbers_are_two_customers() -> None:
    identities = InMemoryIdentities()
    other = an_event(from_="14155550199", sender_ids={"phone": "+14155550199"})
    assert (
        match(a_received(), identities).customer_id
        != match(a_received(other), identities).customer_id
    )


def test_an_event_that_names_nobody_makes_nobody() -> None:
    identities = InMemoryIdentities()
    assert match_sender(a_received(an_event(from_=None)), identities=identities, ids=IDS) is None
    assert not identities.records


def test_concurrent_first_contact_of_one_sender_makes_one_record() -> None:
    identities = Interrupted(by_another_function(a_received(ingest_id="ing_2")))
    ours = match(a_received(), identities)
    assert [*identities.records.values()] == [ours]
    assert ours.evidence[0].event_id == "ing_2"


def test_concurrent_first_contact_by_whatsapp_and_sms_makes_one_customer() -> None:
    identities = Interrupted(by_another_function(an_sms()))
    ours = match(a_received(), identities)
    assert len(identities.records) == 2
    assert {record.customer_id for record in identities.records.values()} == {ours.customer_id}


def test_who_never_wins_gives_the_event_back_to_the_queue() -> None:
    identities = NeverWins()
    with pytest.raises(Transient):
        match(a_received(), identities)
    assert identities.tried == ATTEMPTS


def test_a_stale_read_of_a_known_sender_makes_no_second_record() -> None:
    class Lagging(InMemoryIdentities):
        def find(self, source: Source) -> Record | None:
            return None

    identities = Lagging()
    assert match(a_received(), identities) == match(a_received(ingest_id="ing_2"), identities)
    assert len(identities.records) == len(identities.events) == 1


def test_a_dead_attempt_repeated_comes_to_the_same_record() -> None:
    identities = InMemoryIdentities()
    first = match(a_received(), identities)  # and then the function dies; the queue brings it again
    assert match(a_received(), identities) == first
    assert len(identities.events) == 1


def test_a_new_name_is_kept_and_told_to_nobody() -> None:
    identities = InMemoryIdentities()
    match(a_received(an_event(sender_name="Ada")), identities)
    renamed = match(a_received(an_event(sender_name="Ada L."), ingest_id="ing_2"), identities)
    assert renamed.name == "Ada L."
    assert len(identities.events) == 1


def test_a_missing_name_does_not_erase_the_known_one() -> None:
    identities = InMemoryIdentities()
    match(a_received(an_event(sender_name="Ada")), identities)
    assert match(a_received(an_event(), ingest_id="ing_2"), identities).name == "Ada"


def test_a_known_record_gains_an_identifier_and_the_fact_does_not_tell_its_value() -> None:
    identities = InMemoryIdentities()
    match(a_tracking_call(anonymousId="anon-7"), identities)
    call = a_tracking_call(Kind.IDENTIFY, anonymousId="anon-7", traits={"email": "ada@example.com"})
    record = match(call, identities)
    assert a_claim() in record.identifiers
    added = identities.events[-1]
    assert added.data["namespace"] == "email"
    assert "ada@example.com" not in added.model_dump_json()


def test_a_claim_that_becomes_vouched_for_makes_its_customer_the_owner() -> None:
    identities = InMemoryIdentities()
    claimant = match(a_mail(dmarc=False), identities)
    record = match(a_mail(), identities)
    assert record.record_id == claimant.record_id
    assert record.identifiers == (an_identifier("email", "ada@example.com"),)
    assert identities.owned == {("email", "ada@example.com"): record.customer_id}


def test_an_identifier_owned_elsewhere_is_noted_and_moves_nobody() -> None:
    identities = InMemoryIdentities()
    owner = match(a_mail(), identities)
    shop = match(a_tracking_call(trusted=True, userId="u1"), identities)
    # The same mailbox, known to another account as somebody else's claim, passes DMARC there now.
    second = a_mail(dmarc=False).model_copy(update={"account": "second"})
    stranger = match(second, identities)
    vouched = match(a_mail().model_copy(update={"account": "second"}), identities)
    assert vouched.customer_id == stranger.customer_id != owner.customer_id != shop.customer_id
    assert vouched.identifiers[0].assurance is Assurance.CHANNEL
    assert identities.owned["email", "ada@example.com"] == owner.customer_id


def test_of_several_owned_identifiers_the_first_decides_and_none_changes_hands() -> None:
    identities = InMemoryIdentities()
    anonymous = match(a_tracking_call(anonymousId="anon-7"), identities)
    user = match(a_tracking_call(trusted=True, userId="u1"), identities)
    both = a_tracking_call(trusted=True, anonymousId="anon-7", userId="u1")
    record = match(both.model_copy(update={"account": "second"}), identities)
    assert record.customer_id == anonymous.customer_id
    assert identities.owned["user_id", "u1"] == user.customer_id


def test_a_record_full_of_claims_takes_more_events_without_more_writes() -> None:
    identities = InMemoryIdentities()
    for number in range(MAX_IDENTIFIERS + 5):
        call = a_tracking_call(
            Kind.IDENTIFY, anonymousId="anon-7", traits={"email": f"{number}@example.com"}
        )
        record = match(call, identities)
    assert len(record.identifiers) == MAX_IDENTIFIERS
    known = len(identities.events)
    again = a_tracking_call(Kind.TRACK, anonymousId="anon-7", traits=dict(record.traits))
    assert match(again, identities) == record
    assert len(identities.events) == known


def test_traits_accumulate_over_calls() -> None:
    identities = InMemoryIdentities()
    match(a_tracking_call(Kind.IDENTIFY, anonymousId="a1", traits={"plan": "free"}), identities)
    call = a_tracking_call(Kind.IDENTIFY, anonymousId="a1", traits={"city": "Lisbon"})
    assert match(call, identities).traits == {"plan": "free", "city": "Lisbon"}


def test_every_event_of_one_change_has_an_id_of_its_own() -> None:
    identities = InMemoryIdentities()
    match(a_tracking_call(anonymousId="a1"), identities)
    traits = {"email": "ada@example.com", "phone": PHONE}
    match(a_tracking_call(Kind.IDENTIFY, anonymousId="a1", userId="u1", traits=traits), identities)
    ids = [event.metadata.event_id for event in identities.events]
    assert len(set(ids)) == len(ids) == 4
