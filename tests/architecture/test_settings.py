"""What code reads from its environment, template.yaml gives; and nothing more."""

import ast
import functools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.template import FUNCTION, resources_of
from tests.architecture.source import FUNCTIONS, PACKAGE
from tests.tables import template

EVERYWHERE = {"STAGE", "POWERTOOLS_LOG_LEVEL", "POWERTOOLS_SERVICE_NAME"}
MEDIA = ("CHAT", "SMS", "EMAIL", "OTP")
PLACEHOLDER = "{medium.upper()}"


@dataclass
class Needs:
    """Settings read for certain, and those read on some way; and other functions of wiring."""

    must: set[str] = field(default_factory=set)
    may: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


class Reader(ast.NodeVisitor):
    """Collects what a piece of code reads; what a lambda reads it may never read."""

    def __init__(self, prefix: str) -> None:
        self.needs = Needs()
        self._prefix = prefix
        self._later = 0

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._later += 1
        self.generic_visit(node)
        self._later -= 1

    def visit_Call(self, node: ast.Call) -> None:
        called = ast.unparse(node.func)
        if called in {f"{self._prefix}setting", f"{self._prefix}queue"} and node.args:
            for name in _settings(node.args[0]):
                self.needs.may.add(name)
                if not self._later:
                    self.needs.must.add(name)
        elif called == "os.environ.get":
            self.needs.may |= set(_settings(node.args[0]))
        elif called.startswith(self._prefix) and not self._later:
            self.needs.calls.add(called.removeprefix(self._prefix))
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if self._prefix and ast.unparse(node.value) == self._prefix.rstrip("."):
            self.needs.names.add(node.attr)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if not self._prefix:
            self.needs.names.add(node.id)


def _settings(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        spelled = ast.unparse(node)[2:-1]
        return [spelled.replace(PLACEHOLDER, medium) for medium in MEDIA]
    return []


def read(tree: ast.AST, prefix: str) -> Needs:
    reader = Reader(prefix)
    reader.visit(tree)
    return reader.needs


@functools.cache
def wiring() -> dict[str, Needs]:
    """What each function of the wiring module reads itself."""
    whole = (PACKAGE / "wiring.py").read_text() + (PACKAGE / "wiring_otp.py").read_text()
    found = {
        one.name: read(ast.Module(one.body, []), "")
        for one in ast.parse(re.sub(r"\bwiring\.", "", whole)).body
        if isinstance(one, ast.FunctionDef)
    }
    found.pop("reset")
    return found


def needed(path: Path) -> tuple[set[str], set[str]]:
    """(settings that a handler reads for certain when used fully, settings it may read)."""
    text = path.read_text().replace("wiring_otp.", "wiring.")
    own = read(ast.parse(text), "wiring.")
    if "rapport.entrypoint.http" in text:
        api = read(ast.parse((PACKAGE / "entrypoint" / "http.py").read_text()), "wiring.")
        own.names |= api.names
        if "idempotent" in text or "Seed" in text:
            own.calls |= api.calls
    must, may = set(own.must), set(own.may)
    for name in _closure(own.calls, "calls"):
        must |= wiring()[name].must
    for name in _closure(own.names, "names"):
        may |= wiring()[name].may
    return must, may | must


def _closure(names: set[str], edge: str) -> set[str]:
    found: set[str] = set()
    left = [name for name in names if name in wiring()]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [one for one in getattr(wiring()[name], edge) if one in wiring()]
    return found


def given(path: Path) -> set[str]:
    return set(_properties(path)["Environment"]["Variables"]) | EVERYWHERE


def own_queues(path: Path) -> set[str]:
    """The settings by which `consumes` finds the queue of a message that shall come later."""
    function = _properties(path)
    sources = [one["Properties"].get("Queue") for one in function.get("Events", {}).values()]
    consumed = [source["Fn::GetAtt"][0] for source in sources if source]
    variables = function["Environment"]["Variables"]
    return {name for name, value in variables.items() if value in [{"Ref": q} for q in consumed]}


def _properties(path: Path) -> dict[str, Any]:
    uri = str(path.parent.relative_to(FUNCTIONS.parent))
    (function,) = [
        one["Properties"]
        for one in resources_of(template(), FUNCTION).values()
        if one["Properties"]["CodeUri"] == uri
    ]
    return dict(function)


HANDLERS = pytest.mark.parametrize(
    "path", sorted(FUNCTIONS.glob("*/*/app.py")), ids=lambda path: path.parent.name
)


@HANDLERS
def test_every_setting_that_the_code_reads_is_given(path: Path) -> None:
    must, _ = needed(path)
    assert must - given(path) == set()


@HANDLERS
def test_every_setting_that_is_given_the_code_may_read(path: Path) -> None:
    _, may = needed(path)
    unread = {name for name in given(path) - may - EVERYWHERE if not name.startswith("AWS_")}
    assert unread - own_queues(path) == set()


def test_these_rules_see_something() -> None:
    must, may = needed(FUNCTIONS / "relay" / "publish_events" / "app.py")
    assert {"EVENT_BUS", "OUTBOUND_CHAT_QUEUE_URL", "OUTBOUND_EMAIL_QUEUE_URL"} <= must <= may
