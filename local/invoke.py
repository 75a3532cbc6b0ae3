"""Run one built function with one event, natively, under AWS's Lambda runtime interface emulator.

    python -m local.invoke ReceiveWebhookFunction events/samples/receive_webhook/text.json

The function runs as Lambda would run it: its built code and layers, AWS's runtime client, its
time-out, and only the environment that the template gives it. With a stack running it speaks to
that stack under its own role; otherwise names are made up from the template (the same each time)
and AWS calls go nowhere, unless `endpoint_url` says where.
"""

import argparse
import functools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import build
from local.console import LocalStackError, run_command, say
from local.context import REGION, STACK_NAME, StackContext
from local.intrinsics import ACCOUNT, Intrinsics
from local.package import (
    freeze_layers,
    function_folder,
    function_layers,
    function_variables,
    process_command,
)
from local.paths import BUILD, EMULATOR_VENV, STACK_FILE
from local.processes import LOOPBACK
from local.template import FUNCTION, Template, load_template, resources_of

# Nothing listens there: an AWS call fails at once instead of reaching the real thing.
_NOWHERE = f"http://{LOOPBACK}:9"


@dataclass(frozen=True)
class Result:
    """What an invocation came to.

    `payload` is the handler's answer, or `{"errorType", "errorMessage", …}` when
    `function_error` is not empty; `logs` is everything the function wrote.
    """

    payload: Any
    function_error: str
    logs: str


def invoke(
    function_logical_id: str,
    event: Any,
    *,
    environment: Mapping[str, str] | None = None,
    endpoint_url: str | None = None,
) -> Result:
    """Run a built function once; `environment` adds to, or replaces, what the template gives it."""
    template = _built_template()
    if function_logical_id not in resources_of(template, FUNCTION):
        known = ", ".join(sorted(resources_of(template, FUNCTION)))
        raise LocalStackError(f"No function {function_logical_id}. There are: {known}")
    variables = _variables(template, function_logical_id, endpoint_url)
    variables |= environment or {}
    return _run(template, function_logical_id, variables, event)


def _built_template() -> Template:
    build.build(build.host_target())
    return _parsed((BUILD / "template.yaml").stat().st_mtime_ns)


@functools.cache
def _parsed(_written: int) -> Template:
    """The built template; parsing takes longer than an invocation, so once a build."""
    return load_template(BUILD / "template.yaml")


def _variables(template: Template, name: str, endpoint_url: str | None) -> dict[str, str]:
    properties = template["Resources"][name]["Properties"]
    everywhere = template.get("Globals", {}).get("Function", {})
    basics = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint_url or _NOWHERE,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(
            properties.get("MemorySize") or everywhere.get("MemorySize", 128)
        ),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(
            properties.get("Timeout") or everywhere.get("Timeout", 3)
        ),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    if endpoint_url is None and STACK_FILE.exists():
        return basics | _deployed(StackContext.load(), name)
    return basics | _declared(template, name)


def _declared(template: Template, name: str) -> dict[str, str]:
    """The template's variables, with made-up but lifelike names for what they refer to."""

    def ref(resource: str) -> str:
        kind = template["Resources"].get(resource, {}).get("Type", "")
        if kind == "AWS::SQS::Queue":
            return f"{_NOWHERE}/{ACCOUNT}/{resource}"
        if kind in ("AWS::SecretsManager::Secret", "AWS::SNS::Topic"):
            return attribute(resource, "Arn")
        return f"{STACK_NAME}-{resource}"

    def attribute(resource: str, wanted: str) -> str:
        kind = template["Resources"].get(resource, {}).get("Type", "AWS::Unknown::Unknown")
        if (kind, wanted) == ("AWS::SecretsManager::Secret", "Id"):
            wanted = "Arn"
        if not wanted.endswith("Arn"):
            return f"{STACK_NAME}-{resource}-{wanted}"
        service = kind.split("::")[1].lower()
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{STACK_NAME}-{resource}"

    resolver = Intrinsics(
        template=template,
        parameters={"Stage": "local"},
        ref=ref,
        attribute=attribute,
        stack_name=STACK_NAME,
    )
    sources = [
        template.get("Globals", {}).get("Function", {}),
        template["Resources"][name]["Properties"],
    ]
    variables: dict[str, Any] = {}
    for source in sources:
        variables |= source.get("Environment", {}).get("Variables", {})
    resolved = {key: resolver.resolve(value) for key, value in variables.items()}
    return {key: str(value) for key, value in resolved.items() if value is not None}


