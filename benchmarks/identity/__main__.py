"""Measure identity, and try data before trusting it.

python -m benchmarks.identity dedupe DATA.csv --fields FIELDS.json --out pred.csv [--model M.json]
python -m benchmarks.identity train DATA.csv --fields FIELDS.json --out model.json
python -m benchmarks.identity public --data DIR       labelled public sets beside other tools
python -m benchmarks.identity generated [--seed N]    the same on records generated here
python -m benchmarks.identity speed [--customers N ...]  the engine in one process
python -m benchmarks.identity stream DIR --out pred.csv [--shuffle SEED] [--retract FILE]
python -m benchmarks.identity report DIR [--write]     all of DIR's sets and its stream, as a table
"""

import importlib
import sys

COMMANDS = {
    "dedupe": "benchmarks.identity.dedupe",
    "train": "benchmarks.identity.train",
    "public": "benchmarks.identity.public",
    "generated": "benchmarks.identity.duplicates",
    "speed": "benchmarks.identity.speed",
    "stream": "benchmarks.identity.stream",
    "report": "benchmarks.identity.report",
    "generate": "benchmarks.identity.generate",
}
"""The module of each command; its `main` takes the other arguments."""


def main() -> int:
    """Run the command named first."""
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(__doc__)
        return 2
    return int(importlib.import_module(COMMANDS[sys.argv[1]]).main(sys.argv[2:]))


if __name__ == "__main__":
    raise SystemExit(main())
