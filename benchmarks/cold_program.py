"""One cold start, in a fresh process: prints the CPU seconds since the process began.

    python -S cold_program.py function|clients|calls start.pickle

`function` imports an app and handles its first event; `clients` imports boto3 and makes the clients
that event needs; `calls` makes its calls as well. Imports nothing of ours beforehand.
"""

import os
import pickle
import sys
import time
from pathlib import Path
from typing import Any


class Context:
    """What Lambda hands a handler beside its event."""

    function_name = "bench"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:bench"
    aws_request_id = "8f0c4a5e-5b7e-4c4e-9d6b-0a3a7f0a9d11"

    def get_remaining_time_in_millis(self) -> int:
        """Enough."""
        return 15_000


def function(start: dict[str, Any]) -> None:
    """As Lambda does: import, then the first event."""
    sys.path.insert(0, start["folder"])
    import app  # type: ignore[import-not-found]

    app.handler(start["event"], Context())


def clients(start: dict[str, Any], *, call: bool) -> None:
    """The floor."""
    import boto3

    make: Any = boto3.client
    made = {
        service: make(service, region_name="us-east-1", endpoint_url=url)
        for service, url in start["services"].items()
    }
    if call:
        from botocore.exceptions import ClientError

        for service, method, params in start["calls"]:
            try:
                getattr(made[service], method)(**params)
            except ClientError:
                continue


def main() -> None:
    """Run one of the programs."""
    start = pickle.loads(Path(sys.argv[2]).read_bytes())
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - for the whole process
    if sys.argv[1] == "function":
        function(start)
    else:
        clients(start, call=sys.argv[1] == "calls")
    sys.stderr.write(f"{time.process_time()}\n")


if __name__ == "__main__":
    main()
