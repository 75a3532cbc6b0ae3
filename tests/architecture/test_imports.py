"""Who may import whom: kernel ← contracts ← contexts ← store, aws ← entrypoint ← functions."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import PurePath

from tests.architecture.source import ROOT, Module, modules

CONTEXTS = {
    "activity",
    "conversations",
    "idempotency",
    "identity",
    "ingest",
    "notifications",
    "otp",
    "realtime",
    "relay",
    "routing",
    "webchat",
}
COMPOSERS = {"views", "wiring", "wiring_otp", "entrypoint"}
LAYERS = {"kernel", "contracts", "channels", "aws"} | COMPOSERS
ADAPTERS = re.compile(r"(\w+_)?store|items")
"""The modules of a context that may know DynamoDB."""

AWS_BACKED_SENDERS = {"rapport.channels.aws_requests"}
SHARED_PLUMBING = {"idempotency"}
"""A context that others may name: the API's seed of names goes through their use cases."""

EVERYTHING = CONTEXTS | LAYERS
ALLOWED = {
    "kernel": set[str](),
    "contracts": {"kernel"},
    "channels": {"kernel", "contracts"},
    "aws": {"kernel", "contracts", "channels"} | CONTEXTS,
    "views": {"kernel", "contracts", "channels", "aws"} | CONTEXTS,
    "entrypoint": EVERYTHING,
    "wiring": EVERYTHING,
    "wiring_otp": EVERYTHING,
    "functions": EVERYTHING,
}
POINTLESS = {"utils", "util", "helpers", "helper", "common", "misc", "shared"}


def package_of(name: str) -> str:
    """`identity` of `rapport.identity.store`."""
    return name.split(".")[1] if name.startswith("rapport.") else name.split(".", maxsplit=1)[0]


def part_of(module: Module) -> str:
    """`store` of `rapport.identity.store`."""
    return module.name.rpartition(".")[2]


def own(module: Module) -> set[str]:
    """The packages of ours that a module imports."""
    found = (package_of(name) for name in module.imports() if name.startswith("rapport."))
    return set(found) - {package_of(module.name)}


def imports(module: Module, package: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for name in module.imports())


def offenders(is_offence: Callable[[Module], object]) -> dict[str, object]:
    """What each module does that it must not."""
    found = {module.name: is_offence(module) for module in modules()}
    return {name: offence for name, offence in found.items() if offence}


def test_every_package_is_known_to_these_rules() -> None:
    ours = {package_of(one.name) for one in modules() if one.name.startswith("rapport.")}
    assert ours - EVERYTHING == set(), "a new package: say above what it may import"


def test_imports_point_inwards() -> None:
    def outward(module: Module) -> set[str]:
        within = {"kernel", "contracts", "channels"} | SHARED_PLUMBING
        context = within | ({"aws"} if ADAPTERS.fullmatch(part_of(module)) else set())
        return own(module) - ALLOWED.get(package_of(module.name), context)

    assert offenders(outward) == {}


def test_contexts_never_import_one_another() -> None:
    def others(module: Module) -> set[str]:
        is_context = package_of(module.name) in CONTEXTS
        return (own(module) & CONTEXTS) - SHARED_PLUMBING if is_context else set()

    assert offenders(others) == {}


def test_adapters_of_aws_know_ports_and_models_and_no_use_case() -> None:
    def use_cases(module: Module) -> list[str]:
        inner = [name for name in module.imports() if package_of(name) in CONTEXTS]
        is_adapter = package_of(module.name) == "aws"
        return [n for n in inner if is_adapter and n.split(".")[2] not in {"ports", "model"}]

    assert offenders(use_cases) == {}


def test_only_adapters_know_aws() -> None:
    def knows(module: Module) -> bool:
        may = package_of(module.name) == "aws" or bool(ADAPTERS.fullmatch(part_of(module)))
        may = may or module.name in AWS_BACKED_SENDERS
        return not may and (imports(module, "boto3") or imports(module, "botocore"))

    assert offenders(knows) == {}


def test_only_the_entrypoint_and_functions_know_powertools() -> None:
    def knows(module: Module) -> bool:
        may = package_of(module.name) in {"entrypoint", "functions"}
        return not may and imports(module, "aws_lambda_powertools")

    assert offenders(knows) == {}


def test_only_functions_and_the_api_are_wired() -> None:
    def wired(module: Module) -> bool:
        may = package_of(module.name) in {"entrypoint", "functions", "wiring", "wiring_otp"}
        return not may and imports(module, "rapport.wiring")

    assert offenders(wired) == {}


def test_no_module_and_no_class_is_named_for_nothing() -> None:
    def pointless(module: Module) -> list[str]:
        classes = [line for line in module.text.splitlines() if line.startswith("class ")]
        named = [line for line in classes if line.split("(")[0].rstrip(":").endswith("Manager")]
        return [*named, *(set(module.name.split(".")) & POINTLESS)]

    assert offenders(pointless) == {}


def test_the_import_linter_agrees() -> None:
    linted = subprocess.run(
        [str(PurePath(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"],
        cwd=ROOT,
        env={"PYTHONPATH": "layers/rapport", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
