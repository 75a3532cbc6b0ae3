"""Groups of records joined into persons, the surest pair first."""

from collections.abc import Callable, Sequence

from rapport.identity.matching.features import Features
from rapport.identity.matching.scoring import Group, Matcher, Score

Join = tuple[int, int, Score]
"""Two groups by their index, and the weight they were joined with."""


def agglomerate(
    groups: Sequence[Sequence[Features]],
    matcher: Matcher,
    apart: Callable[[int, int], bool] = lambda _one, _two: False,
) -> list[Join]:
    """Join groups while any two weigh at least the model's `join`; the joins in their order.

    A join of groups i and j, i < j, is the join of all that i and j were joined with before: it is
    told by the smallest index of each side. `apart(i, j)` says that two groups must never be one
    person; it then holds for whatever they are joined with. Of equal weights the smaller indices
    go first, so the outcome depends on the groups alone.
    """
    table = _Table(groups, matcher, apart)
    joins: list[Join] = []
    while (best := table.best()) is not None and best[2].weight >= matcher.model.join:
        joins.append(best)
        table.join(best[0], best[1])
    return joins


class _Table:
    """The weight of every two groups that may be one person."""

    def __init__(
        self,
        groups: Sequence[Sequence[Features]],
        matcher: Matcher,
        apart: Callable[[int, int], bool],
    ) -> None:
        self._matcher = matcher
        self._live = {index: Group(members) for index, members in enumerate(groups)}
        self._scores: dict[tuple[int, int], Score] = {}
        self._forbidden: dict[int, set[int]] = {
            i: {j for j in self._live if j != i and (apart(i, j) or apart(j, i))}
            for i in self._live
        }
        for i in self._live:
            for j in range(i + 1, len(groups)):
                self._score(i, j)

    def _score(self, i: int, j: int) -> None:
        one, two = self._live[i], self._live[j]
        if j in self._forbidden[i] or self._matcher.vetoes(one, two):
            self._scores.pop((i, j), None)
        else:
            self._scores[i, j] = self._matcher.score_groups(one, two)

    def best(self) -> Join | None:
        """The pair that weighs most; of equals the smaller indices."""
        if not self._scores:
            return None
        (i, j), score = min(self._scores.items(), key=lambda item: (-item[1].weight, item[0]))
        return i, j, score

    def join(self, i: int, j: int) -> None:
        """Make one group of two: what was forbidden to either is forbidden to both."""
        self._live[i].absorb(self._live.pop(j))
        gone = self._forbidden.pop(j)
        self._forbidden[i] |= gone
        for other in gone:
            self._forbidden[other].discard(j)
            self._forbidden[other].add(i)
        for pair in [pair for pair in self._scores if j in pair]:
            del self._scores[pair]
        for other in self._live:
            if other != i:
                self._score(min(i, other), max(i, other))
