"""What the running local stack looks like from outside: its URLs, outputs and clients."""

import dataclasses
import functools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import boto3

from local.console import LocalStackError
from local.paths import STACK_FILE

REGION = "us-east-1"
STACK_NAME = "rapport-local"

# The emulator's root user; functions never see these, they run under their own roles.
ROOT_CREDENTIALS: dict[str, Any] = {
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}


@dataclass(frozen=True)
class StackContext:
    """A deployed local stack.

    `endpoint_url` answers every AWS API; `http_api_url` and `websocket_url` are empty when the
    template has no such API; `functions` maps logical ids to deployed names; `notes` are lines a
    person should see (seeded users and the like).
    """

    endpoint_url: str
    region: str = REGION
    stack_name: str = STACK_NAME
    stage: str = "local"
    http_api_url: str = ""
    websocket_url: str = ""
    twins_url: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    resources: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path = STACK_FILE) -> Self:
        """The stack that `make up` left running; LocalStackError when there is none."""
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            raise LocalStackError("No local stack is running here. Start one: make up") from None
        except (TypeError, ValueError):
            raise LocalStackError(f"{path} is of another version. Run: make reset") from None

    def save(self, path: Path = STACK_FILE) -> None:
        """Write the file that `load` reads, in one step."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n")
        draft.replace(path)

    def session(self) -> Any:
        """A boto3 session of the emulator's root user, in the stack's region."""
        return _session(self.region)

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client that speaks to this stack; one a service, unless options ask for more."""
        if options:
            return self.session().client(service, endpoint_url=self.endpoint_url, **options)
        return _client(self.region, self.endpoint_url, service)


@functools.cache
def _session(region: str) -> Any:
    return boto3.Session(region_name=region, **ROOT_CREDENTIALS)


@functools.cache
def _client(region: str, endpoint_url: str, service: str) -> Any:
    return _session(region).client(service, endpoint_url=endpoint_url)
