"""The resources of template.yaml as tests see them: their names, and the means to create them."""

import copy
import functools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.intrinsics import ACCOUNT, Intrinsics
from local.template import FUNCTION, Template, load_template, resources_of, translate

ROOT = Path(__file__).resolve().parents[1]
REGION = "us-east-1"
STAGE = "test"
STACK = "rapport-test"
PSEUDONYM_KEY = "a-key-for-tests-of-at-least-thirty-two-bytes"
TABLE, QUEUE, SECRET = "AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::SecretsManager::Secret"
_CREATED_WITH = (
    "BillingMode",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
)


@functools.cache
def template() -> Template:
    """template.yaml, its short tags spelled out."""
    return load_template(ROOT / "template.yaml")


@functools.cache
def translated() -> Template:
    """What CloudFormation gets of it: SAM's resources spelled out."""
    packaged = copy.deepcopy(template())
    for resource in packaged["Resources"].values():
        for key in ("CodeUri", "ContentUri"):
            if key in resource.get("Properties", {}):
                resource["Properties"][key] = "s3://bucket/package.zip"
    return translate(packaged, {"Stage": STAGE})


@dataclass(frozen=True)
class Resources:
    """What Ref, GetAtt and Sub give for each resource, were the template deployed for tests."""

    template: Template = field(default_factory=template)

    @functools.cached_property
    def intrinsics(self) -> Intrinsics:
        """Resolves any value of the template."""
        return Intrinsics(
            template=self.template,
            parameters={"Stage": STAGE},
            ref=self.ref,
            attribute=self.attribute,
            stack_name=STACK,
        )

    def resolve(self, node: Any) -> Any:
        """A value of the template as CloudFormation would put it."""
        return self.intrinsics.resolve(node)

    def kind(self, name: str) -> str:
        """The type of a resource."""
        return str(self.template["Resources"].get(name, {}).get("Type", "AWS::Unknown::Unknown"))

    def properties(self, name: str) -> dict[str, Any]:
        """The resolved properties of a resource."""
        found = self.resolve(self.template["Resources"][name].get("Properties", {}))
        return dict(found)

    def of_kind(self, kind: str) -> dict[str, Any]:
        """The resources of one type, by logical id."""
        return resources_of(self.template, kind)

    def name(self, resource: str) -> str:
        """The physical name of a resource."""
        own = self.template["Resources"].get(resource, {}).get("Properties", {})
        match self.kind(resource):
            case "AWS::SQS::Queue":
                return f"{STACK}-{resource}" + (".fifo" if own.get("FifoQueue") else "")
            case "AWS::S3::Bucket":
                return f"{STACK}-{resource.lower()}"
            case "AWS::Events::EventBus" | "AWS::SecretsManager::Secret":
                return str(self.resolve(own["Name"]))
            case "AWS::Logs::LogGroup":
                return str(self.resolve(own["LogGroupName"]))
        return f"{STACK}-{resource}"

    def ref(self, resource: str) -> str:
        """What Ref gives."""
        match self.kind(resource):
            case "AWS::SQS::Queue":
                return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self.name(resource)}"
            case "AWS::SecretsManager::Secret" | "AWS::SNS::Topic":
                return self.arn(resource)
        return self.name(resource)

    def attribute(self, resource: str, wanted: str) -> str:
        """What GetAtt gives."""
        match wanted:
            case "Arn" | "Id":
                return self.arn(resource)
            case "StreamArn":
                return f"{self.arn(resource)}/stream/2026-01-01T00:00:00.000"
            case "QueueName":
                return self.name(resource)
        return f"{resource}.{wanted}"

    def arn(self, resource: str) -> str:
        """The ARN of a resource."""
        name = self.name(resource)
        match self.kind(resource):
            case "AWS::DynamoDB::Table":
                return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"
            case "AWS::S3::Bucket":
                return f"arn:aws:s3:::{name}"
            case "AWS::Events::EventBus":
                return f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}"
            case "AWS::Events::Rule":
                return f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{self._bus()}/{name}"
            case "AWS::SecretsManager::Secret":
                return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf"
            case "AWS::Logs::LogGroup":
                return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"
            case "AWS::Serverless::Function":
                return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
            case "AWS::IAM::Role":
                return f"arn:aws:iam::{ACCOUNT}:role/{name}"
            case "AWS::KMS::Key":
                return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}"
        service = self.kind(resource).split("::")[1].lower()
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"

    def named(self, arn: str) -> str:
        """The logical id of the resource with an ARN; raises KeyError."""
        return self._by_arn[arn]

    @functools.cached_property
    def _by_arn(self) -> dict[str, str]:
        return {self.arn(name): name for name in self.template["Resources"]}

    def _bus(self) -> str:
        return next(self.name(bus) for bus in self.of_kind("AWS::Events::EventBus"))

    def environment(self, function: str) -> dict[str, str]:
        """The environment of a function, as template.yaml gives it, with Lambda's own names."""
        own = self.template["Resources"][function]["Properties"]
        sources = [self.template.get("Globals", {}).get("Function", {}), own]
        variables: dict[str, Any] = {}
        for source in sources:
            variables |= source.get("Environment", {}).get("Variables", {})
        resolved = {key: self.resolve(value) for key, value in variables.items()}
        return {key: str(value) for key, value in resolved.items()} | {
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_LAMBDA_FUNCTION_NAME": self.name(function),
        }


