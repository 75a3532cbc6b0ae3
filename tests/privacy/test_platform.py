"""Nobody's data is in what functions log, raise, answer or name things by, whatever happens."""

import base64
import dataclasses
import functools
from collections import Counter
from collections.abc import Iterable
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest

from rapport.contracts.inbound import ReceivedEvent
from rapport.entrypoint.observability import log
from rapport.ingest.ports import QueueEntry
from rapport.ingest.service import Intake, _ordered
from rapport.kernel.json import dumps
from tests.platform.functions import Handler, load_handler
from tests.privacy.people import XANTHIPPE
from tests.privacy.scan import Leak, leaks
from tests.privacy.story import tell
from tests.privacy.watch import Watch

WAYS = {"everything works": False, "AWS refuses, and quotes the call": True}


@functools.cache
def watched(way: str) -> tuple[Watch, list[Leak]]:
    """The story told once, and what leaked."""
    with Watch(quotes=WAYS[way]) as world:
        tell(world)
    return world, leaks(world.everything())


def shown(found: list[Leak]) -> list[str]:
    return [f"{leak.what} in {leak.where}: {leak.text[:200]}" for leak in found]


@pytest.mark.parametrize("way", WAYS)
def test_no_data_of_a_person_is_logged_raised_answered_or_used_as_a_name(way: str) -> None:
    assert shown(watched(way)[1]) == []


def test_the_watch_saw_every_kind_of_thing() -> None:
    """Nothing found means nothing unless there was something to look at."""
    world, _ = watched("everything works")
    seen = Counter(one.where.partition(" of ")[0] for one in world.everything())

    functions = set(world.known.of_kind("AWS::Serverless::Function"))
    logged = {one.where.removeprefix("log of ") for one in world.told if one.where[:3] == "log"}
    assert functions - logged == set()
    assert seen["exception"] > 10
    assert seen["error answer"] > 20
    for kind in (
        "SendMessageBatch MessageGroupId",
        "SendMessageBatch MessageDeduplicationId",
        "PutObject Key",
        "PutEvents Detail",
        "PutEvents DetailType",
        "GetSecretValue SecretId",
    ):
        assert seen[kind], kind
    assert len(world.dead_letters()) >= 7
    assert len(watched("AWS refuses, and quotes the call")[0].refused) > 40


def _by_sender(arrival: ReceivedEvent, intake: Intake) -> QueueEntry:
    entry = _ordered(arrival, intake)
    return dataclasses.replace(entry, group=str(arrival.event.customer_address))


def _by_text(arrival: ReceivedEvent) -> str:
    return quote(arrival.event.text or arrival.ingest_id)[:128]


def _unguarded(function: str) -> Handler:
    handler = load_handler(function)
    return getattr(handler, "__wrapped__", handler)


def _named(place: Iterable[str | int]) -> str:
    return ".".join(map(str, place))


PLANTED: dict[str, tuple[str, Any]] = {
    "log of": ("function_match_sender.log", lambda event, **_: log(event, to="(415) 557-3914")),
    "exception of": ("tests.privacy.watch.load_handler", _unguarded),
    "error answer of": ("rapport.entrypoint.validation.field_name", _named),
    "SendMessageBatch MessageGroupId": ("rapport.ingest.service._ordered", _by_sender),
    "SendMessageBatch MessageDeduplicationId": (
        "rapport.ingest.service._deduplication_id",
        _by_text,
    ),
    "PutObject Key": (
        "rapport.ingest.service.object_key",
        lambda _: f"inbound/{base64.b64encode(XANTHIPPE.email.encode()).decode()}",
    ),
    "PutEvents Detail of MessageSent": (
        "rapport.aws.events.dumps",
        lambda value: dumps(value | {"to": XANTHIPPE.digits}),
    ),
    "GetSecretValue SecretId": ("rapport.aws.secrets.check_name", lambda *_: None),
}


@pytest.mark.parametrize("where", PLANTED)
def test_a_planted_leak_is_found(where: str) -> None:
    place, bug = PLANTED[where]
    load_handler("MatchSenderFunction")

    with patch(place, bug), Watch() as world:
        tell(world)

    assert [leak for leak in leaks(world.everything()) if leak.where.startswith(where)]
