"""Prove that the emulator has what the template promised.

Its CloudFormation says CREATE_COMPLETE also for what it ignored, so each promise that the product
stands on is looked up in the service that has to keep it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.bridge import NOT_EMULATED
from local.bridge_http_api import authorizers_of_body, routes_of_body
from local.console import LocalStackError
from local.context import StackContext
from local.intrinsics import Intrinsics
from local.template import Template

Properties = dict[str, Any]


class Proof:
    """Looks the template's promises up in a running stack; every method yields what is missing."""

    def __init__(self, context: StackContext, template: Template) -> None:
        self._context = context
        self._template = template
        self._conditions = Intrinsics(
            template=template,
            parameters={"Stage": context.stage, "ProviderBaseUrl": context.twins_url},
            ref=lambda name: context.resources.get(name, name),
            attribute=lambda name, attribute: f"{name}.{attribute}",
            stack_name=context.stack_name,
        )

    def missing(self) -> Iterator[str]:
        """Everything promised and not there."""
        checks: dict[str, Callable[[str, Properties], Iterator[str]]] = {
            "AWS::ApiGatewayV2::Api": self._api,
            "AWS::ApiGatewayV2::Stage": self._stage,
            "AWS::Cognito::UserPool": self._user_pool,
            "AWS::DynamoDB::Table": self._table,
            "AWS::Events::Rule": self._rule,
            "AWS::Lambda::EventSourceMapping": self._mapping,
            "AWS::Lambda::Function": self._function,
            "AWS::S3::Bucket": self._bucket,
            "AWS::SQS::Queue": self._queue,
            "AWS::Scheduler::Schedule": self._schedule,
            "AWS::SecretsManager::Secret": self._secret,
        }
        for name, resource in self._expected().items():
            kind = resource["Type"]
            if name not in self._context.resources:
                yield f"{name} ({kind}) was not created"
            elif kind in checks:
                try:
                    yield from checks[kind](name, resource.get("Properties", {}))
                except ClientError as error:
                    yield f"{name} ({kind}) cannot be read: {error}"
        yield from self._socket_routes()

    def _expected(self) -> dict[str, Any]:
        return {
            name: resource
            for name, resource in self._template["Resources"].items()
            if resource["Type"] not in NOT_EMULATED
            and ("Condition" not in resource or self._conditions.holds(resource["Condition"]))
        }

    def _id(self, name: str) -> str:
        return self._context.resources[name]

    def _all(self, service: str, operation: str, key: str, **arguments: Any) -> list[Any]:
        found: list[Any] = []
        client = self._context.client(service)
        while True:
            page = getattr(client, operation)(**arguments)
            found += page.get(key, [])
            token = page.get("NextToken")
            if not token:
                return found
            arguments["NextToken"] = token

    def _routes(self, api: str) -> dict[str, Any]:
        found = self._all("apigatewayv2", "get_routes", "Items", ApiId=self._id(api))
        return {route["RouteKey"]: route for route in found}

    def _api(self, name: str, properties: Properties) -> Iterator[str]:
        body = properties.get("Body")
        if not body:
            return
        there = self._routes(name)
        items = self._all("apigatewayv2", "get_authorizers", "Items", ApiId=self._id(name))
        authorizers = {item["Name"]: item["AuthorizerId"] for item in items}
        for authorizer in authorizers_of_body(body):
            if authorizer not in authorizers:
                yield f"{name} has no authorizer {authorizer}"
        for route in routes_of_body(body):
            found = there.get(route.key)
            if found is None:
                yield f"{name} has no route {route.key}"
            elif found.get("AuthorizerId") != authorizers.get(route.authorizer or ""):
                yield f"route {route.key} of {name} is not under its authorizer {route.authorizer}"
            elif sorted(found.get("AuthorizationScopes") or []) != sorted(route.scopes):
                yield f"route {route.key} of {name} does not ask for the scopes {route.scopes}"

    def _socket_routes(self) -> Iterator[str]:
        for name, resource in self._expected().items():
            if resource["Type"] == "AWS::ApiGatewayV2::Route":
                api = resource["Properties"]["ApiId"].get("Ref", "")
                key = resource["Properties"]["RouteKey"]
                if api in self._context.resources and key not in self._routes(api):
                    yield f"{api} has no route {key} ({name})"

    def _stage(self, name: str, properties: Properties) -> Iterator[str]:
        api = self._id(properties["ApiId"]["Ref"])
        stages = self._all("apigatewayv2", "get_stages", "Items", ApiId=api)
        wanted = self._conditions.resolve(properties["StageName"])
        if wanted not in [stage["StageName"] for stage in stages]:
            yield f"{name}: the API has no stage {wanted}"

    def _user_pool(self, name: str, _: Properties) -> Iterator[str]:
        self._context.client("cognito-idp").describe_user_pool(UserPoolId=self._id(name))
        yield from ()

    def _table(self, name: str, properties: Properties) -> Iterator[str]:
        dynamodb = self._context.client("dynamodb")
        table = dynamodb.describe_table(TableName=self._id(name))["Table"]
        stream = properties.get("StreamSpecification", {}).get("StreamViewType")
        if stream and table.get("StreamSpecification", {}).get("StreamViewType") != stream:
            yield f"{name} has no stream of {stream}"
        indexes = {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])}
        for index in properties.get("GlobalSecondaryIndexes", []):
            if index["IndexName"] not in indexes:
                yield f"{name} has no index {index['IndexName']}"
        if properties.get("TimeToLiveSpecification", {}).get("Enabled"):
            ttl = dynamodb.describe_time_to_live(TableName=self._id(name))["TimeToLiveDescription"]
            attribute = properties["TimeToLiveSpecification"]["AttributeName"]
            if (ttl.get("TimeToLiveStatus"), ttl.get("AttributeName")) != ("ENABLED", attribute):
                yield f"{name} does not expire items by {attribute}"

    def _queue(self, name: str, properties: Properties) -> Iterator[str]:
        there = self._context.client("sqs").get_queue_attributes(
            QueueUrl=self._id(name), AttributeNames=["All"]
        )["Attributes"]
        if bool(properties.get("FifoQueue")) != (there.get("FifoQueue") == "true"):
            yield f"{name} is FIFO in the template only, or here only"
        if ("RedrivePolicy" in properties) != ("RedrivePolicy" in there):
            yield f"{name} has no dead-letter queue"

    def _mapping(self, name: str, properties: Properties) -> Iterator[str]:
        mapping = self._context.client("lambda").get_event_source_mapping(UUID=self._id(name))
        if properties.get("Enabled", True) and mapping.get("State") != "Enabled":
            yield f"{name}: the event source mapping is {mapping.get('State')}"
        for wanted in ("FunctionResponseTypes", "FilterCriteria"):
            if properties.get(wanted) and not mapping.get(wanted):
                yield f"{name}: the event source mapping has lost its {wanted}"

    def _function(self, name: str, properties: Properties) -> Iterator[str]:
        there = self._context.client("lambda").get_function_configuration(
            FunctionName=self._id(name)
        )
        variables = there.get("Environment", {}).get("Variables", {})
        for variable, value in properties.get("Environment", {}).get("Variables", {}).items():
            if self._conditions.resolve(value) is not None and variable not in variables:
                yield f"{name} has no environment variable {variable}"

    def _rule(self, name: str, properties: Properties) -> Iterator[str]:
        # A rule on a bus of its own has the physical id bus|rule.
        bus, _, rule = self._id(name).rpartition("|")
        where = {"EventBusName": bus} if bus else {}
        bus_property = self._conditions.resolve(properties.get("EventBusName"))
        if bus_property and not bus:
            where = {"EventBusName": str(bus_property)}
        events = self._context.client("events")
        state = events.describe_rule(Name=rule, **where).get("State")
        if state != properties.get("State", "ENABLED"):
            yield f"{name}: the rule is {state}"
        targets = events.list_targets_by_rule(Rule=rule, **where)["Targets"]
        if len(targets) != len(properties.get("Targets", [])):
            yield f"{name}: the rule has {len(targets)} targets"

    def _schedule(self, name: str, properties: Properties) -> Iterator[str]:
        group, _, schedule = self._id(name).rpartition("|")
        group = group or str(self._conditions.resolve(properties.get("GroupName")) or "default")
        there = self._context.client("scheduler").get_schedule(Name=schedule, GroupName=group)
        if there["State"] != properties.get("State", "ENABLED"):
            yield f"{name}: the schedule is {there['State']}"
        arn = there["Target"]["Arn"]
        if ":lambda:" not in arn and ":sqs:" not in arn:
            yield f"{name}: the emulator fires schedules at functions and queues only, not at {arn}"

    def _secret(self, name: str, _: Properties) -> Iterator[str]:
        manager = self._context.client("secretsmanager")
        if not manager.get_secret_value(SecretId=self._id(name)).get("SecretString"):
            yield f"{name}: the secret is empty"

    def _bucket(self, name: str, _: Properties) -> Iterator[str]:
        self._context.client("s3").head_bucket(Bucket=self._id(name))
        yield from ()


def require_everything(context: StackContext, template: Template) -> None:
    """Raise LocalStackError naming what the template promised and the emulator does not have."""
    missing = list(Proof(context, template).missing())
    if missing:
        listed = "\n".join(f"  {line}" for line in missing)
        raise LocalStackError(
            f"The emulator deployed the template, but {len(missing)} of its promises are missing:\n"
            f"{listed}\nChanged by hand? make reset. Otherwise bridge them in local/bridge.py."
        )
