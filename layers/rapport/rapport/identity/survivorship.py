"""Which of several values of a trait is shown, as data."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Survivorship(StrEnum):
    """Which of several values is shown."""

    MOST_TRUSTED = "most_trusted"  # the highest assurance, then said by the most sources
    MOST_RECENT = "most_recent"
    MOST_RECENT_VERIFIED = "most_recent_verified"  # the latest at the highest assurance there is
    MOST_FREQUENT = "most_frequent"  # said by the most sources
    LONGEST = "longest"
    UNION = "union"  # all of them


DEFAULT_SURVIVORSHIP: Mapping[str, Survivorship] = {
    "name": Survivorship.MOST_TRUSTED,
    "local_name": Survivorship.MOST_TRUSTED,
    "date_of_birth": Survivorship.MOST_TRUSTED,
    "gender": Survivorship.MOST_TRUSTED,
    "national_id": Survivorship.MOST_TRUSTED,
    "loyalty": Survivorship.MOST_TRUSTED,
    # People move, and change numbers: the last one that was proven is the one they have.
    "address": Survivorship.MOST_RECENT_VERIFIED,
    "phone": Survivorship.MOST_RECENT_VERIFIED,
    "email": Survivorship.MOST_RECENT_VERIFIED,
    "tier": Survivorship.MOST_RECENT_VERIFIED,
    "language": Survivorship.MOST_RECENT,
    "occupation": Survivorship.MOST_RECENT,
    "preferences": Survivorship.UNION,
    "interests": Survivorship.UNION,
}


class ProfileRules(BaseModel):
    """Which value survives, as data. `traits` overrides the defaults; others follow `other`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    traits: Mapping[str, Survivorship] = Field(default_factory=dict)
    other: Survivorship = Survivorship.MOST_RECENT

    def rule(self, trait: str) -> Survivorship:
        """How the value of `trait` is chosen."""
        return self.traits.get(trait) or DEFAULT_SURVIVORSHIP.get(trait) or self.other
