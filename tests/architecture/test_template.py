"""template.yaml keeps the house rules."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.template import FUNCTION, LAYER, resources_of, translate
from tests.architecture.source import FUNCTIONS, ROOT
from tests.tables import template

MOST_RESOURCES = 250
QUEUE, TABLE, ROLE = "AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::IAM::Role"
ALARM, RULE, LOGS = "AWS::CloudWatch::Alarm", "AWS::Events::Rule", "AWS::Logs::LogGroup"
DAY = 86_400

WITHOUT_RESOURCE = {"secretsmanager:ListSecrets"}
"""Actions that IAM cannot narrow to a resource."""

WILDCARD_ENDINGS = (
    "/inbound/*",  # bodies too large for a queue
    "/attachments/*",
    "/aws/lambda/*",  # what a stream mapping failed to deliver
    ":secret:rapport/${Stage}/channels/*",  # accounts are registered while it runs
    ":identity/*",  # mail is sent from the identities that accounts name
    ":configuration-set/*",
    ":phone-number/*",  # codes go out by the origination identities that accounts name
    ":sender-id/*",
    ":pool/*",
    "/POST/@connections/*",
)
OPEN_ROUTES = {
    ("ANY", "/webhooks/{channel}/{account}"),  # signed by the provider
    ("POST", "/v1/{call}"),  # by write key
    ("GET", "/v1/openapi.json"),
    ("GET", "/v1/webchat/{proxy+}"),  # by a visitor's own token
    ("POST", "/v1/webchat/{proxy+}"),
}
MAY_LOSE = {"PushChangesFunction"}
"""Readers of streams for whom late is as good as never: screens resume from the tables."""

SERVICES_THAT_SEND_TO_QUEUES = {"events.amazonaws.com"}

Resource = dict[str, Any]


def of(kind: str) -> dict[str, Resource]:
    """The properties of every resource of a kind, by logical id."""
    return {name: one.get("Properties", {}) for name, one in resources_of(template(), kind).items()}


def target(node: Any) -> str:
    """The logical id that a Ref or GetAtt names."""
    if isinstance(node, dict) and "Ref" in node:
        return str(node["Ref"])
    if isinstance(node, dict) and "Fn::GetAtt" in node:
        wanted = node["Fn::GetAtt"]
        return str(wanted[0] if isinstance(wanted, list) else wanted.partition(".")[0])
    if isinstance(node, dict) and "Fn::Sub" in node:
        found = re.fullmatch(r"\$\{(\w+)(\.\w+)?\}", str(node["Fn::Sub"]))
        return found.group(1) if found else ""
    return ""


def own(function: Resource, name: str) -> Any:
    """A property of a function, its own or the one that all have."""
    return function.get(name, template()["Globals"]["Function"].get(name))


def events(kind: str) -> Iterator[tuple[str, Resource]]:
    """(function, properties) of each of the functions' event sources of a kind."""
    for name, function in of(FUNCTION).items():
        for event in function.get("Events", {}).values():
            if event["Type"] == kind:
                yield name, event["Properties"]


def alarms(metric: str) -> set[str]:
    """The logical ids in the dimensions of alarms on a metric, of those that tell somebody."""
    return {
        target(dimension["Value"])
        for alarm in of(ALARM).values()
        if alarm["MetricName"] == metric and alarm["AlarmActions"]
        for dimension in alarm["Dimensions"]
    }


def dead_letters() -> set[str]:
    return {
        target(queue["RedrivePolicy"]["deadLetterTargetArn"])
        for queue in of(QUEUE).values()
        if "RedrivePolicy" in queue
    }


# -- Functions ---------------------------------------------------------------------------------


@pytest.fixture(params=sorted(of(FUNCTION)))
def function(request: pytest.FixtureRequest) -> tuple[str, Resource]:
    """Each function: its logical id and properties."""
    return request.param, of(FUNCTION)[request.param]


Named = tuple[str, Resource]


def test_every_function_says_what_it_is_for(function: Named) -> None:
    assert re.fullmatch(r"[A-Z].{20,}\.", function[1]["Description"])


def test_every_function_has_an_environment_of_its_own(function: Named) -> None:
    properties = function[1]
    folder = properties["CodeUri"].rpartition("/")[2]
    assert properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == folder


def test_every_function_has_a_role_that_no_other_has(function: Named) -> None:
    name, properties = function
    role = target(properties["Role"])
    assert role == name.removesuffix("Function") + "Role"
    assert "Policies" not in properties
    users = [one for one, its in of(FUNCTION).items() if target(its["Role"]) == role]
    assert users == [name]


