"""What the commands of the local stack say while they work, and how they fail."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class LocalStackError(Exception):
    """Something a person can mend; the message says how."""


def say(line: str) -> None:
    """Print a line now, also into a pipe."""
    print(line, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Announce a piece of work, and how long it took once it is done."""
    started = time.monotonic()
    if sys.stdout.isatty():
        print(f"  {what} …", end="\r", flush=True)
    yield
    say(f"  {what:<58} {time.monotonic() - started:6.1f} s")


def run_command(command: Callable[[], int | None]) -> None:
    """Run a command of this package as a program: its errors are lines, not stack traces."""
    try:
        sys.exit(command())
    except LocalStackError as error:
        print(f"\n{error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
