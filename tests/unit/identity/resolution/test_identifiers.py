"""Who vouches for the same identifier is one person, unless it is shared."""

from rapport.identity.graph import Component
from rapport.identity.resolution import joining_pairs, lookup_keys, relates
from rapport.identity.rules import Namespace, Rules
from tests.unit.identity.resolution.saying import (
    BROWSER,
    MAIL,
    MATCHER,
    OTHER_MAIL,
    OTHER_PHONE,
    PHONE,
    claimed,
    deactivated,
    people,
    proven,
    resolved,
    say,
    vouched,
)


def test_a_number_vouched_for_twice_is_one_person() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE)),
        say("b", vouched("line_id", "U1"), proven("phone", PHONE)),
    )
    assert people(found) == {"a b"}
    (link,) = found.links
    assert (link.rule, link.identifier) == ("same_identifier", ("phone", PHONE))
    assert set(link.event_ids) == {"evt_a", "evt_b"}


def test_what_is_merely_claimed_joins_nobody() -> None:
    found = resolved(
        say("owner", vouched("phone", PHONE), name="Chan Tai Man"),
        say("claimant", vouched("line_id", "U1"), claimed("phone", PHONE), name="Chan Tai Man"),
    )
    assert people(found) == {"owner", "claimant"}


def test_the_same_name_written_in_other_ways_stays_one_person() -> None:
    spellings = ["Chan Tai Man", "陳大文", "陈大文", "CHAN, Tai-man", "Chen Dawen"]
    found = resolved(
        *(say(str(n), vouched("phone", PHONE), name=one, day=n) for n, one in enumerate(spellings))
    )
    assert people(found) == {"0 1 2 3 4"}


def test_a_family_telephone_is_split_by_name() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE), name="Chan Tai Man", day=0),
        say("b", vouched("phone", PHONE), name="Wong Mei Ling", day=1),
        say("c", vouched("phone", PHONE), name="陳大文", day=2),
        say("d", vouched("phone", PHONE), name="Wong, Mei Ling", day=3),
    )
    assert people(found) == {"a c", "b d"}
    assert "name_conflict" in {one.rule for one in found.against}


def test_twins_on_one_telephone_are_two() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE), name="Chan Ka Ming", date_of_birth="1990-01-01"),
        say("b", vouched("phone", PHONE), name="Chan Ka Wai", date_of_birth="1990-01-01"),
    )
    assert people(found) == {"a", "b"}


def test_a_statement_without_name_belongs_to_the_only_holder() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE), name="Chan Tai Man"),
        say("b", vouched("phone", PHONE), day=90),
    )
    assert people(found) == {"a b"}


def test_on_a_shared_telephone_a_statement_without_name_goes_with_who_was_there() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE), name="Chan Tai Man", day=0),
        say("b", vouched("phone", PHONE), name="Wong Mei Ling", day=50),
        say("near", vouched("phone", PHONE), day=50.5),
        say("far", vouched("phone", PHONE), day=25),
    )
    assert people(found) == {"a", "b near", "far"}


def test_a_statement_with_another_identifier_is_placed_by_that_one() -> None:
    found = resolved(
        say("a", vouched("phone", PHONE), name="Chan Tai Man"),
        say("b", vouched("phone", PHONE), name="Wong Mei Ling", day=20),
        say("mail", vouched("email", OTHER_MAIL), name="Wong Mei Ling", day=40),
        say("login", vouched("anonymous_id", BROWSER), proven("email", OTHER_MAIL), day=60),
    )
    assert people(found) == {"a", "b", "login mail"}


def test_a_recycled_number_begins_anew_when_the_carrier_says_so() -> None:
    before = say("old", vouched("phone", PHONE), day=0)
    after = say("new", vouched("phone", PHONE), day=60)
    assert people(resolved(before, after)) == {"new old"}
    assert people(resolved(before, after, signals=[deactivated(PHONE, 30)])) == {"old", "new"}


def test_a_number_whose_holder_changed_without_notice_has_two_tenures() -> None:
    said = [
        say("a", vouched("phone", PHONE), name="Chan Tai Man", day=0),
        say("b", vouched("phone", PHONE), name="陳大文", day=40),
        say("c", vouched("phone", PHONE), name="Wong Mei Ling", day=200),
        say("d", vouched("phone", PHONE), name="WONG Mei Ling", day=250),
    ]
    early = say("early", vouched("phone", PHONE), day=20)
    late = say("late", vouched("phone", PHONE), day=300)
    assert people(resolved(*said, early, late)) == {"a b early", "c d late"}


