"""The twins over HTTP, on loopback: `/{host}/{path…}` plays a provider, `/_twins/` controls."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from local.twins.answers import Call, answer
from local.twins.control import PREFIX, Control
from local.twins.delivery import Postman
from local.twins.faults import Dropped
from local.twins.twins import Twins
from rapport.channels.sender import HttpResponse

LOOPBACK = "127.0.0.1"
MAX_BODY = 32 * 1024 * 1024


class TwinServer(ThreadingHTTPServer):
    """The HTTP server of one `Twins`; port 0 chooses a free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, twins: Twins | None = None) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.twins = twins or Twins()
        self.postman = Postman()
        self.control = Control(self.twins, self.postman)

    @property
    def url(self) -> str:
        """What `PROVIDER_BASE_URL` is set to."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: TwinServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: addresses hold tokens, and the outbox tells more."""

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        if not 0 <= length <= MAX_BODY:
            self.send_error(413)
            return
        body = self.rfile.read(length)
        try:
            self._write(self._answer(body))
        except Dropped:
            self.close_connection = True
        finally:
            # Also after a lost answer: the provider did take the message.
            self.server.postman.deliver_later(self.server.twins.take_receipts())

    def _answer(self, body: bytes) -> HttpResponse:
        headers = {name.lower(): value for name, value in self.headers.items()}
        parts = urlsplit(self.path)
        if parts.path == "/health" or parts.path.startswith(PREFIX):
            path = f"{PREFIX}health" if parts.path == "/health" else parts.path
            call = Call(self.command, "", path, parts.query, headers, body)
            return self.server.control.handle(call)
        host, slash, rest = self.path.lstrip("/").partition("/")
        if not slash:
            return answer(404, {"error": "Say /{host}/{path}, or /_twins/…"})
        return self.server.twins.handle(self.command, host, f"/{rest}", headers, body)

    def _write(self, response: HttpResponse) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)
