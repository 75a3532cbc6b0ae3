"""Verifications as the API and chats see them."""

from datetime import timedelta
from typing import Any

import pytest

from rapport.contracts.api.verifications import (
    ServiceDefinition,
    VerificationCheck,
    VerificationRequest,
)
from rapport.contracts.caller import Caller, Group
from rapport.contracts.identity import Assurance
from rapport.idempotency.model import Seed
from rapport.identity.model import Source
from rapport.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from rapport.otp.model import Contact, OnRecord, Refusal
from rapport.views.verifications import (
    check_verification,
    define_service,
    show_service,
    start_verification,
)
from tests.builders import (
    NOW,
    PHONE,
    a_signal,
    a_source,
    after,
    an_identifier,
    heard,
)
from tests.unit.otp.world import CUSTOMER, SESSION, World
from tests.unit.views.identity import Identity

OFFICER = Caller("agent-1", groups=frozenset({Group.AGENT}))
APPLICATION = Caller("client-1", is_application=True)
OTHER = "+14155550199"


def a_request(**changes: Any) -> VerificationRequest:
    plain = {"purpose": "identity", "session": SESSION, "customer_id": CUSTOMER}
    return VerificationRequest(**(plain | changes))


def seed(number: int = 1) -> Seed:
    return Seed(f"req_{number:026}", NOW)


# -- Addresses on record ------------------------------------------------------------------------


def test_what_nobody_vouches_for_is_not_on_record() -> None:
    identity = Identity()
    assert identity.on_record(identity.registers(PHONE, Assurance.CLAIMED)) == []
    assert identity.on_record(identity.registers(PHONE, Assurance.VERIFIED, 1)) == [(PHONE, 2)]


def test_a_number_that_its_source_has_changed_is_not_on_record_any_more() -> None:
    identity = Identity()
    identity.registers(PHONE, Assurance.VERIFIED)
    record = identity.registers(OTHER, Assurance.VERIFIED, 1)
    assert identity.on_record(record) == [(OTHER, 2)]


def test_a_number_that_its_carrier_has_ended_is_not_on_record_any_more() -> None:
    identity = Identity()
    record = identity.registers(PHONE, Assurance.VERIFIED)
    identity.engine.signal(a_signal(at=after(minutes=1)))
    assert identity.on_record(record) == []


def test_the_sender_at_hand_vouches_for_nothing() -> None:
    identity = Identity()
    record = identity.engine.hear(heard(a_source(), an_identifier(), name="Ada"))
    assert identity.on_record(record) == [(PHONE, 1)]
    assert identity.on_record(record, session=record.record_id) == []


def test_a_line_account_is_an_address_on_its_own_account() -> None:
    identity = Identity()
    record = identity.engine.hear(heard(Source("line", "main", "U1"), name="Ada"))
    found = identity.addresses.on_record(record.customer_id, "elsewhere")
    assert found.contacts == (Contact("line", "U1", 1, "line", "main"),)


@pytest.mark.parametrize("customer", ["cus_nobody", "", "x", "cus_01k9aaaaaaaaaaaaaaaaaaaaaa"])
def test_nobody_is_nowhere_on_record(customer: str) -> None:
    assert Identity().addresses.on_record(customer, "s") == OnRecord(customer)


# -- Over the API -------------------------------------------------------------------------------


def test_staff_cannot_have_a_code_sent_to_an_address_they_give() -> None:
    with pytest.raises(Forbidden):
        start_verification(
            a_request(customer_id=None, address=PHONE), OFFICER, seed(), office=World().office
        )


def test_neither_customer_nor_address_is_a_mistake() -> None:
    with pytest.raises(InvalidInput):
        start_verification(a_request(customer_id=None), APPLICATION, seed(), office=World().office)


@pytest.mark.parametrize("raw", ["+1 (415) 555-0100", "＋１４１５５５５０１００", "14155550100"])
def test_an_address_is_one_address_however_it_is_written(raw: str) -> None:
    world = World()
    asked = a_request(customer_id=None, address=raw, purpose="confirm_phone")
    view = start_verification(asked, APPLICATION, seed(), office=world.office)
    again = start_verification(
        asked.model_copy(update={"address": PHONE}), APPLICATION, seed(2), office=world.office
    )
    assert view.verification_id == again.verification_id


