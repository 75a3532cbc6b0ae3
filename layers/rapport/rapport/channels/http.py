"""The HTTP port: one exchange, bounded, and an honest word on whether it may have arrived."""

import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from rapport.channels.sender import AnswerLost, HttpResponse, NotSent

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 15.0
IDLE_SECONDS = 20.0
MAX_ANSWER_BYTES = 1024 * 1024
CHUNK = 64 * 1024


class ProviderHttp:
    """`Http` by urllib3: one connection pool a process, no retries, no redirects, TLS verified.

    With `base_url` (the provider twins of the local stack) `https://host/path?q` goes to
    `{base_url}/host/path?q` instead.
    """

    def __init__(self, base_url: str | None = None, now: Callable[[], float] = time.time) -> None:
        self._base_url = base_url.rstrip("/") if base_url else None
        self._now = now
        self._used_at = 0.0
        self._lock = threading.Lock()
        self._pool = urllib3.PoolManager(
            maxsize=4,
            retries=False,
            cert_reqs="CERT_REQUIRED",
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        )

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> HttpResponse:
        """Exchange one request; raises `NotSent` or `AnswerLost`."""
        target = self._target(url)
        self._drop_idle_connections()
        deadline = self._now() + TOTAL_SECONDS
        try:
            response = self._pool.request(
                method,
                target,
                body=body or None,
                headers=headers,
                redirect=False,
                preload_content=False,
            )
        except HTTPError as error:
            raise _classified(error) from None
        except ValueError:  # a secret with a line break in it, for one: http.client refuses
            raise NotSent("The request cannot be written.") from None
        return self._read(response, deadline)

    def _target(self, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.netloc:
            raise NotSent("Providers are called by https only.")
        if self._base_url is None:
            return url
        query = f"?{parts.query}" if parts.query else ""
        return f"{self._base_url}/{parts.netloc}{parts.path}{query}"

    def _drop_idle_connections(self) -> None:
        """Close what has lain idle.

        A frozen Lambda wakes with connections whose far end is long gone; a request written to one
        is lost and looks as if it might have arrived. The wall clock counts: others may freeze too.
        """
        with self._lock:
            if self._now() - self._used_at > IDLE_SECONDS:
                self._pool.clear()
            self._used_at = self._now()

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: float) -> HttpResponse:
        chunks: list[bytes] = []
        size = 0
        try:
            for chunk in response.stream(CHUNK):
                size += len(chunk)
                if size > MAX_ANSWER_BYTES or self._now() > deadline:
                    response.close()
                    raise AnswerLost("The answer is too long or too slow.")
                chunks.append(chunk)
        except (HTTPError, OSError, ValueError):
            response.close()
            raise AnswerLost("The answer broke off.") from None
        response.release_conn()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(response.status, headers, b"".join(chunks))


def _classified(error: HTTPError) -> Exception:
    """Only what failed while connecting certainly left nothing behind."""
    if isinstance(error, NewConnectionError | ConnectTimeoutError | ValueError):
        return NotSent(type(error).__name__)
    if isinstance(error, SSLError) and "certificate" in str(error).lower():
        return NotSent("The certificate was refused.")
    return AnswerLost(type(error).__name__)
