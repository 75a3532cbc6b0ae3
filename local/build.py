"""Build the functions and layers with `sam build`, then compile their byte code.

python -m local.build              for this machine (what `make up` deploys), into .local/build
python -m local.build --for-aws    for the template's own Runtime and Architecture, into
                                   .aws-sam/build, where `sam deploy` looks
python -m local.build --verify     prove that every module has valid byte code
"""

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from local.console import LocalStackError, run_command, say, step
from local.paths import (
    AWS_BUILD,
    BUILD,
    EMULATOR_HOME,
    EMULATOR_VENV,
    PYTHON,
    ROOT,
    TEMPLATE,
    relative,
)
from local.processes import exclusively
from local.template import load_template, parameter_defaults

# How the header of a compiled file names its processor.
_ELF_MACHINES = {"x86_64": 62, "arm64": 183}
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Target:
    """What a build is for: the Lambda runtime, the processor, and the folder it goes to."""

    runtime: str
    architecture: str
    folder: Path

    @property
    def interpreter(self) -> str:
        """The Python that resolves the packages and compiles the byte code of this build."""
        this = f"python{sys.version_info.major}.{sys.version_info.minor}"
        found = str(PYTHON) if self.runtime == this else shutil.which(self.runtime)
        # A name on PATH may be a version manager's shim for an interpreter that is not there.
        check = f"import sys; sys.exit('python%d.%d' % sys.version_info[:2] != '{self.runtime}')"
        if not found or _fails(found, check):
            raise LocalStackError(
                f"Building for {self.runtime} needs that interpreter on PATH. Install it, or build "
                f"for one you have: make deploy RUNTIME={this} (a template parameter, so that is "
                "what Lambda will run)."
            )
        return found


def _fails(interpreter: str, code: str) -> bool:
    done = subprocess.run([interpreter, "-c", code], capture_output=True, check=False)
    return done.returncode != 0


def host_target() -> Target:
    """The build that runs here: this interpreter, this processor."""
    machine = platform.machine().lower()
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return Target(runtime, _ARCHITECTURES.get(machine, machine), BUILD)


def aws_target(runtime: str | None, architecture: str | None) -> Target:
    """The build that runs on AWS: what the template says, unless told otherwise."""
    defaults = parameter_defaults(load_template(TEMPLATE))
    return Target(
        runtime or defaults.get("Runtime", "python3.13"),
        architecture or defaults.get("Architecture", "arm64"),
        AWS_BUILD,
    )


def sam(
    *arguments: str, interpreter: str | None = None, variables: dict[str, str] | None = None
) -> None:
    """Run the SAM command line, quietly; what it says is shown when it fails."""
    executable = EMULATOR_VENV / "bin" / "sam"
    if not executable.exists():
        raise LocalStackError("The SAM command line is not installed. Run: make setup")
    EMULATOR_HOME.mkdir(parents=True, exist_ok=True)
    path = [str(Path(interpreter).parent)] if interpreter else []
    environment = {
        **os.environ,
        **(variables or {}),
        "PATH": os.pathsep.join([*path, str(executable.parent), os.environ.get("PATH", "")]),
        "HOME": os.environ.get("HOME") or str(EMULATOR_HOME),
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
    }
    done = subprocess.run(
        [str(executable), *arguments],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        raise LocalStackError(f"sam {arguments[0]} failed:\n{done.stdout.strip()}")


def _inputs(target: Target) -> str:
    """A fingerprint of everything a build is made from."""
    digest = hashlib.sha256(repr((target, sys.version)).encode())
    folders = [ROOT / "functions", ROOT / "layers"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    for path in [TEMPLATE, Path(__file__), *sorted(files)]:
        if "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _require_extensions_for(target: Target) -> None:
    """A compiled extension for another interpreter or processor fails only when it is imported."""
    tag = f".cpython-{target.runtime.removeprefix('python').replace('.', '')}-"
    for path in target.folder.rglob("*.so"):
        with path.open("rb") as file:
            machine = int.from_bytes(file.read(20)[18:20], "little")
        other_python = ".cpython-" in path.name and tag not in path.name
        if other_python or machine != _ELF_MACHINES.get(target.architecture, machine):
            raise LocalStackError(
                f"{relative(path)} is not for {target.runtime} on {target.architecture}: the "
                "layer's Makefile must build for BUILD_RUNTIME and BUILD_ARCHITECTURE."
            )


def _bytecode(action: str, target: Target) -> None:
    script = Path(__file__).with_name("bytecode.py")
    done = subprocess.run(
        [target.interpreter, str(script), action, str(target.folder)],
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise LocalStackError(f"{done.stderr.strip()}\nBuild again: make build")


def build(target: Target) -> bool:
    """Bring a build up to date; False when it already was."""
    with exclusively("build"):
        return _build(target)


def _build(target: Target) -> bool:
    if not TEMPLATE.exists():
        raise LocalStackError("There is no template.yaml here, so nothing to build.")
    stamp = target.folder.with_name(f"{target.folder.name}.stamp")
    inputs = _inputs(target)
    if (
        stamp.exists()
        and stamp.read_text() == inputs
        and (target.folder / "template.yaml").exists()
    ):
        return False
    stamp.unlink(missing_ok=True)
    with step(f"sam build for {target.runtime}, {target.architecture}"):
        sam(
            "build",
            "--cached",
            "--parallel",
            *("--build-dir", str(target.folder)),
            # A cache of its own: sam drops from it what the build at hand does not use.
            *("--cache-dir", str(target.folder.with_name("build-cache"))),
            "--parameter-overrides",
            f"Runtime={target.runtime} Architecture={target.architecture}",
            interpreter=target.interpreter,
            # Layers are made by their Makefiles, which template parameters do not reach.
            variables={
                "BUILD_RUNTIME": target.runtime,
                "BUILD_ARCHITECTURE": target.architecture,
                "PIP": f"{PYTHON} -m pip",
            },
        )
        _require_extensions_for(target)
    with step("byte code"):
        _bytecode("compile", target)
    stamp.write_text(inputs)
    return True


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(prog="python -m local.build", description=__doc__)
    parser.add_argument("--for-aws", action="store_true", help="for Lambda rather than for here")
    parser.add_argument("--runtime", help="with --for-aws: another runtime than the template's")
    parser.add_argument("--architecture", help="with --for-aws: arm64 or x86_64")
    parser.add_argument("--verify", action="store_true", help="only check the byte code")
    asked = parser.parse_args()
    for_aws = asked.for_aws or asked.runtime or asked.architecture
    target = aws_target(asked.runtime, asked.architecture) if for_aws else host_target()
    if asked.verify:
        _require_extensions_for(target)
        _bytecode("verify", target)
        say(f"Every module in {relative(target.folder)} has valid byte code.")
    elif not build(target):
        say(f"{relative(target.folder)} is up to date.")


if __name__ == "__main__":
    run_command(main)
