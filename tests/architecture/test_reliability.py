"""What docs/reliability.md says is there: every row, every test it names, every command."""

import ast
import functools
import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, modules

TEXT = (ROOT / "docs" / "reliability.md").read_text()
NUMBERS = (*range(11, 50), *range(73, 83))
PROMISES = [f"V{number}" for number in range(1, 13)]
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| (yes|nearest) \| ([^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
COMMAND = re.compile(r"`(make|pytest|python -m) ([^`]+)`")


def rows() -> dict[int, tuple[str, list[tuple[str, str]]]]:
    """Each row's promises and tests, by its number."""
    return {
        int(number): (promise, TEST.findall(tests))
        for number, _, promise, _, tests in ROW.findall(TEXT)
    }


NAMED = sorted({place for _, tests in rows().values() for place in tests})


def test_every_number_has_its_row_once_and_in_order() -> None:
    assert [int(found[0]) for found in ROW.findall(TEXT)] == list(NUMBERS)


def test_every_row_names_promises_and_a_test() -> None:
    for number, (promise, tests) in rows().items():
        assert tests, f"{number} names no test"
        assert set(promise.split()) <= set(PROMISES), f"{number} keeps no known promise"


def test_every_promise_is_told() -> None:
    told = re.findall(r"^\| (V\d+) \|", TEXT, re.MULTILINE)

    assert told == PROMISES


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_named_test_exists_and_is_not_skipped(path: str, name: str) -> None:
    tree = tree_of(ROOT / "tests" / path)
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]

    assert len(found) == 1, f"there is no {path}::{name}"
    marks = [*found[0].decorator_list, *module_marks(tree)]
    unused = [ast.unparse(mark) for mark in marks if re.search(r"skip|xfail", ast.unparse(mark))]
    calls = {ast.unparse(one.func) for one in ast.walk(found[0]) if isinstance(one, ast.Call)}
    assert unused == []
    assert not calls & {"pytest.skip", "pytest.xfail", "pytest.importorskip"}


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def module_marks(tree: ast.Module) -> list[ast.expr]:
    return [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    ]


@pytest.mark.parametrize(("program", "rest"), sorted(set(COMMAND.findall(TEXT))))
def test_a_named_command_can_be_given(program: str, rest: str) -> None:
    first = rest.split(maxsplit=1)[0]
    if program == "make":
        targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert first in targets
    elif program == "pytest":
        assert all((ROOT / path).is_dir() for path in rest.split())
    else:
        assert (ROOT / first.replace(".", "/") / "__main__.py").is_file()


def test_nothing_writes_to_tables_in_batches() -> None:
    """A batch of writes may be left in part without an error: who begins with it, handles that."""
    writing = [module.name for module in modules() if "batch_write_item" in module.text]

    assert writing == []
