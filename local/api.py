"""Our own HTTP API and the twins' controls, as the seed, the demo and the stories call them."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from local.context import StackContext

TIMEOUT = 60


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; `body` is parsed JSON, or text where it is none."""

    status: int
    body: Any
    headers: dict[str, str]


class UnexpectedAnswer(Exception):
    """The API answered something else than was asked for."""


@dataclass(frozen=True)
class Api:
    """A caller of our HTTP API, with a bearer token or none."""

    url: str
    token: str | None = None

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request; any status is an answer."""
        sent = {"content-type": "application/json", **(headers or {})}
        if self.token:
            sent["authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                return _answer(response.status, response.read(), response.headers)
        except urllib.error.HTTPError as error:
            return _answer(error.code, error.read(), error.headers)

    def get(self, path: str, **query: str) -> Any:
        """The body of a successful GET."""
        return self._succeed("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """The body of a successful POST."""
        return self._succeed("POST", path, body or {}, headers)

    def put(self, path: str, body: Any) -> Any:
        """The body of a successful PUT."""
        return self._succeed("PUT", path, body)

    def _succeed(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Any:
        answer = self.call(method, path, body, headers=headers)
        if answer.status >= 300:
            raise UnexpectedAnswer(f"{method} {path}: {answer.status} {answer.body}")
        return answer.body


def _answer(status: int, body: bytes, headers: Any) -> Answer:
    try:
        parsed = json.loads(body) if body else None
    except ValueError:
        parsed = body.decode(errors="replace")
    return Answer(status, parsed, {name.lower(): value for name, value in headers.items()})


def twins(context: StackContext) -> Api:
    """The provider twins' controls."""
    return Api(context.twins_url + "/_twins")


def sign_in(context: StackContext, email: str, password: str) -> str:
    """An access token of a seeded user."""
    answer = context.client("cognito-idp").initiate_auth(
        ClientId=context.outputs["ConsoleClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": password},
    )
    return str(answer["AuthenticationResult"]["AccessToken"])
