"""What the stories recorded, replayed in a process of its own and timed there."""

import json
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.budgets import ROWS
from benchmarks.counts import invocations_of
from benchmarks.processor import PASSES, ROUNDS, Replay, Timing
from benchmarks.stories import Stories
from benchmarks.stub import Stub
from tests.tables import ROOT, function_of, resources


def replay_of(
    stories: Stories, stub: Stub, *, passes: int = PASSES, rounds: int = ROUNDS
) -> Replay:
    """Every path whose CPU time is measured, as the stories went through it."""
    return Replay(
        port=stub.port,
        rows={row.title: invocations_of(row.stages, stories) for row in ROWS if row.cpu},
        variables={name: resources().environment(function_of(name)) for name in stories.samples},
        secrets=stories.secrets,
        samples=stories.samples,
        passes=passes,
        rounds=rounds,
    )


def timings(replay: Replay) -> dict[str, list[Timing]]:
    """Each path's timings; raises where a handler called otherwise than it did in its story."""
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        file = Path(folder) / "replay.pickle"
        file.write_bytes(pickle.dumps(replay))
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.processor", str(file)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return {
        title: [Timing(**timing) for timing in found]
        for title, found in json.loads(done.stdout).items()
    }