def test_every_function_logs_to_a_group_of_its_own_that_forgets_and_is_encrypted(
    function: Named,
) -> None:
    properties = function[1]
    group = of(LOGS)[target(properties["LoggingConfig"]["LogGroup"])]
    assert target(group["RetentionInDays"]) == "LogRetentionDays"
    assert target(group["KmsKeyId"]) == "Key"
    assert properties["CodeUri"].rpartition("/")[2] in str(group["LogGroupName"])


def test_every_function_is_code_that_exists(function: Named) -> None:
    assert (ROOT / function[1]["CodeUri"] / "app.py").exists()


def test_every_function_folder_is_deployed() -> None:
    folders = {str(path.parent.relative_to(ROOT)) for path in FUNCTIONS.glob("*/*/app.py")}
    assert folders == {properties["CodeUri"] for properties in of(FUNCTION).values()}


def test_functions_behind_an_api_answer_before_the_api_gives_up() -> None:
    for name, _ in events("HttpApi"):
        assert own(of(FUNCTION)[name], "Timeout") <= 29


# -- Roles -------------------------------------------------------------------------------------


def statements() -> Iterator[tuple[str, Resource]]:
    for name, role in of(ROLE).items():
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def test_roles_are_lambdas_alone_and_bring_no_policy_of_somebody_else() -> None:
    for name, role in of(ROLE).items():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}, name
        assert "ManagedPolicyArns" not in role, name


def test_no_role_may_do_everything_of_anything() -> None:
    for name, statement in statements():
        assert not [action for action in statement["Action"] if "*" in action], name
        assert "NotAction" not in statement
        assert "NotResource" not in statement


def test_resources_are_named_or_end_in_a_wildcard_that_is_listed() -> None:
    for name, statement in statements():
        for resource in statement["Resource"]:
            if resource == "*":
                assert set(statement["Action"]) <= WITHOUT_RESOURCE, name
                continue
            spelled = json.dumps(resource)
            if "*" in spelled:
                text = str(resource["Fn::Sub"])
                assert text.count("*") == 1, (name, text)
                assert text.endswith(WILDCARD_ENDINGS), (name, text)


def test_every_role_is_used() -> None:
    used = {target(function["Role"]) for function in of(FUNCTION).values()}
    assert used == set(of(ROLE))


# -- Queues ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(of(QUEUE)) - dead_letters()))
def test_every_queue_has_dead_letters_with_an_alarm(name: str) -> None:
    queue = of(QUEUE)[name]
    letters = target(queue["RedrivePolicy"]["deadLetterTargetArn"])
    assert of(QUEUE)[letters].get("FifoQueue") == queue.get("FifoQueue")
    assert of(QUEUE)[letters]["MessageRetentionPeriod"] == 14 * DAY
    assert letters in alarms("ApproximateNumberOfMessagesVisible")
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 3


@pytest.mark.parametrize("name", sorted(of(QUEUE)))
def test_every_queue_is_encrypted_under_our_key(name: str) -> None:
    assert target(of(QUEUE)[name]["KmsMasterKeyId"]) == "Key"


def test_a_message_is_hidden_for_six_times_as_long_as_its_consumer_may_take() -> None:
    for name, source in events("SQS"):
        queue = of(QUEUE)[target(source["Queue"])]
        assert queue["VisibilityTimeout"] >= 6 * own(of(FUNCTION)[name], "Timeout"), name


def test_every_queue_is_read() -> None:
    read = {target(source["Queue"]) for _, source in events("SQS")}
    assert read | dead_letters() == set(of(QUEUE))


def test_one_bad_message_does_not_take_its_batch_along() -> None:
    for name, source in events("SQS"):
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name


# -- Tables and their streams --------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(of(TABLE)))
def test_every_table_outlives_mistakes(name: str) -> None:
    table, whole = of(TABLE)[name], template()["Resources"][name]
    assert whole["DeletionPolicy"] == whole["UpdateReplacePolicy"] == "Retain"
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert target(table["SSESpecification"]["KMSMasterKeyId"]) == "Key"
    assert whole["Metadata"]["Description"]