@functools.cache
def resources() -> Resources:
    """The template's resources, named for tests."""
    return Resources()


def function_of(verb_noun: str) -> str:
    """The logical id of the function in the folder `functions/*/verb_noun`; raises KeyError."""
    for name, resource in resources().of_kind(FUNCTION).items():
        if resource["Properties"]["CodeUri"].rpartition("/")[2] == verb_noun:
            return name
    raise KeyError(verb_noun)


def table_definitions() -> dict[str, dict[str, Any]]:
    """The arguments of CreateTable for each table, by logical id; names are the tests' own."""
    known = resources()
    definitions = {}
    for name in known.of_kind(TABLE):
        declared = known.properties(name)
        definition = {key: declared[key] for key in _CREATED_WITH if key in declared}
        if "StreamSpecification" in declared:
            definition["StreamSpecification"] = {
                "StreamEnabled": True,
                **declared["StreamSpecification"],
            }
        definitions[name] = {"TableName": known.name(name), **definition}
    return definitions


def create_tables(client: Any) -> dict[str, str]:
    """Create every table on any DynamoDB (moto, DynamoDB Local); physical names by logical id."""
    definitions = table_definitions()
    for definition in definitions.values():
        client.create_table(**definition)
    return {name: definition["TableName"] for name, definition in definitions.items()}


def create_queues(client: Any) -> None:
    """Create every queue, dead-letter queues first."""
    known = resources()
    queues = {name: known.properties(name) for name in known.of_kind(QUEUE)}
    for name, properties in sorted(queues.items(), key=lambda one: "RedrivePolicy" in one[1]):
        attributes = {
            key: str(value)
            for key, value in properties.items()
            if key in ("VisibilityTimeout", "MessageRetentionPeriod")
        }
        if properties.get("FifoQueue"):
            attributes["FifoQueue"] = "true"
        client.create_queue(QueueName=known.name(name), Attributes=attributes)


def create_secrets(client: Any) -> None:
    """Create the template's secrets; channel accounts are each test's own."""
    known = resources()
    for name in known.of_kind(SECRET):
        client.create_secret(Name=known.name(name), SecretString=PSEUDONYM_KEY)


def create_all(client: Any) -> None:
    """Create tables, queues, bus, bucket and secrets; `client` makes a client by service name."""
    known = resources()
    create_tables(client("dynamodb"))
    create_queues(client("sqs"))
    create_secrets(client("secretsmanager"))
    for bus in known.of_kind("AWS::Events::EventBus"):
        client("events").create_event_bus(Name=known.name(bus))
    for bucket in known.of_kind("AWS::S3::Bucket"):
        client("s3").create_bucket(Bucket=known.name(bucket))


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Run as the function whose variables these are."""
    before = {key: os.environ.get(key) for key in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
