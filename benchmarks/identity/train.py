"""Learn a model from a table without labels, and report what was learned."""

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.identity.dedupe import read_table
from rapport.identity.matching.model import Model, levels_of
from rapport.identity.matching.training import train


def report(model: Model) -> Iterator[str]:
    """The parameters in words, a line a level."""
    yield f"model {model.name}: join at {model.join:+.1f} bits, review at {model.review:+.1f}"
    yield f"prior: {model.prior:+.1f} bits that two random records are one person"
    yield f"       {model.relatives:+.1f} bits that they are two of one household"
    yield f"dates: {'day' if model.day_first else 'month'} first"
    yield f"{'component':<18}{'level':<12}{'m':>9}{'u':>11}{'bits':>7}"
    for name, component in sorted(model.components.items()):
        for level, m, u in zip(levels_of(name), component.m, component.u, strict=True):
            yield f"{name:<18}{level:<12}{m:9.4f}{u:11.6f}{math.log2(m / u):+7.1f}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="train", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, metavar="DATA.csv")
    parser.add_argument("--fields", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="trained")
    args = parser.parse_args(argv)
    _, rows = read_table(args.data, json.loads(args.fields.read_text("utf-8")))
    model = train(rows, args.name)
    args.out.write_text(model.to_json(), encoding="utf-8")
    for line in report(model):
        print(line)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