def test_streams_carry_both_images() -> None:
    for table in of(TABLE).values():
        if "StreamSpecification" in table:
            assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_a_record_that_cannot_be_published_blocks_nothing_for_ever() -> None:
    for name, source in events("DynamoDB"):
        assert source["BisectBatchOnFunctionError"] is True, name
        assert 1 <= source["MaximumRetryAttempts"] <= 100, name
        assert name in alarms("IteratorAge"), name
        if name in MAY_LOSE:
            assert source["MaximumRecordAgeInSeconds"] <= 300, name
        else:
            assert source["DestinationConfig"]["OnFailure"]["Type"] == "S3", name
            assert source["StartingPosition"] == "TRIM_HORIZON", name


def test_stream_filters_match_leaves() -> None:
    """`NewImage.events` holds `{"S": …}`: a pattern that stops above the type matches nothing."""
    for name, source in events("DynamoDB"):
        for one in source["FilterCriteria"]["Filters"]:
            for path in _leaves(json.loads(one["Pattern"])):
                typed = path[0] == "eventName" or path[-1] in {"S", "N", "BOOL"}
                assert typed, (name, path)


def _leaves(pattern: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(pattern, list):
        yield path
        return
    for key, inner in pattern.items():
        yield from _leaves(inner, (*path, key))


# -- Rules, schedules, alarms --------------------------------------------------------------------


def test_what_a_rule_cannot_deliver_is_kept() -> None:
    for name, rule in of(RULE).items():
        for one in rule["Targets"]:
            assert target(one["DeadLetterConfig"]["Arn"]) in dead_letters(), name


def test_a_queue_takes_facts_from_its_rule_alone() -> None:
    allowed = set()
    for policy in of("AWS::SQS::QueuePolicy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Principal"]["Service"] in SERVICES_THAT_SEND_TO_QUEUES
            source = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
            allowed |= {(target(source), target(queue)) for queue in statement["Resource"]}
    for name, rule in of(RULE).items():
        for one in rule["Targets"]:
            for queue in (one["Arn"], one["DeadLetterConfig"]["Arn"]):
                assert (name, target(queue)) in allowed


def test_rules_listen_to_our_own_facts() -> None:
    for rule in of(RULE).values():
        assert rule["EventPattern"]["source"] == ["rapport"]
        assert target(rule["EventBusName"]) == "Bus"


def test_a_schedule_that_fails_wakes_somebody() -> None:
    for name, _ in events("ScheduleV2"):
        assert name in alarms("Errors")


def test_every_alarm_says_where_to_look_and_tells_somebody() -> None:
    for name, alarm in of(ALARM).items():
        assert "docs/operations.md" in alarm["AlarmDescription"], name
        assert [target(one) for one in alarm["AlarmActions"]] == ["AlarmTopic"], name


# -- The APIs ------------------------------------------------------------------------------------


def test_apis_are_throttled() -> None:
    http = template()["Globals"]["HttpApi"]["DefaultRouteSettings"]
    sockets = of("AWS::ApiGatewayV2::Stage")["WebSocketStage"]["DefaultRouteSettings"]
    for limits in (http, sockets):
        assert 0 < limits["ThrottlingRateLimit"] <= limits["ThrottlingBurstLimit"] <= 5000


def test_every_route_needs_a_token_but_those_listed() -> None:
    open_routes = {
        (route["Method"], route["Path"])
        for _, route in events("HttpApi")
        if route.get("Auth", {}).get("Authorizer") == "NONE"
    }
    assert open_routes == OPEN_ROUTES
    assert of("AWS::Serverless::HttpApi")["HttpApi"]["Auth"]["DefaultAuthorizer"] == "Cognito"


def test_no_route_is_served_twice() -> None:
    routes = [(route["Method"], route["Path"]) for _, route in events("HttpApi")]
    assert len(set(routes)) == len(routes)


# -- The whole -----------------------------------------------------------------------------------


def test_the_translated_stack_is_small_enough(record_property: Any) -> None:
    built = copy.deepcopy(template())
    for kind, uri in ((FUNCTION, "CodeUri"), (LAYER, "ContentUri")):
        for resource in resources_of(built, kind).values():
            resource["Properties"][uri] = "s3://bucket/key"
    count = len(translate(built, {})["Resources"])
    record_property("resources", count)
    print(f"{count} resources after translation, of {MOST_RESOURCES}")
    assert count <= MOST_RESOURCES


def test_nothing_is_named_by_hand_that_aws_can_name() -> None:
    """A fixed name forbids replacement and a second stack in the account."""
    for name, table in of(TABLE).items():
        assert "TableName" not in table, name
    for name, queue in of(QUEUE).items():
        assert "QueueName" not in queue, name
    for name, function in of(FUNCTION).items():
        assert "FunctionName" not in function, name
