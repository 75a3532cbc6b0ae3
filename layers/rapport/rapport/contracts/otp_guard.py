"""Facts of the fraud guard: what it blocked, what it let go, and what codes cost."""

from datetime import datetime
from typing import ClassVar

from rapport.contracts.events import Audience, Data


class PrefixBlocked(Data):
    """No more codes go to new addresses under `prefix` until `until`.

    `level` is `range` (ten thousand numbers) or `operator`; `reason` is `low_conversion` or
    `over_budget`; `starts` and `approvals` are the counts that decided it; `strikes` the blocks of
    this prefix in a row.
    """

    detail_type: ClassVar[str] = "PrefixBlocked.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    prefix: str
    level: str
    reason: str
    starts: int
    approvals: int
    strikes: int
    until: datetime


class PrefixReleased(Data):
    """The codes that had `prefix` blocked were answered after all: the block ends early."""

    detail_type: ClassVar[str] = "PrefixReleased.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    prefix: str
    level: str
    starts: int
    approvals: int


class SpendAlarmRaised(Data):
    """Codes cost `spent` of `ceiling` within the last `window` (`hour` or `day`), in micro-USD.

    `reached`: no code goes to an address that has never answered one; else it is near.
    """

    detail_type: ClassVar[str] = "SpendAlarmRaised.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    window: str
    spent: int
    ceiling: int
    reached: bool
