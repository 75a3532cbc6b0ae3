"""Facts about verifications: ids, outcomes and reasons; neither codes nor addresses."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from rapport.contracts.events import Audience, Data


class CodeOrder(BaseModel):
    """What the queue of codes carries. The code is recomputed by whoever sends it."""

    model_config = ConfigDict(frozen=True)

    verification_id: str
    attempt: int


class CodeOrdered(Data):
    """A code is due to be sent; the relay queues it ahead of everything else.

    `operator` and `block` place a number, `cost` is in millionths of a US dollar: the fraud guard
    counts by them. `is_first`: the order that began the verification.
    """

    detail_type: ClassVar[str] = "CodeOrdered.v1"
    audience: ClassVar[Audience] = Audience.RELAY

    verification_id: str
    attempt: int
    is_first: bool
    started_at: datetime
    operator: str | None = None
    block: str | None = None
    cost: int = 0


class CodeWithheld(Data):
    """A code was asked for that will not be sent; to whoever asked it looks like any other."""

    detail_type: ClassVar[str] = "CodeWithheld.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    verification_id: str
    service: str
    purpose: str
    reasons: list[str]


class CodeSent(Data):
    """A provider took a code, or may have (`is_certain` is false); its answer is waited for."""

    detail_type: ClassVar[str] = "CodeSent.v1"

    verification_id: str
    attempt: int
    service: str
    channel: str
    is_certain: bool


class CodeFailed(Data):
    """A code was not delivered; `error_class` says why, `falls_back` whether another route is
    tried."""

    detail_type: ClassVar[str] = "CodeFailed.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    verification_id: str
    attempt: int
    service: str
    channel: str
    error_class: str
    falls_back: bool


class CodeRefused(Data):
    """A guess was refused; the caller heard no reason, this is it."""

    detail_type: ClassVar[str] = "CodeRefused.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    verification_id: str
    reason: str
    failures: int | None = None


class VerificationApproved(Data):
    """The right code came back from the session it was bound to. `step_up`: why it proves little.

    `channel` is the one that the code last went out on.
    """

    detail_type: ClassVar[str] = "VerificationApproved.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    verification_id: str
    service: str
    purpose: str
    channel: str
    customer_id: str | None = None
    step_up: tuple[str, ...] = ()
    started_at: datetime
    operator: str | None = None
    block: str | None = None


class VerificationCanceled(Data):
    """A verification ended before its time, without success."""

    detail_type: ClassVar[str] = "VerificationCanceled.v1"
    audience: ClassVar[Audience] = Audience.SUBSCRIBERS

    verification_id: str
    reason: str
