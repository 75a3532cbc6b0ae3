"""A person's word goes above the rules, and can be taken back."""

import pytest

from rapport.identity.graph import DecisionKind
from tests.unit.identity.resolution.saying import (
    MAIL,
    PHONE,
    decided,
    people,
    resolved,
    say,
    vouched,
)

APART, JOIN, RETRACT = DecisionKind.APART, DecisionKind.JOIN, DecisionKind.RETRACT
SAID = (
    say("a", vouched("phone", PHONE), name="Chan Tai Man"),
    say("b", vouched("phone", PHONE), name="陳大文", day=30),
)
MAILED = say("m", vouched("email", MAIL), name="Chan Tai Man", day=5)


def test_apart_separates_and_its_withdrawal_restores() -> None:
    apart = decided("1", APART, "a", "b")
    back = decided("2", APART, "a", "b", withdraws="dec_1")
    assert people(resolved(*SAID, decisions=[apart])) == {"a", "b"}
    assert people(resolved(*SAID, decisions=[apart, back])) == {"a b"}


def test_a_withdrawal_that_is_withdrawn_withdraws_nothing() -> None:
    decisions = [
        decided("1", APART, "a", "b"),
        decided("2", APART, "a", "b", withdraws="dec_1"),
        decided("3", APART, "a", "b", withdraws="dec_2"),
    ]
    assert people(resolved(*SAID, decisions=decisions)) == {"a", "b"}


def test_join_unites_what_no_rule_would() -> None:
    found = resolved(*SAID, MAILED, decisions=[decided("1", JOIN, "a", "m")])
    assert people(found) == {"a b m"}
    assert "dec_1" in {one.decision_id for one in found.links}


def test_the_later_word_on_two_statements_holds() -> None:
    apart, join = decided("1", APART, "a", "b"), decided("2", JOIN, "a", "b")
    assert people(resolved(*SAID, decisions=[apart, join])) == {"a b"}
    later = decided("3", APART, "a", "b")
    assert people(resolved(*SAID, decisions=[later, join, apart])) == {"a", "b"}


def test_apart_holds_through_third_parties() -> None:
    third = say("c", vouched("phone", PHONE), name="Chan Tai Man", day=31)
    found = people(resolved(*SAID, third, decisions=[decided("1", APART, "a", "b")]))
    assert not any({"a", "b"} <= set(one.split()) for one in found)


@pytest.mark.parametrize("gone", ["a", "b", "m"])
def test_a_retracted_statement_counts_as_never_heard(gone: str) -> None:
    everything = (*SAID, MAILED)
    left = [one for one in everything if one.statement_id != f"stm_{gone}"]
    found = people(resolved(*everything, decisions=[decided("1", RETRACT, gone)]))
    assert found - {gone} == people(resolved(*left))
    assert gone in found


def test_what_only_a_retracted_statement_connected_falls_apart() -> None:
    bridge = say("bridge", vouched("email", MAIL), vouched("phone", PHONE), day=2)
    assert people(resolved(*SAID, MAILED, bridge)) == {"a b bridge m"}
    found = people(resolved(*SAID, MAILED, bridge, decisions=[decided("1", RETRACT, "bridge")]))
    assert found == {"a b", "m", "bridge"}


@pytest.mark.parametrize("name", ["", "Chan Tai Man"])
def test_who_writes_from_either_number_of_a_merged_customer_is_that_customer(name: str) -> None:
    other = "+14155550177"
    said = [
        say("a", vouched("phone", PHONE)),
        say("b", vouched("phone", other), day=1),
        say("c", vouched("phone", PHONE), day=2, name=name),
        say("d", vouched("phone", other), day=3, name=name),
    ]
    assert people(resolved(*said, decisions=[decided("1", JOIN, "a", "b")])) == {"a b c d"}
