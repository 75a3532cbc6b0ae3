"""`Idempotency-Key`: a POST that comes again gets the answer it got."""

from collections.abc import Callable
from datetime import datetime

from rapport.contracts.caller import Caller
from rapport.entrypoint.observability import log_failure
from rapport.entrypoint.problems import InFlight, KeyReused
from rapport.entrypoint.requests import HttpRequest, HttpResponse
from rapport.idempotency.model import Answer, Seed, digest
from rapport.idempotency.ports import Requests
from rapport.idempotency.service import Begun, Busy, Other, begin, end
from rapport.kernel.clock import Clock
from rapport.kernel.errors import InvalidInput
from rapport.kernel.ids import Ids

HEADER, MAX_KEY = "idempotency-key", 255
REPLAYED = {"idempotent-replay": "true"}

Run = Callable[[Seed], HttpResponse]


def once(
    request: HttpRequest,
    route: str,
    caller: Caller,
    run: Run,
    *,
    requests: Requests,
    ids: Ids,
    clock: Clock,
) -> HttpResponse:
    """Answer a request once per caller, route and key; the answer is kept for a day.

    Raises `KeyReused` when the key came with another request, `InFlight` while one is worked on.
    """
    now = clock.now()
    begun = begin(
        digest(caller.subject, route, _key(request)),
        digest(request.method, request.path, request.query_string, request.body()),
        now,
        request.remaining,
        requests=requests,
        ids=ids,
    )
    match begun:
        case Answer(status, body):
            return HttpResponse(status, body, REPLAYED)
        case Other():
            raise KeyReused("This Idempotency-Key was used for another request: choose a new one.")
        case Busy(until):
            raise InFlight(_seconds(until, now))
        case _:
            return _finish(begun, run(begun.seed), requests, clock)


def _finish(begun: Begun, response: HttpResponse, requests: Requests, clock: Clock) -> HttpResponse:
    try:
        end(begun, Answer(response.status, response.body), clock.now(), requests=requests)
    except Exception as error:  # noqa: BLE001
        # What was asked for is done. A repetition finds it by the seed once the claim has ended.
        log_failure("answer_not_kept", error)
    return response


def _key(request: HttpRequest) -> str:
    key = request.headers[HEADER]
    if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
        raise InvalidInput(f"Give 1 to {MAX_KEY} printable characters.", field="Idempotency-Key")
    return key


def _seconds(until: datetime, now: datetime) -> int:
    return max(1, int((until - now).total_seconds()) + 1)
