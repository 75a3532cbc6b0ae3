"""Virtual time: jobs in the order of their moments, and pauses in which others get on."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
"""In milliseconds, the unit of all moments here; they count from `START`."""

Job = Callable[[], None]


class Timeline:
    """The world's clock, and what is still to happen."""

    def __init__(self) -> None:
        self.ms = 0
        self._jobs: list[tuple[int, int, Job]] = []
        self._number = 0
        self._now = (0, START)

    def now(self) -> datetime:
        """The true time; what functions are told is `Platform`'s."""
        if self._now[0] != self.ms:
            self._now = (self.ms, START + timedelta(milliseconds=self.ms))
        return self._now[1]

    def at(self, ms: int, job: Job) -> None:
        """Do `job` at a moment, or next if that has passed."""
        self._number += 1
        heapq.heappush(self._jobs, (max(ms, self.ms), self._number, job))

    def after(self, ms: int, job: Job) -> None:
        """Do `job` in so many milliseconds."""
        self.at(self.ms + ms, job)

    def has_due(self, until: int) -> bool:
        """Whether something is due by a moment."""
        return bool(self._jobs) and self._jobs[0][0] <= until

    def run(self, until: int) -> None:
        """Do everything that is due by a moment; then it is that moment."""
        while self.has_due(until):
            ms, _, job = heapq.heappop(self._jobs)
            self.ms = max(self.ms, ms)
            job()
        self.ms = max(self.ms, until)


def ms_of(moment: datetime) -> int:
    """A moment on the line."""
    return (moment - START) // timedelta(milliseconds=1)
