"""Rewrite translated CloudFormation where the emulator would, silently, do something else.

Every rule here answers a measured shortcoming of ministack 1.5.33; on AWS none of this is used.
What is rewritten or left out is returned as lines for people, and `local/verify.py` proves
afterwards that everything the template promised is there.
"""

import copy
import hashlib
import hmac
import json
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.bridge_http_api import expand_http_apis
from local.template import Template

# What the emulator refuses to create, and why leaving it out changes nothing here.
NOT_EMULATED = {
    "AWS::ApiGatewayV2::Deployment": "stages deploy by themselves",
    "AWS::ApiGatewayV2::RouteResponse": "WebSocket answers go by post_to_connection",
    "AWS::ApiGatewayV2::IntegrationResponse": "proxy integrations need none",
    "AWS::ApplicationInsights::Application": "monitoring",
    "AWS::Budgets::Budget": "nothing costs anything",
    "AWS::CloudTrail::Trail": "auditing",
    "AWS::CloudWatch::AnomalyDetector": "monitoring",
    "AWS::CloudWatch::CompositeAlarm": "monitoring",
    "AWS::Cognito::ManagedLoginBranding": "there is no hosted login page",
    "AWS::Cognito::UserPoolUICustomizationAttachment": "there is no hosted login page",
    "AWS::Events::Archive": "replays are done from the dead-letter queues",
    "AWS::Logs::QueryDefinition": "saved queries",
    "AWS::ResourceGroups::Group": "a view",
    "AWS::S3::BucketPolicy": "it refuses what does not come by TLS, and here nothing does",
    "AWS::SES::ReceiptRule": "e-mail is handed to its queue or bucket by the provider twins",
    "AWS::SES::ReceiptRuleSet": "e-mail is handed to its queue or bucket by the provider twins",
    "AWS::XRay::SamplingRule": "tracing",
}

_EXECUTE_API = re.compile(
    r"(?P<scheme>https?|wss?)://\$\{(?P<api>\w+)\}\.execute-api\.\$\{AWS::Region\}\."
    r"(?:\$\{AWS::URLSuffix\}|amazonaws\.com)"
)


@dataclass(frozen=True)
class Emulator:
    """What the bridge must know of the emulator: its address, and a seed for stable secrets."""

    endpoint_url: str
    seed: str


def bridge(template: Template, emulator: Emulator) -> tuple[Template, list[str]]:
    """A template the emulator deploys to the same effect, and what had to be left out."""
    bridged = copy.deepcopy(template)
    left_out = _drop_not_emulated(bridged)
    expand_http_apis(bridged)
    _name_apis(bridged)
    _deploy_stages_themselves(bridged)
    _run_on_our_interpreter(bridged)
    _generate_secrets(bridged, emulator.seed)
    _grant_batches(bridged)
    rewritten = _rewrite(bridged, _rewriter(bridged, emulator.endpoint_url))
    assert isinstance(rewritten, dict)
    return rewritten, left_out


def _of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    resources = template["Resources"]
    return {
        name: r.setdefault("Properties", {}) for name, r in resources.items() if r["Type"] == kind
    }


def _drop_not_emulated(template: Template) -> list[str]:
    resources = template["Resources"]
    gone = {name: r["Type"] for name, r in resources.items() if r["Type"] in NOT_EMULATED}
    for name in gone:
        del resources[name]
    for resource in resources.values():
        depends = resource.get("DependsOn")
        if depends:
            names = [depends] if isinstance(depends, str) else depends
            resource["DependsOn"] = [name for name in names if name not in gone]
    for name in list(template.get("Outputs", {})):
        if any(json.dumps({"Ref": lost}) in json.dumps(template["Outputs"][name]) for lost in gone):
            del template["Outputs"][name]
    return [f"{name} ({kind}): {NOT_EMULATED[kind]}" for name, kind in sorted(gone.items())]


def _name_apis(template: Template) -> None:
    """Give each API the same, readable id every time, so that URLs survive a restart."""
    for name, properties in _of_type(template, "AWS::ApiGatewayV2::Api").items():
        tags = properties.get("Tags")
        properties["Tags"] = {
            **(tags if isinstance(tags, dict) else {}),
            "ms-custom-id": re.sub(r"[^a-z0-9]", "", name.lower()),
        }


