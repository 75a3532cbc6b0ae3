"""Parameters from data without labels: frequencies, random pairs for u, EM for m and the prior.

Expectation maximisation as in Winkler, W.: Using the EM Algorithm for Weight Computation in the
Fellegi-Sunter Model (1988), with two guards against its collapse where matches are rare: u comes
from random pairs and stays, and the prior counts every pair, compared or not.
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rapport.identity.matching.blocking import blocking_keys
from rapport.identity.matching.features import Features, read_features
from rapport.identity.matching.levels import Outcome
from rapport.identity.matching.model import (
    RELATIVES_ALIKE,
    RELATIVES_ALIKE_ELSE,
    SHARED_BY_RELATIVES,
    Component,
    Model,
    levels_of,
)
from rapport.identity.matching.scoring import outcomes_of
from rapport.identity.matching.values import AddressValue, BirthValue, EmailValue, NameValue, Value
from rapport.identity.names import Name

Pattern = tuple[tuple[str, int, float], ...]
"""Of one compared pair: component, level, and u for that very value."""

_RANDOM_PAIRS = 200_000
_COMPARED_PAIRS = 150_000
_KEY_HOLDERS = 40
_ROUNDS = 25
_BELIEF = 20.0
_BELIEF_SHARE = 0.01
"""How many pairs the starting values of m are worth, at least, and as a share of the matches."""
_LEAST = 0.004
"""No level is rarer than this among matches: people are wrong in every way there is."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Compared pairs, and how many pairs of all each stands for."""

    patterns: list[Pattern]
    scale: float
    total: float


def train(rows: Sequence[Mapping[str, str]], name: str = "trained", seed: int = 7) -> Model:
    """Learn a model from raw records (`graph.ATTRIBUTES`), at least two."""
    day_first = days_come_first(rows)
    across = are_across_scripts(rows)
    records = [read_features(row, day_first, across) for row in rows]
    chance = random.Random(seed)  # noqa: S311 - a sample, not a secret
    frequencies = frequencies_of(records)
    u = chance_levels(records, frequencies, chance)
    start = Model(
        name=name,
        components={one: Component(_believed(one), shares) for one, shares in u.items()},
        prior=-math.log2(len(records)) - 1,
        relatives=-math.log2(len(records)) - 1,
        rarest=1 / len(records),
        frequencies=frequencies,
        day_first=day_first,
    )
    return maximise(start, sample_of(start, records, chance))


def days_come_first(rows: Iterable[Mapping[str, str]]) -> bool:
    """Whether dates such as 12/26/1990 are written day first: the impossible ones tell."""
    day = month = 0
    for row in rows:
        parts = row.get("date_of_birth", "").replace("-", "/").replace(".", "/").split("/")
        if len(parts) == 3 and len(parts[2]) == 4 and parts[0].isdigit() and parts[1].isdigit():
            day += int(parts[0]) > 12
            month += int(parts[1]) > 12
    return day >= month


def are_across_scripts(rows: Sequence[Mapping[str, str]]) -> bool:
    """Whether names are written in other scripts than Latin too: more than one in a hundred."""
    names = ("full_name", "given_name", "surname", "local_name")
    others = sum(
        any(char > "\u2e80" for name in names for char in row.get(name, "")) for row in rows
    )
    return others * 100 > len(rows)


