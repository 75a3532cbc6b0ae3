"""How well names are compared, measured on labelled data.

python -m tools.name_accuracy pairs PAIRS.csv     columns name1, name2, is_match, schema
python -m tools.name_accuracy stream DIRECTORY    stream.jsonl, truth.csv, persons.csv, attacks.csv
python -m tools.name_accuracy speed PAIRS.csv     microseconds a name parsed and a pair compared
"""

import csv
import itertools
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from rapport.identity.names import Name, NameLevel, NameMatch, compare_names, parse_name

SHOWN = 400


def main(arguments: list[str]) -> int:
    """Measure what the arguments say, and print it."""
    command, place, *flags = arguments
    measures = {"pairs": measure_pairs, "stream": measure_stream, "speed": measure_speed}
    for line in measures[command](Path(place), "-v" in flags):
        sys.stdout.write(line + "\n")
    return 0


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def describe(match: NameMatch) -> str:
    """A match in one short word and a number."""
    return f"{match.level.name:8} {match.similarity:.2f}"


def measure_pairs(path: Path, verbose: bool) -> Iterator[str]:
    """Precision and recall of AGREE on labelled pairs, for persons and for all."""
    counts: Counter[tuple[bool, bool]] = Counter()
    persons: Counter[tuple[bool, bool]] = Counter()
    for row in read_rows(path):
        match = compare_names(parse_name(row["name1"]), parse_name(row["name2"]))
        same = row["is_match"] == "True"
        counts[match.agrees, same] += 1
        if row["schema"] == "Person":
            persons[match.agrees, same] += 1
            if verbose and match.agrees != same:
                yield f"{same!s:5} {describe(match)}  {row['name1']} | {row['name2']}"
    yield f"persons {describe_counts(persons)}"
    yield f"all     {describe_counts(counts)}"


def describe_counts(counts: Counter[tuple[bool, bool]]) -> str:
    """Precision, recall and F1 of (said, true) counts."""
    hits = counts[True, True]
    precision = hits / max(1, hits + counts[True, False])
    recall = hits / max(1, hits + counts[False, True])
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return f"n={counts.total()} P={precision:.3f} R={recall:.3f} F1={f1:.3f}"


def read_stream(directory: Path) -> dict[str, set[Name]]:
    """The different names each person gave, attacks left out."""
    persons = {row["event_id"]: row["person_id"] for row in read_rows(directory / "truth.csv")}
    attacks = {row["event_id"] for row in read_rows(directory / "attacks.csv")}
    names: defaultdict[str, set[Name]] = defaultdict(set)
    with (directory / "stream.jsonl").open(encoding="utf-8") as file:
        for event in map(json.loads, file):
            given = event["attributes"]
            fields = [given.get(k) or "" for k in ("name", "name_local", "display_name")]
            if event["event_id"] in persons and event["event_id"] not in attacks and any(fields):
                name = parse_name(fields[0], local=fields[1], display=fields[2])
                names[persons[event["event_id"]]].add(name)
    return names


def measure_stream(directory: Path, verbose: bool) -> Iterator[str]:
    """Levels among one person's names, and among the persons of one household."""
    names = read_stream(directory)
    people = {row["person_id"]: row for row in read_rows(directory / "persons.csv")}
    own = [(a, b) for found in names.values() for a, b in itertools.combinations(sorted(found), 2)]
    yield from report("one person", own, verbose, wrong=lambda match: match.conflicts)
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for person in names:
        homes[people[person]["household"]].append(person)
    twins: list[tuple[Name, Name]] = []
    others: list[tuple[Name, Name]] = []
    for home in homes.values():
        for p, q in itertools.combinations(sorted(home), 2):
            pairs = list(itertools.product(sorted(names[p]), sorted(names[q])))
            (twins if people[p]["twin"] == q else others).extend(pairs)
    yield from report("twins", twins, verbose, wrong=lambda match: match.agrees)
    yield from report("household", others, verbose, wrong=lambda match: match.agrees)
    every = sorted(names)
    step = [
        (a, b)
        for p, q in zip(every, every[7:], strict=False)
        for a in sorted(names[p])[:2]
        for b in sorted(names[q])[:2]
    ]
    yield from report("strangers", step, verbose, wrong=lambda match: match.agrees)


def report(
    title: str,
    pairs: list[tuple[Name, Name]],
    verbose: bool,
    wrong: Callable[[NameMatch], bool],
) -> Iterator[str]:
    """The share of each level among the pairs, and how many are wrong."""
    levels: Counter[str] = Counter()
    bad = 0
    for a, b in pairs:
        match = compare_names(a, b)
        whole = match.level is NameLevel.PARTIAL and match.agrees
        levels[match.level.name + "+" * whole] += 1
        if wrong(match):
            bad += 1
            if verbose and bad <= SHOWN:
                texts = [" ".join(filter(None, name)) for name in (a, b)]
                yield f"  {describe(match)}  {' | '.join(texts)}"
    shares = " ".join(f"{k}={n}" for k, n in levels.most_common())
    yield f"{title}: n={len(pairs)} wrong={bad} ({bad / max(1, len(pairs)):.4f}) {shares}"


def measure_speed(path: Path, _verbose: bool) -> Iterator[str]:
    """Time without and with the caches, over the names of a file."""
    rows = [r for r in read_rows(path) if r["schema"] == "Person"]
    texts = sorted({r[k] for r in rows for k in ("name1", "name2")})
    for round_of in ("first", "second (word caches warm)"):
        parse_name.cache_clear()
        start = time.process_time()
        parsed = [parse_name(text) for text in texts]
        found = [name.keys for name in parsed]  # a name is read when somebody asks for its keys
        yield f"parse, {round_of}: {(time.process_time() - start) / len(found) * 1e6:.1f} us"
    start = time.process_time()
    for text in texts:
        parse_name(text)
    yield f"parse, cached: {(time.process_time() - start) / len(texts) * 1e6:.2f} us"
    pairs = list(zip(parsed, parsed[1:] + parsed[:1], strict=True)) * 3
    for round_of in ("first", "second (word caches warm)"):
        compare_names.cache_clear()
        start = time.process_time()
        for a, b in pairs[: len(parsed)]:
            compare_names(a, b)
        yield f"compare, {round_of}: {(time.process_time() - start) / len(parsed) * 1e6:.1f} us"
    start = time.process_time()
    for a, b in pairs:
        compare_names(a, b)
    yield f"compare, cached: {(time.process_time() - start) / len(pairs) * 1e6:.2f} us"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
