"""A screen: one WebSocket of an agent or visitor, and what it has been told."""

import json
import threading
import time
from contextlib import ExitStack
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

PATIENCE = 20.0


class Screen:
    """Collects every frame in the background; `wait` gives the first one that fits."""

    def __init__(self, url: str, ticket: str) -> None:
        self._closing = ExitStack()
        self._socket: ClientConnection = self._closing.enter_context(
            connect(f"{url}?ticket={ticket}", open_timeout=PATIENCE)
        )
        self._frames: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._closing.close()

    def send(self, **action: Any) -> None:
        """Send one action."""
        self._socket.send(json.dumps(action))

    def frames(self) -> list[dict[str, Any]]:
        """Everything told so far, repeats (same id) dropped."""
        with self._changed:
            return list({frame.get("id"): frame for frame in self._frames}.values())

    def wait(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """The first frame of type `kind` with these values, told already or soon.

        Raises TimeoutError after 20 seconds, saying what came instead.
        """
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while True:
                for frame in self._frames:
                    if frame["type"] == kind and wanted.items() <= frame.items():
                        return frame
                left = deadline - time.monotonic()
                if left <= 0:
                    told = [frame["type"] for frame in self._frames]
                    raise TimeoutError(f"No {kind} {wanted} on this screen, only {told}.")
                self._changed.wait(left)

    def _listen(self) -> None:
        for text in self._socket:
            with self._changed:
                self._frames.append(json.loads(text))
                self._changed.notify_all()
