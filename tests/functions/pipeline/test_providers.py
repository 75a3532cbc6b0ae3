"""Providers that refuse, stall, fail and lie: sent once, failed with a reason, or unknown."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from local.twins.faults import Fault
from rapport.channels.base import Account
from rapport.notifications.service import MAX_ATTEMPTS
from tests.faults.stories import ANSWER, GRACE
from tests.faults.world import ADA, WHATSAPP, World, claims

SECOND = timedelta(seconds=1)


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.agent(GRACE)
        made.writes(ADA, "Hello")
        made.step()
        yield made


def answer(world: World, key: str = "key") -> str:
    conversation = world.conversation_of(GRACE)
    path = f"/v1/conversations/{conversation}/messages"
    told = world.request(
        "POST", path, ANSWER, headers={"idempotency-key": key}, claims=claims(GRACE)
    )
    return str(told.json["message"]["message_id"])


def entries(world: World) -> list[dict[str, Any]]:
    return world.dynamo.items()["rapport-test-NotificationsTable"]


def status(world: World) -> str:
    (entry,) = entries(world)
    return str(entry["status"]["S"])


def asked(world: World) -> list[Any]:
    return [one for one in world.twins.state.requests if one.host == "graph.facebook.com"]


def test_after_429_nothing_is_asked_before_the_time_the_provider_named(world: World) -> None:
    wait = 90
    busy = Fault(kind="status", status=429, body={}, headers={"retry-after": str(wait)}, times=3)
    world.twins.faults.pending.append(busy)

    answer(world)
    world.run_until_quiet()
    times = [one.at for one in asked(world)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]

    assert len(times) == 4
    assert all(gap >= wait * SECOND for gap in gaps)
    assert status(world) == "read"
    assert len(world.twins.outbox()) == 1


def test_who_is_asked_to_wait_holds_up_nobody_else(world: World) -> None:
    other = "14155550199"
    world.bring(world.customer(other, "Hello, too"))
    world.run_until_quiet()
    busy = Fault(kind="status", status=429, body={}, headers={"retry-after": "600"}, times=3)
    busy.match = {"to": ADA}
    world.twins.faults.pending.append(busy)
    listed = world.request("GET", "/v1/conversations?limit=50", claims=claims(GRACE)).json["items"]
    began = world.clock.now()
    for number, one in enumerate(listed):
        path = f"/v1/conversations/{one['conversation_id']}/messages"
        named = {"idempotency-key": f"key-{number}"}
        world.request("POST", path, ANSWER, headers=named, claims=claims(GRACE))
    world.run_until(began + 30 * SECOND)

    assert [one.to for one in world.twins.outbox()] == [other]
    world.run_until_quiet()
    assert len(world.twins.outbox(ADA)) == 1


@pytest.mark.parametrize("code", [500, 502, 503])
def test_a_server_error_may_have_sent_it_and_is_not_tried_again(world: World, code: int) -> None:
    world.twins.faults.pending.append(Fault(kind="status", status=code, body={}))

    answer(world)
    world.run_until_quiet()

    assert status(world) == "unknown"
    assert len(asked(world)) == 1
    assert world.twins.outbox() == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": {"code": 131026, "message": "Undeliverable"}}, "recipient_invalid"),
        ({"error": {"code": 987654, "message": "Nobody wrote this down"}}, "invalid_request"),
    ],
)
def test_an_error_inside_a_200_is_a_failure_with_its_reason(
    world: World, body: dict[str, Any], reason: str
) -> None:
    world.twins.faults.pending.append(Fault(kind="status", status=200, body=body))

    answer(world)
    world.run_until_quiet()
    (entry,) = entries(world)

    assert entry["status"]["S"] == "failed"
    assert entry["failure"]["M"]["error_class"]["S"] == reason
    assert [one["detail-type"] for one in world.facts].count("MessageFailed.v1") == 1
    assert world.twins.outbox() == []


@pytest.mark.parametrize("body", [{}, {"messages": []}, {"messages": [{"id": None}]}, "OK"])
def test_a_200_that_names_no_message_is_not_believed(world: World, body: Any) -> None:
    world.twins.faults.pending.append(Fault(kind="status", status=200, body=body))

    answer(world)
    world.run_until_quiet()

    assert status(world) == "unknown"
    assert len(asked(world)) == 1


def test_a_provider_that_is_down_for_an_hour_costs_few_calls_and_sends_nothing_late(
    world: World,
) -> None:
    down = Fault(kind="refuse", times=10_000)
    world.twins.faults.pending.append(down)
    back = world.clock.now() + timedelta(hours=1)
    first = answer(world, "first")
    world.run_until(back)
    calls = len(asked(world))
    world.twins.faults.pending.remove(down)
    second = answer(world, "second")
    world.run_until_quiet()
    found = {one["sk"]["S"].removeprefix("MESSAGE#"): one["status"]["S"] for one in entries(world)}

    assert calls == MAX_ATTEMPTS
    assert found == {first: "failed", second: "read"}
    assert len(world.twins.outbox()) == 1
    assert world.dead_letters() == {}


# --- secrets that change meanwhile ----------------------------------------------------------------


def rotate(world: World, key: str, value: str) -> Account:
    """An operator rotates a secret; both values count from now on."""
    place = "/v1/channel-accounts/whatsapp/main/rotate"
    admin = {"sub": "usr_admin", "cognito:groups": "[admin]"}
    told = world.request("POST", place, {"key": key, "value": value}, claims=admin)
    assert told.status == 200, told.text
    return Account("whatsapp", "main", {**WHATSAPP.document, key: value})


def at_provider(world: World, account: Account) -> None:
    """From now on the provider signs with, and wants, what `account` says."""
    url = world.twins.state.registrations["whatsapp", "main"].webhook_url
    world.twins.register(account, url)


def test_webhooks_signed_before_and_after_a_rotation_are_taken_and_a_retired_secret_is_not(
    world: World,
) -> None:
    old = world.customer(ADA, "Signed with the old secret")
    at_provider(world, rotate(world, "app_secret", "the-second-app-secret-for-tests"))
    new = world.customer(ADA, "Signed with the new secret")
    for webhook in (new, old):
        world.bring(webhook)
    world.run_until_quiet()
    taken = len(stored(world))
    at_provider(world, rotate(world, "app_secret", "the-third-app-secret-for-tests"))
    world.run_until(world.clock.now() + timedelta(hours=1))
    headers = {name.lower(): value for name, value in old.headers}
    refused = world.request("POST", old.url, old.body, headers=headers)
    world.bring(world.customer(ADA, "Signed with the third secret"))
    world.run_until_quiet()

    assert taken == 3
    assert refused.status in (401, 403)
    assert len(stored(world)) == 4


def stored(world: World) -> list[str]:
    items = world.dynamo.items()["rapport-test-ConversationsTable"]
    return [item["text"]["S"] for item in items if "text" in item]


def test_a_token_rotated_while_an_answer_is_on_its_way_is_read_again_and_it_is_sent_once(
    world: World,
) -> None:
    answer(world, "before")  # the dispatcher has read the token and keeps it
    world.run_until_quiet()
    world.step()
    world.bring(world.customer(ADA, "And?"))
    world.run_until_quiet()
    account = rotate(world, "access_token", "the-second-access-token")
    answer(world, "during")
    at_provider(world, account)  # the old token is refused from here on
    world.run_until_quiet()

    assert sorted(one["status"]["S"] for one in entries(world)) == ["read", "read"]
    assert len(world.twins.outbox()) == 2
