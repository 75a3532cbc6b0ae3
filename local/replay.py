"""Replay recorded webhooks through the adapters: `python -m local.replay CASE…`.

A case is a folder with `request.json` (the request and the clock at its arrival) and `secrets.json`
(the account's document; `certs` maps a certificate's address to the PEM it gives). Its provider is
the name of the case's parent folder. One JSON line a case goes to standard output: `{"case",
"valid", "reason", "events", "response"}`. The exit code is 0 if all cases could be read.
"""

import argparse
import base64
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rapport.channels import registry
from rapport.channels.base import Account, Context, Received, Request
from rapport.kernel.clock import parse_iso
from rapport.kernel.errors import NotFound

Json = dict[str, Any]


def to_request(recorded: Json) -> Request:
    """The request of a `request.json`; headers may be an object or a list of pairs."""
    headers = recorded.get("headers") or {}
    listed = headers.items() if isinstance(headers, dict) else headers
    pairs: list[tuple[str, str]] = []
    for name, value in listed:
        values = value if isinstance(value, list) else [value]
        pairs += [(str(name), str(item)) for item in values]
    return Request(
        method=recorded["method"],
        url=recorded["url"],
        headers=tuple(pairs),
        body=_body(recorded),
        received_at=parse_iso(recorded["received_at"]),
    )


def to_context(provider: str, secrets: Json) -> Context:
    """The account that `secrets` describe, and the certificates that lie beside them."""
    document = {key: value for key, value in secrets.items() if key != "certs"}
    certificates = secrets.get("certs") or {}

    def certificate(url: str) -> bytes:
        if url not in certificates:
            raise FileNotFoundError(url)
        return str(certificates[url]).encode()

    name = str(secrets.get("account") or "main")
    return Context(Account(provider, name, document), certificate)


def impl(provider: str, recorded: Json, secrets: Json) -> Json:
    """The result of one case; a provider we do not serve is an invalid request."""
    try:
        adapter = registry.inbound(provider)
    except NotFound:
        return _refused("unknown_provider")
    return _as_json(adapter.receive(to_request(recorded), to_context(provider, secrets)))


def replay(case: str) -> tuple[Json, bool]:
    """The line of one case, and whether the case could be read."""
    folder = Path(case)
    try:
        recorded = json.loads((folder / "request.json").read_text("utf-8"))
        secrets = json.loads((folder / "secrets.json").read_text("utf-8"))
        result = impl(folder.absolute().parent.name, recorded, secrets)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return {"case": case, **_refused(f"unreadable: {type(error).__name__}")}, False
    return {"case": case, **result}, True


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line a case; 0 if all could be read, else 1."""
    parser = argparse.ArgumentParser(prog="python -m local.replay", description=__doc__)
    parser.add_argument("cases", nargs="+", metavar="CASE", help="a folder with a recorded request")
    all_read = True
    for case in parser.parse_args(arguments).cases:
        line, read = replay(case)
        all_read = all_read and read
        print(json.dumps(line))
    return 0 if all_read else 1


def _body(recorded: Json) -> bytes:
    for key in ("body_base64", "body_b64"):
        if recorded.get(key) is not None:
            return base64.b64decode(recorded[key])
    # Bytes that are no UTF-8 are recorded as Python's surrogate escapes.
    return str(recorded.get("body") or "").encode("utf-8", "surrogateescape")


def _as_json(received: Received) -> Json:
    response = received.response
    return {
        "valid": received.valid,
        "reason": received.reason,
        "events": [event.model_dump(mode="json", by_alias=True) for event in received.events],
        "response": {
            "status": response.status,
            "body": response.body,
            "content_type": response.content_type,
            "visit": received.visit,
        },
    }


def _refused(reason: str) -> Json:
    return {"valid": False, "reason": reason, "events": [], "response": None}


if __name__ == "__main__":
    sys.exit(main())
