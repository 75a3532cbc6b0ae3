"""Faults to order: which requests go wrong, how, and how often."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote_plus

from local.twins.answers import Call
from local.twins.state import normal

Kind = Literal["status", "error_body", "delay", "drop_before", "drop_after", "duplicate", "refuse"]


@dataclass
class Fault:
    """One fault.

    `status`: answer `status`, do nothing. `error_body`: answer the provider's error for `code`
    (or `body`) with `status`, 200 unless told: do nothing. `delay`: wait `seconds`, then as usual.
    `drop_before`, `drop_after`: hang up without an answer, before or after the effect.
    `duplicate`: a proxy brings the request twice; the caller sees the second answer. `refuse`: no
    connection at all (in process only; over HTTP it hangs up).
    `quotes`: the answer repeats what was sent, as some providers' errors do.
    `match`: `host`, `path`, `to`, `channel`; every key given must fit (path: contained in;
    channel: the account's or the canonical one, `twilio` as well as `sms`).
    """

    kind: Kind
    match: dict[str, str] = field(default_factory=dict)
    times: int = 1
    status: int | None = None
    body: Any = None
    code: str | int | None = None
    seconds: float = 1.0
    headers: dict[str, str] = field(default_factory=dict)
    quotes: bool = False


class Dropped(Exception):
    """The twin hung up without an answer; `connected` is False when it never took the call."""

    def __init__(self, *, connected: bool = True) -> None:
        super().__init__("dropped")
        self.connected = connected


class Faults:
    """The faults still to come, in the order they were given."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.pending = list(faults)

    def take(self, call: Call, channels: Collection[str]) -> Fault | None:
        """The first fault that fits this request, counted down; None if none does."""
        for fault in self.pending:
            if _fits(fault.match, call, channels):
                fault.times -= 1
                if fault.times <= 0:
                    self.pending.remove(fault)
                return fault
        return None


def _fits(match: dict[str, str], call: Call, channels: Collection[str]) -> bool:
    said = unquote_plus(call.body.decode("utf-8", "replace")).lower()
    tests: dict[str, Callable[[str], bool]] = {
        "host": lambda value: value == call.host,
        "path": lambda value: value in call.path,
        "to": lambda value: normal(value) in said,
        "channel": lambda value: value in channels,
    }
    return all(key in tests and tests[key](value) for key, value in match.items())
