"""The fraud guard's numbers, as one validated document: nothing here is decided in code."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rapport.kernel.errors import Misconfigured
from rapport.otp.risk import Policy

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
MicroUsd = Annotated[int, Field(ge=0)]
"""Millionths of a US dollar: whole numbers, so that sums are exact."""
Region = Annotated[str, Field(pattern=r"^([A-Z]{2}|001)$")]

LONGEST_BLOCK = timedelta(hours=12)
UNWANTED = frozenset(
    {"premium_rate", "shared_cost", "personal_number", "pager", "uan", "voicemail", "unknown"}
)
NO_TEXTS = frozenset({"fixed_line", "toll_free"})


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(_Document):
    """When a prefix of one length is blocked.

    It blocks itself when at least `unanswered` of the starts counted are without approval and
    fewer than the share `conversion` of all were approved; or over `budget` starts. `patient` is
    the bar of the long window, for attacks that take their time. After a block it is on probation:
    `trial` unanswered starts are enough. One bar for all of a busy and a quiet
    prefix would be unfair, so that both a number and a share are needed.
    """

    unanswered: Count
    patient: Count
    conversion: Share
    trial: Count
    budget: Count


class Blocks(_Document):
    """How long a block lasts: `shortest`, doubled for each one before, never over `longest`.

    A prefix that has kept quiet for `forget` after its last block starts from `shortest` again.
    `recovered`: a block ends early once this share of its starts was approved after all.
    """

    shortest: timedelta = timedelta(minutes=5)
    longest: timedelta = LONGEST_BLOCK
    forget: timedelta = timedelta(hours=24)
    recovered: Share = 0.4

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not timedelta(minutes=1) <= self.shortest <= self.longest <= LONGEST_BLOCK:
            raise ValueError("A block lasts from a minute to twelve hours, shortest first.")
        return self


class Budget(_Document):
    """At most `most` starts within `window`."""

    most: Count
    window: timedelta


class Ceiling(_Document):
    """What codes may cost within a sliding window, in millionths of a US dollar.

    `alarm`: the share at which staff are told. `reserve`: the share that is kept for addresses
    that have answered a code before, so that an attack cannot lock out everyone.
    """

    most: MicroUsd
    alarm: Share = 0.8
    reserve: Annotated[float, Field(ge=0, lt=1)] = 0.2

    @property
    def open_to_all(self) -> int:
        """What of it is open to addresses that have never answered a code."""
        return round(self.most * (1 - self.reserve))


class Prices(_Document):
    """What one code costs, by channel and region; `default` for a pair that is not listed.

    Put your providers' prices here: the default is an assumption that errs on the dear side.
    """

    default: MicroUsd = 100_000
    by_channel: dict[str, dict[str, MicroUsd]] = Field(default_factory=dict)

    def of(self, channel: str, region: str) -> int:
        """The price of one code."""
        return self.by_channel.get(channel, {}).get(region, self.default)


class GuardRules(_Document):
    """Everything the guard goes by.

    `metered`: the channels whose destinations cost money and can be pumped; others are counted by
    address, session and source only. `countries`: the regions that codes may go to; empty allows
    every country (never `001`). `refused_kinds` per channel by phonenumbers' number types. `risk`:
    what signals about the number, the device and the place mean.
    """

    version: str = "default"
    metered: frozenset[str] = frozenset({"sms", "voice"})
    countries: frozenset[Region] = frozenset()
    refused_kinds: dict[str, frozenset[str]] = Field(
        default_factory=lambda: {"sms": UNWANTED | NO_TEXTS, "voice": UNWANTED}
    )
    window: timedelta = timedelta(minutes=10)
    long_window: timedelta = timedelta(hours=6)
    range_level: Level = Level(unanswered=6, patient=10, conversion=0.25, trial=3, budget=600)
    operator_level: Level = Level(
        unanswered=40, patient=100, conversion=0.25, trial=20, budget=12_000
    )
    quiet: Count = 2
    blocks: Blocks = Blocks()
    proven: timedelta = timedelta(days=180)
    address: tuple[Budget, ...] = (
        Budget(most=5, window=timedelta(minutes=10)),
        Budget(most=10, window=timedelta(hours=24)),
    )
    session: tuple[Budget, ...] = (Budget(most=8, window=timedelta(hours=1)),)
    source: Budget = Budget(most=60, window=timedelta(minutes=10))
    prices: Prices = Prices()
    hour: Ceiling = Ceiling(most=100_000_000)
    day: Ceiling = Ceiling(most=600_000_000)
    risk: Policy = Policy()
    fresh: timedelta = timedelta(seconds=2)
    blind: timedelta = timedelta(seconds=5)


def guard_rules_of(document: str) -> GuardRules:
    """The rules of a JSON document, which names what differs from ours; raises `Misconfigured`."""
    try:
        return GuardRules.model_validate_json(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "document"
        raise Misconfigured(f"The fraud guard's rules: {place}: {first['msg']}.") from None
