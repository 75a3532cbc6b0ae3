"""Idempotency in memory: the twin of `store`."""

from dataclasses import replace
from datetime import datetime

from rapport.idempotency.model import Answer, Request


class InMemoryRequests:
    """`Requests` in a dictionary."""

    def __init__(self) -> None:
        self.stored: dict[str, Request] = {}

    def claim(self, request: Request) -> Request | None:
        """Note a new request, or give the known one."""
        known = self.stored.get(request.key)
        if known is not None and known.expires_at > request.started_at:
            return known
        self.stored[request.key] = request
        return None

    def retake(self, known: Request, until: datetime) -> bool:
        """Claim anew what nobody has claimed since."""
        stored = self._claimed(known)
        if stored is None:
            return False
        self.stored[known.key] = replace(stored, claimed_until=until)
        return True

    def complete(self, request: Request, answer: Answer) -> None:
        """Keep the answer, unless one is kept already."""
        known = self.stored.get(request.key)
        if known and known.seed_id == request.seed_id and known.answer is None:
            self.stored[request.key] = replace(known, answer=answer)

    def release(self, request: Request, at: datetime) -> None:
        """Give up the claim."""
        known = self._claimed(request)
        if known is not None:
            self.stored[request.key] = replace(known, claimed_until=at)

    def _claimed(self, request: Request) -> Request | None:
        known = self.stored.get(request.key)
        if known is None or known.answer is not None:
            return None
        claim = (known.seed_id, known.claimed_until)
        return known if claim == (request.seed_id, request.claimed_until) else None
