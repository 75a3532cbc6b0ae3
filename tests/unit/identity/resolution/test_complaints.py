"""What people complain about in other products, each as a story that ends well here."""

import pytest

from rapport.identity.graph import DecisionKind
from rapport.kernel.phone import normalise
from tests.unit.identity.resolution.saying import (
    MAIL,
    PHONE,
    claimed,
    decided,
    people,
    proven,
    resolved,
    say,
    vouched,
)


def test_the_same_person_by_sms_and_by_e_mail_is_one_once_both_are_proven() -> None:
    sms = say("sms", vouched("phone", PHONE), name="Chan Tai Man", channel="sms")
    mail = say("mail", vouched("email", MAIL), name="Chan Tai Man", channel="email")
    code = say("code", vouched("email", MAIL), proven("phone", PHONE), day=1)
    assert people(resolved(sms, mail)) == {"sms", "mail"}
    assert people(resolved(sms, mail, code)) == {"code mail sms"}


def test_contacts_known_by_a_number_alone_are_grouped() -> None:
    found = resolved(
        say("whatsapp", vouched("phone", PHONE)),
        say("sms", vouched("phone", PHONE), channel="sms"),
        say("app", vouched("anonymous_id", "b1"), proven("phone", PHONE), channel="web"),
    )
    assert people(found) == {"app sms whatsapp"}


def test_a_merge_loses_no_attribute_of_either() -> None:
    one = say("a", vouched("phone", PHONE), name="Chan Tai Man", gender="m")
    two = say("b", vouched("phone", PHONE), name="陳大文", date_of_birth="1980-02-03", day=1)
    found = resolved(one, two)
    (members,) = found.customers
    assert members == {one.statement_id, two.statement_id}
    assert one.attributes["gender"] == "m"
    assert two.attributes["date_of_birth"] == "1980-02-03"


def test_a_merge_of_a_customer_with_itself_changes_nothing() -> None:
    said = (say("a", vouched("phone", PHONE)), say("b", vouched("phone", PHONE), day=1))
    itself = [
        decided("1", DecisionKind.JOIN, "a", "b"),
        decided("2", DecisionKind.JOIN, "a", "a"),
        decided("3", DecisionKind.APART, "b", "b"),
    ]
    assert people(resolved(*said, decisions=itself)) == people(resolved(*said)) == {"a b"}


def test_nobody_is_impersonated_through_a_claim_that_was_not_verified() -> None:
    victim = say("victim", vouched("email", MAIL), name="Chan Tai Man")
    widget = say(
        "widget", vouched("anonymous_id", "b9"), claimed("email", MAIL), claimed("phone", PHONE),
        name="Chan Tai Man", day=1,
    )  # fmt: skip
    assert people(resolved(victim, widget)) == {"victim", "widget"}


@pytest.mark.parametrize(
    ("old", "new"),
    [("+551187654321", "+5511987654321"), ("+5215512345678", "+525512345678")],
    ids=["Brazil's ninth digit", "Mexico's 1"],
)
def test_an_old_spelling_of_a_mobile_does_not_split_a_person(old: str, new: str) -> None:
    found = resolved(
        say("a", vouched("phone", normalise(old)), name="Ana Souza"),
        say("b", vouched("phone", normalise(new)), name="Ana Souza", day=1),
    )
    assert people(found) == {"a b"}


@pytest.mark.parametrize("landline", ["+551131234567", "+525555123456"])
def test_a_landline_stays_right(landline: str) -> None:
    assert normalise(landline) == landline
    mobile = (
        normalise("+551191234567") if landline.startswith("+55") else normalise("+5215555123457")
    )
    found = resolved(
        say("a", vouched("phone", normalise(landline))), say("b", vouched("phone", mobile), day=1)
    )
    assert people(found) == {"a", "b"}
