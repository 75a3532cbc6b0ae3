"""What a matcher knows: how often matches and strangers agree, how frequent values are."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from rapport.identity.matching.levels import LEVELS, Outcome

_AGAINST = 8.0
"""Two frequent values that are nearly the same tell at most three bits against one person."""

FORMAT = 1
"""The version of the document; another one is refused."""

SHARED_BY_RELATIVES = frozenset(
    ("surname", "number", "number_in_street", "street", "unit", "postcode", "city", "region")
)
RELATIVES_NAMES = (0.01, 0.005, 0.01, 0.015, 0.16, 0.6, 0.2)
"""Share of each level of `whole_name` among relatives: most have the surname in common."""

RELATIVES_ALIKE = {"birth": 0.1}
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
    join: float = 0.5
    review: float = -3.0
    most_keys: int = 16
    vetoes: bool = False

    def chance_of(self, outcome: Outcome) -> float:
        """How often two strangers come out so, given their values.

        Of agreeing values it is the frequency. Of values that are nearly the same it is more than
        usual when both are frequent: a misspelling is seldom seen twice.
        """
        component = self.components[outcome.component]
        u = component.u[outcome.level]
        known = self.frequencies.get(outcome.component)
        if not outcome.one or known is None:
            return u
        one = known.get(outcome.one, self.rarest)
        if outcome.level == 0:
            return max(one, self.rarest)
        rarer = min(one, known.get(outcome.two, self.rarest))
        return min(u * max(1.0, rarer / (2 * self.rarest)), component.m[outcome.level] * _AGAINST)

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


def bits(model: Model, outcome: Outcome) -> tuple[float, float]:
    """What an outcome tells, in bits: for one person against strangers, for relatives likewise."""
    component = model.components.get(outcome.component)
    if component is None:
        return 0.0, 0.0
    m, u = component.m[outcome.level], model.chance_of(outcome)
    one = math.log2(m / u)
    alike = RELATIVES_ALIKE.get(outcome.component, RELATIVES_ALIKE_ELSE)
    if outcome.component in SHARED_BY_RELATIVES:
        return one, one
    if outcome.component == "whole_name":
        return one, math.log2(RELATIVES_NAMES[outcome.level] / u)
    return one, math.log2((alike * m + (1 - alike) * u) / u)


def below_best(model: Model, component: str) -> float:
    """The most that any level of a component tells but for the best one, in bits.

    Never less than nothing, which is what a missing component tells. The values of such an outcome
    only ever take away from it: see `Model.chance_of`.
    """
    shares = model.components.get(component)
    lower = zip(shares.m[1:], shares.u[1:], strict=True) if shares else ()
    return max([0.0, *(math.log2(m / u) for m, u in lower)])


def levels_of(component: str) -> tuple[str, ...]:
    """The names of a component's levels."""
    return LEVELS.get(component, LEVELS["text"])
