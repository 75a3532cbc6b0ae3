"""Where the local stack keeps its things; nothing of it is tracked, nothing lies outside."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "template.yaml"

STATE = ROOT / ".local"
EMULATOR_VENV = STATE / "venv"
BUILD = STATE / "build"
LAYERS = STATE / "layers"
RUN = STATE / "run"
LOGS = STATE / "logs"
FUNCTION_LOG = LOGS / "functions.log"
EMULATOR_HOME = STATE / "emulator"
STACK_FILE = STATE / "stack.json"

AWS_BUILD = ROOT / ".aws-sam" / "build"

PYTHON = Path(sys.executable)


def relative(path: Path) -> str:
    """The path as someone standing in the project's root would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
