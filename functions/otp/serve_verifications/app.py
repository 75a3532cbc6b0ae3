"""Verifications over HTTP: start, check, show, cancel; and the services they are of."""

from typing import Any

from rapport import wiring_otp
from rapport.contracts.api.verifications import (
    ServiceDefinition,
    ServiceView,
    VerificationCheck,
    VerificationChecked,
    VerificationRequest,
    VerificationView,
)
from rapport.contracts.caller import Caller
from rapport.entrypoint.auth import MANAGE_VERIFICATION_SERVICES, VERIFY
from rapport.entrypoint.http import Api
from rapport.entrypoint.observability import log
from rapport.idempotency.model import Seed
from rapport.otp.service import cancel
from rapport.otp.starting import Withheld
from rapport.views.verifications import (
    check_verification,
    define_service,
    show_service,
    show_verification,
    start_verification,
    verification_view,
)

api = Api("Verifications")


@api.post("/v1/verifications", VERIFY, status=201)
def create_verification(body: VerificationRequest, caller: Caller, seed: Seed) -> VerificationView:
    """Send a code, or the same one again; what is answered never tells whether anybody has it."""
    try:
        view = start_verification(body, caller, seed, office=wiring_otp.verification_office())
    except Withheld as refused:
        log("code_withheld", reasons=refused.reasons, caller=caller.subject, seed=seed.seed_id)
        raise
    log("verification_started", verification_id=view.verification_id, sends=view.sends)
    return view


@api.post("/v1/verifications/{verification_id}/check", VERIFY)
def post_check(verification_id: str, body: VerificationCheck, seed: Seed) -> VerificationChecked:
    """Check a code, once it is right. Wrong, expired, used and unknown are one answer."""
    office = wiring_otp.verification_office()
    answer, checked = check_verification(verification_id, body, seed, office=office)
    # The audit alone knows why; an id that a stranger made up is not repeated.
    known = checked.approved.verification_id if checked.approved else None
    log("code_checked", verification_id=known, refusal=checked.refusal, seed=seed.seed_id)
    return answer


@api.get("/v1/verifications/{verification_id}", VERIFY)
def get_verification(verification_id: str) -> VerificationView:
    """A verification, as long as it is the latest of its customer or address."""
    return show_verification(verification_id, office=wiring_otp.verification_office())


@api.post("/v1/verifications/{verification_id}/cancel", VERIFY)
def post_cancel(verification_id: str) -> VerificationView:
    """End a verification: its code is worth nothing from now on."""
    office = wiring_otp.verification_office()
    return verification_view(cancel(verification_id, office=office), office.clock.now())


@api.get("/v1/verification-services/{service}", MANAGE_VERIFICATION_SERVICES)
def get_service(service: str) -> ServiceView:
    """How codes of a service look, live and travel."""
    return show_service(service, services=wiring_otp.verification_services())


@api.put("/v1/verification-services/{service}", MANAGE_VERIFICATION_SERVICES)
def put_service(service: str, body: ServiceDefinition) -> ServiceView:
    """Define a service, or change it over the version you read."""
    return define_service(service, body, services=wiring_otp.verification_services())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of the routes above (payload 2.0)."""
    return api(event, context)
