"""What is deployed can be built: wheels for Lambda's targets, byte code for the host's build."""

import subprocess
import sys

import pytest

from local import build
from local.paths import ROOT

LOCK = ROOT / "layers" / "dependencies" / "requirements.txt"
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("runtime", "architecture"), [("3.13", "arm64"), ("3.12", "arm64"), ("3.11", "x86_64")]
)
def test_every_pinned_package_has_a_wheel_for_lambda(
    runtime: str, architecture: str, tmp_path: object
) -> None:
    machine = MACHINES[architecture]
    platforms = [f"manylinux2014_{machine}", f"manylinux_2_28_{machine}"]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps"]
    command += ["--require-hashes", "--requirement", str(LOCK), "--only-binary=:all:"]
    command += ["--target", str(tmp_path), "--implementation", "cp", "--python-version", runtime]
    command += [part for platform in platforms for part in ("--platform", platform)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_hosts_build_carries_byte_code_of_its_own_interpreter() -> None:
    target = build.host_target()
    build.build(target)
    command = [sys.executable, "-m", "local.build", "--verify"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    modules = list(target.folder.rglob("rapport/kernel/*.py"))
    assert modules
    assert all(list(module.parent.glob(f"__pycache__/{module.stem}.*.pyc")) for module in modules)
