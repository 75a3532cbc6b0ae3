"""DynamoDB's units, computed from items as Amazon documents their size. Pure.

Sizes: "DynamoDB item sizes and formats" in the developer guide; a stored binary does not occur.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

Item = Mapping[str, Any]
WRITE_UNIT, READ_UNIT = 1024, 4096
CONTAINER, ELEMENT = 3, 1


@dataclass(frozen=True)
class Index:
    """A global secondary index: its own key, and whether entries carry the whole item."""

    name: str
    keys: tuple[str, ...]
    carries_all: bool


@dataclass(frozen=True)
class Table:
    """A table as far as units depend on it; `keys` are of the base table."""

    name: str
    keys: tuple[str, ...]
    indexes: tuple[Index, ...] = ()

    def index(self, name: str) -> Index:
        """One of its indexes."""
        return next(index for index in self.indexes if index.name == name)


def table_of(name: str, properties: Mapping[str, Any]) -> Table:
    """A table of template.yaml."""
    return Table(
        name,
        _keys(properties),
        tuple(
            Index(
                index["IndexName"],
                _keys(index),
                index["Projection"]["ProjectionType"] == "ALL",
            )
            for index in properties.get("GlobalSecondaryIndexes", [])
        ),
    )


def _keys(properties: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in properties["KeySchema"])


def size(item: Item) -> int:
    """Bytes of an item in DynamoDB's JSON: its attributes' names and values."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_size(content)
        case "BOOL" | "NULL":
            return 1
        case "SS":
            return sum(len(text.encode()) for text in content)
        case "L":
            return CONTAINER + sum(ELEMENT + _value_size(each) for each in content)
        case "M":
            return CONTAINER + size(content) + ELEMENT * len(content)
        case _:
            raise ValueError(f"No size is known for values of type {kind}.")


def _number_size(text: str) -> int:
    digits = text.lstrip("-").replace(".", "").strip("0")
    return ceil(len(digits) / 2) + 1 + text.startswith("-")


def write_units(table: Table, before: Item | None, after: Item | None, *, transaction: bool) -> int:
    """Units of one write: the larger of both images, twice in a transaction, and each index."""
    base = _units(max(size(before or {}), size(after or {})), WRITE_UNIT)
    indexes = sum(_index_units(table, index, before, after) for index in table.indexes)
    return base * (2 if transaction else 1) + indexes


def _index_units(table: Table, index: Index, before: Item | None, after: Item | None) -> int:
    """Nothing where the entry stays as it is; two writes where its key changes."""
    old, new = entry(table, index, before), entry(table, index, after)
    if old == new:
        return 0
    if old and new and all(old[key] == new[key] for key in index.keys):
        return _units(max(size(old), size(new)), WRITE_UNIT)
    return sum(_units(size(each), WRITE_UNIT) for each in (old, new) if each)


def entry(table: Table, index: Index, item: Item | None) -> Item | None:
    """What an index holds of an item; None where the item lacks the index's key."""
    if not item or any(key not in item for key in index.keys):
        return None
    if index.carries_all:
        return item
    return {name: item[name] for name in (*table.keys, *index.keys)}


def read_units(sizes: Sequence[int], *, consistent: bool) -> float:
    """Units of reads of single items, each rounded up; an absent one costs as much as a small."""
    return sum(_units(each, READ_UNIT) for each in sizes) * (1 if consistent else 0.5)


def query_units(sizes: Sequence[int], *, consistent: bool) -> float:
    """Units of a query: what it read is rounded up together."""
    return read_units([sum(sizes)], consistent=consistent)


def _units(number_of_bytes: int, unit: int) -> int:
    return max(1, ceil(number_of_bytes / unit))
