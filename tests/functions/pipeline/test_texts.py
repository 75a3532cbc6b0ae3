"""Texts and calls by AWS End User Messaging: what customers write, and what becomes of ours."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from local.twins import codes
from rapport.channels.base import Account
from tests.faults.stories import ANSWER, GRACE
from tests.faults.world import World, claims
from tests.policy.codes import define, start

JANE = "+14155550177"
FALLBACK_S = 60
"""After that many seconds without an answer `define`'s services send on the next route anyway."""

AMAZON = Account(
    "aws_messaging",
    "main",
    {
        "origination_identity": "+15550001111",
        "region": "us-east-1",
        "configuration_set": "messaging",
        "allowed_topic_arns": ["arn:aws:sns:us-east-1:000000000000:messaging"],
    },
)
BOTH = [("sms", "aws_messaging", "main"), ("voice", "aws_messaging", "main")]


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.register(AMAZON)
        yield made


def sent(world: World) -> list[tuple[str, str | None, bool]]:
    """What left: channel, code, and whether it failed on its way."""
    ours = [one for one in world.twins.state.delivered if one.account_channel == "aws_messaging"]
    return [(one.channel, codes.code_in(one), one.failure is not None) for one in ours]


def let_pass(world: World, seconds: float) -> None:
    world.run_until(world.clock.now() + timedelta(seconds=seconds))


def test_a_text_is_answered_from_the_account_it_came_to(world: World) -> None:
    world.agent(GRACE)
    world.writes(JANE, "Where is it?", channel="aws_messaging")
    world.step()
    path = f"/v1/conversations/{world.conversation_of(GRACE)}/messages"
    world.asks("POST", path, ANSWER, claims(GRACE), "answer")

    (answer,) = world.twins.outbox(JANE)
    assert (answer.channel, answer.account_channel) == ("sms", "aws_messaging")
    assert answer.sender == "+15550001111"
    (kept,) = world.dynamo.items()["rapport-test-NotificationsTable"]
    assert kept["status"]["S"] == "delivered"
    assert set(kept["receipts"]["M"]) == {"sent", "delivered"}
    customers = world.request(
        "GET", "/v1/customers?namespace=phone&value=%2B14155550177", claims=claims(GRACE)
    ).json["items"]
    assert len(customers) == 1, "the network vouches for the number"


def test_an_answer_that_the_carrier_blocks_has_failed(world: World) -> None:
    world.agent(GRACE)
    world.writes(JANE, "Where is it?", channel="aws_messaging")
    world.step()
    world.twins.state.failures[JANE[1:]] = "CARRIER_BLOCKED"
    path = f"/v1/conversations/{world.conversation_of(GRACE)}/messages"
    world.asks("POST", path, ANSWER, claims(GRACE), "answer")

    (kept,) = world.dynamo.items()["rapport-test-NotificationsTable"]
    assert kept["status"]["S"] == "failed"
    assert kept["failure"]["M"]["code"]["S"] == "CARRIER_BLOCKED"


@pytest.mark.parametrize("ends", ["CARRIER_BLOCKED", "UNREACHABLE", "TTL_EXPIRED"])
def test_a_code_that_did_not_arrive_goes_on_by_call_at_once(world: World, ends: str) -> None:
    define(world, "shop", BOTH)
    world.twins.state.failures[JANE[1:]] = ends
    start(world, JANE, "confirm_phone")
    let_pass(world, FALLBACK_S / 2)

    ((_, code, _),) = sent(world)[:1]
    assert sent(world) == [("sms", code, True), ("voice", code, True)]


def test_a_code_that_may_have_arrived_waits_for_its_answer(world: World) -> None:
    define(world, "shop", BOTH)
    world.twins.state.failures[JANE[1:]] = "UNKNOWN"
    start(world, JANE, "confirm_phone")
    let_pass(world, FALLBACK_S / 2)
    assert [channel for channel, _, _ in sent(world)] == ["sms"]

    let_pass(world, FALLBACK_S)
    assert [channel for channel, _, _ in sent(world)] == ["sms", "voice"]


@pytest.mark.parametrize("ends", ["busy", "no-answer"])
def test_a_call_that_nobody_answers_is_followed_by_a_text(world: World, ends: str) -> None:
    define(world, "shop", BOTH[::-1])
    world.twins.state.failures[JANE[1:]] = ends
    start(world, JANE, "confirm_phone")
    let_pass(world, FALLBACK_S / 2)

    assert [channel for channel, _, _ in sent(world)] == ["voice", "sms"]
    assert len({code for _, code, _ in sent(world)}) == 1
