"""Start and stop ministack, the AWS emulator, for this checkout alone."""

import os
import shutil
from pathlib import Path

from local import processes
from local.console import LocalStackError
from local.context import REGION
from local.paths import EMULATOR_HOME, EMULATOR_VENV, FUNCTION_LOG, LOGS

NAME = "emulator"
PREFERRED_PORT = 4566

_SETTINGS = {
    "AUTH": "true",  # IAM is enforced: a function may do what its role grants, nothing else
    "BIND_HOST": processes.LOOPBACK,
    "IOT_MTLS_ENABLED": "0",
    "SFTP_ENABLED": "0",
    "LAMBDA_EXECUTOR": "local",
    "LAMBDA_WARM_TTL_SECONDS": "3600",
    "LOG_LEVEL": "WARNING",
    "MINISTACK_REGION": REGION,
    "PERSIST_STATE": "0",
    "S3_PERSIST": "0",
}


def start() -> processes.Background:
    """Start the emulator with empty state and wait until it answers."""
    python = EMULATOR_VENV / "bin" / "python"
    if not python.exists():
        raise LocalStackError("The emulator is not installed. Run: make setup")
    # A crash leaves its files behind, and what it held in memory is gone: both start empty.
    shutil.rmtree(EMULATOR_HOME, ignore_errors=True)
    (EMULATOR_HOME / "tmp").mkdir(parents=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    FUNCTION_LOG.write_text("")
    port = processes.choose_port(NAME, PREFERRED_PORT)
    script = Path(__file__).with_name("emulator_process.py")
    emulator = processes.start(NAME, [str(python), str(script)], port, _environment(port))
    processes.wait_healthy(emulator, "/_ministack/health")
    return emulator


def _environment(port: int) -> dict[str, str]:
    """Only what it needs: functions inherit the emulator's environment before they clean theirs."""
    return {
        **_SETTINGS,
        "AWS_ENDPOINT_URL": f"http://{processes.LOOPBACK}:{port}",
        "FUNCTION_LOG": str(FUNCTION_LOG),
        "GATEWAY_PORT": str(port),
        "HOME": str(EMULATOR_HOME),
        "LANG": "C.UTF-8",
        "PATH": os.environ.get("PATH", os.defpath),
        "S3_DATA_DIR": str(EMULATOR_HOME / "s3"),
        "STATE_DIR": str(EMULATOR_HOME / "state"),
        "TMPDIR": str(EMULATOR_HOME / "tmp"),
    }
