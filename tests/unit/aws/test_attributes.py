"""Typed values are exactly what boto3 makes of the same, for everything an item of ours holds."""

import json
from decimal import Decimal, DecimalException
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from rapport.aws.attributes import plain, typed

numbers = st.integers(-(10**38) + 1, 10**38 - 1) | st.decimals(
    min_value=-1000, max_value=1000, places=4
)
values = st.recursive(
    st.text() | st.booleans() | numbers | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def without_none(value: Any) -> Any:
    """`value`, its mappings without entries that are None."""
    if isinstance(value, dict):
        return {key: without_none(each) for key, each in value.items() if each is not None}
    return [without_none(each) for each in value] if isinstance(value, list) else value


@given(values)
def test_values_are_typed_as_boto3_types_them(value: Any) -> None:
    assert typed(value) == TypeSerializer().serialize(without_none(value))


@given(values)
def test_what_is_typed_reads_as_it_was(value: Any) -> None:
    assert plain(typed(value)) == json_like(without_none(value))


def json_like(value: Any) -> Any:
    """`value` with its decimals as the numbers they come back as."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: json_like(each) for key, each in value.items()}
    return [json_like(each) for each in value] if isinstance(value, list) else value


def test_floats_become_the_decimal_that_is_shown() -> None:
    assert typed(0.1) == {"N": "0.1"}
    assert plain({"N": "0.1"}) == 0.1
    assert plain({"N": "18.0"}) == 18


def test_sets_of_texts_are_read() -> None:
    assert plain({"SS": ["a", "b"]}) == TypeDeserializer().deserialize({"SS": ["a", "b"]})


@pytest.mark.parametrize("value", [10**39 + 1, Decimal("1e127"), 1e-200])
def test_a_number_that_dynamodb_would_round_or_refuse_is_refused(value: Any) -> None:
    with pytest.raises(DecimalException):
        typed(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_what_has_no_type_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        typed(value)


def test_a_type_that_we_never_store_is_refused() -> None:
    with pytest.raises(TypeError):
        plain({"B": b"x"})


def test_what_is_typed_is_json() -> None:
    assert json.loads(json.dumps(typed({"a": [1, True, "b"]}))) == {
        "M": {"a": {"L": [{"N": "1"}, {"BOOL": True}, {"S": "b"}]}}
    }
