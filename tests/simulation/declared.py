"""What template.yaml declares, as a world needs it."""

import functools
from dataclasses import dataclass

from local.template import FUNCTION
from tests.platform import http_api, sqs
from tests.platform.streams import StreamMapping
from tests.tables import resources


@dataclass
class QueueReader:
    """A function that polls a queue; `planned` is its next poll."""

    function: str
    queue: sqs.Queue
    size: int
    planned: int | None = None


@dataclass
class StreamReader:
    """A function that reads a stream, one batch at a time."""

    mapping: StreamMapping
    is_busy: bool = False
    planned: int | None = None


@functools.cache
def settings() -> dict[str, str]:
    """Every function's variables as template.yaml gives them; none means two things."""
    found: dict[str, str] = {}
    for function in resources().of_kind(FUNCTION):
        found |= resources().environment(function)
    return found


@functools.cache
def timeouts() -> dict[str, int]:
    """Each function's time-out in seconds."""
    default = resources().template["Globals"]["Function"].get("Timeout", 3)
    return {
        name: own["Properties"].get("Timeout", default)
        for name, own in resources().of_kind(FUNCTION).items()
    }


@functools.cache
def routes() -> list[http_api.Route]:
    """The HTTP API's routes."""
    return http_api.routes()
