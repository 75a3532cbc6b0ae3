"""What each function's role allows is what its code needs: no less, no more.

The calls are those of the fault explorer's stories and of the tour, each made by a real handler
under its own environment; roles are read from template.yaml.
"""

import functools
import json
from typing import Any

import pytest

from rapport.entrypoint.observability import logger
from tests.faults.explorer import tell
from tests.faults.stories import STORIES
from tests.platform.cloud import USED
from tests.platform.iam import Grant, functions, grants_of
from tests.policy.tour import TOUR, walk
from tests.tables import resources, translated

LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
QUEUE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
STREAM = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}

EVERYTHING_ALLOWED = {
    ("ServeChannelAccountsFunction", "secretsmanager:ListSecrets"),  # IAM knows no resource for it
}
SUFFIXES_ALLOWED = (
    "/@connections/*",  # connections are named by API Gateway
    ":secret:rapport/test/channels/*",  # accounts are registered at run time
    "/inbound/*",
    "/attachments/*",
    "/aws/lambda/*",  # where Lambda puts failed stream batches
    ":identity/*",  # senders are registered at run time
    ":configuration-set/*",
    ":phone-number/*",
    ":pool/*",
    ":sender-id/*",
)


@functools.cache
def used() -> tuple[dict[str, set[tuple[str, str]]], list[str]]:
    """The rights that each function's code used, and what it was denied."""
    denied: list[str] = []
    logger().setLevel("CRITICAL")
    try:
        for story in STORIES.values():
            denied += tell(story).state.denied
        for name in TOUR:
            denied += walk(name).cloud.denied
    finally:
        logger().setLevel("INFO")
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in functions()}
    for function, action, arn in USED:
        found[function].add((action, arn))
    return found, sorted(set(denied))


def test_every_call_is_granted() -> None:
    assert used()[1] == []


@pytest.mark.parametrize("function", functions())
def test_every_granted_action_is_used_by_a_test(function: str) -> None:
    own, service = used()[0][function], service_rights(function)

    unused = [
        grant
        for grant in grants_of(function)
        if not any(grant.covers(right) for right in own | service)
    ]

    assert unused == []


@pytest.mark.parametrize("function", functions())
def test_what_the_service_does_in_a_functions_name_is_granted(function: str) -> None:
    grants = grants_of(function)

    missing = [
        right
        for right in sorted(service_rights(function))
        if not any(grant.covers(right) for grant in grants)
    ]

    assert missing == []


@pytest.mark.parametrize("function", functions())
def test_wildcards_stand_only_where_they_are_justified(function: str) -> None:
    loose = [grant for grant in grants_of(function) if not _is_narrow(function, grant)]

    assert loose == []


def test_translation_gives_no_function_another_role_or_policy() -> None:
    made_of_it = translated()["Resources"]
    written = resources().template["Resources"]

    roles = {name for name, one in made_of_it.items() if one["Type"] == "AWS::IAM::Role"}
    # SAM makes one for the schedule, which may invoke its function and nothing else.
    made = roles - {name for name, one in written.items() if one["Type"] == "AWS::IAM::Role"}
    for name, one in made_of_it.items():
        if one["Type"] == "AWS::Lambda::Function":
            assert one["Properties"]["Role"] == written[name]["Properties"]["Role"], name
    for name in made:
        policies = made_of_it[name]["Properties"].get("Policies", [])
        actions = [
            action
            for policy in policies
            for statement in policy["PolicyDocument"]["Statement"]
            for action in _listed(statement["Action"])
        ]
        assert set(actions) <= {"lambda:InvokeFunction"}, name
        assert not made_of_it[name]["Properties"].get("ManagedPolicyArns"), name


def test_every_rule_may_send_to_its_queues_and_their_dead_letters() -> None:
    known = resources()
    policies = [known.properties(name) for name in known.of_kind("AWS::SQS::QueuePolicy")]

    for name in known.of_kind("AWS::Events::Rule"):
        for target in known.properties(name)["Targets"]:
            for arn in (target["Arn"], target["DeadLetterConfig"]["Arn"]):
                assert any(_may_send(policy, known.arn(name), arn, known) for policy in policies), (
                    arn
                )


def test_the_key_serves_every_service_that_holds_something_under_it() -> None:
    known = resources()
    statements = known.properties("Key")["KeyPolicy"]["Statement"]
    by_service = next(one for one in statements if one["Sid"] == "ThroughServicesOfThisAccount")
    via = by_service["Condition"]["StringEquals"]["kms:ViaService"]
    principals = {
        principal: set(_listed(one["Action"]))
        for one in statements
        if isinstance(one["Principal"], dict) and "Service" in one["Principal"]
        for principal in _listed(one["Principal"]["Service"])
    }

    held_by = {
        "AWS::DynamoDB::Table": "dynamodb.us-east-1.amazonaws.com",
        "AWS::SQS::Queue": "sqs.us-east-1.amazonaws.com",
        "AWS::S3::Bucket": "s3.us-east-1.amazonaws.com",
        "AWS::SecretsManager::Secret": "secretsmanager.us-east-1.amazonaws.com",
    }
    for kind, service in held_by.items():
        for name in known.of_kind(kind):
            assert known.ref("Key") in json.dumps(known.properties(name)), f"{name} has no key"
        assert service in via, service
    assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= set(by_service["Action"])
    # EventBridge is no principal of this account: it asks for the key in its own name.
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= principals["events.amazonaws.com"]
    assert principals["logs.us-east-1.amazonaws.com"]


def service_rights(function: str) -> set[tuple[str, str]]:
    """What Lambda needs of a function's role for its logs, event sources and failed batches."""
    known = resources()
    own = known.template["Resources"][function]["Properties"]
    log_group = known.arn(own["LoggingConfig"]["LogGroup"]["Ref"])
    rights = {(action, log_group) for action in LOGS}
    for event in own.get("Events", {}).values():
        properties = known.resolve(event["Properties"])
        if event["Type"] == "SQS":
            rights |= {(action, properties["Queue"]) for action in QUEUE}
        elif event["Type"] == "DynamoDB":
            rights |= {(action, properties["Stream"]) for action in STREAM}
            on_failure = properties.get("DestinationConfig", {}).get("OnFailure")
            if on_failure:
                bucket = on_failure["Destination"]
                rights |= {("s3:PutObject", f"{bucket}/aws/lambda/x"), ("s3:ListBucket", bucket)}
    return rights


def _is_narrow(function: str, grant: Grant) -> bool:
    if "*" in grant.action:
        return False
    if grant.resource == "*":
        return (function, grant.action) in EVERYTHING_ALLOWED
    if grant.action in LOGS:
        return grant.resource.endswith(":*") and grant.resource.count("*") == 1
    return "*" not in grant.resource or (
        grant.resource.endswith(SUFFIXES_ALLOWED) and grant.resource.count("*") == 1
    )


def _may_send(policy: dict[str, Any], rule: str, queue: str, known: Any) -> bool:
    named = [
        known.arn(name)
        for name in known.of_kind("AWS::SQS::Queue")
        if known.ref(name) in policy["Queues"]
    ]
    return queue in named and any(
        statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": "events.amazonaws.com"}
        and "sqs:SendMessage" in _listed(statement["Action"])
        and queue in _listed(statement["Resource"])
        and statement["Condition"] == {"ArnEquals": {"aws:SourceArn": rule}}
        for statement in policy["PolicyDocument"]["Statement"]
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
