"""Deploy the built template to the emulator by CloudFormation, and mend what that leaves out."""

import hashlib
import json
import secrets
import time
from typing import Any

from botocore.exceptions import ClientError

from local.bridge import Emulator, bridge
from local.console import LocalStackError, say, step
from local.context import StackContext
from local.package import package_functions
from local.paths import BUILD, STATE
from local.template import LAYER, Template, load_template, resources_of, translate

_BUCKET = "rapport-local-artifacts"
# The most that CloudFormation takes in the request itself.
_INLINE_TEMPLATE = 51_200
_FAILED = ("CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED")


def deploy(context: StackContext, twins_url: str) -> Template:
    """Create or update the stack; returns the translated template, as AWS would have got it."""
    template = load_template(BUILD / "template.yaml")
    given = {"Stage": context.stage, "ProviderBaseUrl": twins_url}
    declared = template.get("Parameters", {})
    parameters = {name: value for name, value in given.items() if name in declared}
    with step("packaging the functions"):
        _upload_packages(context, template)
        translated = translate(template, parameters)
        emulator = Emulator(context.endpoint_url, _seed())
        bridged, left_out = bridge(translated, emulator)
    for line in left_out:
        say(f"    left out: {line}")
    with step(f"deploying {len(bridged['Resources'])} resources"):
        _create_or_update(context, bridged, parameters)
    return translated


def _seed() -> str:
    """What generated secrets derive from: this checkout's own, and stable while it lasts."""
    file = STATE / "seed"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(16))
    return file.read_text()


def _upload_packages(context: StackContext, template: Template) -> None:
    """Put each package where the template then points; its name is its content."""
    s3 = context.client("s3")
    s3.create_bucket(Bucket=_BUCKET)
    kept = s3.list_objects_v2(Bucket=_BUCKET).get("Contents", [])
    present = {item["Key"] for item in kept}
    for name, package in package_functions(template).items():
        key = f"functions/{name}/{hashlib.sha256(package).hexdigest()[:32]}.zip"
        if key not in present:
            s3.put_object(Bucket=_BUCKET, Key=key, Body=package)
        template["Resources"][name]["Properties"]["CodeUri"] = f"s3://{_BUCKET}/{key}"
    # Layers are read from disk (see package.py); the resource exists so that references hold.
    s3.put_object(Bucket=_BUCKET, Key="layer.zip", Body=b"PK\x05\x06" + bytes(18))
    for layer in resources_of(template, LAYER).values():
        layer["Properties"]["ContentUri"] = f"s3://{_BUCKET}/layer.zip"


def _create_or_update(
    context: StackContext, template: Template, parameters: dict[str, str]
) -> None:
    cloudformation = context.client("cloudformation")
    arguments: dict[str, Any] = {
        "StackName": context.stack_name,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ],
        **_template_argument(context, template),
    }
    exists = _status(cloudformation, context.stack_name)
    try:
        if exists:
            cloudformation.update_stack(**arguments)
        else:
            cloudformation.create_stack(**arguments)
    except ClientError as error:
        if "No updates" not in str(error):
            raise LocalStackError(f"The emulator refuses the template: {error}") from error
    _wait(cloudformation, context.stack_name)


def _template_argument(context: StackContext, template: Template) -> dict[str, str]:
    body = json.dumps(template)
    if len(body) <= _INLINE_TEMPLATE:
        return {"TemplateBody": body}
    context.client("s3").put_object(Bucket=_BUCKET, Key="template.json", Body=body.encode())
    return {"TemplateURL": f"{context.endpoint_url}/{_BUCKET}/template.json"}


def _status(cloudformation: Any, stack: str) -> str:
    """The stack's status; empty when there is none."""
    try:
        status = str(cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
    except ClientError:
        return ""
    return "" if status in ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS") else status


def _wait(cloudformation: Any, stack: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while (status := _status(cloudformation, stack)).endswith("_IN_PROGRESS"):
        if time.monotonic() > deadline:
            raise LocalStackError(f"The stack is still {status} after {seconds:.0f} s.")
        time.sleep(0.1)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise LocalStackError(f"The stack is {status}:\n{_reasons(cloudformation, stack)}")


def _reasons(cloudformation: Any, stack: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    lines = [
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): "
        f"{event.get('ResourceStatusReason', event['ResourceStatus'])}"
        for event in reversed(events)
        if event["ResourceStatus"] in _FAILED
    ]
    hint = "What the emulator cannot create belongs into NOT_EMULATED in local/bridge.py."
    return "\n".join([*lines[:20], hint])


def enable_time_to_live(context: StackContext, translated: Template) -> None:
    """Switch on what the emulator's CloudFormation ignores."""
    dynamodb = context.client("dynamodb")
    for name, resource in resources_of(translated, "AWS::DynamoDB::Table").items():
        wanted = resource["Properties"].get("TimeToLiveSpecification")
        table = context.resources.get(name)
        if not wanted or not table:
            continue
        now = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if now.get("TimeToLiveStatus") != "ENABLED":
            dynamodb.update_time_to_live(
                TableName=table,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": wanted["AttributeName"]},
            )


def describe(context: StackContext, translated: Template) -> StackContext:
    """The context filled with what the deployed stack says of itself."""
    cloudformation = context.client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=context.stack_name)["Stacks"][0]
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}
    pages = cloudformation.get_paginator("list_stack_resources").paginate(
        StackName=context.stack_name
    )
    found = [item for page in pages for item in page["StackResourceSummaries"]]
    resources = {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in found}
    functions = {
        name: resources[name]
        for name in resources_of(translated, "AWS::Lambda::Function")
        if name in resources
    }
    http, websocket = _api_urls(context.endpoint_url, translated, resources)
    return StackContext(
        endpoint_url=context.endpoint_url,
        twins_url=context.twins_url,
        http_api_url=http,
        websocket_url=websocket,
        outputs=outputs,
        resources=resources,
        functions=functions,
    )


def _api_urls(
    endpoint_url: str, translated: Template, resources: dict[str, str]
) -> tuple[str, str]:
    http = websocket = ""
    stages = resources_of(translated, "AWS::ApiGatewayV2::Stage")
    for name, api in resources_of(translated, "AWS::ApiGatewayV2::Api").items():
        if name not in resources:
            continue
        base = f"{endpoint_url}/_aws/execute-api/{resources[name]}"
        if api["Properties"].get("ProtocolType") == "WEBSOCKET":
            its = [s for s, r in stages.items() if r["Properties"].get("ApiId") == {"Ref": name}]
            stage = next((resources[s] for s in its if s in resources), "")
            websocket = websocket or f"{base}/{stage}".replace("http", "ws", 1)
        else:
            http = http or f"{base}/$default"
    return http, websocket
