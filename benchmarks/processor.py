"""CPU time of handlers against floor programs, in one process that never saw moto.

    python -m benchmarks.processor replay.pickle        (called by `make bench`)

The floor program of an invocation makes the very same calls with the same clients and reads the
same JSON, and does nothing else; for a webhook it checks the signature too. Rounds of handler and
floor alternate, and the least of each counts: noise only ever adds.
"""

import hmac
import json
import os
import pickle
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import urllib3
from botocore.exceptions import ClientError

from benchmarks import stub, webhooks
from benchmarks.calls import Call, Invocation
from benchmarks.cold_program import Context
from tests.platform.functions import load_handler
from tests.tables import function_of

PASSES, ROUNDS = 3, 150
WARM_UP = 20
JSON = "application/x-amz-json-1.0"


@dataclass(frozen=True)
class Replay:
    """What the process needs: the stub's port, each row's invocations, functions' environments.

    `secrets` are reads that a function makes every five minutes: answered, but not counted.
    `samples`: an invocation of each function that reads what it then keeps for a while.
    """

    port: int
    rows: dict[str, list[Invocation]]
    variables: dict[str, dict[str, str]]
    secrets: tuple[Call, ...]
    samples: dict[str, Invocation]
    passes: int
    rounds: int


@dataclass(frozen=True)
class Timing:
    """Microseconds of CPU an event: the least of the handler's rounds and of its floor's."""

    function: str
    handler_us: float
    floor_us: float


def script_of(calls: Sequence[Call]) -> dict[str, list[stub.Answer]]:
    """What the stub shall answer to these calls."""
    answers: dict[str, list[stub.Answer]] = {}
    for call in calls:
        if call.target:
            answer = (call.status, {"content-type": JSON}, call.body)
            answers.setdefault(call.target, []).append(answer)
    return answers


def here(variables: dict[str, str], port: int) -> dict[str, str]:
    """A function's environment, with every address on the stub."""
    url = f"http://{stub.HOST}:{port}"
    own = {
        "PROVIDER_BASE_URL": url,
        "WEBSOCKET_ENDPOINT": f"{url}/bench",
        # Every round is like the one counted: nothing of the seconds before is kept.
        "VERIFICATION_GUARD": '{"fresh": 0, "blind": 0}',
    }
    return {
        **variables,
        **{key: value for key, value in own.items() if key in variables},
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
    }


def measure(invocation: Invocation, replay: Replay) -> Timing:
    """Time one invocation and its floor; raises where the handler called otherwise than counted."""
    os.environ.update(here(replay.variables[invocation.function], replay.port))
    handler, context = load_handler(function_of(invocation.function)), Context()
    first = replay.samples[invocation.function]
    stub.load(replay.port, script_of((*replay.secrets, *first.calls)))
    handler(first.event, context)
    stub.load(replay.port, script_of((*replay.secrets, *invocation.calls)))

    def run() -> Any:
        return handler(invocation.event, context)

    floor = floor_of(invocation, replay.port)
    for _ in range(min(WARM_UP, replay.rounds)):
        run()
        floor()
    run_as_counted(invocation, replay.port, run)
    best = {run: float("inf"), floor: float("inf")}
    for _ in range(replay.rounds):
        for program in (run, floor):
            best[program] = min(best[program], _cpu(program))
    return Timing(invocation.function, best[run] * 1e6, best[floor] * 1e6)


def _cpu(program: Callable[[], Any]) -> float:
    start = process_time()
    program()
    return process_time() - start


def run_as_counted(invocation: Invocation, port: int, run: Callable[[], Any]) -> None:
    """Run once more and compare the calls with those that were counted."""
    script = script_of(invocation.calls)
    stub.load(port, script)
    run()
    called = stub.seen(port)["scripted"]
    counted = {target: len(answers) for target, answers in script.items()}
    if called != counted:
        raise AssertionError(f"{invocation.function} called {called}, counted were {counted}")


def floor_of(invocation: Invocation, port: int) -> Callable[[], None]:
    """The leanest program that does what `invocation` did outside of itself."""
    calls = [_caller(call, port) for call in invocation.calls]
    texts = _texts(invocation.event)
    signature = invocation.event.get("headers", {}).get("x-hub-signature-256", "")
    secret = webhooks.WHATSAPP.setting("app_secret").encode()

    def floor() -> None:
        for text in texts:
            if signature:
                digest = hmac.digest(secret, text.encode(), "sha256").hex()
                assert hmac.compare_digest(signature, f"sha256={digest}")
            json.loads(text)
        for call in calls:
            call()

    return floor


def _texts(event: dict[str, Any]) -> list[str]:
    """The JSON inside an event: an HTTP body, or each record's body or events."""
    found = [event.get("body")]
    for record in event.get("Records", []):
        image = record.get("dynamodb", {}).get("NewImage", {})
        found.append(record.get("body") or image.get("events", {}).get("S"))
    return [text for text in found if text]


def _caller(call: Call, port: int) -> Callable[[], Any]:
    from rapport.aws.clients import client
    from rapport.aws.sockets import management_client

    if not call.is_aws:
        pool = urllib3.PoolManager()
        asked = call.params
        url = f"http://{stub.HOST}:{port}/{asked['url'].removeprefix('https://')}"
        return lambda: (
            pool.request(
                call.operation, url, body=asked["body"] or None, headers=asked["headers"]
            ).data
        )
    if call.service == "apigatewaymanagementapi":
        made = management_client(f"http://{stub.HOST}:{port}/bench")
    else:
        made = client(call.service)
    method = getattr(made, _snake(call.operation))

    def ask() -> None:
        with suppress(ClientError):  # a condition that failed is an answer like any other
            method(**call.params)

    return ask


def _snake(operation: str) -> str:
    from botocore import xform_name

    return str(xform_name(operation))


def main() -> None:
    """Print every row's timings as JSON."""
    replay: Replay = pickle.loads(Path(sys.argv[1]).read_bytes())
    out, sys.stdout = sys.stdout, Path(os.devnull).open("w")  # noqa: SIM115 - for the whole process
    # Passes lie apart: what disturbs a machine for a while does not disturb each.
    passes = [_pass(replay) for _ in range(replay.passes)]
    timings = {
        name: [vars(_least(same)) for same in zip(*(each[name] for each in passes), strict=True)]
        for name in replay.rows
    }
    json.dump(timings, out)


def _pass(replay: Replay) -> dict[str, list[Timing]]:
    return {
        name: [measure(one, replay) for one in invocations if one.calls]
        for name, invocations in replay.rows.items()
    }


def _least(same: Sequence[Timing]) -> Timing:
    return Timing(
        same[0].function,
        min(one.handler_us for one in same),
        min(one.floor_us for one in same),
    )


if __name__ == "__main__":
    main()
