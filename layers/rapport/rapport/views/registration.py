"""What an application or a member of staff says about a person, as identity takes it."""

from rapport.contracts.api.customers import CustomerRegistration
from rapport.contracts.caller import Caller
from rapport.contracts.identity import Assurance, Identifier
from rapport.idempotency.model import Seed
from rapport.identity.model import Record, Sender, Source, strongest
from rapport.identity.ports import Identities
from rapport.identity.service import ATTEMPTS, attach_sender
from rapport.kernel import email, phone
from rapport.kernel.errors import Conflict, Forbidden, InvalidInput, Transient
from rapport.kernel.ids import Ids

REGISTERED = "crm"
"""The channel of what is registered; its account is the caller, its sender their own id."""


def register(
    registration: CustomerRegistration,
    caller: Caller,
    seed: Seed,
    *,
    identities: Identities,
    ids: Ids,
) -> Record:
    """The record of `registration`, made or brought up to date; the same `source_id` is the same.

    Raises `InvalidInput` on an identifier that is none, `Forbidden` where staff other than an
    administrator call one verified, `Transient` when other writers kept winning.
    """
    sender = Sender(
        source=Source(REGISTERED, caller.subject, registration.source_id),
        channel=REGISTERED,
        identifiers=_identifiers(registration, caller),
        name=registration.name,
        traits=dict(registration.traits),
    )
    for _ in range(ATTEMPTS):
        try:
            return attach_sender(sender, seed.new("api"), seed.at, identities=identities, ids=ids)
        except Conflict:
            continue
    raise Transient("Others were changing the same customer; try again.")


def normalised(namespace: str, value: str, assurance: Assurance, field: str) -> Identifier:
    """An identifier in its comparable spelling; raises `InvalidInput` under `field`."""
    try:
        match namespace:
            case "phone":
                value = phone.normalise(value)
            case "email":
                value = email.normalise(value)
            case _:
                value = value.strip()
    except InvalidInput as error:
        raise InvalidInput(error.message, field=field) from None
    if not value:
        raise InvalidInput("Give a value.", field=field)
    return Identifier(namespace=namespace, value=value, assurance=assurance)


def _identifiers(registration: CustomerRegistration, caller: Caller) -> tuple[Identifier, ...]:
    found = []
    for number, item in enumerate(registration.identifiers):
        assurance = Assurance(item.assurance)
        # What an agent keys in is what somebody told them (design decision 7).
        if assurance is Assurance.VERIFIED and not (caller.is_application or caller.is_admin):
            raise Forbidden(
                "What staff key in is a claim; only applications and administrators vouch.",
                field=f"identifiers.{number}.assurance",
            )
        place = f"identifiers.{number}.value"
        found.append(normalised(item.namespace, item.value, assurance, place))
    return strongest(found)
