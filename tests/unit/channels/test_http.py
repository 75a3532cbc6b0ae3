"""The HTTP port says honestly whether a request may have arrived."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rapport.channels import http as http_module
from rapport.channels.http import ProviderHttp
from rapport.channels.sender import AnswerLost, NotSent

URL = "https://api.example.com/v1/send?a=b%20c"
Answer = Callable[[socket.socket, bytes], None]


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads a request and does `answer`; its address and what it read."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                request = read(connection)
                seen.append(request)
                answer(connection, request)

    threading.Thread(target=run, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        listener.close()


def read(connection: socket.socket) -> bytes:
    """One whole request: its body follows the head, often in a packet of its own."""
    request = b""
    while chunk := connection.recv(65536):
        request += chunk
        head, end, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if end and len(body) >= (int(length[1]) if length else 0):
            break
    return request


def says(text: bytes) -> Answer:
    return lambda connection, _: connection.sendall(text)


def test_an_address_is_rewritten_to_the_twins() -> None:
    answer = b"HTTP/1.1 429 X\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno"
    with serving(says(answer)) as (base, seen):
        response = ProviderHttp(f"{base}/").send("POST", URL, {"x-a": "b"}, b"body")
    assert (response.status, response.body) == (429, b"no")
    assert response.headers["retry-after"] == "7"
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api.example.com/v1/send?a=b%20c HTTP/1.1\r\n")
    assert b"x-a: b" in head
    assert body == b"body"


def test_redirects_are_answers_and_not_followed() -> None:
    answer = b"HTTP/1.1 302 X\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    with serving(says(answer)) as (base, seen):
        assert ProviderHttp(base).send("POST", URL, {}, b"x").status == 302
    assert len(seen) == 1


def test_nobody_listening_means_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NotSent):
        ProviderHttp(f"http://127.0.0.1:{port}").send("POST", URL, {}, b"x")


def test_a_name_that_does_not_exist_means_not_sent() -> None:
    with pytest.raises(NotSent):
        ProviderHttp().send("POST", "https://no-such-host.invalid/", {}, b"x")


@pytest.mark.parametrize("url", ["http://api.example.com/", "ftp://x/", "https:///x"])
def test_providers_are_called_by_https_only(url: str) -> None:
    with pytest.raises(NotSent):
        ProviderHttp().send("POST", url, {}, b"x")


def test_a_header_that_cannot_be_written_means_not_sent() -> None:
    with serving(says(b"")) as (base, _), pytest.raises(NotSent):
        ProviderHttp(base).send("POST", URL, {"authorization": "a\r\nb: c"}, b"x")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"not http at all\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_lost(answer: bytes) -> None:
    with serving(says(answer)) as (base, seen), pytest.raises(AnswerLost):
        ProviderHttp(base).send("POST", URL, {}, b"x")
    assert len(seen) == 1  # and nothing is sent a second time


def test_a_time_out_while_reading_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "READ_SECONDS", 0.1)
    done = threading.Event()
    with serving(lambda *_: done.wait(5)) as (base, _):  # type: ignore[arg-type]
        with pytest.raises(AnswerLost):
            ProviderHttp(base).send("POST", URL, {}, b"x")
        done.set()


def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "MAX_ANSWER_BYTES", 10)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + b"x" * 11
    with serving(says(answer)) as (base, _), pytest.raises(AnswerLost):
        ProviderHttp(base).send("POST", URL, {}, b"x")


def test_connections_that_lay_idle_are_not_trusted() -> None:
    """A frozen Lambda's connection is dead; a request on it would end as unknown."""
    connections: list[int] = []

    def keep(connection: socket.socket, request: bytes) -> None:
        while request:
            connections.append(connection.fileno())
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            request = read(connection)

    now = [1000.0]
    with serving(keep) as (base, seen):
        http = ProviderHttp(base, now=lambda: now[0])
        for pause in (0.0, 5.0, 21.0):
            now[0] += pause
            http.send("POST", URL, {}, b"x")
    assert len(seen) == 2  # the second request reused a connection, the third did not
    assert len(connections) == 3
