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

from local.twins import codes
from rapport.channels.twilio.voice import twiml
from rapport.contracts.content import TextContent
from rapport.contracts.inbound import ReceivedEvent
from rapport.entrypoint.observability import log
from rapport.ingest.ports import QueueEntry
from rapport.ingest.service import Intake, _ordered
from rapport.kernel.errors import NotFound
from rapport.kernel.json import dumps
from rapport.otp.codes import code_of
from rapport.otp.sending import _end, content_of
from rapport.otp.service import _judged
from tests.platform.functions import Handler, load_handler
from tests.privacy.people import XANTHIPPE
from tests.privacy.scan import Leak, code_leaks, leaks
from tests.privacy.story import tell
from tests.privacy.verifying import LENGTH, codes_of, verifying
from tests.privacy.watch import Watch

CHANNELS = {"sms", "voice", "whatsapp", "email"}
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


@pytest.mark.parametrize("way", WAYS)
def test_no_code_is_told_named_or_written_anywhere(way: str) -> None:
    world, _ = watched(way)
    found = code_leaks([*world.everything(), *world.written()], codes_of(world))
    assert shown(found) == []


def test_the_codes_were_where_they_belong() -> None:
    """In what providers were sent, by every way, and in the queue of what customers wrote."""
    world, _ = watched("everything works")
    given = codes_of(world)
    found = Counter(leak.where for leak in code_leaks(world.confided(), given))
    channels = {one.channel for one in codes.codes(world.twins.state.delivered)}
    written = "".join(one.text for one in world.written())

    assert found["POST of DispatchCodesFunction"] == len(given) >= 8
    assert found["SendMessageBatch of ReceiveWebhookFunction"] == len(CHANNELS)
    assert channels >= CHANNELS
    assert written.count("•" * LENGTH) >= 2 * len(CHANNELS), "covered where it is stored"
    assert "VerificationApproved.v1" in written


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


def _says_what_it_says(*asked: Any) -> str:
    markup = twiml(*asked)
    log("calling", words=markup)
    return markup


def _says_what_it_writes(*asked: Any) -> Any:
    content = content_of(*asked)
    if isinstance(content, TextContent):
        log("sending", text=content.text)
    return content


def _counts(known: Any, guess: str, *asked: Any) -> Any:
    found = _judged(known, guess, *asked)
    log("guessed", guess=guess)
    return found


def _repeats(verification_id: str, **_: Any) -> Any:
    raise NotFound(f"There is no verification {verification_id}.")


PLANTED_CODES: dict[str, tuple[str, Any]] = {
    "log of DispatchCodesFunction": ("rapport.otp.sending.content_of", _says_what_it_writes),
    "log of DispatchCodesFunction, spoken": (
        "rapport.channels.twilio.voice.twiml",
        _says_what_it_says,
    ),
    "log of MatchSenderFunction": ("rapport.otp.service._judged", _counts),
    "log of ServeVerificationsFunction": ("rapport.otp.service._judged", _counts),
    "error answer of": ("rapport.views.verifications.show", _repeats),
    "PutItem of MatchSenderFunction": ("rapport.views.answers.mask", lambda text, _: text),
    "UpdateItem of DispatchCodesFunction": (
        "rapport.otp.sending._end",
        lambda known, number, status, courier, _=None: _end(
            known, number, status, courier, code_of(known, courier.keys.of(known.key_version))
        ),
    ),
}


@pytest.mark.parametrize("where", PLANTED_CODES)
def test_a_planted_leak_of_a_code_is_found(where: str) -> None:
    place, bug = PLANTED_CODES[where]

    with patch(place, bug), Watch() as world:
        verifying(world)

    found = code_leaks([*world.everything(), *world.written()], codes_of(world))
    assert [leak for leak in found if leak.where.startswith(where.partition(",")[0])]


@pytest.mark.parametrize("where", PLANTED)
def test_a_planted_leak_is_found(where: str) -> None:
    place, bug = PLANTED[where]
    load_handler("MatchSenderFunction")

    with patch(place, bug), Watch() as world:
        tell(world)

    assert [leak for leak in leaks(world.everything()) if leak.where.startswith(where)]
