"""Verifications as tests want them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from rapport.otp.model import Attempt, AttemptStatus, Verification
from tests.builders import NOW, PHONE

SUBJECT = "sbject0000000000"
SESSION = "session000000000"
ADDRESS_DIGEST = "address000000000"


def an_attempt(**changes: Any) -> Attempt:
    """An SMS that the provider took."""
    return replace(Attempt("sms", AttemptStatus.SENT, NOW), **changes)


def a_verification(**changes: Any) -> Verification:
    """One of a customer's phone, sent once by SMS, pending for ten minutes."""
    subject = changes.get("subject", SUBJECT)
    made = Verification(
        verification_id=f"ver_{'a' * 26}{subject}",
        service="default",
        purpose="identity",
        subject=subject,
        session=SESSION,
        kind="phone",
        channel="sms",
        locale="en",
        nonce="bm9uY2U",
        key_version="k1",
        length=6,
        created_at=NOW,
        ends_at=NOW + timedelta(minutes=10),
        next_send_at=NOW + timedelta(seconds=30),
        max_checks=5,
        max_sends=5,
        address_digest=ADDRESS_DIGEST,
        address=PHONE,
        attempts=(an_attempt(),),
    )
    return replace(made, **changes)
