"""Verifications as the API and chats see them, on the addresses that identity has on record."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from rapport.contracts.api.verifications import (
    ServiceDefinition,
    ServiceView,
    VerificationCheck,
    VerificationChecked,
    VerificationRequest,
    VerificationView,
)
from rapport.contracts.caller import Caller
from rapport.contracts.identity import Assurance, Identifier
from rapport.idempotency.model import Seed
from rapport.identity.graph import Statement
from rapport.identity.lookup import Customer, find_customer
from rapport.identity.ports import Graph
from rapport.kernel import email, phone
from rapport.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from rapport.otp.model import KINDS, Contact, OnRecord, Status, Verification
from rapport.otp.ports import Services
from rapport.otp.service import Checked, Office, check, show
from rapport.otp.settings import Service
from rapport.otp.starting import Wish, start
from rapport.views.numbers import DEACTIVATED, number_events


@dataclass(frozen=True)
class RecordedAddresses:
    """`AddressBook` on identity: what others than the sender at hand vouch for. One call."""

    graph: Graph

    def on_record(self, customer_id: str, session: str) -> OnRecord:
        """The customer's vouched and verified addresses, the surest first, then the latest."""
        try:
            customer = find_customer(customer_id, graph=self.graph)
        except NotFound:
            return OnRecord(customer_id)
        ranked: dict[tuple[str, str, str | None, str | None], Contact] = {}
        for contact in _contacts(customer, session):
            key = (contact.kind, contact.address, contact.provider, contact.account)
            known = ranked.pop(key, None)
            ranked[key] = known if known and known.rank > contact.rank else contact
        newest_first = list(ranked.values())[::-1]
        contacts = sorted(newest_first, key=lambda one: -one.rank)
        return OnRecord(customer.customer_id, tuple(contacts))


def _contacts(customer: Customer, session: str) -> Iterator[Contact]:
    """Oldest first. Of each source what it says *now*: a number it has changed is its no more."""
    latest: dict[tuple[object, str], Statement] = {}
    for one in customer.statements:
        for namespace in {item.namespace for item in one.identifiers}:
            latest[one.source, namespace] = one
    for one in customer.statements:
        if one.record_id == session:
            continue
        for item in one.identifiers:
            is_current = latest[one.source, item.namespace] is one
            since = number_events([customer.component], item.value, since=one.heard_at)
            is_gone = any(event.kind == DEACTIVATED for event in since)
            if is_current and not is_gone and _is_vouched(item):
                rank = item.assurance.rank
                yield Contact(item.namespace, item.value, rank, history=since)
        if one.source.channel in KINDS and KINDS[one.source.channel] == one.source.channel:
            source = one.source
            rank = Assurance.CHANNEL.rank
            yield Contact(source.channel, source.sender, rank, source.channel, source.account)


def _is_vouched(item: Identifier) -> bool:
    return item.namespace in {"phone", "email"} and item.assurance is not Assurance.CLAIMED


def start_verification(
    body: VerificationRequest, caller: Caller, seed: Seed, *, office: Office
) -> VerificationView:
    """Start, or send again. Raises `Forbidden` where staff name an address instead of a customer:
    a code goes to the address on record, never to one that somebody just gave."""
    if body.customer_id is None and body.address is None:
        raise InvalidInput("Give a customer_id or an address.", field="customer_id")
    if body.customer_id is None and not caller.is_application:
        raise Forbidden("Staff verify a customer: the code goes to the address on record.")
    wish = Wish(
        fresh_id=seed.new("ver"),
        service=body.service,
        purpose=body.purpose,
        session=body.session,
        source=_source(body, caller, office),
        customer_id=body.customer_id,
        address=_address(body.address) if body.address else None,
        channel=body.channel,
        locale=body.locale,
        device=body.device,
        place=(body.place.latitude, body.place.longitude) if body.place else None,
    )
    return verification_view(start(wish, office=office), office.clock.now())


def check_verification(
    verification_id: str, body: VerificationCheck, seed: Seed, *, office: Office
) -> tuple[VerificationChecked, Checked]:
    """The answer for the outside, and what the audit knows besides."""
    checked = check(
        verification_id,
        body.code,
        body.session,
        office=office,
        request_id=seed.seed_id,
        purpose=body.purpose,
    )
    if checked.approved is None:
        return VerificationChecked(valid=False), checked
    view = verification_view(checked.approved, office.clock.now())
    return VerificationChecked(valid=True, verification=view), checked


def show_verification(verification_id: str, *, office: Office) -> VerificationView:
    """A verification, as long as it is its subject's latest; raises `NotFound`."""
    return verification_view(show(verification_id, office=office), office.clock.now())


def verification_view(one: Verification, now: datetime) -> VerificationView:
    """What may be told of a verification."""
    status = one.status_at(now)
    approved = status is Status.APPROVED
    return VerificationView(
        verification_id=one.verification_id,
        service=one.service,
        purpose=one.purpose,
        channel=one.channel,
        status=status.value,
        sends=one.asked_sends,
        created_at=one.created_at,
        expires_at=one.ends_at,
        next_send_at=one.next_send_at,
        customer_id=one.customer_id if approved else None,
        step_up=list(one.step_up) if approved and one.step_up else None,
    )


def _source(body: VerificationRequest, caller: Caller, office: Office) -> str:
    """Staff ask for themselves; an application for whom it says, else for one session each."""
    behind = "" if not caller.is_application else body.source or body.session
    return office.digest("source", f"{caller.subject}\0{behind}")


def _address(raw: str) -> str:
    try:
        return email.normalise(raw) if "@" in raw else phone.normalise(raw)
    except InvalidInput as error:
        raise InvalidInput(error.message, field="address") from None


# -- Services -----------------------------------------------------------------------------------


def show_service(name: str, *, services: Services) -> ServiceView:
    """A service in force; raises `NotFound`."""
    found = services.service(name)
    if found is None:
        raise NotFound("There is no such service.")
    return _service_view(found)


def define_service(name: str, body: ServiceDefinition, *, services: Services) -> ServiceView:
    """Put a service in force; raises `Conflict` where somebody else changed it meanwhile."""
    try:
        service = Service.model_validate(
            {**body.document, "name": name, "version": body.version + 1}
        )
    except ValidationError as error:
        # An administrator's own document: what they wrote may be told back by its place.
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in ("document", *first["loc"]))
        raise InvalidInput(first["msg"].removeprefix("Value error, "), field=field) from None
    if not services.save(service):
        raise Conflict("The service is of another version by now: read it and decide anew.")
    return _service_view(service)


def _service_view(service: Service) -> ServiceView:
    # Nulls are said where they are not the default: `fallback_after: null` is "never".
    document = service.model_dump(mode="json", exclude={"name", "version"}, exclude_defaults=True)
    return ServiceView(service=service.name, version=service.version, document=document)
