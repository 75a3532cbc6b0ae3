"""Where the ports of one-time codes meet AWS: a part of `wiring` that few functions use."""

from functools import cache
from typing import TYPE_CHECKING

from rapport import wiring
from rapport.aws.clients import client

if TYPE_CHECKING:
    from rapport.otp.guard import PumpingGuard
    from rapport.otp.guard_counting import Counting
    from rapport.otp.guard_ports import GuardBooks
    from rapport.otp.guard_rules import GuardRules
    from rapport.otp.ports import CodeKeys, Services, Verifications
    from rapport.otp.sending import Courier
    from rapport.otp.service import Office


@cache
def verifications() -> "Verifications":
    """Verifications, by customer or address."""
    from rapport.otp.store import DynamoVerifications

    return DynamoVerifications(client("dynamodb"), wiring.setting("OTP_TABLE"))


@cache
def verification_services() -> "Services":
    """How codes look, live and travel; read again every minute."""
    from rapport.otp.service import ServicesInForce
    from rapport.otp.service_store import DynamoServices

    return ServicesInForce(
        DynamoServices(client("dynamodb"), wiring.setting("OTP_TABLE")), wiring.clock()
    )


@cache
def code_keys() -> "CodeKeys":
    """The keys that codes are derived from."""
    from rapport.aws.code_keys import SecretsManagerCodeKeys

    return SecretsManagerCodeKeys(
        client("secretsmanager"), wiring.setting("OTP_KEY"), wiring.clock()
    )


@cache
def guard_books() -> "GuardBooks":
    """What the fraud guard has counted."""
    from rapport.otp.guard_store import DynamoGuardBooks

    return DynamoGuardBooks(client("dynamodb"), wiring.setting("OTP_TABLE"))


@cache
def guard_rules() -> "GuardRules":
    """The fraud guard's numbers: its own, but for what the deployment says."""
    from rapport.otp.guard_rules import guard_rules_of

    return guard_rules_of(wiring.setting("VERIFICATION_GUARD"))


@cache
def guard() -> "PumpingGuard":
    """Stops codes that only cost money."""
    from rapport.otp.guard import PumpingGuard
    from rapport.otp.guard_store import DynamoSources
    from rapport.otp.risk import PolicyRisk, ToldSightings
    from rapport.views.numbers import CarrierSignals

    sources = DynamoSources(client("dynamodb"), wiring.setting("OTP_TABLE"))
    risk = PolicyRisk(CarrierSignals(wiring.identities()), ToldSightings(), guard_rules().risk)
    return PumpingGuard(guard_books(), sources, guard_rules, risk)


@cache
def guard_counting() -> "Counting":
    """Counts what the verifications' stream tells."""
    from rapport.otp.guard_counting import Counting

    return Counting(guard_books(), guard_rules, wiring.clock(), wiring.ids())


@cache
def verification_office() -> "Office":
    """What starting and checking a verification needs."""
    from rapport.aws.secrets import key_source
    from rapport.otp.service import Office
    from rapport.views.verifications import RecordedAddresses

    return Office(
        verifications=verifications(),
        services=verification_services(),
        keys=code_keys(),
        addresses=RecordedAddresses(wiring.identities()),
        guard=guard(),
        clock=wiring.clock(),
        pseudonym_key=key_source(client("secretsmanager"), wiring.setting("PSEUDONYM_KEY")),
    )


@cache
def courier() -> "Courier":
    """What sending codes needs."""
    from rapport.channels import registry
    from rapport.otp.sending import Courier

    return Courier(
        verifications=verifications(),
        services=verification_services(),
        keys=code_keys(),
        guard=guard(),
        sender_of=registry.sender,
        account_of=wiring.accounts().get,
        refresh=wiring.accounts().refresh,
        http=wiring.http(),
        clock=wiring.clock(),
    )
