"""`RuleBook` on every engine."""

import pytest

from rapport.contracts.identity import Assurance
from rapport.identity.ports import RuleBook
from rapport.identity.rules import Blocked, Namespace, Rules
from rapport.kernel.errors import Conflict
from tests.contract.stores.engines import Engine

OURS = Rules(
    version="ours-1",
    namespaces=(Namespace(name="phone", priority=1, joins_from=Assurance.VERIFIED, limit=3),),
    blocked=(Blocked(namespace="phone", pattern=r"\+1555.*", role=True),),
    near_days=0.5,
    join_bits=12.25,
)


@pytest.fixture
def book(engine: Engine) -> RuleBook:
    return engine.rule_book()


def test_nobody_has_changed_the_defaults_at_first(book: RuleBook) -> None:
    assert book.current() is None


def test_rules_are_in_force_as_they_were_saved(book: RuleBook) -> None:
    book.save(OURS, None)
    assert book.current() == OURS
    later = Rules(version="ours-2")
    book.save(later, "ours-1")
    assert book.current() == later


@pytest.mark.parametrize("over", [None, "default-1", "ours-0"])
def test_rules_over_others_than_those_in_force_are_a_conflict(
    book: RuleBook, over: str | None
) -> None:
    book.save(OURS, None)
    with pytest.raises(Conflict):
        book.save(Rules(version="ours-2"), over)
    assert book.current() == OURS


def test_rules_over_some_where_none_are_in_force_are_a_conflict(book: RuleBook) -> None:
    with pytest.raises(Conflict):
        book.save(OURS, "ours-0")
    assert book.current() is None


def test_a_version_names_one_document_for_ever(book: RuleBook) -> None:
    book.save(OURS, None)
    book.save(Rules(version="ours-2"), "ours-1")
    with pytest.raises(Conflict):
        book.save(Rules(version="ours-1", join_bits=1.0), "ours-2")
    assert book.current() == Rules(version="ours-2")
