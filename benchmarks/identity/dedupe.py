"""Find the records of one person in a table, without labels.

FIELDS.json maps our attributes (`rapport.identity.graph.ATTRIBUTES`; others are compared as texts)
to a column or a list of columns; its key `id` names the column of ids, `id` unless told.
"""

import argparse
import csv
import gc
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapport.identity.matching.linking import Linker
from rapport.identity.matching.model import Model, model_from_json
from rapport.identity.matching.scoring import Matcher
from rapport.identity.matching.training import train

Row = Mapping[str, str]
Fields = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Linked:
    """The person of each record; seconds of CPU time that each took, and all.

    By the clock they take as long where the machine has nothing else to do.
    """

    persons: dict[str, str]
    seconds: list[float]
    cpu: float

    @property
    def per_second(self) -> float:
        """Records per second of CPU time, parsing and matching included."""
        return len(self.seconds) / max(self.cpu, 1e-9)

    def quantile(self, share: float) -> float:
        """The milliseconds that so many records take at most."""
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))] * 1000


def read_table(data: Path, fields: Fields) -> tuple[list[str], list[Row]]:
    """The ids of a CSV file and its records by our attributes; ValueError for unknown columns."""
    columns = {name: [to] if isinstance(to, str) else to for name, to in fields.items()}
    key = columns.pop("id", ["id"])[0]
    ids, rows = [], []
    with data.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        asked = {key, *(column for names in columns.values() for column in names)}
        if unknown := asked - set(reader.fieldnames or ()):
            raise ValueError(f"No such column: {', '.join(sorted(unknown))}")
        for line in reader:
            ids.append(line[key])
            rows.append(_record(line, columns))
    return ids, rows


def _record(line: Row, columns: Mapping[str, list[str]]) -> Row:
    texts = {
        attribute: " ".join(filter(None, ((line[column] or "").strip() for column in names)))
        for attribute, names in columns.items()
    }
    return {attribute: text for attribute, text in texts.items() if text}


def link(ids: Sequence[str], rows: Sequence[Row], model: Model) -> Linked:
    """Add record after record to the engine, in the order given."""
    matcher = Matcher(model)
    linker = Linker(matcher)
    seconds = []
    # Nothing here leaves cycles behind: walking all records again and again would find none.
    gc.disable()
    started = time.process_time()
    for record_id, row in zip(ids, rows, strict=True):
        began = time.process_time()
        linker.add(record_id, matcher.features(row))
        seconds.append(time.process_time() - began)
    cpu = time.process_time() - started
    gc.enable()
    persons = {one: members[0] for members in linker.persons() for one in members}
    return Linked(persons, seconds, cpu)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="dedupe", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, metavar="DATA.csv")
    parser.add_argument("--fields", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="a trained model; else one is learned here")
    args = parser.parse_args(argv)
    ids, rows = read_table(args.data, json.loads(args.fields.read_text("utf-8")))
    model = model_from_json(args.model.read_text("utf-8")) if args.model else train(rows)
    linked = link(ids, rows, model)
    with args.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "profile_id"))
        writer.writerows((one, linked.persons[one]) for one in ids)
    persons = len(set(linked.persons.values()))
    print(
        f"{len(ids)} records, {persons} persons, {linked.per_second:.0f} records/s a core, ", end=""
    )
    print(f"p50 {linked.quantile(0.5):.3f} ms, p99 {linked.quantile(0.99):.3f} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
