"""What idempotency needs from storage. A method is one atomic AWS call."""

from datetime import datetime
from typing import Protocol

from rapport.idempotency.model import Answer, Request


class Requests(Protocol):
    """Requests by their key, for a day."""

    def claim(self, request: Request) -> Request | None:
        """Note a new request; None if it is new (or the known one expired), else the known one."""
        ...

    def retake(self, known: Request, until: datetime) -> bool:
        """Claim anew a request whose attempt died; False where another attempt was quicker."""
        ...

    def complete(self, request: Request, answer: Answer) -> None:
        """Keep the answer, unless one is kept already."""
        ...

    def release(self, request: Request, at: datetime) -> None:
        """Give up the claim, so that a repetition may try at once; the seed stays."""
        ...
