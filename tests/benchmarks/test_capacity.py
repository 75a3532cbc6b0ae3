"""Units as Amazon documents them: sizes of items, rounding, indexes, transactions."""

from typing import Any

import pytest

from benchmarks.capacity import Index, Table, query_units, read_units, size, write_units

KEYS = Index("by_state", ("state",), carries_all=False)
WHOLE = Index("by_owner", ("owner",), carries_all=True)
PLAIN = Table("t", ("pk",))


def an_item(number_of_bytes: int, **attributes: str) -> dict[str, Any]:
    """An item of exactly that size."""
    item = {name: {"S": value} for name, value in {"pk": "1", **attributes}.items()}
    filler = number_of_bytes - size(item) - len("x")
    return {**item, "x": {"S": "x" * filler}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"S": "é"}, 2),
        ({"N": "1"}, 2),
        ({"N": "-1"}, 3),
        ({"N": "1795176000"}, 5),
        ({"N": "12345"}, 4),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        ({"L": [{"S": "ab"}, {"N": "1"}]}, 3 + 2 + 4),
        ({"M": {"k": {"S": "ab"}}}, 3 + 1 + 3),
        ({"M": {}}, 3),
    ],
)
def test_a_value_is_as_large_as_documented(value: dict[str, Any], expected: int) -> None:
    assert size({"a": value}) == 1 + expected


def test_a_value_of_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="NS"):
        size({"a": {"NS": ["1"]}})


@pytest.mark.parametrize(("number_of_bytes", "units"), [(100, 1), (1024, 1), (1025, 2), (2049, 3)])
def test_a_write_is_rounded_up_to_kilobytes(number_of_bytes: int, units: int) -> None:
    assert write_units(PLAIN, None, an_item(number_of_bytes), transaction=False) == units


def test_the_larger_of_both_images_counts() -> None:
    small, large = an_item(100), an_item(1500)

    assert write_units(PLAIN, large, small, transaction=False) == 2
    assert write_units(PLAIN, small, large, transaction=False) == 2
    assert write_units(PLAIN, large, None, transaction=False) == 2


def test_a_condition_that_fails_costs_what_it_found() -> None:
    found = an_item(1500)

    assert write_units(PLAIN, found, found, transaction=False) == 2
    assert write_units(PLAIN, None, None, transaction=False) == 1


def test_a_transaction_doubles_the_table_and_not_its_indexes() -> None:
    table = Table("t", ("pk",), (WHOLE,))

    assert write_units(table, None, an_item(1500, owner="a"), transaction=True) == 2 * 2 + 2


def test_an_index_is_written_only_where_its_entry_changes() -> None:
    table = Table("t", ("pk",), (KEYS,))
    base = an_item(1500, state="open")

    assert write_units(table, None, base, transaction=False) == 2 + 1
    assert write_units(table, base, {**base, "y": {"S": "1"}}, transaction=False) == 2
    assert write_units(table, base, {**base, "state": {"S": "shut"}}, transaction=False) == 2 + 2
    assert write_units(table, base, an_item(1500), transaction=False) == 2 + 1
    assert write_units(table, None, an_item(1500), transaction=False) == 2


def test_reads_are_rounded_up_alone_and_queries_together() -> None:
    assert read_units([100, 0], consistent=True) == 2
    assert read_units([4097], consistent=False) == 1
    assert query_units([100, 200, 300], consistent=True) == 1
    assert query_units([], consistent=False) == 0.5
