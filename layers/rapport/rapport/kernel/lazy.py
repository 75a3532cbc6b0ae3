"""What follows from an object alone, worked out when it is first asked for."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class lazy(Generic[Value]):  # noqa: N801 - reads as the decorator which it is
    """A property computed once, then an attribute as any other.

    It is `functools.cached_property` without the lock that this takes before Python 3.12 and
    without its checks, which together cost more than most of what is computed. Two threads may
    both compute a value, which must not matter.
    """

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> Value:
        value = instance.__dict__[self._name] = self._compute(instance)
        return value