def _deploy_stages_themselves(template: Template) -> None:
    for properties in _of_type(template, "AWS::ApiGatewayV2::Stage").values():
        properties.pop("DeploymentId", None)
        properties["AutoDeploy"] = True


def _run_on_our_interpreter(template: Template) -> None:
    """The bootstrap in each package starts AWS's own runtime client with the built layers."""
    for properties in _of_type(template, "AWS::Lambda::Function").values():
        properties["Runtime"] = "provided.al2023"
        for unused in ("Layers", "SnapStart", "RuntimeManagementConfig"):
            properties.pop(unused, None)


def _grant_batches(template: Template) -> None:
    """On AWS the right to send one message covers a batch; the emulator asks for its own."""
    for role in _of_type(template, "AWS::IAM::Role").values():
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = statement["Action"]
                if isinstance(actions, list) and "sqs:SendMessage" in actions:
                    statement["Action"] = [*actions, "sqs:SendMessageBatch"]


def _generate_secrets(template: Template, seed: str) -> None:
    """Generate as asked (the emulator ignores most options), the same value at each deployment."""
    for name, properties in _of_type(template, "AWS::SecretsManager::Secret").items():
        wanted = properties.pop("GenerateSecretString", None)
        if wanted is not None:
            properties["SecretString"] = _secret(wanted, f"{seed}/{name}")


def _secret(wanted: dict[str, Any], seed: str) -> str:
    alphabet = "".join(
        characters
        for option, characters in (
            ("ExcludeLowercase", string.ascii_lowercase),
            ("ExcludeUppercase", string.ascii_uppercase),
            ("ExcludeNumbers", string.digits),
            ("ExcludePunctuation", string.punctuation),
        )
        if not wanted.get(option)
    )
    excluded = str(wanted.get("ExcludeCharacters", ""))
    allowed = [character for character in alphabet if character not in excluded]
    length = int(wanted.get("PasswordLength", 32))
    stream = (
        byte
        for block in range(length)
        for byte in hmac.digest(seed.encode(), str(block).encode(), hashlib.sha256)
    )
    password = "".join(allowed[next(stream) % len(allowed)] for _ in range(length))
    if "SecretStringTemplate" not in wanted:
        return password
    return json.dumps(
        {**json.loads(wanted["SecretStringTemplate"]), wanted["GenerateStringKey"]: password}
    )


def _rewriter(template: Template, endpoint_url: str) -> Callable[[Any], Any]:
    apis = _of_type(template, "AWS::ApiGatewayV2::Api")
    secrets = _of_type(template, "AWS::SecretsManager::Secret")

    def api_address(api: str, scheme: str = "http") -> str:
        """Where an API answers here; an HTTP API's default stage is invisible on AWS only."""
        is_socket = apis.get(api, {}).get("ProtocolType") == "WEBSOCKET"
        address = endpoint_url.replace("http", "ws", 1) if scheme.startswith("ws") else endpoint_url
        return f"{address}/_aws/execute-api/${{{api}}}" + ("" if is_socket else "/$default")

    def substitute(text: str) -> str:
        text = _EXECUTE_API.sub(lambda found: api_address(found["api"], found["scheme"]), text)
        for secret in secrets:
            text = text.replace(f"${{{secret}}}", f"${{{secret}.Id}}")
        return text

    def rewrite(node: Any) -> Any:
        match node:
            case {"Ref": str(name)} if name in secrets:
                return {"Fn::GetAtt": [name, "Id"]}  # Ref gives the name here, the ARN on AWS
            case {"Fn::GetAtt": [str(api), "ApiEndpoint"]} if api in apis:
                socket = apis[api].get("ProtocolType") == "WEBSOCKET"
                return {"Fn::Sub": api_address(api, "wss" if socket else "https")}
            case {"Fn::Sub": str(text)}:
                return {"Fn::Sub": substitute(text)}
            case {"Fn::Sub": [str(text), dict(values)]}:
                return {"Fn::Sub": [substitute(text), _rewrite(values, rewrite)]}
        return None

    return rewrite


def _rewrite(node: Any, rule: Callable[[Any], Any]) -> Any:
    replacement = rule(node)
    if replacement is not None:
        return replacement
    if isinstance(node, dict):
        return {key: _rewrite(value, rule) for key, value in node.items()}
    if isinstance(node, list):
        return [_rewrite(value, rule) for value in node]
    return node
