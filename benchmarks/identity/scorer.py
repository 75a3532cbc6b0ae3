"""How well found persons agree with the true ones."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quality:
    """Over pairs of records: precision, recall, F1; B-cubed F1 over records; shares in [0, 1].

    `exact` is the share of true persons found exactly, `overmerged` the count of found persons
    that hold more than one true person.
    """

    precision: float
    recall: float
    f1: float
    b_cubed: float
    exact: float
    overmerged: int


def assess(truth: Mapping[str, str], found: Mapping[str, str]) -> Quality:
    """Compare two partitions of the same records: record to person."""
    true_sizes, found_sizes = Counter(truth.values()), Counter(found[one] for one in truth)
    both = Counter((truth[one], found[one]) for one in truth)
    right, true_pairs, found_pairs = (_pairs(sizes) for sizes in (both, true_sizes, found_sizes))
    precision = right / found_pairs if found_pairs else 1.0
    recall = right / true_pairs if true_pairs else 1.0
    by_record_p = sum(n * n / found_sizes[to] for (_, to), n in both.items()) / len(truth)
    by_record_r = sum(n * n / true_sizes[of] for (of, _), n in both.items()) / len(truth)
    exact = sum(n == true_sizes[of] == found_sizes[to] for (of, to), n in both.items())
    holders = Counter(to for _, to in both)
    return Quality(
        precision,
        recall,
        _harmonic(precision, recall),
        _harmonic(by_record_p, by_record_r),
        exact / len(true_sizes),
        sum(persons > 1 for persons in holders.values()),
    )


def _pairs(sizes: Counter[str] | Counter[tuple[str, str]]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes.values())


def _harmonic(one: float, two: float) -> float:
    return 2 * one * two / (one + two) if one + two else 0.0
