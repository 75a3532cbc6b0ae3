"""A loopback server that answers canned bytes, in a process of its own.

Its work therefore never counts as anybody's CPU time. AWS's JSON services are answered from a
script (what moto answered to the same calls), anything else with one answer that fits.
"""

import base64
import http.client
import json
import socketserver
import subprocess
import sys
import threading
from collections import defaultdict
from io import BufferedIOBase
from typing import Any, Self

HOST = "127.0.0.1"
SCRIPT, SEEN = "/__script__", "/__seen__"
MEDIA = b"\xff\xd8\xff\xe0 a picture"
PROVIDER_ID = "wamid.HBgLMTQxNTU1NTAxMDAVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA"
PROVIDER_ANSWER = {
    "messages": [{"id": PROVIDER_ID}],
    "sid": "SM00000000000000000000000000000001",
    "url": "https://lookaside.fbsbx.com/media/picture",
    "mime_type": "image/jpeg",
}
Answer = tuple[int, dict[str, str], bytes]


class Script:
    """The answers still to give, by call; each call's answers go round."""

    def __init__(self) -> None:
        self._answers: dict[str, list[Answer]] = {}
        self._given: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()
        self.seen: list[tuple[str, str, str, str]] = []

    def load(self, answers: dict[str, list[Answer]]) -> None:
        """Begin anew with these answers."""
        with self._lock:
            self._answers = answers
            self._given.clear()

    def counts(self) -> dict[str, int]:
        """How often each scripted call came."""
        with self._lock:
            return dict(self._given)

    def answer(self, target: str) -> Answer:
        """The next answer to a call of one of AWS's JSON services."""
        with self._lock:
            number = self._given[target]
            self._given[target] += 1
            answers = self._answers.get(target)
        if not answers:
            body = json.dumps({"__type": "UnexpectedCall", "message": target}).encode()
            return 400, {"content-type": "application/x-amz-json-1.0"}, body
        return answers[number % len(answers)]


class _Handler(socketserver.StreamRequestHandler):
    """HTTP/1.1 with persistent connections, as little of it as botocore and urllib3 speak."""

    disable_nagle_algorithm = True
    script: Script

    def handle(self) -> None:
        while True:
            line = self.rfile.readline()
            if not line:
                return
            method, path, _ = line.decode().split(" ", 2)
            headers = http.client.parse_headers(self.rfile)
            if headers.get("Expect", "").lower() == "100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = self._body(headers)
            self._reply(*self._answer(method, path, headers, body))

    def _body(self, headers: http.client.HTTPMessage) -> bytes:
        if headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(iter(lambda: _chunk(self.rfile), b""))
        return self.rfile.read(int(headers.get("Content-Length", 0)))

    def _answer(
        self, method: str, path: str, headers: http.client.HTTPMessage, body: bytes
    ) -> Answer:
        if path == SCRIPT:
            self.script.load(_decoded(json.loads(body)))
            return 200, {}, b"{}"
        if path == SEEN:
            found = {"scripted": self.script.counts(), "other": self.script.seen}
            self.script.seen = []
            return 200, {}, json.dumps(found).encode()
        if target := headers.get("X-Amz-Target"):
            asked = json.loads(body)
            return self.script.answer(
                f"{target} {asked['SecretId']}" if "SecretId" in asked else target
            )
        if "Authorization" not in headers or "AWS4-HMAC" not in headers["Authorization"]:
            kind = headers.get("Content-Type", "")
            self.script.seen.append((method, path, kind, body.decode("utf-8", "replace")))
            return provider_answer(path)
        return 200, {}, b""

    def _reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        lines = [f"HTTP/1.1 {status} Stub", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def provider_answer(path: str) -> Answer:
    """What any provider answers here: a message taken, a picture's address, the picture."""
    if "/media/" in path:
        return 200, {"content-type": "image/jpeg"}, MEDIA
    return 200, {"content-type": "application/json"}, json.dumps(PROVIDER_ANSWER).encode()


def _chunk(stream: BufferedIOBase) -> bytes:
    length = int(stream.readline().split(b";")[0], 16)
    data = stream.read(length)
    stream.readline()
    return data


def _decoded(answers: dict[str, Any]) -> dict[str, list[Answer]]:
    return {
        target: [(status, headers, base64.b64decode(body)) for status, headers, body in each]
        for target, each in answers.items()
    }


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class Stub:
    """The server's process, as its users see it: `with Stub() as stub`."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.stub"], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    def load(self, answers: dict[str, list[Answer]]) -> None:
        """Answer AWS's calls so from now on."""
        load(self.port, answers)


def load(port: int, answers: dict[str, list[Answer]]) -> None:
    """Give the server on `port` its script."""
    encoded = {
        target: [
            (status, headers, base64.b64encode(body).decode()) for status, headers, body in each
        ]
        for target, each in answers.items()
    }
    _ask(port, SCRIPT, json.dumps(encoded))


def seen(port: int) -> dict[str, Any]:
    """What the server on `port` was asked."""
    return dict(json.loads(_ask(port, SEEN, "")))


def _ask(port: int, path: str, body: str) -> bytes:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    connection.request("POST", path, body.encode())
    answer = connection.getresponse().read()
    connection.close()
    return answer


def main() -> None:
    """Serve until terminated; the port is the one line printed."""
    _Handler.script = Script()
    with _Server((HOST, 0), _Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
