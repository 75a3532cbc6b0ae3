"""Codes that customers answer in the chat they are in."""

from dataclasses import replace

import pytest

from rapport.contracts.identity import Assurance
from rapport.contracts.inbound import InboundEvent, Kind, ReceivedEvent
from rapport.identity.graph import Component
from rapport.identity.model import Record, Source
from rapport.identity.proving import prove
from rapport.otp.model import Refusal
from rapport.otp.recognition import MASK, may_say_code
from rapport.otp.settings import Route
from rapport.views.answers import Answer, answer, proof
from tests.builders import NOW, PHONE, a_record, a_source, heard
from tests.unit.otp.world import SESSION, World
from tests.unit.views.identity import Identity

CHAT = a_record(record_id=SESSION)


def says(world: World, text: str, ingest_id: str = "ing_1", record: Record = CHAT) -> Answer:
    """What becomes of a message of the sender behind `record`."""
    event = InboundEvent(
        kind=Kind.MESSAGE,
        channel="messenger",
        provider="messenger",
        text=text,
        extra={"quoted": {"lines": [text]}},
    )
    received = ReceivedEvent(
        ingest_id=ingest_id,
        account_channel="messenger",
        account="main",
        received_at=world.clock.now(),
        event=event,
    )
    return answer(received, record, office=world.office)


def texts(said: Answer) -> set[str]:
    """Every text that would be stored."""
    event = said.received.event
    return {str(event.text), *event.extra["quoted"]["lines"]}


@pytest.mark.parametrize("spell", ["it's {}", "{}", "驗證碼 {} 謝謝"])
def test_a_code_in_a_chat_is_checked_and_covered(spell: str) -> None:
    world = World()
    one = world.start()
    code = world.code(one)
    heard_text = says(world, spell.format(code))
    assert heard_text.checked is not None
    assert heard_text.checked.approved is not None
    assert texts(heard_text) == {spell.format(MASK * 6)}


def test_a_chat_message_that_comes_again_hears_what_it_heard() -> None:
    world = World()
    one = world.start()
    said = [says(world, world.code(one)) for _ in "ab"]
    assert [each.checked and each.checked.approved is not None for each in said] == [True, True]


def test_a_late_code_is_covered_all_the_same_and_costs_nothing() -> None:
    world = World()
    one = world.start()
    world.now(minutes=30)
    said = says(world, world.code(one))
    assert (texts(said), said.checked) == ({MASK * 6}, None)
    world.now(days=2)
    assert texts(says(world, "123456", "ing_2")) == {"123456"}


@pytest.mark.parametrize(
    ("text", "worth_a_look"),
    [
        ("it's 123456", True),
        ("１２３４５６", True),
        ("123-456", True),
        ("my order 48213 of Tuesday", False),
        ("Hello", False),
        ("call me: +1 415 555 0100", False),
    ],
)
def test_only_a_message_with_digits_enough_costs_a_look(text: str, worth_a_look: bool) -> None:
    event = InboundEvent(kind=Kind.MESSAGE, channel="sms", provider="twilio", text=text)
    assert may_say_code(event) is worth_a_look


def test_nobody_elses_numbers_are_touched() -> None:
    world = World()
    world.start()
    for text in ("123456", "my number is 4155550100", "hello"):
        assert texts(says(world, text, record=a_record(record_id="rec_other"))) == {text}


def test_a_telephone_number_is_no_guess() -> None:
    world = World()
    one = world.start()
    said = says(world, "call me: 415 555 0100")
    assert said.checked is None
    assert world.stored(one).checks == 0


def test_a_wrong_code_that_the_queue_brings_again_counts_once() -> None:
    world = World()
    one = world.start()
    for _ in range(3):
        says(world, world.wrong(one))
    assert world.stored(one).checks == 1


def test_a_wrong_code_in_a_chat_counts() -> None:
    world = World()
    one = world.start()
    said = says(world, world.wrong(one))
    assert said.checked is not None
    assert said.checked.refusal is Refusal.WRONG
    assert texts(said) == {MASK * 6}


def test_what_was_proven_makes_the_chat_the_verified_person() -> None:
    """Jane writes on Messenger; the code goes to the number on record; she types it there."""
    identity, world = Identity(), World()
    jane = identity.registers(PHONE, Assurance.VERIFIED)
    chat = identity.engine.hear(heard(Source("messenger", "main", "psid-1"), event_id="ing_0"))
    assert chat.customer_id != jane.customer_id
    world.office = replace(world.office, addresses=identity.addresses)
    one = world.start(customer_id=jane.customer_id, session=chat.record_id)
    said = says(world, world.code(one), record=chat)
    assert said.checked is not None
    assert said.checked.approved is not None

    assert said.proof is not None
    proven = prove(said.proof, chat, engine=identity.engine)

    component = identity.graph.load([proven.component_id])[proven.component_id]
    assert isinstance(component, Component)
    assert proven.customer_id == jane.customer_id
    assert proven.identifiers[0].assurance is Assurance.VERIFIED


def test_a_code_to_a_chat_proves_whoever_answers_it_in_another() -> None:
    """Jane is known by LINE; the code goes there, and she types it into the web chat."""
    identity, world = Identity(), World(routes=(Route(channel="line", provider="line"),))
    jane = identity.engine.hear(heard(Source("line", "main", "U1"), event_id="ing_0"))
    chat = identity.engine.hear(heard(Source("webchat", "main", "v1"), event_id="ing_00"))
    world.office = replace(world.office, addresses=identity.addresses)
    one = world.start(customer_id=jane.customer_id, session=chat.record_id)
    assert (one.kind, one.address) == ("line", "U1")
    said = says(world, world.code(one), record=chat)

    assert said.proof is not None
    proven = prove(said.proof, chat, engine=identity.engine)
    assert proven.customer_id == jane.customer_id != chat.customer_id
    assert [(i.pair, i.assurance) for i in proven.identifiers] == [
        (("line_id", "main:U1"), Assurance.VERIFIED)
    ]


def test_a_doubted_code_proves_nothing_to_identity() -> None:
    world = World()
    one = replace(world.start(), step_up=("number_ported",))
    chat = Identity().engine.hear(heard(a_source(), event_id="ing_0"))
    assert proof(one, chat, NOW, "ing_1", office=world.office) is None
