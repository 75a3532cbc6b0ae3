"""Background processes that outlive the command which started them, and end when told to.

Each has a record under `.local/run`. A record names the moment its process began, so that a stale
one (the machine was restarted, the number given to someone else) is never taken for ours.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from local.console import LocalStackError, say
from local.paths import LOGS, ROOT, RUN, STATE, relative

LOOPBACK = "127.0.0.1"


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def exclusively(what: str) -> Iterator[None]:
    """One command at a time that changes `what` (the stack, the build) in this checkout."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / f"{what}.lock").open("w") as lock:
        if not _until(lambda: _locked(lock), 2):
            say(f"  waiting for another command that changes the {what} …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Background:
    """A process we started, the leader of its own process group."""

    name: str
    pid: int
    began: str
    port: int

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return LOGS / f"{self.name}.log"

    def is_alive(self) -> bool:
        """Whether that very process still runs."""
        return bool(self.began) and _began(self.pid) == self.began

    def stop(self, patience: float = 5.0) -> None:
        """End it and its children: ask first, insist after `patience` seconds."""
        if self.is_alive():
            for how in (signal.SIGTERM, signal.SIGKILL):
                _signal_group(self.pid, how)
                if _until(lambda: not self.is_alive(), patience):
                    break
            # Its children may have been slower than it.
            _signal_group(self.pid, signal.SIGKILL)
        _record(self.name).unlink(missing_ok=True)


def _signal_group(leader: int, how: signal.Signals) -> None:
    try:
        os.killpg(leader, how)
    except (ProcessLookupError, PermissionError):
        return


def _began(pid: int) -> str:
    """When a process began, in whatever words the system has; empty when it is gone."""
    try:
        # Linux: the 22nd field, counted after the command, which may hold spaces. Z is a zombie.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    asked = ["ps", "-o", "lstart=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _record(name: str) -> Path:
    return RUN / f"{name}.json"


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def recorded(name: str) -> Background | None:
    """The process of that name as last recorded, alive or not."""
    try:
        return Background(**json.loads(_record(name).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def running(name: str) -> Background | None:
    """The process of that name, if it runs."""
    found = recorded(name)
    return found if found and found.is_alive() else None


def choose_port(name: str, preferred: int) -> int:
    """A free port on loopback: the one used last time, or the preferred one, or any."""
    last = recorded(name)
    for candidate in (last.port if last else preferred, preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise LocalStackError("No free port on 127.0.0.1.")


def start(name: str, command: list[str], port: int, environment: Mapping[str, str]) -> Background:
    """Start a process in the background; its output goes to `.local/logs/<name>.log`."""
    RUN.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started = Background(name, process.pid, _began(process.pid), port)
    _record(name).write_text(json.dumps(asdict(started)))
    return started


def wait_healthy(process: Background, path: str, seconds: float = 30.0) -> None:
    """Wait until a process answers 200; its last words are in the error when it does not."""
    url = f"http://{LOOPBACK}:{process.port}{path}"
    _until(lambda: _answers(url) or not process.is_alive(), seconds)
    if process.is_alive() and _answers(url):
        return
    words = (
        process.log.read_text(errors="replace").splitlines()[-15:] if process.log.exists() else []
    )
    process.stop()
    said = "\n".join(f"  {word}" for word in words)
    raise LocalStackError(f"{process.name} did not start ({relative(process.log)}):\n{said}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
