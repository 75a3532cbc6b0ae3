"""Time as a port: everything that asks for the time is handed a clock."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

CLOCK_SKEW = timedelta(minutes=5)
"""How far another's clock may run ahead of ours before its time is not believed."""


class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime:
        """The present instant, timezone-aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands where it is put; for tests, replays and simulations."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The instant it was last put to."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move the hands forward (or back) by `by`."""
        self.at += by


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`: sorts as text in time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{moment.microsecond // 1000:03d}Z"
    )


def parse_iso(text: str) -> datetime:
    """The instant an `iso` text names; raises ValueError on anything else."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def believable(claimed: datetime | None, received_at: datetime) -> datetime:
    """The source's time, unless it lies in the future beyond all clock skew, or before 2000."""
    if claimed is None or claimed > received_at + CLOCK_SKEW or claimed.year < 2000:
        return received_at
    return claimed
