"""Importing a handler needs no environment, makes no client and touches no network."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import FUNCTIONS, ROOT

HANDLERS = sorted(FUNCTIONS.glob("*/*/app.py"))
PROGRAM = """
import importlib.util, json, socket, sys
import botocore.session

def forbidden(*_args, **_kwargs):
    raise AssertionError("importing must not do this")

botocore.session.Session.create_client = forbidden
socket.socket.connect = forbidden
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("app_" + path.split("/")[-2], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert callable(module.handler), path
    assert (module.handler.__doc__ or module.__doc__), path
print("fine")
"""


def test_every_handler_imports_without_environment_client_or_network() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, HANDLERS)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "layers" / "rapport")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "fine", done.stderr


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_every_handler_is_of_one_function_in_the_template(path: Path) -> None:
    from tests.tables import function_of

    assert function_of(path.parent.name).lower() == (path.parent.name.replace("_", "") + "function")


def test_the_list_of_handlers_is_not_empty() -> None:
    assert json.dumps([path.parent.name for path in HANDLERS]) != "[]"
