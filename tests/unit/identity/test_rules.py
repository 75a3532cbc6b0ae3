"""Rules are data: they can be written down, read back, and say what may join."""

import pytest
from pydantic import ValidationError

from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.rules import Blocked, Namespace, Rules

RULES = Rules()


@pytest.mark.parametrize(
    ("namespace", "value"),
    [
        ("phone", "+85200000000"),
        ("phone", "+85299999999"),
        ("phone", "+85212345678"),
        ("email", "test@test.com"),
        ("email", "none@none.com"),
        ("email", "a@shop.invalid"),
        ("email", "info@acme.com.hk"),
        ("email", "office@acme.com.hk"),
        ("email", "sales2@acme.com"),
        ("user_id", "null"),
        ("user_id", "00000000"),
        ("user_id", "[object Object]"),
        ("anonymous_id", "undefined"),
    ],
)
def test_junk_and_offices_are_blocked(namespace: str, value: str) -> None:
    assert RULES.is_blocked((namespace, value))


@pytest.mark.parametrize(
    ("namespace", "value"),
    [
        ("phone", "+85291234567"),
        ("phone", "+85264866888"),
        ("email", "karen.hughes77@hotmail.com"),
        ("email", "infosec.lee@gmail.com"),
        ("email", "testa.rossi@gmail.com"),
        ("email", "salesa@gmail.com"),
        ("user_id", "1000000"),
        ("loyalty", "7000274812"),
    ],
)
def test_what_is_somebodys_is_not(namespace: str, value: str) -> None:
    assert not RULES.is_blocked((namespace, value))


def test_only_what_is_vouched_for_joins() -> None:
    phone = RULES.namespace("phone")
    joining = [one for one in Assurance if phone.joins(Identifier("phone", "+85291234567", one))]
    assert joining == [Assurance.CHANNEL, Assurance.VERIFIED]


def test_a_national_id_joins_only_when_verified() -> None:
    card = RULES.namespace("national_id")
    joining = [one for one in Assurance if card.joins(Identifier("national_id", "A1234567", one))]
    assert joining == [Assurance.VERIFIED]


def test_a_namespace_may_be_barred_from_joining() -> None:
    rules = Rules(version="2", namespaces=(Namespace(name="phone", priority=1, joins_from=None),))
    held = Identifier("phone", "+85291234567", Assurance.VERIFIED)
    assert not rules.namespace("phone").joins(held)


def test_an_unknown_namespace_follows_the_rule_for_others() -> None:
    assert RULES.namespace("telegram_id") is RULES.other


def test_rules_survive_being_written_down() -> None:
    again = Rules.model_validate_json(RULES.model_dump_json())
    assert again == RULES
    assert hash(again) == hash(RULES)


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError):
        Blocked(pattern="(")


@pytest.mark.parametrize("wrong", [{"near_days": -1}, {"principal_times": 1}, {"colour": "red"}])
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Rules.model_validate(wrong)


def test_volatile_identifiers_are_counted_within_a_week() -> None:
    assert RULES.namespace("anonymous_id").window_days == 7


def test_who_has_one_of_a_kind_is_protected() -> None:
    exclusive = {one.name for one in RULES.namespaces if one.exclusive}
    assert exclusive == set(RULES.protected) == {"user_id", "national_id", "loyalty"}
