"""The code as text and syntax trees, read once."""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "layers" / "rapport" / "rapport"
FUNCTIONS = ROOT / "functions"


@dataclass(frozen=True)
class Module:
    """One file of ours."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """`rapport.identity.store`, or `functions.identity.match_sender.app`."""
        base = PACKAGE.parent if self.path.is_relative_to(PACKAGE) else ROOT
        parts = self.path.relative_to(base).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def imports(self) -> Iterator[str]:
        """Every module it imports, wherever in it, `TYPE_CHECKING` excepted."""
        for node in _running(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that matter when the code runs."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _running(node)


@functools.cache
def modules() -> tuple[Module, ...]:
    """Every module of the layer and of the functions."""
    paths = [*sorted(PACKAGE.rglob("*.py")), *sorted(FUNCTIONS.rglob("*.py"))]
    read = ((path, path.read_text()) for path in paths)
    return tuple(Module(path, text, ast.parse(text)) for path, text in read)


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, its decorators and docstring not counted."""
    last = node.end_lineno or node.lineno
    first = node.body[0]
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if told else 0
    return last - node.lineno + 1 - docstring
