"""What is told about a verification, by its changes."""

from datetime import datetime

from rapport.contracts.events import Data, Envelope, Metadata, envelope
from rapport.contracts.otp import (
    CodeFailed,
    CodeOrdered,
    CodeRefused,
    CodeSent,
    CodeWithheld,
    VerificationApproved,
    VerificationCanceled,
)
from rapport.otp.model import Refusal, Verification


def ordered(one: Verification, attempt: int, cost: int, at: datetime) -> Envelope:
    """The order to send the code of `one` for the `attempt`th time."""
    fact = CodeOrdered(
        verification_id=one.verification_id,
        attempt=attempt,
        is_first=attempt == 1,
        started_at=one.created_at,
        operator=one.operator,
        block=one.block,
        cost=cost,
    )
    return _fact(fact, f"{one.verification_id}.{attempt}", at)


def withheld(one: Verification, at: datetime) -> Envelope:
    """`one` looks like any other, and no code goes out."""
    fact = CodeWithheld(
        verification_id=one.verification_id,
        service=one.service,
        purpose=one.purpose,
        reasons=list(one.withheld),
    )
    return _fact(fact, f"{one.verification_id}.withheld", at)


def sent(one: Verification, attempt: int, at: datetime, *, is_certain: bool) -> Envelope:
    """A provider took the code, or may have."""
    fact = CodeSent(
        verification_id=one.verification_id,
        attempt=attempt,
        service=one.service,
        channel=one.attempts[attempt - 1].channel,
        is_certain=is_certain,
    )
    return _fact(fact, f"{one.verification_id}.{attempt}.sent", at)


def failed(
    one: Verification, attempt: int, error_class: str, at: datetime, *, falls_back: bool
) -> Envelope:
    """The code did not get there."""
    fact = CodeFailed(
        verification_id=one.verification_id,
        attempt=attempt,
        service=one.service,
        channel=one.attempts[attempt - 1].channel,
        error_class=error_class,
        falls_back=falls_back,
    )
    return _fact(fact, f"{one.verification_id}.{attempt}.failed", at)


def approved(one: Verification, at: datetime) -> Envelope:
    """The right code came back."""
    fact = VerificationApproved(
        verification_id=one.verification_id,
        service=one.service,
        purpose=one.purpose,
        channel=one.attempts[-1].channel,
        customer_id=one.customer_id,
        step_up=one.step_up,
        started_at=one.created_at,
        operator=one.operator,
        block=one.block,
    )
    return _fact(fact, f"{one.verification_id}.approved", at)


def refused(
    verification_id: str, refusal: Refusal, request_id: str, at: datetime, failures: int | None
) -> Envelope:
    """A guess was refused; one fact a request."""
    fact = CodeRefused(verification_id=verification_id, reason=refusal.value, failures=failures)
    return _fact(fact, f"{request_id}.refused", at)


def canceled(verification_id: str, reason: str, at: datetime) -> Envelope:
    """A verification ended before its time."""
    fact = VerificationCanceled(verification_id=verification_id, reason=reason)
    return _fact(fact, f"{verification_id}.canceled", at)


def _fact(data: Data, event_id: str, at: datetime) -> Envelope:
    return envelope(data, Metadata(event_id=event_id, occurred_at=at))
