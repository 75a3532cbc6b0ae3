"""Whoever wants to be taken for another is not, whatever he claims."""

from rapport.identity.model import Attestation
from tests.unit.identity.resolution.saying import (
    BROWSER,
    MAIL,
    OTHER_BROWSER,
    OTHER_MAIL,
    OTHER_PHONE,
    PHONE,
    claimed,
    people,
    proven,
    resolved,
    say,
    vouched,
)

VICTIM = (
    say("chat", vouched("phone", PHONE), name="Chan Tai Man"),
    say("mail", vouched("email", MAIL), name="Chan Tai Man", day=1),
    say("both", proven("email", MAIL, "link"), proven("phone", PHONE), day=2),
)
KNOWN = "both chat mail"


def test_a1_own_name_and_the_victims_telephone() -> None:
    attack = say("x", vouched("line_id", "U9"), claimed("phone", PHONE), name="Wong Fei", day=9)
    assert people(resolved(*VICTIM, attack)) == {KNOWN, "x"}


def test_a2_everything_of_the_victims_from_an_account_of_ones_own() -> None:
    own = say("own", vouched("phone", OTHER_PHONE), name="Wong Fei", day=5)
    attack = say(
        "x", vouched("phone", OTHER_PHONE), claimed("phone", PHONE), claimed("email", MAIL),
        name="Chan Tai Man", day=9, date_of_birth="1980-02-03",
    )  # fmt: skip
    found = people(resolved(*VICTIM, own, attack))
    assert KNOWN in found
    assert "own" in found


def test_a3_the_victims_address_claimed_and_a_telephone_of_ones_own_verified() -> None:
    form = say(
        "form", vouched("anonymous_id", BROWSER), claimed("email", MAIL), name="Chan Tai Man", day=9
    )
    code = say("code", vouched("anonymous_id", BROWSER), proven("phone", OTHER_PHONE), day=9.01)
    assert people(resolved(*VICTIM, form, code)) == {KNOWN, "code form"}


def test_a4_a_form_that_names_two_victims_is_no_bridge() -> None:
    other = say("other", vouched("phone", OTHER_PHONE), name="Wong Mei Ling")
    bridge = say(
        "x", vouched("anonymous_id", BROWSER), claimed("email", MAIL),
        claimed("phone", OTHER_PHONE), name="Chan Tai Man", day=9,
    )  # fmt: skip
    assert people(resolved(*VICTIM, other, bridge)) == {KNOWN, "other", "x"}


def test_a5_who_claims_an_address_before_its_owner_verifies_it_gains_nothing() -> None:
    claim = say(
        "x", vouched("anonymous_id", BROWSER), claimed("email", OTHER_MAIL), name="Lo Wai", day=-9
    )
    owner = say(
        "owner", vouched("anonymous_id", OTHER_BROWSER), proven("email", OTHER_MAIL, "link")
    )
    later = say("later", vouched("email", OTHER_MAIL), name="Lo Wai", day=3)
    assert people(resolved(claim, owner, later)) == {"x", "later owner"}


def test_a6_a_shown_number_without_the_right_answers_is_nobodys() -> None:
    call = say(
        "x", claimed("phone", PHONE, "caller_id"), name="Chan Tai Man", day=9,
        attestation=Attestation.NONE, channel="call",
    )  # fmt: skip
    assert people(resolved(*VICTIM, call)) == {KNOWN, "x"}


def test_a_shown_number_with_the_right_answers_and_name_is_the_callers() -> None:
    call = say(
        "call", claimed("phone", PHONE, "caller_id"), name="陳大文", day=9,
        attestation=Attestation.KBA, channel="call",
    )  # fmt: skip
    assert people(resolved(*VICTIM, call)) == {"both call chat mail"}


def test_another_name_on_a_hijacked_telephone_does_not_take_what_went_before() -> None:
    thief = say("x", vouched("phone", PHONE), name="Wong Fei", day=40)
    assert KNOWN in people(resolved(*VICTIM, thief))
