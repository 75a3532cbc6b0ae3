"""The labelled public sets, where a directory has them, beside what other tools were measured at.

A set is a CSV file with the columns `id` and `cluster` (the true person). Labels only score.
"""

import argparse
import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.identity.dedupe import Fields, Linked, link, read_table
from benchmarks.identity.scorer import Quality, assess
from rapport.identity.matching.training import train

_FEBRL: Fields = {
    "given_name": "given_name",
    "surname": "surname",
    "street_number": "street_number",
    "street": "address_1",
    "unit": "address_2",
    "city": "suburb",
    "postcode": "postcode",
    "region": "state",
    "date_of_birth": "date_of_birth",
    "national_id": "soc_sec_id",
}


class Peer(NamedTuple):
    """Another tool as it was measured on a 2-core machine; None is what was not told of it."""

    tool: str
    precision: float | None
    recall: float | None
    f1: float
    b_cubed: float | None = None
    exact: float | None = None
    overmerged: int | None = None
    per_second: float | None = None


class Set(NamedTuple):
    """A public set: its columns by our attributes, and other tools on it, where measured."""

    fields: Fields
    peers: tuple[Peer, ...] = ()


SETS = {
    "RLdata500": Set(
        {
            "given_name": "fname_c1",
            "middle_name": "fname_c2",
            "surname": "lname_c1",
            "birth_year": "by",
            "birth_month": "bm",
            "birth_day": "bd",
        }
    ),
    "fake_1000": Set(
        {
            "given_name": "first_name",
            "surname": "surname",
            "date_of_birth": "dob",
            "city": "city",
            "email": "email",
        },
        (
            Peer("Splink 5 at .5", 0.970, 0.869, 0.917, 0.938, 0.725, 2, 499),
            Peer("dedupe 3, 300 labels", 0.933, 0.942, 0.938, 0.952, 0.729, 29, 20),
            Peer("supervised ceiling, half the truth", None, None, 0.988),
        ),
    ),
    "febrl3": Set(_FEBRL, (Peer("Splink 5 at .5", 0.998, 0.997, 0.9972, 0.9986, 0.9955, 1, 1981),)),
    "febrl4": Set(
        _FEBRL,
        (
            Peer("Splink 5 at .99", 1.0, 0.9936, 0.9968, 0.9984, 0.994, 0, 360),
            Peer("dedupe 3, 300 labels", 1.0, 0.976, 0.988, 0.994, 0.976, 0, 81),
        ),
    ),
    "pseudopeople_census_w2": Set(
        {
            "given_name": "first_name",
            "middle_name": "middle_initial",
            "surname": "last_name",
            "date_of_birth": "dob",
            "street_number": "street_number",
            "street": "street_name",
            "unit": "unit",
            "city": "city",
            "region": "state",
            "postcode": "zip",
            "national_id": "ssn",
        },
        (
            Peer("Splink 5 at .9, 32,787 records", 0.875, 0.990, 0.929, 0.980, 0.928, 587, 623),
            Peer("supervised ceiling, half the truth, 32,787 records", None, None, 0.995),
        ),
    ),
    "historical_50k": Set(
        {
            "full_name": "full_name",
            "date_of_birth": "dob",
            "birth_place": "birth_place",
            "postcode": "postcode_fake",
            "gender": "gender",
            "occupation": "occupation",
        },
        (
            Peer("Splink 5 at .95", 0.925, 0.750, 0.828, 0.856, 0.253, 144, 5570),
            Peer("supervised ceiling, half the truth", None, None, 0.960),
        ),
    ),
}
"""The sets we know; what is not in the directory is left out."""


def measure(data: Path, fields: Fields) -> tuple[Quality, Linked]:
    """Learn from a file, link its records one by one, and score them."""
    ids, rows = read_table(data, fields)
    linked = link(ids, rows, train(rows, data.stem))
    with data.open(encoding="utf-8", newline="") as file:
        truth = {line["id"]: line["cluster"] for line in csv.DictReader(file)}
    return assess(truth, linked.persons), linked


def lines_of(name: str, quality: Quality, linked: Linked, peers: Sequence[Peer] = ()) -> list[str]:
    """The lines of a set in the table: ours, then those of other tools."""
    numbers = [quality.precision, quality.recall, quality.f1, quality.b_cubed, quality.exact]
    ours = [f"{one:.4f}" for one in numbers]
    ours += [str(quality.overmerged), f"{linked.per_second:,.0f}"]
    ours += [f"{linked.quantile(share):.3f}" for share in (0.5, 0.99)]
    lines = [_line(f"{name}, {len(linked.seconds):,}", "Rapport", *ours)]
    for one in peers:
        told = [one.precision, one.recall, one.f1, one.b_cubed, one.exact, one.overmerged]
        speed = "" if one.per_second is None else f"{one.per_second:,.0f}"
        theirs = ["" if number is None else f"{number:g}" for number in told]
        lines.append(_line("", one.tool, *theirs, speed, "", ""))
    return lines


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


HEADER = (
    "| Set, records | | P | R | F1 | B-cubed F1 | Exact | Over-merged | Records/s | p50 ms "
    "| p99 ms |\n|---|---" + "|---:" * 9 + "|"
)


def table(data: Path, names: Iterable[str] = tuple(SETS)) -> Iterator[str]:
    """The lines of the table, as they are measured; a set that is not there is left out."""
    yield HEADER
    for name in names:
        file = data / f"{name}.csv"
        if file.exists():
            quality, linked = measure(file, SETS[name].fields)
            yield from lines_of(name, quality, linked, SETS[name].peers)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="public", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--only", nargs="*", choices=SETS, default=list(SETS))
    args = parser.parse_args(argv)
    for line in table(args.data, args.only):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