def _deployed(stack: StackContext, name: str) -> dict[str, str]:
    """What the running stack gives it: names, endpoint, and its own role's credentials."""
    configuration = stack.client("lambda").get_function_configuration(
        FunctionName=stack.functions[name]
    )
    role = stack.client("sts").assume_role(RoleArn=configuration["Role"], RoleSessionName=name)
    credentials = role["Credentials"]
    declared: dict[str, str] = configuration.get("Environment", {}).get("Variables", {})
    return {
        **declared,
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "AWS_LAMBDA_FUNCTION_NAME": stack.functions[name],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }


def _emulator() -> Path:
    architecture = build.host_target().architecture
    where = f"lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{architecture}"
    found = next(EMULATOR_VENV.glob(where), None)
    if found is None:
        raise LocalStackError("The Lambda runtime interface emulator is missing. Run: make setup")
    return found


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind((LOOPBACK, 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _run(template: Template, name: str, variables: Mapping[str, str], event: Any) -> Result:
    folder = function_folder(template, name)
    layers = function_layers(template, name, freeze_layers(template))
    declared = {*function_variables(template, name), *variables}
    handler = template["Resources"][name]["Properties"].get("Handler")
    handler = handler or template.get("Globals", {}).get("Function", {}).get("Handler", "")
    invocations, runtime_api = _free_ports(2)
    command = [
        *(str(_emulator()), "--log-level", "error"),
        *("--runtime-interface-emulator-address", f"{LOOPBACK}:{invocations}"),
        *("--runtime-api-address", f"{LOOPBACK}:{runtime_api}"),
        *process_command(layers, sorted(declared)),
        str(handler),
    ]
    environment = {
        **variables,
        "HOME": tempfile.gettempdir(),
        "LAMBDA_TASK_ROOT": str(folder),
        "LANG": "C.UTF-8",
        "PATH": os.environ.get("PATH", os.defpath),
        "_HANDLER": str(handler),
    }
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            answer = _post(invocations, event)
        finally:
            process.terminate()
            process.wait(10)
        output.seek(0)
        return _result(answer, output.read())


def _post(port: int, event: Any) -> bytes:
    url = f"http://{LOOPBACK}:{port}/2015-03-31/functions/function/invocations"
    body = json.dumps(event).encode()
    deadline = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(url, data=body, timeout=900) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            return error.read()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise LocalStackError("The runtime interface emulator does not answer.") from None
            time.sleep(0.02)


def _result(answer: bytes, logs: str) -> Result:
    try:
        payload = json.loads(answer)
    except ValueError:
        # Time-outs and dead processes come as a sentence.
        text = answer.decode(errors="replace")
        return Result({"errorType": "Runtime.ExitError", "errorMessage": text}, "Unhandled", logs)
    failed = isinstance(payload, dict) and "errorType" in payload and "errorMessage" in payload
    return Result(payload, "Unhandled" if failed else "", logs)


def main() -> int:
    """Run as a program: prints the logs to stderr, the answer to stdout."""
    parser = argparse.ArgumentParser(prog="python -m local.invoke")
    parser.add_argument("function", help="logical id, such as ReceiveWebhookFunction")
    parser.add_argument("event", type=Path, help="a JSON file")
    asked = parser.parse_args()
    if not asked.event.exists():
        raise LocalStackError(f"There is no event file {asked.event}.")
    result = invoke(asked.function, json.loads(asked.event.read_text()))
    print(result.logs, file=sys.stderr)
    say(json.dumps(result.payload, indent=2))
    return 1 if result.function_error else 0


if __name__ == "__main__":
    run_command(main)
