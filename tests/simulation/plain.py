"""Anything that lies in a store as JSON takes it, in an order of its own."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel

from rapport.kernel.clock import iso

_ATOMS = frozenset({str, int, float, bool, type(None)})
_WAYS: dict[type, Callable[[Any], Any]] = {}
"""How to make a value of a type plain: asked once for each type, since there are many values."""


def plain(value: Any) -> Any:
    """The same value is the same JSON, in any process."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    way = _WAYS.get(kind)
    if way is None:
        way = _WAYS[kind] = _way(value)
    return way(value)


def _way(value: Any) -> Callable[[Any], Any]:
    if isinstance(value, BaseModel):
        return lambda one: one.model_dump(mode="json")
    if isinstance(value, Enum):
        return lambda one: one.value
    if isinstance(value, str | int | float):
        return lambda one: one
    if isinstance(value, datetime):
        return iso
    if is_dataclass(value):
        names = tuple(field.name for field in fields(value))
        return lambda one: [plain(getattr(one, name)) for name in names]
    if isinstance(value, Mapping):
        return _mapping
    if isinstance(value, set | frozenset):
        return lambda one: sorted(map(plain, one), key=_order)
    if isinstance(value, list | tuple | Iterator):
        return lambda one: [plain(each) for each in one]
    if isinstance(value, bytes):
        return lambda one: hashlib.sha256(one).hexdigest()
    return lambda one: type(one).__name__


def _mapping(value: Mapping[Any, Any]) -> list[Any]:
    """Pairs in the order of their keys, of which there is one each."""
    pairs = [[plain(key), plain(one)] for key, one in value.items()]
    return sorted(pairs, key=lambda pair: _order(pair[0]))


def _order(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