def test_a_browser_with_two_logins_stops_joining_people() -> None:
    found = resolved(
        say("a", vouched("anonymous_id", BROWSER), proven("email", MAIL, "login"), day=0),
        say("b", vouched("anonymous_id", BROWSER), proven("email", OTHER_MAIL, "login"), day=5),
        say("anonymous", vouched("anonymous_id", BROWSER), day=2.5),
    )
    assert people(found) == {"a", "b", "anonymous"}


def test_anonymous_history_joins_the_only_person_who_logged_in() -> None:
    found = resolved(
        say("before", vouched("anonymous_id", BROWSER), day=0),
        say("login", vouched("anonymous_id", BROWSER), proven("email", MAIL, "login"), day=9),
    )
    assert people(found) == {"before login"}


def test_an_office_mailbox_joins_nobody() -> None:
    office = "info@trading.com.hk"
    found = resolved(
        say("a", vouched("email", office), name="Chan Tai Man"),
        say("b", vouched("email", office), name="Wong Mei Ling"),
        say("c", vouched("email", office)),
        say("d", vouched("email", office), proven("phone", PHONE), name="Chan Tai Man"),
        say("e", vouched("phone", PHONE), name="Chan Tai Man"),
    )
    assert people(found) == {"a", "b", "c", "d e"}


def test_two_cards_are_two_people_even_with_one_telephone_and_name() -> None:
    found = resolved(
        say("a", proven("loyalty", "1", "card"), proven("phone", PHONE), name="Chan Tai Man"),
        say("b", proven("loyalty", "2", "card"), proven("phone", PHONE), name="Chan Tai Man"),
    )
    assert people(found) == {"a", "b"}
    assert "two_exclusive_identifiers" in {one.rule for one in found.against}


def test_other_rules_give_other_people_from_the_same_statements() -> None:
    said = (
        say("a", proven("loyalty", "1", "card"), proven("phone", PHONE), name="Chan Tai Man"),
        say("b", proven("loyalty", "2", "card"), proven("phone", PHONE), name="Chan Tai Man"),
    )
    assert people(resolved(*said, rules=Rules(version="lax", protected=()))) == {"a b"}


def test_a_limit_stops_what_would_be_too_many() -> None:
    rules = Rules(version="strict", namespaces=(
        Namespace(name="phone", priority=1),
        Namespace(name="anonymous_id", priority=2, limit=2, window_days=7),
    ))  # fmt: skip
    said = [
        say(str(n), vouched("anonymous_id", f"b{n}"), proven("phone", PHONE), day=n)
        for n in range(4)
    ]
    assert max(len(one) for one in resolved(*said, rules=rules).customers) == 2
    spread = [
        say(str(n), vouched("anonymous_id", f"b{n}"), proven("phone", PHONE), day=n * 30)
        for n in range(4)
    ]
    assert people(resolved(*spread, rules=rules)) == {"0 1 2 3"}


def test_lookup_follows_what_is_vouched_for_and_never_a_claim() -> None:
    said = say("a", vouched("line_id", "U1"), claimed("phone", PHONE), proven("email", MAIL))
    keys = lookup_keys(said, Rules(), MATCHER)
    assert set(keys.identifiers) == {("line_id", "U1"), ("email", MAIL)}
    assert keys.blocks == ()
    assert joining_pairs(said, Rules()) == {("line_id", "U1"), ("email", MAIL)}


def test_statements_that_share_nothing_do_not_relate() -> None:
    one = say("a", vouched("phone", PHONE), name="Chan Tai Man")
    other = say("b", vouched("phone", OTHER_PHONE), name="Chan Tai Man")
    assert not relates(one, Component("cmp_1", (other,)), Rules(), MATCHER)


def test_somebody_of_five_hundred_spellings_is_one_person() -> None:
    spellings = [f"Peter{' ' * (one % 40 + 1)}Lam{' ' * (one // 40)}" for one in range(500)]
    said = [
        say(f"{number:03d}", vouched("phone", PHONE), name=name)
        for number, name in enumerate(spellings)
    ]
    other = say("other", vouched("phone", PHONE), name="Mary Wong")
    assert len(resolved(*said).customers) == 1
    assert len(resolved(*said, other).customers) == 2
