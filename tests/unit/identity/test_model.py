"""What a record keeps of what its sender says."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.model import (
    MAX_IDENTIFIERS,
    MAX_TRAITS_BYTES,
    has_news,
    merged_traits,
    strongest,
)
from rapport.kernel.json import dumps
from tests.builders import a_claim, a_record, an_identifier, heard

CLAIMED = Assurance.CLAIMED
IDENTIFIERS = st.lists(
    st.builds(
        Identifier,
        namespace=st.sampled_from(["phone", "email"]),
        value=st.integers(0, 30).map(str),
        assurance=st.sampled_from(Assurance),
    ),
    max_size=60,
)


def test_a_record_lacks_what_is_new_or_known_less_surely() -> None:
    record = a_record(identifiers=(an_identifier(), a_claim()))
    stronger, new = an_identifier("email", "ada@example.com"), a_claim("email", "b@example.com")
    assert record.lacks([an_identifier(), a_claim(), stronger, new]) == (stronger, new)
    assert record.lacks([an_identifier(assurance=CLAIMED)]) == ()


def test_a_full_record_gains_only_what_is_stronger() -> None:
    full = a_record(
        identifiers=tuple(a_claim(value=f"{n}@example.com") for n in range(MAX_IDENTIFIERS))
    )
    assert full.lacks([a_claim(value="one-more@example.com")]) == ()
    assert full.lacks([an_identifier()]) == (an_identifier(),)


@given(IDENTIFIERS)
def test_the_strongest_are_kept_once_each_and_never_too_many(found: list[Identifier]) -> None:
    kept = strongest(found)
    best: dict[tuple[str, str], int] = {}
    for item in found:
        key = (item.namespace, item.value)
        best[key] = max(best.get(key, -1), item.assurance.rank)
    assert len(kept) == min(len(best), MAX_IDENTIFIERS)
    assert len({(item.namespace, item.value) for item in kept}) == len(kept)
    assert all(best[item.namespace, item.value] == item.assurance.rank for item in kept)
    dropped = [key for key in best if key not in {(i.namespace, i.value) for i in kept}]
    if dropped:
        assert max(best[key] for key in dropped) <= min(item.assurance.rank for item in kept)


@given(IDENTIFIERS, IDENTIFIERS)
def test_what_a_record_gains_it_does_not_lack_again(
    known: list[Identifier], news: list[Identifier]
) -> None:
    record = a_record(identifiers=strongest(known))
    gained = record.lacks(strongest(news))
    extended = a_record(identifiers=strongest((*record.identifiers, *gained)))
    assert all(item in extended.identifiers for item in gained)
    assert extended.lacks(strongest(news)) == ()


def test_traits_grow_to_a_limit_and_the_newest_stay() -> None:
    known = {f"old-{number}": "x" * 1000 for number in range(40)}
    merged = merged_traits(merged_traits({}, known), {"city": "Lisbon"})
    assert merged["city"] == "Lisbon"
    assert len(dumps(merged)) <= MAX_TRAITS_BYTES


def test_newer_traits_replace_older_ones_of_their_name() -> None:
    assert merged_traits({"city": "Oslo", "plan": "free"}, {"city": "Lisbon"}) == {
        "city": "Lisbon",
        "plan": "free",
    }


def test_a_record_tells_for_whom_it_speaks() -> None:
    shared = a_record(customer_id="cus_a", said={"d1": "cus_a", "d2": "cus_b"})
    assert shared.speaking("d1") == replace(shared, saying="d1")
    assert shared.speaking("d2") == replace(shared, customer_id="cus_b", saying="d2")


def test_only_another_name_or_other_traits_are_news() -> None:
    known = a_record(name="Ada", traits={"city": "Oslo"})
    assert not has_news(known, heard().sender)
    assert not has_news(known, heard(name="Ada", traits={"city": "Oslo"}).sender)
    assert has_news(known, heard(name="Ada L.").sender)
    assert has_news(known, heard(traits={"plan": "x"}).sender)
