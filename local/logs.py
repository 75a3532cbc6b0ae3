"""`make logs`: what the functions say, one readable line each, until Ctrl-C."""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from local.console import run_command
from local.context import StackContext
from local.paths import FUNCTION_LOG

# Powertools writes these on every line; a person needs them only when searching.
_ROUTINE = {
    "cold_start",
    "function_arn",
    "function_memory_size",
    "function_name",
    "function_request_id",
    "level",
    "location",
    "message",
    "sampling_rate",
    "service",
    "timestamp",
    "xray_trace_id",
}
_COLOURS = {"DEBUG": "2", "WARNING": "33", "ERROR": "31", "CRITICAL": "31;1"}
_LIFECYCLE = ("START RequestId:", "END RequestId:", "REPORT RequestId:")


def tail(path: Path, back: int, *, forever: bool) -> Iterator[str]:
    """The last `back` lines of a file, then each new one; follows a file that is started anew."""
    with path.open(encoding="utf-8", errors="replace") as log:
        yield from log.readlines()[-back:] if back else []
        log.seek(0, 2)
        partial = ""
        while forever:
            chunk = log.readline()
            partial += chunk
            if partial.endswith("\n"):
                yield partial
                partial = ""
            elif not chunk:
                if path.stat().st_size < log.tell():
                    log.seek(0)
                time.sleep(0.1)


def readable(line: str, names: dict[str, str], *, colour: bool) -> str | None:
    """A line as people read it; None for lines that only mark an invocation's life."""
    moment, _, rest = line.rstrip("\n").partition("\t")
    function, _, text = rest.partition("\t")
    if text.startswith(_LIFECYCLE):
        return None
    level, said = _meaning(text)
    if said is None:
        return None
    shown = f"{moment} {names.get(function, function):<28} {level:<7} {said}"
    code = _COLOURS.get(level) if colour else None
    return f"\033[{code}m{shown}\033[0m" if code else shown


def _meaning(text: str) -> tuple[str, str | None]:
    try:
        entry = json.loads(text)
    except ValueError:
        # AWS's runtime client writes a stack trace as one entry with carriage returns.
        return "ERROR" if text.startswith("[ERROR]") else "", text.replace("\r", "\n    ")
    if not isinstance(entry, dict):
        return "", text
    if "_aws" in entry:
        return "", None  # an embedded metric, for CloudWatch
    details = " ".join(f"{key}={value}" for key, value in entry.items() if key not in _ROUTINE)
    return str(entry.get("level", "")), f"{entry.get('message', '')} {details}".strip()


def follow(context: StackContext, back: int = 0, *, forever: bool = True) -> None:
    """Print function logs, readable, until interrupted."""
    names = {
        physical: logical.removesuffix("Function")
        for logical, physical in context.functions.items()
    }
    try:
        for line in tail(FUNCTION_LOG, back, forever=forever):
            shown = readable(line, names, colour=sys.stdout.isatty())
            if shown:
                print(shown, flush=True)
    except KeyboardInterrupt:
        print()


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(prog="python -m local.logs", description=__doc__)
    parser.add_argument("--back", type=int, default=50, help="earlier lines to show (50)")
    parser.add_argument("--once", action="store_true", help="do not wait for more")
    asked = parser.parse_args()
    follow(StackContext.load(), asked.back, forever=not asked.once)


if __name__ == "__main__":
    run_command(main)
