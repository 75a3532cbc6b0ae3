"""Write the tables of docs/assurance.md from the code that enforces them.

`python -m tools.assurance` writes what stands between the markers; `--check` fails where it is not
what the code says.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from rapport.contracts.identity import Assurance
from rapport.identity.disclosure import OTHERWISE, TABLE, Rule
from rapport.identity.mentions import ATTESTED
from rapport.identity.survivorship import DEFAULT_SURVIVORSHIP, ProfileRules

DOCUMENT = Path(__file__).parents[1] / "docs/assurance.md"


def fields() -> str:
    """What is seen and said at each level, by field."""
    rows = [(f"`{field}`", rule) for field, rule in TABLE.items()]
    rows.append(("every other trait", OTHERWISE))
    return _table(
        ("Field", *(f"`{level.value}`" for level in Assurance), "Why"),
        ((field, *(_cell(rule, level) for level in Assurance), rule.why) for field, rule in rows),
    )


def attested() -> str:
    """How sure attributes are by who stands behind them."""
    return _table(
        ("Attestation", "Shown as"),
        ((f"`{one.value}`", f"`{level.value}`") for one, level in ATTESTED.items()),
    )


def survivorship() -> str:
    """The rule for each trait."""
    rows = [(f"`{trait}`", f"`{rule.value}`") for trait, rule in DEFAULT_SURVIVORSHIP.items()]
    rows.append(("every other trait", f"`{ProfileRules().other.value}`"))
    return _table(("Trait", "Rule"), rows)


TABLES = {"fields": fields, "attested": attested, "survivorship": survivorship}


def written(text: str) -> str:
    """The document with its tables as the code has them."""
    for name, table in TABLES.items():
        before, start, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        if not start or not end:
            raise ValueError(f"docs/assurance.md has no place for the table `{name}`")
        text = before + start + table() + end + after
    return text


def _cell(rule: Rule, level: Assurance) -> str:
    if rule.say is not None and level.rank >= rule.say.rank:
        return "see, say"
    if level.rank >= rule.see.rank:
        return "see"
    return "hint" if rule.hint is not None and level.rank >= rule.hint.rank else "–"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where the document differs")
    is_check = parser.parse_args().check
    text = DOCUMENT.read_text("utf-8")
    made = written(text)
    if is_check and made != text:
        sys.stderr.write("docs/assurance.md is stale: run python -m tools.assurance\n")
        return 1
    DOCUMENT.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
