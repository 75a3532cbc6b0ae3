"""The labelled public sets, where a directory has them, beside what other tools were measured at.

A set is a CSV file with the columns `id` and `cluster` (the true person). Labels only score.
"""

import argparse
import csv
from collections.abc import Sequence
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
    """Another tool's best result without labels: F1, B-cubed F1, persons over-merged."""

    tool: str
    f1: float
    b_cubed: float
    overmerged: int


class Set(NamedTuple):
    """A public set: its columns by our attributes, and the best peer on it, if measured."""

    fields: Fields
    peer: Peer | None = None


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
        Peer("Splink 5", 0.917, 0.938, 2),
    ),
    "febrl3": Set(_FEBRL, Peer("Splink 5", 0.9972, 0.9986, 1)),
    "febrl4": Set(_FEBRL, Peer("Splink 5", 0.9968, 0.9984, 0)),
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
        }
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
        Peer("Splink 5", 0.828, 0.856, 144),
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


def row(name: str, quality: Quality, linked: Linked, peer: Peer | None) -> str:
    """A line of the table."""
    beside = f"{peer.tool}: {peer.f1:.4f} {peer.b_cubed:.4f} {peer.overmerged}" if peer else ""
    return (
        f"| {name} | {len(linked.seconds)} | {quality.precision:.4f} | {quality.recall:.4f} "
        f"| {quality.f1:.4f} | {quality.b_cubed:.4f} | {quality.exact:.3f} | {quality.overmerged} "
        f"| {linked.per_second:,.0f} | {linked.quantile(0.5):.3f} | {linked.quantile(0.99):.3f} "
        f"| {beside} |"
    )


HEADER = (
    "| set | records | P | R | F1 | B-cubed | exact | over-merged | records/s | p50 ms | p99 ms "
    "| peer: F1, B-cubed, over-merged |\n|---" + "|---" * 11 + "|"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="public", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--only", nargs="*", choices=SETS, default=list(SETS))
    args = parser.parse_args(argv)
    print(HEADER)
    for name in args.only:
        data = args.data / f"{name}.csv"
        if data.exists():
            quality, linked = measure(data, SETS[name].fields)
            print(row(name, quality, linked, SETS[name].peer), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
