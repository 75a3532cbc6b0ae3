"""How API Gateway calls our functions: route, caller, typed body, one domain call, typed answer.

Why this is not powertools' resolver: docs/decisions/0003-http-api.md.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from rapport import wiring
from rapport.contracts.caller import Caller
from rapport.entrypoint.auth import Access, admit
from rapport.entrypoint.idempotency import HEADER, once
from rapport.entrypoint.observability import log, log_failure
from rapport.entrypoint.problems import MethodNotAllowed, problem_of
from rapport.entrypoint.requests import HttpRequest, HttpResponse, request_of
from rapport.entrypoint.routes import Function, Route
from rapport.entrypoint.validation import validated
from rapport.idempotency.model import Seed
from rapport.kernel.errors import NotFound
from rapport.kernel.json import dumps

F = TypeVar("F", bound=Function)


class Json(str):
    """An answer that is JSON text already."""

    __slots__ = ()


class Api:
    """The routes of one function; calling it answers one event."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.routes: list[Route] = []

    def get(self, path: str, access: Access, status: int = 200) -> Callable[[F], F]:
        """Declare a read."""
        return self._route("GET", path, access, status)

    def post(self, path: str, access: Access, status: int = 200) -> Callable[[F], F]:
        """Declare a command; it may come with an `Idempotency-Key`."""
        return self._route("POST", path, access, status)

    def put(self, path: str, access: Access, status: int = 200) -> Callable[[F], F]:
        """Declare a replacement; again is the same."""
        return self._route("PUT", path, access, status)

    def delete(self, path: str, access: Access, status: int = 204) -> Callable[[F], F]:
        """Declare a removal; again is the same."""
        return self._route("DELETE", path, access, status)

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Answer one event of payload 2.0; never raises."""
        request = request_of(event, context)
        try:
            response = self._answer(request)
        except Exception as error:  # noqa: BLE001
            response = _failed(error, request)
        return response.as_event()

    def _answer(self, request: HttpRequest) -> HttpResponse:
        route, path = self._find(request)
        caller = admit(route.access, request.claims)

        def run(seed: Seed) -> HttpResponse:
            return _run(route, path, caller, seed, request)

        if caller and route.method == "POST" and HEADER in request.headers:
            response = once(
                request,
                route.key,
                caller,
                run,
                requests=wiring.requests(),
                ids=wiring.ids(),
                clock=wiring.clock(),
            )
        else:
            response = run(Seed(wiring.ids().new("req"), wiring.clock().now()))
        # Who read or changed what is told by ids: the audit of access to personal data.
        log(
            "request_served",
            route=route.key,
            status=response.status,
            caller=caller.subject if caller else None,
            request_id=request.request_id,
        )
        return response

    def _find(self, request: HttpRequest) -> tuple[Route, dict[str, str]]:
        at_path = [
            (route, path)
            for route in self.routes
            if (path := route.parameters(request.path)) is not None
        ]
        for route, path in at_path:
            if route.method == request.method:
                return route, path
        if at_path:
            raise MethodNotAllowed(sorted({route.method for route, _ in at_path}))
        raise NotFound("There is nothing at this address.")

    def _route(self, method: str, path: str, access: Access, status: int) -> Callable[[F], F]:
        def declare(function: F) -> F:
            self.routes.append(Route(method, path, access, function, status))
            return function

        return declare


def _run(
    route: Route, path: dict[str, str], caller: Caller | None, seed: Seed, request: HttpRequest
) -> HttpResponse:
    """The function's answer, or its failure as one: both may be kept for a repetition."""
    try:
        known = {Caller: caller, Seed: seed, HttpRequest: request}
        given: dict[str, Any] = {**path, **route.arguments(known)}
        if route.query:
            given["query"] = validated(route.query, request.query(), "query")
        if route.body:
            given["body"] = validated(route.body, request.json(), "body")
        return HttpResponse(route.status, _text(route.function(**given)))
    except Exception as error:  # noqa: BLE001
        return _failed(error, request)


def _text(answer: BaseModel | Json | None) -> str:
    if answer is None or isinstance(answer, Json):
        return answer or ""
    return answer.model_dump_json(exclude_none=True)


def _failed(error: Exception, request: HttpRequest) -> HttpResponse:
    problem = problem_of(error, request.request_id)
    if problem.status >= 500:
        log_failure("request_failed", error, request_id=request.request_id)
    return HttpResponse(problem.status, dumps(problem.document), problem.headers)
