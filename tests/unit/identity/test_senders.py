"""Whom an event names, and how surely."""

from typing import Any

import pytest

from rapport.contracts.identity import Assurance
from rapport.contracts.inbound import Kind, ReceivedEvent
from rapport.identity.model import Attestation, Sender, Source
from rapport.identity.senders import attributes_of, sender_of
from tests.builders import (
    PHONE,
    a_mail,
    a_received,
    a_tracking_call,
    an_event,
    an_sms,
)

CLAIMED, CHANNEL, VERIFIED = Assurance.CLAIMED, Assurance.CHANNEL, Assurance.VERIFIED


def identified(received: ReceivedEvent) -> Sender:
    sender = sender_of(received)
    assert sender is not None
    return sender


def assurances(received: ReceivedEvent) -> dict[tuple[str, str], Assurance]:
    return {
        (item.namespace, item.value): item.assurance for item in identified(received).identifiers
    }


def on(channel: str, sender: str, **changes: Any) -> ReceivedEvent:
    fields = {"channel": channel, "provider": channel, "from_": sender, "sender_ids": {}}
    return a_received(an_event(**(fields | changes)))


def test_assurances_rank_claimed_below_channel_below_verified() -> None:
    assert CLAIMED.rank < CHANNEL.rank < VERIFIED.rank


def test_a_whatsapp_number_is_vouched_for_by_the_platform() -> None:
    assert assurances(a_received()) == {("phone", PHONE): CHANNEL}


def test_a_whatsapp_user_without_a_number_is_known_by_the_business_scoped_id() -> None:
    received = on("whatsapp", "DE.55120", sender_ids={"bsuid": "DE.55120"})
    assert assurances(received) == {("bsuid", "DE.55120"): CHANNEL}


def test_the_same_number_by_whatsapp_and_by_sms_is_one_identifier() -> None:
    assert assurances(a_received()) == assurances(an_sms())


def test_a_brazilian_number_is_one_identifier_with_and_without_its_ninth_digit() -> None:
    with_eight = on("whatsapp", "551187654321", sender_ids={"phone": "+551187654321"})
    assert assurances(with_eight) == assurances(an_sms("+5511987654321"))


@pytest.mark.parametrize("sender", ["BANK", "72345", "MyShop 24"])
def test_an_sms_sender_that_is_no_phone_number_gives_no_identifier(sender: str) -> None:
    assert assurances(an_sms(sender)) == {}


def test_a_caller_id_is_a_mere_claim() -> None:
    call = on("voice", PHONE, kind=Kind.CALL, provider="twilio")
    assert assurances(call) == {("phone", PHONE): CLAIMED}


def test_mail_that_passes_dmarc_vouches_for_its_address() -> None:
    assert assurances(a_mail()) == {("email", "ada@example.com"): CHANNEL}


def test_mail_that_does_not_pass_dmarc_is_a_mere_claim() -> None:
    assert assurances(a_mail(dmarc=False)) == {("email", "ada@example.com"): CLAIMED}


def test_mail_in_another_case_is_of_the_same_source_and_identifier() -> None:
    assert identified(a_mail("Ada@Example.com")).source == identified(a_mail()).source
    assert assurances(a_mail("Ada@Example.com")) == assurances(a_mail())


@pytest.mark.parametrize("channel", ["messenger", "line", "telegram", "instagram"])
def test_a_platforms_own_id_is_one_of_its_account_alone(channel: str) -> None:
    received = on(channel, "4242")
    assert assurances(received) == {(f"{channel}_id", "main:4242"): CHANNEL}
    elsewhere = received.model_copy(update={"account": "second"})
    assert assurances(elsewhere) == {(f"{channel}_id", "second:4242"): CHANNEL}
    assert identified(received).source == Source(channel, "main", "4242")


def test_a_web_chat_visitor_is_known_by_the_anonymous_id_in_their_token() -> None:
    received = on("webchat", "anon-7", sender_ids={"anonymous_id": "anon-7"})
    assert assurances(received)["anonymous_id", "anon-7"] is CHANNEL


def test_one_senders_records_on_two_accounts_are_two() -> None:
    main, other = a_received(), a_received(account="second")
    assert identified(main).source != identified(other).source


@pytest.mark.parametrize("address", [None, "", "  "])
def test_an_event_of_nobody_has_no_sender(address: str | None) -> None:
    assert sender_of(a_received(an_event(from_=address))) is None


def test_an_echo_is_the_customers_whom_it_was_written_to() -> None:
    echo = an_event(
        kind=Kind.ECHO,
        from_="204811",
        to="14155550100",
        sender_name="The Shop",
        sender_ids={"phone": "+4930555010"},
    )
    sender = identified(a_received(echo))
    assert sender.source.sender == "14155550100"
    assert sender.name is None
    assert "+4930555010" not in [item.value for item in sender.identifiers]


