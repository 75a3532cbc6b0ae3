"""Whatever is said, in whatever order and how often: the same people."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.contracts.identity import Identifier
from rapport.identity.graph import DecisionKind, Statement
from rapport.identity.model import Attestation
from tests.unit.identity.resolution.saying import (
    claimed,
    deactivated,
    decided,
    people,
    proven,
    resolved,
    say,
    vouched,
)

NAMES = (
    "",
    "",
    "Chan Tai Man",
    "陳大文",
    "Chan Ka Wai",
    "Mary Lee",
    "M. Lee",
    "Peter",
    "David Chan",
)
PHONES = ("+85291230001", "+85291230002")


@st.composite
def _identifiers(draw: st.DrawFn) -> list[Identifier]:
    kinds = st.sampled_from((vouched, proven, claimed))
    values = st.sampled_from(
        (
            *(("phone", one) for one in PHONES),
            ("email", "a@mail.hk"),
            ("email", "b@mail.hk"),
            ("anonymous_id", "b1"),
            ("loyalty", "1"),
            ("loyalty", "2"),
        )
    )
    pairs = draw(st.lists(values, max_size=3, unique=True))
    return [draw(kinds)(*pair) for pair in pairs]


@st.composite
def histories(draw: st.DrawFn) -> list[Statement]:
    """Up to nine statements of a few people who share much."""
    said = []
    for number in range(draw(st.integers(1, 9))):
        name = draw(st.sampled_from(NAMES))
        told = {"date_of_birth": "1980-02-03"} if name and draw(st.booleans()) else {}
        staff = st.sampled_from((Attestation.SELF, Attestation.AGENT, Attestation.NONE))
        said.append(
            say(str(number), *draw(_identifiers()), name=name, day=draw(st.integers(0, 400)),
                attestation=draw(staff), **told)
        )  # fmt: skip
    return said


@settings(max_examples=150, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_people(said: list[Statement], chance: object) -> None:
    signal = [deactivated(PHONES[0], 200)]
    shuffled = list(said)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = resolved(*said, signals=signal), resolved(*shuffled, signals=signal)
    assert one.links == other.links
    assert one._replace(because=tuple) == other._replace(because=tuple)


@settings(max_examples=100, deadline=None)
@given(histories())
def test_every_statement_is_in_exactly_one_customer(said: list[Statement]) -> None:
    found = resolved(*said)
    members = [one for customer in found.customers for one in customer]
    assert sorted(members) == sorted(one.statement_id for one in said)


@settings(max_examples=100, deadline=None)
@given(histories())
def test_the_links_hold_each_customer_together_and_no_two(said: list[Statement]) -> None:
    found = resolved(*said)
    parents = {one.statement_id: one.statement_id for one in said}

    def root(one: str) -> str:
        return one if parents[one] == one else root(parents[one])

    for link in found.links:
        parents[root(link.left)] = root(link.right)
    by_root: dict[str, set[str]] = {}
    for one in parents:
        by_root.setdefault(root(one), set()).add(one)
    assert set(map(frozenset, by_root.values())) == set(found.customers)


@settings(max_examples=100, deadline=None)
@given(histories(), st.data())
def test_saying_it_again_changes_nobody_else(said: list[Statement], data: st.DataObject) -> None:
    known = [one for one in said if one.attributes.get("full_name") and one.identifiers]
    if not known:
        return
    again = replace(data.draw(st.sampled_from(known)), statement_id="stm_again", event_id="evt_z")
    before = people(resolved(*said))
    after = {
        one.replace(" again", "").replace("again ", "") for one in people(resolved(*said, again))
    }
    assert after - {"again"} == before


@settings(max_examples=100, deadline=None)
@given(histories(), st.data())
def test_apart_separates_and_withdrawing_it_restores(
    said: list[Statement], data: st.DataObject
) -> None:
    if len(said) < 2:
        return
    left, right = data.draw(st.lists(st.sampled_from(said), min_size=2, max_size=2, unique=True))
    pair = left.statement_id[4:], right.statement_id[4:]
    apart = decided("1", DecisionKind.APART, *pair)
    back = decided("2", DecisionKind.APART, *pair, withdraws="dec_1")
    found = resolved(*said, decisions=[apart])
    assert not any({left.statement_id, right.statement_id} <= one for one in found.customers)
    assert people(resolved(*said, decisions=[apart, back])) == people(resolved(*said))


@settings(max_examples=100, deadline=None)
@given(histories(), st.data())
def test_a_retracted_statement_was_never_heard(said: list[Statement], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(said))
    left = [one for one in said if one is not gone]
    decision = decided("1", DecisionKind.RETRACT, gone.statement_id[4:])
    found = people(resolved(*said, decisions=[decision]))
    assert found == people(resolved(*left)) | {gone.statement_id[4:]}


@settings(max_examples=150, deadline=None)
@given(histories())
def test_a_mere_claim_never_decides_who_is_one_with_whom_it_names(said: list[Statement]) -> None:
    outsider = say(
        "x", claimed("phone", PHONES[0]), claimed("email", "a@mail.hk"), name="Chan Tai Man"
    )
    assert "x" in people(resolved(*said, outsider))
    assert people(resolved(*said, outsider)) - {"x"} == people(resolved(*said))
