"""`make up`: build, start emulator and provider twins, deploy, prove it, say where it is."""

import argparse
import importlib
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from local import build, deploy, emulator, logs, processes, verify
from local.console import run_command, say, step
from local.context import StackContext
from local.paths import PYTHON, STACK_FILE

STACK = "stack"
TWINS = "twins"
_TWINS_PORT = 4580


def down() -> bool:
    """Stop everything of this checkout; False when nothing was running."""
    stopped = False
    for name in (TWINS, emulator.NAME):
        found = processes.recorded(name)
        if found:
            stopped = found.is_alive() or stopped
            found.stop()
    STACK_FILE.unlink(missing_ok=True)
    return stopped


def _start_twins(endpoint_url: str) -> str:
    """Start the providers' stand-ins, when this checkout has them; their address."""
    if not Path(__file__).with_name("twins").joinpath("__main__.py").exists():
        return ""
    # Their code may have changed since: they start within a moment, so always anew.
    if before := processes.running(TWINS):
        before.stop()
    port = processes.choose_port(TWINS, _TWINS_PORT)
    command = [str(PYTHON), "-m", "local.twins", "--port", str(port)]
    environment = {**os.environ, "AWS_ENDPOINT_URL": endpoint_url}
    with step("starting the provider twins"):
        twins = processes.start(TWINS, command, port, environment)
        processes.wait_healthy(twins, "/health")
    return f"http://{processes.LOOPBACK}:{port}"


def up() -> StackContext:
    """Bring this checkout's stack up, or up to date."""
    build.build(build.host_target())
    running = processes.running(emulator.NAME)
    if running is None:
        down()
        with step("starting the emulator"):
            running = emulator.start()
    endpoint_url = f"http://{processes.LOOPBACK}:{running.port}"
    twins_url = _start_twins(endpoint_url)
    context = StackContext(endpoint_url=endpoint_url, twins_url=twins_url)
    translated = deploy.deploy(context, twins_url)
    context = deploy.describe(context, translated)
    deploy.enable_time_to_live(context, translated)
    with step("proving that everything is there"):
        verify.require_everything(context, translated)
    context.save()
    context = replace(context, notes=_seed(context))
    context.save()
    return context


def _seed(context: StackContext) -> list[str]:
    """Let `local/seed.py` fill the stack; returns the lines it wants people to see."""
    try:
        hook = importlib.import_module("local.seed")
    except ModuleNotFoundError as error:
        if error.name != "local.seed":
            raise
        return []
    with step("seeding"):
        return list(hook.seed(context))


def banner(context: StackContext, seconds: float) -> None:
    """Say where everything is."""
    rows = {
        "HTTP API": context.http_api_url,
        "WebSocket API": context.websocket_url,
        "Provider twins": context.twins_url,
        "AWS endpoint": context.endpoint_url,
        "AWS credentials": "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test (root)",
        "AWS region": context.region,
    }
    rows |= {name: url for name, url in sorted(context.outputs.items()) if url not in rows.values()}
    width = max(len(name) for name in rows) + 2
    say(f"\nRapport is up ({seconds:.1f} s, {len(context.resources)} resources)\n")
    for name, value in rows.items():
        if value:
            say(f"  {name:<{width}}{value}")
    for line in context.notes:
        say(f"  {line}")
    say("\n  make logs   follow the functions      make demo   see it work")
    say("  make down   stop                      make reset  start afresh\n")


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(prog="python -m local.up", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="forget all state first")
    parser.add_argument("--no-logs", action="store_true", help="return at once, also on a terminal")
    asked = parser.parse_args()
    started = time.monotonic()
    with processes.exclusively(STACK):
        if asked.fresh:
            down()
        context = up()
    banner(context, time.monotonic() - started)
    if sys.stdout.isatty() and not asked.no_logs:
        say("Function logs follow; Ctrl-C ends them, the stack goes on.\n")
        logs.follow(context)


if __name__ == "__main__":
    run_command(main)
