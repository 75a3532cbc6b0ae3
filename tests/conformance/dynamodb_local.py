"""Amazon's own DynamoDB Local, fetched at test time and run on loopback.

The jar comes inside an npm package; `npm pack` fetches it without running any of its scripts. Its
licence lets us use it for tests and not hand it on, so it lies under `.local` and is never
committed.
"""

import atexit
import fcntl
import functools
import hashlib
import os
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

PACKAGE, VERSION = "amplify-dynamodb-simulator", "2.9.30"
SHA256 = "3503ffac19f183407909fecdacf4db51ab1fdad1da7b2f177016670b2d80e4b9"
HOME = Path(__file__).resolve().parents[2] / ".local" / "dynamodb-local"
JAR = HOME / "package" / "emulator" / "DynamoDBLocal.jar"
LAUNCHER = Path(__file__).with_name("Loopback.java")
START_SECONDS = 60


@functools.cache
def endpoint() -> str:
    """Start it once a process; its address. Skips the test where Java or npm is missing."""
    if shutil.which("java") is None or not _has_compiler():
        pytest.skip("DynamoDB Local needs a JDK, 17 or later: apt-get install openjdk-17-jdk")
    if not JAR.exists():
        if shutil.which("npm") is None:
            pytest.skip("DynamoDB Local comes in an npm package: apt-get install npm")
        _fetch()
    return _start()


def new_client(endpoint_url: str) -> Any:
    """A client with room for many threads, without retries that would hide a conflict."""
    config = Config(max_pool_connections=32, retries={"total_max_attempts": 1}, read_timeout=20)
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=config,
    )


def _has_compiler() -> bool:
    listed = subprocess.run(
        ["java", "--list-modules"], capture_output=True, text=True, check=False
    ).stdout
    return "jdk.compiler@" in listed


@contextmanager
def _alone() -> Iterator[None]:
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch() -> None:
    with _alone():
        if JAR.exists():
            return
        command = ["npm", "pack", "--silent", "--ignore-scripts", f"{PACKAGE}@{VERSION}"]
        subprocess.run(command, cwd=HOME, check=True, capture_output=True)
        archive = HOME / f"{PACKAGE}-{VERSION}.tgz"
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        assert found == SHA256, f"{archive.name} is not the one we know: {found}"
        fresh = HOME / "fetched"
        with tarfile.open(archive) as opened:
            opened.extractall(fresh, filter="data")
        shutil.rmtree(HOME / "package", ignore_errors=True)
        (fresh / "package").rename(HOME / "package")
        archive.unlink()


def _start() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    folder = JAR.parent
    classes = f"{JAR}{os.pathsep}{folder / 'DynamoDBLocal_lib'}{os.sep}*"
    command = [
        *("java", f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}", "-Xmx512m"),
        *("-cp", classes, str(LAUNCHER)),
        *("-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)),
    ]
    log = HOME / "output.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    atexit.register(_stop, process)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return f"http://127.0.0.1:{port}"
        time.sleep(0.05)
    raise AssertionError(f"DynamoDB Local did not start:\n{log.read_text()[-2000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait(10)
