"""A name told once that is a letter away from who is known on the same identifier is a slip."""

from rapport.identity.model import Attestation
from tests.unit.identity.resolution.saying import (
    BROWSER,
    MAIL,
    OTHER_PHONE,
    PHONE,
    claimed,
    people,
    proven,
    resolved,
    say,
    vouched,
)

SHOP = Attestation.AGENT


def test_a_letter_left_out_once_makes_no_second_person() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE), name="Choi Ling Lai", day=0),
        say("b", vouched("phone", PHONE), name="蔡玲麗", day=5),
        say("slip", vouched("phone", PHONE), name="Choi Ling Ai", day=9),
        say("nameless", vouched("phone", PHONE), day=60),
    )
    assert people(found) == {"a b nameless slip"}
    assert "same_identifier_and_slip" in {one.rule for one in found.links}


def test_told_twice_it_is_a_name() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE), name="Choi Ling Lai", day=0),
        say("b", vouched("phone", PHONE), name="Choi Ling Lai", day=5),
        say("c", vouched("phone", PHONE), name="Choi Ling Ai", day=9),
        say("d", vouched("phone", PHONE), name="Choi Ling Ai", day=12),
    )
    assert people(found) == {"a b", "c d"}


def test_the_same_slip_delivered_twice_is_told_once() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE), name="Choi Ling Lai", day=0),
        say("b", vouched("phone", PHONE), name="Choi Ling Ai", day=9),
        say("c", vouched("phone", PHONE), name="Choi Ling Ai", day=9),
    )
    assert people(found) == {"a b c"}


def test_a_slip_that_fits_two_is_left_alone() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE), name="Choi Ling Lai", day=0),
        say("b", vouched("phone", PHONE), name="Choi Ling Lai", day=1),
        say("c", vouched("phone", PHONE), name="Choi Ling Kai", day=2),
        say("d", vouched("phone", PHONE), name="Choi Ling Kai", day=3),
        say("e", vouched("phone", PHONE), name="Choi Ling Ai", day=9),
    )
    assert people(found) == {"a b", "c d", "e"}


def test_a_sister_known_by_that_name_elsewhere_stays_herself() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE), name="Choi Ling Lai", day=0),
        say("b", vouched("phone", PHONE), name="Choi Ling Lai", day=1),
        say("sister", vouched("phone", PHONE), name="Choi Ling Ai", day=9),
        say("own", vouched("phone", OTHER_PHONE), name="Choi Ling Ai", day=12),
    )
    assert people(found) == {"a b", "sister", "own"}


def test_staff_who_mistype_a_name_with_the_right_number_add_nobody() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE), name="Shihua Wu", day=0),
        say("b", vouched("phone", PHONE), name="WU SHI HUA", day=3),
        say("shop", claimed("phone", PHONE), name="Shihui Wu", day=9, attestation=SHOP),
    )
    assert people(found) == {"a b shop"}


def test_two_cards_are_two_people_however_alike_the_names() -> None:
    found = resolved(
        say("a", vouched("loyalty", "1"), claimed("phone", PHONE), name="Choi Ling Lai",
            attestation=SHOP),
        say("b", vouched("loyalty", "2"), claimed("phone", PHONE), name="Choi Ling Ai", day=4,
            attestation=SHOP),
    )  # fmt: skip
    assert people(found) == {"a", "b"}


def test_mailboxes_of_one_name_in_one_browser_are_one_persons() -> None:
    mine, newer, others = "ada.king84@mail.hk", "adaking@post.hk", "bob.king@mail.hk"
    found = resolved(
        say("a", vouched("anonymous_id", BROWSER), proven("email", mine, "login"), day=0),
        say("b", vouched("anonymous_id", BROWSER), proven("email", newer, "login"), day=50),
    )
    assert people(found) == {"a b"}
    found = resolved(
        say("a", vouched("anonymous_id", BROWSER), proven("email", mine, "login"), day=0),
        say("b", vouched("anonymous_id", BROWSER), proven("email", others, "login"), day=50),
    )
    assert people(found) == {"a", "b"}


def test_names_that_say_nothing_of_each_other_need_the_number_noted_twice() -> None:
    chat = say("chat", vouched("phone", PHONE), display_name="Sophia")
    once = say("once", claimed("phone", PHONE), name="簡偉琪", day=3, attestation=SHOP)
    again = say("again", claimed("phone", PHONE), name="簡偉琪", day=8, attestation=SHOP)
    assert people(resolved(chat, once)) == {"chat", "once"}
    assert people(resolved(chat, once, again)) == {"again chat once"}


def test_a_mistyped_name_between_two_people_explains_no_other_characters() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE), name="彭雯天", day=0),
        say("b", vouched("phone", PHONE), vouched("email", MAIL), name="Pang Muicun", day=2),
        say("c", vouched("email", MAIL), name="彭梅俊", day=4),
    )
    assert people(found) == {"a", "b c"}


def test_a_name_that_is_spelled_well_is_no_slip_for_one_that_is_not() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE), name="彭雯天", day=0),
        say("b", vouched("phone", PHONE), vouched("email", MAIL), name="Pang Muicun", day=2),
        say("c", vouched("email", MAIL), name="Pang Mui-Chun", day=4),
    )
    assert people(found) == {"a", "b c"}
