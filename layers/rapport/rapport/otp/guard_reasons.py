"""Why the guard refused a code: a stable name, words for staff, the numbers, and when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rapport.kernel.clock import iso
from rapport.otp.guard_blocks import Prefix
from rapport.otp.guard_books import OPERATOR, Block
from rapport.otp.guard_rules import Budget, Ceiling

WORDS = {
    "unassigned": "No network has assigned this number.",
    "kind_refused": "Codes do not go to numbers of the kind {kind}.",
    "no_country": "Numbers of country code {country_code} belong to no country: satellites,"
    " premium and other international services.",
    "country_not_allowed": "Codes do not go to {region}: it is not among the allowed countries.",
    "address_budget": "This address had {starts} codes within {window}; {most} are allowed.",
    "session_budget": "This session asked for {starts} codes within {window}; {most} are allowed.",
    "source_budget": "This source asked for {starts} codes within {window}; {most} are allowed.",
    "range_blocked": "Of {starts} codes lately ordered for {prefix}…, {approvals} were answered"
    " ({reason}; block {strikes} in a row).",
    "operator_blocked": "Of {starts} codes lately ordered for {prefix}…, {approvals} were answered"
    " ({reason}; block {strikes} in a row). Its quiet ranges, and addresses that have answered a"
    " code before, are served.",
    "spend_hour": "Codes cost {spent_usd} USD within an hour; {open_usd} of the ceiling of"
    " {ceiling_usd} are open to addresses that have not answered a code before.",
    "spend_day": "Codes cost {spent_usd} USD within 24 hours; {open_usd} of the ceiling of"
    " {ceiling_usd} are open to addresses that have not answered a code before.",
}
"""For staff, by the code of a reason."""


@dataclass(frozen=True)
class Reason:
    """One reason: a code of `WORDS`, the numbers behind it, and when it ends (None: unknown)."""

    code: str
    numbers: Mapping[str, str | int] = field(default_factory=dict)
    ends_at: datetime | None = None

    @property
    def words(self) -> str:
        """The sentence for staff."""
        sentence = WORDS[self.code].format(**self.numbers)
        return f"{sentence} It ends at {iso(self.ends_at)}." if self.ends_at else sentence


def over_budget(code: str, starts: int, budget: Budget, ends_at: datetime) -> Reason:
    """A budget that one start more would exceed; `ends_at` when there is room again."""
    window = f"{budget.window.total_seconds() / 60:g} minutes"
    return Reason(code, {"starts": starts, "most": budget.most, "window": window}, ends_at)


def blocked(code: str, prefix: str, block: Block) -> Reason:
    """A prefix that is blocked, with the counts that did it."""
    numbers: dict[str, str | int] = {
        "prefix": prefix,
        "reason": block.reason,
        "starts": block.counts.starts,
        "approvals": block.counts.approvals,
        "strikes": block.strikes,
    }
    return Reason(code, numbers, block.until)


def blocks_in_force(prefix: Prefix, now: datetime) -> list[Reason]:
    """Every block of an operator prefix and its ranges at `now`, for staff to look at."""
    return [
        blocked("operator_blocked", book.operator, block)
        if name == OPERATOR
        else blocked("range_blocked", f"{book.operator}{name}", block)
        for book in prefix.books
        for name, block in sorted(book.blocks.items())
        if block.since <= now < block.until
    ]


def over_ceiling(code: str, spent: int, ceiling: Ceiling) -> Reason:
    """A ceiling of spending that one code more would break."""
    numbers: dict[str, str | int] = {
        "spent_usd": _usd(spent),
        "ceiling_usd": _usd(ceiling.most),
        "open_usd": _usd(ceiling.open_to_all),
    }
    return Reason(code, numbers)


def _usd(micro: int) -> str:
    return f"{micro / 1_000_000:.2f}"
