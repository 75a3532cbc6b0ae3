"""A claimed request, and what its repetition finds. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

KEPT = timedelta(hours=24)
"""How long an answer is kept, counted from the first request."""


@dataclass(frozen=True)
class Seed:
    """What everything made for one request is named from, so that its repetition names the same.

    `at` is when the request first came. `is_repeat`: an earlier attempt died, and may have written
    any part of its work.
    """

    seed_id: str
    at: datetime
    is_repeat: bool = False

    def new(self, prefix: str) -> str:
        """The request's id of that kind, e.g. `msg_01k9…`."""
        return f"{prefix}_{self.seed_id.partition('_')[2]}"


@dataclass(frozen=True)
class Answer:
    """The answer to a request: status, and body as it went out."""

    status: int
    body: str


@dataclass(frozen=True)
class Request:
    """A request under its key. Until `claimed_until` one attempt has it to itself."""

    key: str
    fingerprint: str
    seed_id: str
    started_at: datetime
    claimed_until: datetime
    answer: Answer | None = None

    @property
    def expires_at(self) -> datetime:
        """When the request is forgotten."""
        return self.started_at + KEPT


def digest(*parts: str | bytes) -> str:
    """One name for several parts, each length-prefixed so that no two lists read the same."""
    hashed = sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        hashed.update(f"{len(data)}:".encode() + data)
    return hashed.hexdigest()
