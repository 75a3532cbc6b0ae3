"""Cold starts: each function's first event in a fresh process, against the clients it needs.

Both sides make the same calls to the loopback server; their cost, known from the floor with and
without calls, is taken off the function's side, so that the ratio compares starting alone.
"""

import compileall
import os
import pickle
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore import xform_name

from benchmarks.calls import Call, Invocation
from benchmarks.processor import here, script_of
from benchmarks.stories import Stories
from benchmarks.stub import Stub
from local.paths import BUILD
from tests.tables import ROOT, function_of, resources

ROUNDS = 7
PROGRAM = Path(__file__).with_name("cold_program.py")
LEAN_LAYER = BUILD / "DependenciesLayer" / "python"
FUNCTION, CLIENTS, CALLS = "function", "clients", "calls"


@dataclass(frozen=True)
class ColdStart:
    """Least CPU of a start and of its floor: milliseconds, or million instructions."""

    function: str
    services: tuple[str, ...]
    start: float
    floor: float

    @property
    def ratio(self) -> float:
        """What a start costs, in floors."""
        return self.start / self.floor


@dataclass(frozen=True)
class Meter:
    """How a fresh process is measured: a command's prefix, and the number it left on stderr."""

    unit: str
    prefix: tuple[str, ...]
    read: Callable[[str], float]
    rounds: int


CPU = Meter("ms", (), lambda said: float(said.split()[-1]) * 1000, ROUNDS)
INSTRUCTIONS = Meter(
    "M instructions",
    ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"),
    lambda said: int(re.findall(r"I +refs: +([\d,]+)", said)[-1].replace(",", "")) / 1e6,
    1,
)


def best_meter() -> Meter:
    """Instructions where they can be counted: the same on a busy machine as on an idle one."""
    return INSTRUCTIONS if shutil.which("valgrind") else CPU


def cold_starts(stories: Stories, stub: Stub, meter: Meter) -> Iterator[ColdStart]:
    """Every function of the template, by name."""
    with _compiled() as code:
        laboratory = Laboratory(code, stub, meter)
        for function, sample in sorted(stories.samples.items()):
            yield laboratory.measure(function, sample)


@contextmanager
def _compiled() -> Iterator[Path]:
    """Our code as it stands, with byte code as the build makes it, and the built lean layer.

    Copied, since somebody may build meanwhile; without a build, what .venv has is used in place.
    """
    LEAN_LAYER.parents[2].mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cold-", dir=LEAN_LAYER.parents[2]) as folder:
        code = Path(folder)
        if LEAN_LAYER.exists():
            shutil.copytree(LEAN_LAYER, code / "dependencies", copy_function=os.link)
        else:
            (code / "dependencies").symlink_to(sysconfig.get_path("purelib"))
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "layers/rapport/rapport", code / "layer/rapport", ignore=leave)
        shutil.copytree(ROOT / "functions", code / "functions", ignore=leave)
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        for ours in ("layer", "functions"):
            compileall.compile_dir(code / ours, quiet=1, invalidation_mode=mode, workers=1)
        yield code


@dataclass
class Laboratory:
    """Measures fresh processes of some code; functions of the same clients share a floor."""

    code: Path
    stub: Stub
    meter: Meter
    floors: dict[tuple[str, ...], float] = field(default_factory=dict)

    def measure(self, function: str, sample: Invocation) -> ColdStart:
        """One function by one of its events."""
        calls = [call for call in sample.calls if call.is_aws]
        self.stub.load(script_of(calls))
        start, variables = self._start(function, sample.event, calls)
        least = self._least(start, variables)
        clients = tuple(sorted({call.service for call in calls}))
        alone = least[FUNCTION] - (least[CALLS] - least[CLIENTS])
        self.floors[clients] = min(self.floors.get(clients, least[CLIENTS]), least[CLIENTS])
        return ColdStart(function, clients, alone, self.floors[clients])

    def _start(
        self, function: str, event: Any, calls: Sequence[Call]
    ) -> tuple[Path, dict[str, str]]:
        """The file that tells the programs what to do, and their environment."""
        urls = {"apigatewaymanagementapi": f"{self.stub.url}/bench"}
        own = resources().template["Resources"][function_of(function)]["Properties"]
        start = {
            "folder": str(self.code / own["CodeUri"]),
            "event": event,
            "services": {call.service: urls.get(call.service, self.stub.url) for call in calls},
            "calls": [
                (call.service, xform_name(call.operation), dict(call.params)) for call in calls
            ],
        }
        file = self.code / "start.pickle"
        file.write_bytes(pickle.dumps(start))
        known = resources().environment(function_of(function))
        path = f"{self.code / 'layer'}:{self.code / 'dependencies'}"
        return file, here(known, self.stub.port) | {"PYTHONPATH": path}

    def _least(self, start: Path, variables: Mapping[str, str]) -> dict[str, float]:
        """Each program's least of several rounds, one round after the other."""
        least = dict.fromkeys((FUNCTION, CLIENTS, CALLS), float("inf"))
        for _ in range(self.meter.rounds):
            for program in least:
                measured = _run(program, start, variables, self.meter)
                least[program] = min(least[program], measured)
        return least


def _run(program: str, file: Path, variables: Mapping[str, str], meter: Meter) -> float:
    base = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*meter.prefix, sys.executable, "-S", str(PROGRAM), program, str(file)],
        env={**base, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"{file}: {program} failed:\n{done.stderr[-2000:]}")
    return meter.read(done.stderr)
