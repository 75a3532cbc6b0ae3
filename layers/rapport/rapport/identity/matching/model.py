"""What a matcher knows: how often matches and strangers agree, how frequent values are."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from rapport.identity.matching.levels import LEVELS

_AGAINST = 8.0
"""Two frequent values that are nearly the same tell at most three bits against one person."""

_REMEMBERED = 200_000
"""Values of a component whose weight is kept by a process."""

Bits = tuple[float, float]

FORMAT = 1
"""The version of the document; another one is refused."""

SHARED_BY_RELATIVES = frozenset(
    ("surname", "number", "number_in_street", "street", "unit", "postcode", "city", "region")
)
RELATIVES_NAMES = (0.01, 0.005, 0.01, 0.015, 0.16, 0.6, 0.2)
"""Share of each level of `whole_name` among relatives: most have the surname in common."""

RELATIVES_ALIKE = {"birth": 0.1, "birth_year": 0.1}
"""Share of relatives who agree like one person in this: twins in their birth date.

Far above life, so that a table with many twins does not take them for misspelt given names.
"""
RELATIVES_ALIKE_ELSE = 0.02
"""Likewise in what is not listed: a father's given name."""


@dataclass(frozen=True, slots=True)
class Component:
    """Shares of each level (`levels.LEVELS`): `m` among matches, `u` among strangers."""

    m: tuple[float, ...]
    u: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """Fellegi-Sunter parameters.

    `prior` and `relatives` are the log2 odds that two random records are one person, or two of one
    household. `frequencies`: share of records that have a value, by component; what is not listed
    has at most the share `rarest`. `join` and `review` are log2 odds. `most_keys`: blocking keys a
    record may have. `vetoes`: conflicts that no agreement outweighs (`scoring.Matcher.vetoes`).
    """

    name: str
    components: Mapping[str, Component]
    prior: float
    relatives: float
    rarest: float
    frequencies: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    day_first: bool = True
    join: float = 0.25
    review: float = -3.0
    most_keys: int = 16
    vetoes: bool = False

    @property
    def across_scripts(self) -> bool:
        """Whether names are compared as wholes, in any script."""
        return "whole_name" in self.components

    def to_json(self) -> str:
        """The model as a document."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1)


def model_from_json(text: str) -> Model:
    """Read `to_json`; ValueError for another format."""
    document: dict[str, Any] = json.loads(text)
    if document.pop("format", None) != FORMAT:
        raise ValueError("This model has another format.")
    components = {
        name: Component(tuple(one["m"]), tuple(one["u"]))
        for name, one in document.pop("components").items()
    }
    return Model(components=components, **document)


@lru_cache(1)
def default_model() -> Model:
    """The model that is shipped: customers of a business, nothing learned from their data."""
    text = resources.files(__package__).joinpath("default_model.json").read_text("utf-8")
    return model_from_json(text)


class Weights:
    """What each outcome of a component tells, in bits: for one person against strangers, and for
    relatives against strangers.

    `by_level` holds them for outcomes without values, `below_best` the most that any level but the
    best one tells for one person: never less than nothing, which is what a missing component tells.
    """

    __slots__ = ("_component", "_exact", "_known", "_name", "_rarest", "below_best", "by_level")

    def __init__(self, model: Model, name: str) -> None:
        self._name = name
        self._component = model.components[name]
        self._known = model.frequencies.get(name)
        self._rarest = model.rarest
        self._exact: dict[str, Bits] = {}
        usual = enumerate(self._component.u)
        self.by_level = [self._bits(level, u) for level, u in usual]
        self.below_best = max([0.0, *(one for one, _ in self.by_level[1:])])

    def of(self, level: int, one: str, two: str) -> Bits:
        """What it tells that two values reach a level."""
        if not one or self._known is None:
            return self.by_level[level]
        if level:
            return self._bits(level, self.chance_of(level, one, two))
        found = self._exact.get(one)
        if found is None:
            if len(self._exact) >= _REMEMBERED:
                self._exact.clear()
            found = self._exact[one] = self._bits(0, self.chance_of(0, one, two))
        return found

    def chance_of(self, level: int, one: str, two: str) -> float:
        """How often two strangers come out so, given their values.

        Of agreeing values it is the frequency. Of values that are nearly the same it is more than
        usual when both are frequent: a misspelling is seldom seen twice.
        """
        u, known, rarest = self._component.u[level], self._known, self._rarest
        if not one or known is None:
            return u
        if level == 0:
            return max(known.get(one, rarest), rarest)
        rarer = min(known.get(one, rarest), known.get(two, rarest))
        return min(u * max(1.0, rarer / (2 * rarest)), self._component.m[level] * _AGAINST)

    def _bits(self, level: int, u: float) -> Bits:
        m = self._component.m[level]
        if self._name == "whole_name":
            return math.log2(m / u), math.log2(RELATIVES_NAMES[level] / u)
        alike = alike_in(self._name)
        return math.log2(m / u), math.log2((alike * m + (1 - alike) * u) / u)


def alike_in(component: str) -> float:
    """The share of relatives who agree in a component like one person."""
    if component in SHARED_BY_RELATIVES:
        return 1.0
    return RELATIVES_ALIKE.get(component, RELATIVES_ALIKE_ELSE)


def weights_of(model: Model) -> dict[str, Weights]:
    """What the outcomes of each component tell."""
    return {name: Weights(model, name) for name in model.components}


def levels_of(component: str) -> tuple[str, ...]:
    """The names of a component's levels."""
    return LEVELS.get(component, LEVELS["text"])
