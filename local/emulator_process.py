"""The emulator's own process: ministack 1.5.33, tuned for speed and with readable function logs.

Runs on the emulator's interpreter (.local/venv), so it imports nothing of ours. What it changes:
the Runtime API answers in one packet without Nagle's delay; an invocation waits 2 ms for a
function's last log lines instead of 50 (a function announces itself, so a line is always there);
a caller whose function failed gets API Gateway's bare 500, not the error and its stack trace; and
the password of an invited user is long enough for any pool's policy.
"""

import functools
import http.server
import json
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

from ministack.app import main
from ministack.core import lambda_runtime
from ministack.services import cognito, lambda_svc

http.server.BaseHTTPRequestHandler.disable_nagle_algorithm = True
http.server.BaseHTTPRequestHandler.wbufsize = -1

_writing = threading.Lock()
_pump = lambda_runtime.ProvidedWorker._pump_output  # noqa: SLF001
_drain = lambda_runtime.Worker._drain_stderr_bounded  # noqa: SLF001
_temporary_password = cognito._generate_temp_password  # noqa: SLF001
_proxy_response = lambda_svc.lambda_execute_result_to_api_proxy_response


class _Copied:
    """A function's output as ministack reads it, each line copied to the log that people read."""

    def __init__(self, stream: Any, function: str) -> None:
        self._stream = stream
        self._function = function

    def readline(self) -> bytes:
        """The next line, empty at the end."""
        line: bytes = self._stream.readline()
        if line.strip():
            moment = time.strftime("%H:%M:%S")
            text = line.decode("utf-8", errors="replace").rstrip()
            with _writing, open(os.environ["FUNCTION_LOG"], "a", encoding="utf-8") as log:  # noqa: PTH123
                log.write(f"{moment}\t{self._function}\t{text}\n")
        return line

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def close(self) -> None:
        """Close the function's end."""
        self._stream.close()


def _pump_and_copy(worker: Any, stream: Any, log_queue: Any) -> None:
    _pump(worker, _Copied(stream, worker.func_name), log_queue)


def _response_of_gateway(result: dict[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    if result.get("error") and not result.get("throttle"):
        return {
            "statusCode": 500,
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps({"message": "Internal Server Error"}),
        }, None
    answer: tuple[dict[str, Any] | None, str | None] = _proxy_response(result)
    return answer


cognito._generate_temp_password = lambda: _temporary_password() + _temporary_password()  # noqa: SLF001
lambda_svc.lambda_execute_result_to_api_proxy_response = _response_of_gateway
lambda_runtime.ProvidedWorker._pump_output = _pump_and_copy  # noqa: SLF001
lambda_runtime.Worker._drain_stderr_bounded = functools.partialmethod(  # noqa: SLF001
    _drain, first_line_wait=0.002, idle_confirm=0.001, hard_cap=0.05
)

if __name__ == "__main__":
    main()
