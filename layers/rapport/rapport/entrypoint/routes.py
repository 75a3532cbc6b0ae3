"""A route of the API: who may call it, what it takes, what it answers; read off its function."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from typing import Any, get_type_hints

from pydantic import BaseModel

from rapport.contracts.caller import Caller
from rapport.entrypoint.auth import Access
from rapport.entrypoint.requests import HttpRequest, path_parameter
from rapport.idempotency.model import Seed
from rapport.kernel.errors import NotFound

Function = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    """One method of one path. Parameters of `function` are given by what they are.

    `Caller`, `Seed` and `HttpRequest` by type; `body` and `query` (their models) and the path's
    parameters by name.
    """

    method: str
    path: str
    access: Access
    function: Function
    status: int

    @property
    def key(self) -> str:
        """As in the template: `GET /v1/customers/{customer_id}`."""
        return f"{self.method} {self.path}"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the route's addresses."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The function's parameters and answer by type."""
        hints = get_type_hints(self.function)
        named = set(re.findall(r"\{(\w+)\}", self.path))
        given = {name: hints.get(name) for name in signature(self.function).parameters}
        unknown = [
            name
            for name, kind in given.items()
            if name not in named | {"body", "query"} and kind not in (Caller, Seed, HttpRequest)
        ]
        if unknown or not named <= given.keys():
            raise TypeError(f"{self.key}: the function's parameters do not fit: {unknown}")
        return given | {"return": hints.get("return", type(None))}

    @property
    def body(self) -> type[BaseModel] | None:
        """The model of the body."""
        return self.hints.get("body")

    @property
    def query(self) -> type[BaseModel] | None:
        """The model of the query."""
        return self.hints.get("query")

    @property
    def answer(self) -> Any:
        """The model of the answer; `NoneType` for none."""
        return self.hints["return"]

    def parameters(self, path: str) -> dict[str, str] | None:
        """The path's parameters; None where this is not its route."""
        match = self.pattern.fullmatch(path)
        if match is None:
            return None
        found = {name: path_parameter(raw) for name, raw in match.groupdict().items()}
        if None in found.values():
            raise NotFound("There is nothing at this address.")
        return {name: value for name, value in found.items() if value is not None}

    def arguments(self, known: Mapping[type, Any]) -> dict[str, Any]:
        """Those of `known` that the function asks for, by their type."""
        return {name: known[kind] for name, kind in self.hints.items() if kind in known}
