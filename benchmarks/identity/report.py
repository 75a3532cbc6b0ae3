"""The tables of docs/identity.md: every set of a directory, beside other tools on it.

python -m benchmarks.identity report DIR            prints them
python -m benchmarks.identity report DIR --write    into docs/identity.md, between its markers

DIR holds `data/` with the public sets and, if any, a stream with its `score.py`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.identity import public
from benchmarks.identity.stream import Replay, read_events, write_profiles

DOCUMENT = Path(__file__).parents[2] / "docs/identity.md"
START, END = "<!-- measured -->\n", "<!-- /measured -->"

NOTE = """\
Written by `make identity-bench`. Nothing is labelled for us, records come one by one, and one
threshold serves a set. Other tools were measured on a 2-core machine (wall times within a half),
Rapport by the CPU time of one core, without learning the model (once a table). How fast events of
every kind are: benchmarks/RESULTS.md.
"""

SCORES = {
    "pair_precision": "P",
    "pair_recall": "R",
    "pair_f1": "F1",
    "b3_f1": "B-cubed F1",
    "overmerged_profiles": "Over-merged",
    "exact_multi_entity_acc": "Exact, of 2 events and more",
    "security_merges": "Security merges",
}
"""What a stream's scorer says, and how it is called here."""

OTHERS = {
    "all identifiers stitched": (0.873, 0.980, 0.923, 0.963, 360, 0.818, 188),
    "verified identifiers alone": (0.978, 0.817, 0.890, 0.941, 153, 0.789, 0),
    "the same, limits like Segment's": (0.984, 0.817, 0.893, 0.943, 120, 0.790, 0),
    "careful rules in a batch": (0.994, 0.954, 0.974, 0.987, 38, 0.945, 0),
}
"""Other ways to go about a stream, by the scores above; measured on one of another seed."""


def tables(directory: Path) -> Iterator[str]:
    """The lines of the document, as they are measured."""
    yield NOTE
    yield from public.table(directory / "data")
    if (directory / "stream.jsonl").exists():
        yield ""
        yield from stream_table(scored(directory))


def stream_table(scores: Mapping[str, float]) -> Iterator[str]:
    """The scores of our stream, and of other ways on a harder one."""
    yield f"| Stream of events | {' | '.join(SCORES.values())} |"
    yield "|---" + "|---:" * len(SCORES) + "|"
    yield _line(f"Rapport, {scores['events']:,} events", [scores[name] for name in SCORES])
    for way, told in OTHERS.items():
        yield _line(f"{way}; another seed, harder", told)


def scored(directory: Path) -> dict[str, float]:
    """Replay the stream of a directory, and let its scorer judge."""
    replay = Replay.begin()
    for event in read_events(directory):
        replay.take(event)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "profiles.csv"
        write_profiles(out, replay.profiles())
        command = [sys.executable, str(directory / "score.py"), str(directory), str(out)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    scores: dict[str, float] = json.loads(said)
    return scores


def _line(name: str, numbers: Sequence[float]) -> str:
    return f"| {name} | {' | '.join(f'{one:g}' for one in numbers)} |"


def written(document: str, lines: str) -> str:
    """The document with these lines between its markers; ValueError where it has none."""
    before, start, rest = document.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError("The document has no markers.")
    return f"{before}{start}{lines}{end}{after}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="report", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--write", action="store_true", help="into docs/identity.md")
    args = parser.parse_args(argv)
    lines = []
    for line in tables(args.directory):
        print(line, flush=True)
        lines.append(f"{line}\n")
    if args.write:
        DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8"), "".join(lines)), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
