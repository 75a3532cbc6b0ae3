"""What staff stand behind joins by a name and a second field, and by nothing less."""

from dataclasses import replace

import pytest

from rapport.identity.graph import Component, Statement
from rapport.identity.model import Attestation
from rapport.identity.resolution import lookup_keys, relates
from rapport.identity.rules import Rules
from tests.unit.identity.resolution.saying import (
    MAIL,
    MATCHER,
    PHONE,
    claimed,
    people,
    proven,
    resolved,
    say,
    vouched,
)

CRM, SHOP = Attestation.IMPORT, Attestation.AGENT


def test_name_and_birth_date_are_enough() -> None:
    found = resolved(
        say("a", name="Chan Tai Man", date_of_birth="1980-02-03", attestation=CRM),
        say("b", name="陳大文", date_of_birth="03/02/1980", attestation=SHOP),
    )
    assert people(found) == {"a b"}
    (link,) = found.links
    assert link.rule == "attested_name_and_second_field"
    assert link.score is not None
    assert link.fields.keys() == {"birth"}


def test_name_and_the_same_address_are_enough_in_any_script() -> None:
    found = resolved(
        say(
            "a",
            name="Chan Tai Man",
            address="Flat C, 15/F, Block 20, Lek Yuen Estate",
            attestation=CRM,
        ),
        say("b", name="陳大文", address="沙田瀝源邨20座15樓C室", attestation=SHOP),
    )
    assert people(found) == {"a b"}


def test_name_and_the_contact_that_is_verified_elsewhere_are_enough() -> None:
    found = resolved(
        say("shop", claimed("phone", PHONE, "staff_keyed"), name="TAI MAN CHAN", attestation=SHOP),
        say("chat", vouched("phone", PHONE), name="Chan Tai Man"),
    )
    assert people(found) == {"chat shop"}


@pytest.mark.parametrize(
    "other",
    [
        say("b", name="Chan Tai Man", attestation=SHOP),
        say("b", name="Wong Mei Ling", date_of_birth="1980-02-03", attestation=SHOP),
        say("b", name="Chan Tai Man", date_of_birth="1955-11-30", attestation=SHOP),
        say("b", name="Chan Tai Man", date_of_birth="1980", attestation=SHOP),
        say("b", name="Chan Tai Man", date_of_birth="1980-02-03", attestation=Attestation.SELF),
    ],
    ids=["name alone", "another name", "another birth date", "year alone", "said by anybody"],
)
def test_one_field_or_nobody_behind_it_is_not(other: Statement) -> None:
    first = say("a", name="Chan Tai Man", date_of_birth="1980-02-03", attestation=CRM)
    assert people(resolved(first, other)) == {"a", "b"}


def test_twins_have_birth_date_address_and_surname_in_common_and_are_two() -> None:
    home = "Flat C, 15/F, Block 20, Lek Yuen Estate"
    found = resolved(
        say("a", name="Chan Ka Ming", date_of_birth="1990-01-01", address=home, attestation=CRM),
        say("b", name="Chan Ka Wai", date_of_birth="1990-01-01", address=home, attestation=CRM),
    )
    assert people(found) == {"a", "b"}


def test_an_initial_at_a_family_s_address_may_be_any_of_them() -> None:
    home = "Flat A, 22/F, Block 12, Harbour Heights"
    found = resolved(
        say("a", name="K. Dubois", address=home, attestation=CRM),
        say("b", name="K. Dubois", address=home, attestation=SHOP),
    )
    assert people(found) == {"a", "b"}


def test_a_parent_with_the_same_surname_telephone_and_address_is_another_person() -> None:
    home, number = "Flat F, 8/F, Block 1, Maple Terrace", claimed("phone", PHONE, "staff_keyed")
    found = resolved(
        say("a", number, name="陳佩文", date_of_birth="1937", address=home, attestation=CRM),
        say("b", number, name="Christopher Chan", date_of_birth="1999-11-09", address=home,
            attestation=CRM),
    )  # fmt: skip
    assert people(found) == {"a", "b"}


