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
from itertools import accumulate

from rapport.identity.matching.blocking import blocking_keys
from rapport.identity.matching.features import Features, read_features
from rapport.identity.matching.levels import texts_of, told_by
from rapport.identity.matching.model import (
    Component,
    Model,
    alike_in,
    levels_of,
    weights_of,
)
from rapport.identity.matching.scoring import outcomes_of
from rapport.identity.names import Name

Pattern = tuple[tuple[int, float], ...]
"""Of one compared pair: the place of a component's level among all, and 1 / u for its very value.
"""

_RANDOM_PAIRS = 100_000
_COMPARED_PAIRS = 150_000
_KEY_HOLDERS = 40
_ROUNDS = 25
_BELIEF = 20.0
_BELIEF_SHARE = 0.04
"""How many pairs the starting values of m are worth, at least, and as a share of the matches.

Where matches seldom tell a component on both sides (a column of one of two sources), it would learn
from nothing but relatives who look like matches.
"""
_LEAST = 0.004
"""No level is rarer than this among matches: people are wrong in every way there is."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Compared pairs, and how many pairs of all each stands for.

    `places`: where the levels of each component begin among all of them.
    """

    patterns: list[Pattern]
    places: dict[str, int]
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
        for compared, value in record.values.items():
            # Names across scripts are compared by their forms; none of these is frequent or rare.
            if not isinstance(value, Name):
                for component, text in texts_of(compared, value):
                    counts[component][text] += 1
    shares = {
        component: {key: count / total for key, count in counter.items()}
        for component, counter in counts.items()
        for total in [counter.total()]
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


def chance_levels(
    records: Sequence[Features],
    frequencies: Mapping[str, Mapping[str, float]],
    chance: random.Random,
) -> dict[str, tuple[float, ...]]:
    """u: the share of each level among random pairs of records."""
    seen: dict[str, Counter[int]] = defaultdict(Counter)
    count = min(_RANDOM_PAIRS, len(records) * (len(records) - 1) // 2)
    for a, b in zip(
        chance.choices(records, k=count), chance.choices(records, k=count), strict=True
    ):
        if a is not b:
            for component, level, _, _ in outcomes_of(a, b):
                seen[component][level] += 1
    found = {}
    # What no random pair had in common a likelier one may have.
    values = {(told, value) for record in records for told, value in record.values.items()}
    may_be_told = {component for one in values for component, _ in told_by(*one)}
    for component in sorted({*seen, *frequencies, *may_be_told}):
        counts, levels = seen[component], len(levels_of(component))
        total = counts.total() + 0.5 * levels
        shares = [(counts[level] + 0.5) / total for level in range(levels)]
        if component in frequencies and component != "number_in_street":
            same = sum(share * share for share in frequencies[component].values())
            same = min(same, 1 - 1 / len(records))  # another record may differ, if none here does
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
    weights = weights_of(model)
    levels = accumulate((len(one.m) for one in model.components.values()), initial=0)
    places = dict(zip(model.components, levels, strict=False))
    patterns = [
        tuple(
            [
                (places[component] + level, 1 / weights[component].chance_of(level, one, two))
                for component, level, one, two in outcomes_of(records[a], records[b])
            ]
        )
        for a, b in pairs
    ]
    return Sample(patterns, places, scale, len(records) * (len(records) - 1) / 2)


def maximise(start: Model, sample: Sample) -> Model:
    """EM: whose pairs these are by the parameters, the parameters by whose pairs these are."""
    model = start
    for _ in range(_ROUNDS):
        model, moved = _one_round(start, model, sample)
        if moved < 0.0005:
            break
    return model


def _one_round(start: Model, model: Model, sample: Sample) -> tuple[Model, float]:
    belief = max(_BELIEF, 2**model.prior * sample.total / sample.scale * _BELIEF_SHARE)
    believed = [share * belief for one in start.components.values() for share in one.m]
    ones, kin, levels = _counted(model, sample, believed)
    components = {}
    for name, one in start.components.items():
        place = sample.places[name]
        components[name] = _tamed(_shares(levels[place : place + len(one.m)]), one.u)
    moved = max(
        abs(new - old)
        for name, one in components.items()
        for new, old in zip(one.m, model.components[name].m, strict=True)
    )
    prior = math.log2(max(ones * sample.scale, 1.0) / sample.total)
    relatives = math.log2(max(kin * sample.scale, 0.01) / sample.total)
    return replace(model, components=components, prior=prior, relatives=relatives), moved


def _counted(
    model: Model, sample: Sample, believed: Sequence[float]
) -> tuple[float, float, list[float]]:
    """How many pairs are one person and how many of one household, each by its chance, and how
    many of the former reach each level, beside those believed in."""
    levels = [*believed]
    m = [share for one in model.components.values() for share in one.m]
    alike = [alike_in(name) for name, one in model.components.items() for _ in one.m]
    prior, prior_kin = 2**model.prior, 2**model.relatives
    ones = kin = 0.0
    for pattern in sample.patterns:
        one, relative = prior, prior_kin
        for place, per_u in pattern:
            ratio = m[place] * per_u
            one *= ratio
            relative *= 1.0 + alike[place] * (ratio - 1.0)
        total = 1.0 + one + relative
        ones += one / total
        kin += relative / total
        if one > 0.001 * total:
            for place, _ in pattern:
                levels[place] += one / total
    return ones, kin, levels


def _tamed(m: tuple[float, ...], u: tuple[float, ...]) -> Component:
    """No level tells more than full agreement does: rare levels are seen too seldom to trust."""
    most = m[0] / u[0]
    return Component(m, tuple(max(share, one / most) for one, share in zip(m, u, strict=True)))


def _shares(counts: Sequence[float]) -> tuple[float, ...]:
    least = _LEAST * sum(counts)
    raised = [max(count, least) for count in counts]
    return tuple(count / sum(raised) for count in raised)