def test_a_call_we_placed_is_the_customers_whom_we_called() -> None:
    placed = an_event(
        kind=Kind.CALL,
        channel="voice",
        provider="twilio",
        from_="+4930555010",
        to=PHONE,
        sender_ids={},
        extra={"direction": "outbound-api"},
    )
    assert identified(a_received(placed)).source.sender == PHONE


# -- Segment: what a write key proves ----------------------------------------------------------


def test_a_browser_vouches_for_its_anonymous_id_and_merely_claims_a_user_id() -> None:
    call = a_tracking_call(anonymousId="anon-7", userId="u1")
    assert assurances(call) == {("anonymous_id", "anon-7"): CHANNEL, ("user_id", "u1"): CLAIMED}
    assert identified(call).source.sender == "anonymous:anon-7"


def test_a_trusted_server_vouches_for_a_user_id() -> None:
    call = a_tracking_call(trusted=True, userId="u1")
    assert assurances(call) == {("user_id", "u1"): CHANNEL}
    assert identified(call).source.sender == "user:u1"


def test_a_trusted_server_joins_the_anonymous_id_to_the_user() -> None:
    call = a_tracking_call(trusted=True, anonymousId="anon-7", userId="u1")
    assert set(assurances(call).values()) == {CHANNEL}
    assert identified(call).source.sender == "user:u1"


@pytest.mark.parametrize("trusted", [False, True])
def test_traits_are_claims_whoever_sends_them(trusted: bool) -> None:
    traits = {"phone": "+1 415 555 0100", "email": "Ada@Example.com", "name": "Ada"}
    call = a_tracking_call(Kind.IDENTIFY, trusted=trusted, userId="u1", traits=traits)
    found = assurances(call)
    assert found["phone", PHONE] is CLAIMED
    assert found["email", "ada@example.com"] is CLAIMED
    assert identified(call).name == "Ada"


@pytest.mark.parametrize(
    "traits", [None, {}, {"phone": 4155550100, "email": ["x"], "name": {"a": 1}}, {"phone": "?"}]
)
def test_strange_traits_do_no_harm(traits: Any) -> None:
    call = a_tracking_call(Kind.IDENTIFY, anonymousId="anon-7", traits=traits)
    assert assurances(call) == {("anonymous_id", "anon-7"): CHANNEL}


@pytest.mark.parametrize(
    "value", ["null", "undefined", "-1", "0", "anonymous", "Guest", "", " ", "[object Object]"]
)
def test_what_stands_in_place_of_an_id_makes_nobody_one_customer(value: str) -> None:
    assert sender_of(a_tracking_call(anonymousId=value)) is None
    assert sender_of(a_tracking_call(trusted=True, userId=value)) is None
    found = assurances(a_tracking_call(anonymousId="anon-7", userId=value))
    assert found == {("anonymous_id", "anon-7"): CHANNEL}


def test_the_all_zero_uuid_is_nobodys_id() -> None:
    assert sender_of(a_tracking_call(anonymousId="00000000-0000-0000-0000-000000000000")) is None


def test_a_number_is_as_good_an_id_as_a_text() -> None:
    assert assurances(a_tracking_call(trusted=True, userId=42)) == {("user_id", "42"): CHANNEL}


# -- What identifies besides -------------------------------------------------------------------


def test_a_platforms_name_for_its_sender_is_what_they_call_themselves() -> None:
    named = identified(a_received(an_event(sender_name="Ada Lovelace")))
    assert named.attributes == {"full_name": "Ada Lovelace"}
    assert named.attestation is Attestation.SELF
    nameless = identified(a_received())
    assert (nameless.attributes, nameless.attestation) == ({}, Attestation.NONE)


def test_traits_that_identify_are_attributes_and_the_rest_is_none() -> None:
    traits = {
        "firstName": "Ada",
        "last_name": "Lovelace",
        "birthday": "1815-12-10",
        "address": {"street": "12 St James's Square", "postalCode": "SW1Y", "floor": 2},
        "plan": "gold",
        "gender": 7,
        "city": " ",
    }
    assert attributes_of(traits) == {
        "given_name": "Ada",
        "surname": "Lovelace",
        "date_of_birth": "1815-12-10",
        "street": "12 St James's Square",
        "postcode": "SW1Y",
    }


def test_what_we_write_tells_nothing_of_the_customers_name() -> None:
    echo = a_received(
        an_event(kind=Kind.ECHO, from_="204811", to="14155550100", sender_name="Shop")
    )
    if identified(echo).source.sender == "14155550100":
        assert identified(echo).name is None
        assert identified(echo).attributes == {}