def test_a_misspelt_name_between_two_people_makes_them_no_one_person() -> None:
    number = claimed("phone", PHONE, "staff_keyed")
    found = resolved(
        say("a", number, name="溫賢豪", date_of_birth="1993-03-14", attestation=CRM),
        say("b", number, name="Wen Hsienaho", date_of_birth="1993-03-14", attestation=CRM),
        say("c", vouched("phone", PHONE), name="溫勇蘭"),
    )
    assert "a b" in people(found)
    assert "c" in people(found)


def test_an_initial_that_fits_two_is_left_to_a_person() -> None:
    home = "Flat C, 15/F, Block 20, Lek Yuen Estate"
    found = resolved(
        say("a", name="Margaret Moore", date_of_birth="1990-01-01", address=home, attestation=CRM),
        say("b", name="Mary Moore", date_of_birth="1990-01-01", address=home, attestation=CRM),
        say("c", name="M. Moore", date_of_birth="1990-01-01", address=home, attestation=CRM),
    )
    assert people(found) == {"a", "b", "c"}
    assert any({"stm_c"} & {one.left, one.right} for one in found.reviews)


def test_a_wrongly_keyed_number_does_not_join_its_owner() -> None:
    found = resolved(
        say("shop", claimed("phone", PHONE, "staff_keyed"), name="Wong Mei Ling", attestation=SHOP),
        say("chat", vouched("phone", PHONE), name="Chan Tai Man"),
        say("nameless", vouched("phone", PHONE), day=3),
    )
    assert people(found) == {"shop", "chat nameless"}


@pytest.mark.parametrize("junk", ["test@test.com", "info@shop.com.hk"])
def test_a_junk_contact_is_no_second_field(junk: str) -> None:
    found = resolved(
        say("a", claimed("email", junk, "staff_keyed"), name="Chan Tai Man", attestation=CRM),
        say("b", claimed("email", junk, "staff_keyed"), name="Chan Tai Man", attestation=SHOP),
    )
    assert people(found) == {"a", "b"}


def test_statements_of_staff_are_found_by_contact_birth_date_and_address() -> None:
    said = say(
        "a", claimed("phone", PHONE, "staff_keyed"), name="Chan Tai Man", attestation=CRM,
        date_of_birth="1980-02-03", address="Flat C, 15/F, Block 20, Lek Yuen Estate",
    )  # fmt: skip
    swapped = say("b", name="陳大文", attestation=SHOP, date_of_birth="1980-03-02")
    keys, other = (lookup_keys(one, Rules(), MATCHER) for one in (said, swapped))
    assert keys.identifiers == (("phone", PHONE),)
    assert set(keys.blocks) & set(other.blocks)
    assert relates(said, Component("cmp_1", (swapped,)), Rules(), MATCHER)


def test_what_the_person_proved_names_and_cards_connect_all() -> None:
    found = resolved(
        say("join", proven("loyalty", "7", "card"), claimed("phone", PHONE, "staff_keyed"),
            name="Chan Tai Man", attestation=SHOP),
        say("buy", proven("loyalty", "7", "card"), day=3),
        say("chat", vouched("phone", PHONE), name="陳大文", day=5),
        say("mail", vouched("email", MAIL), name="Chan Tai Man", day=6),
    )  # fmt: skip
    assert people(found) == {"buy chat join", "mail"}


TABLE = {"given_name": "Margaret", "surname": "Moore", "email": "m.moore@mail.uk", "city": "Leeds"}


def said_in_table(key: str, row: dict[str, str]) -> Statement:
    return replace(say(key, attestation=CRM), attributes=row)


def test_records_without_contacts_are_weighed_by_all_they_tell() -> None:
    one = said_in_table("a", TABLE)
    other = said_in_table("b", {**TABLE, "city": "York"})
    found = resolved(one, other)
    assert people(found) == {"a b"}
    (link,) = found.links
    assert link.rule == "probabilistic"
    assert link.score is not None
    assert link.score >= Rules().join_bits
    assert {"whole_name", "email"} <= link.fields.keys()


def test_what_is_alike_but_not_enough_is_shown_to_a_person() -> None:
    one = said_in_table("a", TABLE)
    other = said_in_table("b", {**TABLE, "given_name": "Maggie"})
    rules = Rules(version="careful", join_bits=12)
    found = resolved(one, other, rules=rules)
    assert people(found) == {"a", "b"}
    assert [(one.left, one.right) for one in found.reviews] == [("stm_a", "stm_b")]
