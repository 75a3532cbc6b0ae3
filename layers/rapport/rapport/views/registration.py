"""What an application or a member of staff says about a person, as identity takes it."""

from rapport.contracts.api.customers import CustomerRegistration
from rapport.contracts.caller import Caller
from rapport.contracts.identity import Assurance, Identifier
from rapport.idempotency.model import Seed
from rapport.identity.hearing import Engine
from rapport.identity.model import Attestation, Heard, Record, Sender, Source, strongest
from rapport.identity.senders import attributes_of
from rapport.identity.service import recalled
from rapport.kernel import email, phone
from rapport.kernel.errors import Forbidden, InvalidInput

REGISTERED = "crm"
"""The channel of what is registered; its account is the caller, its sender their own id."""


def register(
    registration: CustomerRegistration, caller: Caller, seed: Seed, *, engine: Engine
) -> Record:
    """The record of `registration`, made or brought up to date; the same `source_id` is the same.

    Raises `InvalidInput` on an identifier that is none, `Forbidden` where staff other than an
    administrator call one verified, `Transient` when other writers kept winning.
    """
    traits: dict[str, object] = {**registration.traits}
    attributes = attributes_of({"name": registration.name, **traits})
    sender = Sender(
        source=Source(REGISTERED, caller.subject, registration.source_id),
        channel=REGISTERED,
        identifiers=_identifiers(registration, caller),
        name=registration.name,
        traits=traits,
        attributes=attributes,
        attestation=_attestation(caller) if attributes else Attestation.NONE,
    )
    heard = Heard(sender, seed.at, seed.at, seed.new("api"))
    return recalled(heard, graph=engine.graph) or engine.hear(heard)


def _attestation(caller: Caller) -> Attestation:
    return Attestation.IMPORT if caller.is_application else Attestation.AGENT


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