def frequencies_of(records: Sequence[Features]) -> dict[str, dict[str, float]]:
    """The share of records that have each value, by component."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        for component, key in keys_of(record):
            counts[component][key] += 1
    shares = {
        component: {key: count / counter.total() for key, count in counter.items()}
        for component, counter in counts.items()
    }
    if "number_in_street" in shares:
        on_street: Counter[str] = Counter()
        for key, count in counts["number_in_street"].items():
            on_street[key.partition("/")[2]] += count
        shares["number_in_street"] = {
            key: count / on_street[key.partition("/")[2]]
            for key, count in counts["number_in_street"].items()
        }
    return shares


def keys_of(record: Features) -> Iterable[tuple[str, str]]:
    """The values of a record whose frequency matters, by component, as `levels` keys them."""
    for compared, value in record.values.items():
        for component, key in _keys_of_value(compared, value):
            if key:
                yield component, key


def _keys_of_value(compared: str, value: Value) -> list[tuple[str, str]]:
    if isinstance(value, NameValue):
        return [("given", value.given), ("middle", value.middle), ("surname", value.surname)]
    if isinstance(value, BirthValue):
        return [("birth", value.digits)]
    if isinstance(value, AddressValue):
        at = f"{value.number}/{value.street}" if value.number and value.street else ""
        parts = ("number", "street", "unit", "postcode", "city", "region")
        return [("number_in_street", at), *((part, getattr(value, part)) for part in parts)]
    if isinstance(value, EmailValue):
        return [("email", value.text)]
    if isinstance(value, Name):
        return []
    return [(compared, value.text[-8:] if compared == "phone" else value.text)]


def chance_levels(
    records: Sequence[Features],
    frequencies: Mapping[str, Mapping[str, float]],
    chance: random.Random,
) -> dict[str, tuple[float, ...]]:
    """u: the share of each level among random pairs of records."""
    seen: dict[str, Counter[int]] = defaultdict(Counter)
    n = len(records)
    for _ in range(min(_RANDOM_PAIRS, n * (n - 1) // 2)):
        a, b = chance.randrange(n), chance.randrange(n)
        if a != b:
            for outcome in outcomes_of(records[a], records[b]):
                seen[outcome.component][outcome.level] += 1
    found = {}
    for component in {*seen, *frequencies}:
        counts, levels = seen[component], len(levels_of(component))
        total = counts.total() + 0.5 * levels
        shares = [(counts[level] + 0.5) / total for level in range(levels)]
        if component in frequencies and component != "number_in_street":
            same = sum(share * share for share in frequencies[component].values())
            rest = sum(shares[1:])
            shares = [same, *(share * (1 - same) / rest for share in shares[1:])]
        found[component] = tuple(shares)
    return found


def _believed(component: str) -> tuple[float, ...]:
    """Where m starts: most agree, and a better level is likelier than a worse one."""
    levels = len(levels_of(component))
    rest = [1.0 / (level + 1) for level in range(1, levels)]
    best = 0.97 if component == "order" else 0.85
    return (best, *((1 - best) * share / sum(rest) for share in rest))


def candidate_pairs(records: Sequence[Features]) -> set[tuple[int, int]]:
    """Pairs of records that share a blocking key held by at most `_KEY_HOLDERS`."""
    holders: dict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        for key in blocking_keys(record, 16):
            holders[key].append(index)
    return {
        (a, b)
        for found in holders.values()
        if len(found) <= _KEY_HOLDERS
        for at, a in enumerate(found)
        for b in found[at + 1 :]
    }


def sample_of(model: Model, records: Sequence[Features], chance: random.Random) -> Sample:
    """Compare the candidate pairs, or a random part of them."""
    pairs = sorted(candidate_pairs(records))
    scale = 1.0
    if len(pairs) > _COMPARED_PAIRS:
        scale = len(pairs) / _COMPARED_PAIRS
        pairs = chance.sample(pairs, _COMPARED_PAIRS)
    patterns = [pattern_of(model, outcomes_of(records[a], records[b])) for a, b in pairs]
    return Sample(patterns, scale, len(records) * (len(records) - 1) / 2)


def pattern_of(model: Model, outcomes: Iterable[Outcome]) -> Pattern:
    """Outcomes with the u of their own values."""
    return tuple((one.component, one.level, model.chance_of(one)) for one in outcomes)


def maximise(start: Model, sample: Sample) -> Model:
    """EM: whose pairs these are by the parameters, the parameters by whose pairs these are."""
    model = start
    for _ in range(_ROUNDS):
        model, moved = _one_round(start, model, sample)
        if moved < 0.0005:
            break
    return model


def _one_round(start: Model, model: Model, sample: Sample) -> tuple[Model, float]:
    ones = kin = 0.0
    belief = max(_BELIEF, 2**model.prior * sample.total / sample.scale * _BELIEF_SHARE)
    levels = {name: [share * belief for share in one.m] for name, one in start.components.items()}
    for pattern in sample.patterns:
        one, relative = posterior(model, pattern)
        ones += one
        kin += relative
        if one > 0.001:
            for component, level, _ in pattern:
                levels[component][level] += one
    components = {
        name: _tamed(_shares(levels[name]), one.u) for name, one in start.components.items()
    }
    moved = max(
        abs(new - old)
        for name, one in components.items()
        for new, old in zip(one.m, model.components[name].m, strict=True)
    )
    prior = math.log2(max(ones * sample.scale, 1.0) / sample.total)
    relatives = math.log2(max(kin * sample.scale, 0.01) / sample.total)
    return replace(model, components=components, prior=prior, relatives=relatives), moved


def _tamed(m: tuple[float, ...], u: tuple[float, ...]) -> Component:
    """No level tells more than full agreement does: rare levels are seen too seldom to trust."""
    most = m[0] / u[0]
    return Component(m, tuple(max(share, one / most) for one, share in zip(m, u, strict=True)))


def _shares(counts: list[float]) -> tuple[float, ...]:
    least = _LEAST * sum(counts)
    raised = [max(count, least) for count in counts]
    return tuple(count / sum(raised) for count in raised)


def posterior(model: Model, pattern: Pattern) -> tuple[float, float]:
    """The chances that a pair is one person, and that it is two of one household."""
    one, kin = 2**model.prior, 2**model.relatives
    for component, level, u in pattern:
        m = model.components[component].m[level]
        one *= m / u
        if component in SHARED_BY_RELATIVES:
            kin *= m / u
        else:
            alike = RELATIVES_ALIKE.get(component, RELATIVES_ALIKE_ELSE)
            kin *= (alike * m + (1 - alike) * u) / u
    return one / (1 + one + kin), kin / (1 + one + kin)