@pytest.mark.parametrize("raw", ["hello", "+1", "ada@", "@", "+1415555010012345678"])
def test_what_is_no_address_is_named_as_such(raw: str) -> None:
    asked = a_request(customer_id=None, address=raw, purpose="confirm_phone")
    with pytest.raises(InvalidInput) as told:
        start_verification(asked, APPLICATION, seed(), office=World().office)
    assert told.value.field == "address"


def test_known_and_unknown_customers_get_the_same_answer() -> None:
    world = World()
    views = [
        start_verification(
            a_request(customer_id=customer, session=customer), OFFICER, seed(n), office=world.office
        )
        for n, customer in enumerate((CUSTOMER, "cus_nobody"))
    ]
    told = [view.model_dump(exclude={"verification_id"}) for view in views]
    assert told[0] == told[1]


def test_staff_are_one_source_and_sessions_of_an_application_are_each_their_own() -> None:
    world = World()
    for n, (caller, session) in enumerate(
        ((OFFICER, "a"), (OFFICER, "b"), (APPLICATION, "a"), (APPLICATION, "b"))
    ):
        start_verification(a_request(session=session), caller, seed(n), office=world.office)
    sources = [asked.source for asked in world.guard.asked]
    assert sources[0] == sources[1]
    assert len(set(sources)) == 3


def test_every_no_is_the_same_no() -> None:
    world = World()
    one = world.start()
    body = VerificationCheck(code=world.wrong(one), session=SESSION)
    answers: dict[str, tuple[str, Refusal | None]] = {}

    def ask(name: str, verification_id: str, said: VerificationCheck) -> None:
        asked = seed(len(answers) + 1)
        answer, checked = check_verification(verification_id, said, asked, office=world.office)
        answers[name] = (answer.model_dump_json(exclude_none=True), checked.refusal)

    ask("wrong", one.verification_id, body)
    ask("unknown", "ver_nothing", body)
    ask("session", one.verification_id, body.model_copy(update={"session": "x"}))
    ask("purpose", one.verification_id, body.model_copy(update={"purpose": "payment"}))
    world.check(one, world.code(one))
    ask("used", one.verification_id, body.model_copy(update={"code": world.code(one)}))
    late = world.start()
    world.now(minutes=10)
    ask("expired", late.verification_id, body.model_copy(update={"code": world.code(late)}))

    assert {text for text, _ in answers.values()} == {'{"valid":false}'}
    assert len({refusal for _, refusal in answers.values()}) == len(answers), "the audit knows"


# -- Services -----------------------------------------------------------------------------------


def test_a_service_is_defined_over_the_version_that_was_read() -> None:
    world = World()
    document = {"routes": [{"channel": "sms", "provider": "twilio"}], "purposes": {"sign_in": {}}}
    body = ServiceDefinition(document=document, version=0)
    made = define_service("login", body, services=world.services)
    assert made.version == 1
    assert show_service("login", services=world.services) == made
    with pytest.raises(Conflict):
        define_service("login", body, services=world.services)


@pytest.mark.parametrize("broken", [{"routes": []}, {"length": 4}, {"nonsense": 1}])
def test_a_service_that_breaks_the_rules_is_named_by_its_field(broken: dict[str, Any]) -> None:
    document = {"routes": [{"channel": "sms", "provider": "a"}], "purposes": {"sign_in": {}}}
    with pytest.raises(InvalidInput) as told:
        define_service(
            "login",
            ServiceDefinition(document=document | broken, version=0),
            services=World().services,
        )
    assert str(told.value.field).startswith("document")


def test_a_service_that_nobody_defined_is_not_found() -> None:
    with pytest.raises(NotFound):
        show_service("nothing", services=World().services)


def test_life_reads_in_seconds_or_iso() -> None:
    document: dict[str, object] = {
        "routes": [{"channel": "sms", "provider": "twilio"}],
        "purposes": {"sign_in": {}},
        "life": 300,
        "wait": "PT1M",
    }
    world = World()
    define_service(
        "login", ServiceDefinition(document=document, version=0), services=world.services
    )
    service = world.services.service("login")
    assert service is not None
    assert (service.life, service.wait) == (timedelta(minutes=5), timedelta(minutes=1))
