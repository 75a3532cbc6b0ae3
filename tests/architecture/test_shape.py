"""How large, how documented, how plain."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from tests.architecture.source import FUNCTIONS, PACKAGE, Module, length, modules

LONGEST_FILE, LONGEST_FUNCTION, USUAL_HANDLER = 400, 40, 40
# What AWS gives every function; everything else is a setting of ours and read in one place.
STANDARD = {"AWS_REGION", "AWS_ENDPOINT_URL", "POWERTOOLS_SERVICE_NAME"}
WORDS_OF_DATA = {"body", "text", "address", "phone", "email", "code", "secret", "token", "name"}
USUAL = {"__init__", "model", "service", "ports", "store", "memory", "keys", "settings"}
OTHERS = {
    "conversations": {"items", "merging"},
    # Who is one person is a subject of its own: evidence in, customers out, all of it explained.
    "identity": {
        *("graph", "statements", "senders", "items", "claims", "recording", "changes"),
        *("hearing", "deciding", "proving", "lookup", "trying", "rules", "rule_book", "rule_store"),
        *("resolution", "evidence", "candidates", "groups", "holders", "scoping", "attestation"),
        *("addresses", "agreement", "likeness", "mentions", "slips"),
        *("profile", "survivorship", "disclosure"),
    },
    "notifications": {"items"},
    "otp": {
        *("starting", "sending", "codes", "recognition", "facts", "items", "service_store"),
        # The fraud guard has its own ports, books and twins: it is asked by one method.
        *("guard", "guard_ports", "guard_store", "guard_memory", "guard_counting"),
        *("guard_rules", "guard_blocks", "guard_books", "guard_reasons", "prefixes", "risk"),
    },
    "ingest": {"accounts"},
}
"""What a context has besides the seven usual files."""


def calls(module: Module, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names:
            yield node


def test_no_file_is_too_long() -> None:
    lengths = {module.name: len(module.text.splitlines()) for module in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{module.name}.{function.name}": length(function)
        for module in modules()
        for function in module.functions()
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_handlers_are_short() -> None:
    lengths = [
        len(module.text.splitlines()) for module in modules() if FUNCTIONS in module.path.parents
    ]
    assert median(lengths) <= USUAL_HANDLER


def test_only_wiring_reads_settings() -> None:
    read = set()
    for module in modules():
        if module.name == "rapport.wiring":
            continue
        lines = module.text.splitlines()
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}:
                near = "".join(lines[node.lineno - 1 : node.lineno + 2])
                found = re.search(r"[\"']([A-Z_]+)[\"']", near)
                read.add((found.group(1) if found else "os.environ itself", module.name))
    assert {(name, where) for name, where in read if name not in STANDARD} == set()


def test_logs_have_stable_names_and_carry_no_personal_data() -> None:
    for module in modules():
        for call in calls(module, "log", "log_failure"):
            event = call.args[0]
            spelled = [event.body, event.orelse] if isinstance(event, ast.IfExp) else [event]
            assert all(
                isinstance(one, ast.Constant) and re.fullmatch(r"[a-z_]+", str(one.value))
                for one in spelled
            ), (module.name, ast.unparse(call))
            keys = {keyword.arg for keyword in call.keywords}
            assert not keys & WORDS_OF_DATA, (module.name, ast.unparse(call))


def test_nothing_prints() -> None:
    assert [module.name for module in modules() if [*calls(module, "print", "breakpoint")]] == []


def test_every_function_folder_holds_one_handler_named_by_what_it_does() -> None:
    for path in sorted(FUNCTIONS.glob("*/*/")):
        if path.name.startswith("__"):
            continue
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", path.name), path
        assert [one.name for one in path.glob("*.py")] == ["app.py"]


def test_contexts_use_the_seven_names_and_few_others() -> None:
    """Two questions lead to a line of code: which context, and which of these files?"""
    for ports in PACKAGE.glob("*/ports.py"):
        names = {path.stem for path in ports.parent.glob("*.py")}
        context = ports.parent.name
        assert names - USUAL <= OTHERS.get(context, set()), (context, names - USUAL)


@pytest.mark.parametrize("store", sorted(PACKAGE.glob("*/store.py")), ids=lambda p: p.parent.name)
def test_every_store_has_its_twin(store: Path) -> None:
    stores = re.findall(r"^class Dynamo(\w+)", store.read_text(), re.MULTILINE)
    memory = store.with_name("memory.py").read_text()
    twins = re.findall(r"^class InMemory(\w+)", memory, re.MULTILINE)
    assert stores
    assert set(stores) <= set(twins)


@pytest.mark.parametrize("store", sorted(PACKAGE.glob("*/store.py")), ids=lambda p: p.parent.name)
def test_a_port_method_is_one_call_of_aws(store: Path) -> None:
    """Or the same call again for what a page or a batch left over."""
    for kind in ast.parse(store.read_text()).body:
        if not isinstance(kind, ast.ClassDef):
            continue
        methods = {one.name: one for one in kind.body if isinstance(one, ast.FunctionDef)}
        for name, method in methods.items():
            assert len(_aws_calls(method, methods)) <= 1 or name == "__init__", (kind.name, name)


def _aws_calls(method: ast.FunctionDef, methods: dict[str, ast.FunctionDef]) -> list[str]:
    """The places that call AWS in a method, those of its private methods included."""
    found = []
    for node in ast.walk(method):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if ast.unparse(node.func.value) == "self._client":
            found.append(node.func.attr)
        elif ast.unparse(node.func.value) == "self" and node.func.attr in methods:
            found += _aws_calls(methods[node.func.attr], methods)
    return found
