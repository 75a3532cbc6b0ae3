"""Decide whether a request is new, repeated, or one whose attempt died."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rapport.idempotency.model import Answer, Request, Seed
from rapport.idempotency.ports import Requests
from rapport.kernel.ids import Ids


@dataclass(frozen=True)
class Begun:
    """The request is ours to work on."""

    request: Request
    seed: Seed


@dataclass(frozen=True)
class Busy:
    """Another attempt is at it until `until`."""

    until: datetime


@dataclass(frozen=True)
class Other:
    """The key was used for another request."""


def begin(
    key: str, fingerprint: str, now: datetime, patience: timedelta, *, requests: Requests, ids: Ids
) -> Begun | Answer | Busy | Other:
    """Claim a request for `patience`, by when this attempt has ended or died.

    One write for a new request; an attempt that died is taken over with its seed, so that what it
    had written already is found again under the same names.
    """
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)  # milliseconds are what is kept
    until = now + patience
    new = Request(key, fingerprint, ids.new("req"), started_at=now, claimed_until=until)
    known = requests.claim(new)
    if known is None:
        return Begun(new, Seed(new.seed_id, now))
    if known.fingerprint != fingerprint:
        return Other()
    if known.answer is not None:
        return known.answer
    if known.claimed_until > now or not requests.retake(known, until):
        return Busy(max(known.claimed_until, now))
    taken = Request(key, fingerprint, known.seed_id, known.started_at, until)
    return Begun(taken, Seed(known.seed_id, known.started_at, is_repeat=True))


def end(begun: Begun, answer: Answer, at: datetime, *, requests: Requests) -> None:
    """Keep the answer; a failure of ours (5xx) is not kept and may be tried again at once."""
    if answer.status >= 500:
        requests.release(begun.request, at)
    else:
        requests.complete(begun.request, answer)
