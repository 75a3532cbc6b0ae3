"""A screen or widget that keeps the rules of docs/websocket.md, whatever happens to its socket."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.platform.platform import Platform

TRIES = 8
PATIENCE = timedelta(seconds=5)
_STATUS = frozenset({"status", "rev"})


@dataclass
class Screen:
    """One client: who it is (`claims` of staff, or `headers` of a visitor), and what it holds.

    `tickets` is where it gets its tickets. It drops frames that it knows, keeps the highest `rev`,
    and asks again whatever it got no answer to.
    """

    platform: Platform
    name: str
    tickets: str
    claims: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    connection: str | None = None
    since: str | None = None
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: dict[str, tuple[int, str]] = field(default_factory=dict)
    conversations: dict[str, dict[str, Any]] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)
    _heard: int = 0
    _sockets: int = 0

    def connect(self) -> None:
        """Open a socket, each time with a new ticket, until one is taken."""
        for attempt in range(TRIES):
            answer = self.platform.insist(
                "POST", self.tickets, {}, headers=self.headers, claims=self.claims
            )
            self._sockets += 1
            connection = f"{self.name}-{self._sockets}"
            if self.platform.open_socket(answer.json["ticket"], connection) == 200:
                self.connection, self._heard = connection, 0
                return
            self._wait(attempt + 1)
        raise AssertionError(f"{self.name} cannot open a socket.")

    def drop(self) -> None:
        """The network is gone, and API Gateway has told nobody yet."""
        self.platform.sockets.open.discard(str(self.connection))
        self.connection = None

    def close(self) -> None:
        """The page is closed."""
        self.platform.close_socket(str(self.connection))
        self.connection = None

    def resume(self) -> None:
        """Ask for what was missed until `resumed` says that this was all."""
        self.hear()
        before, asked = self.since, {"action": "resume", "since": self.since}
        self._insist(asked, lambda: self.since != before)

    def ping(self) -> None:
        """Keep the connection."""
        self._say({"action": "ping"})

    def types(self, conversation: str) -> None:
        """The agent is writing; nobody minds where that is lost."""
        self._say({"action": "typing", "conversation_id": conversation})

    def says(self, message_id: str, text: str) -> None:
        """A visitor writes, under the same id until it is accepted."""
        said = {"action": "message", "message_id": message_id, "text": text}
        self._insist(said, lambda: message_id in self.accepted)

    def acknowledges(self) -> None:
        """A visitor's widget has shown what it holds of ours; again until it is known as read."""
        ours = [key for key, one in self.messages.items() if one["direction"] == "out"]
        said = {"action": "ack", "message_ids": ours, "status": "read"}
        for _ in range(TRIES):
            self._say(said)
            self._wait(PATIENCE.seconds)
            self.resume()
            if all(self.statuses[key][1] == "read" for key in ours):
                return
        raise AssertionError(f"What {self.name} has read is not known.")

    def _insist(self, said: Mapping[str, Any], is_done: Any) -> None:
        for attempt in range(TRIES):
            self._say(said)
            if not is_done():
                self.platform.run_until(self.platform.clock.now() + PATIENCE)
                self.hear()
            if is_done():
                return
            self._wait(attempt + 1)
        raise AssertionError(f"{self.name} gets no answer to {said['action']}.")

    def _say(self, said: Mapping[str, Any]) -> None:
        self.platform.say_on_socket(str(self.connection), said)
        self.hear()

    def _wait(self, seconds: int) -> None:
        self.platform.run_until(self.platform.clock.now() + timedelta(seconds=seconds))

    def hear(self) -> None:
        """Take in what was pushed since it last looked."""
        frames = self.platform.sockets.frames.get(str(self.connection), [])
        for frame in frames[self._heard :]:
            self._take(frame)
        self._heard = len(frames)

    def _take(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "resumed":
            self.since = frame["at"]
            mine = frame.get("conversations", self.conversations)
            self.conversations = {k: v for k, v in self.conversations.items() if k in mine}
            return
        if kind in ("assignment", "conversation"):
            _newest(self.conversations, frame["conversation_id"], frame)
            return
        if frame["id"] in self._seen:
            return
        self._seen.add(frame["id"])
        if kind == "accepted":
            self.accepted.add(frame["client_message_id"])
        if kind == "message":
            _newest(self.messages, frame["message_id"], frame)
        if frame.get("status"):
            rung = (frame["rev"], frame["status"])
            known = self.statuses.get(frame["message_id"], rung)
            self.statuses[frame["message_id"]] = max(known, rung)

    def lines(self, *, without_ledger: bool) -> list[str]:
        """What it holds; `without_ledger`, as far as it does not depend on how a sending ended."""
        held = []
        for key, frame in self.messages.items():
            is_ours = frame["direction"] == "out"
            if without_ledger and is_ours and self.claims is None:
                continue  # a visitor sees what was sent, and nothing else
            shown = {name: value for name, value in frame.items() if name not in {"id", *_STATUS}}
            if is_ours and not without_ledger:
                shown["status"] = self.statuses[key][1]
            elif not is_ours:
                shown["rev"] = frame["rev"]
            held.append(f"{self.name} shows {json.dumps(shown, sort_keys=True)}")
        for frame in self.conversations.values():
            shown = {name: frame.get(name) for name in ("conversation_id", "state", "assignee")}
            held.append(f"{self.name} lists {json.dumps(shown, sort_keys=True)}")
        return held


def _newest(known: dict[str, dict[str, Any]], key: str, frame: dict[str, Any]) -> None:
    if key not in known or known[key]["rev"] <= frame["rev"]:
        known[key] = frame
