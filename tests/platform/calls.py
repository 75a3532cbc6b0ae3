"""A call that a function's code makes, and what IAM calls it."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from local.intrinsics import ACCOUNT
from tests.tables import REGION, resources

READS = frozenset({"GetItem", "Query", "BatchGetItem"})
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})
_TRANSACTED = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}
Right = tuple[str, str]
"""An IAM action and the ARN it is about."""


@dataclass
class Call:
    """One call: the function and invocation it belongs to, and what is asked of whom.

    `service` is botocore's name, or `provider` for a request to one.
    """

    number: int
    function: str
    invocation: int
    service: str
    operation: str
    parameters: dict[str, Any]
    faults: list[str] = field(default_factory=list)

    @property
    def is_write(self) -> bool:
        """Whether it changes anything outside the process."""
        if self.service == "dynamodb":
            return self.operation in WRITES
        return not self.operation.startswith(("Get", "List", "Describe"))

    @property
    def may_lag(self) -> bool:
        """Whether it is a read that need not see the latest writes."""
        if self.service != "dynamodb" or self.operation not in READS:
            return False
        asked = self.parameters.get("RequestItems") or {"": self.parameters}
        return not all(one.get("ConsistentRead") for one in asked.values())

    @property
    def modes(self) -> tuple[str, ...]:
        """How it can go wrong.

        before, after: the process dies there. timeout: it takes effect, the answer is lost. again:
        so it does, and botocore asks again by itself. throttled, refused: nothing happens.
        conflict: another transaction is at the item. partial: the first entry of a batch fails.
        stale: a read sees what was before the latest changes. error: a provider answers 503.
        """
        if self.service == "provider":
            return ("before", "after", "timeout", "refused", "error")
        found = ["before", "after", "throttled"]
        if self.is_write:
            found += ["timeout", "again"]
        if self.may_lag:
            found.append("stale")
        if self.service == "dynamodb" and self.operation in WRITES:
            found.append("conflict")
        if self.operation in ("SendMessageBatch", "PutEvents", "BatchGetItem"):
            found.append("partial")
        return tuple(found)

    def __str__(self) -> str:
        return (
            f"{self.number:3d} {self.function}[{self.invocation}] {self.service}:{self.operation}"
        )


def rights_of(call: Call) -> list[Right]:
    """The rights that a role needs for `call`."""
    reader = _READERS.get(call.service)
    if reader is None:
        raise NotImplementedError(f"tests/platform/calls.py does not know {call.service}: add it")
    return reader(call)


def _dynamodb(call: Call) -> list[Right]:
    asked = call.parameters
    if call.operation == "TransactWriteItems":
        actions = [next(iter(item.items())) for item in asked["TransactItems"]]
        return [(_TRANSACTED[kind], _table(action["TableName"])) for kind, action in actions]
    if call.operation in ("BatchGetItem", "BatchWriteItem"):
        return [(f"dynamodb:{call.operation}", _table(name)) for name in asked["RequestItems"]]
    arn = _table(asked["TableName"])
    if "IndexName" in asked:
        arn = f"{arn}/index/{asked['IndexName']}"
    return [(f"dynamodb:{call.operation}", arn)]


def _table(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


def _sqs(call: Call) -> list[Right]:
    name = str(call.parameters["QueueUrl"]).rpartition("/")[2]
    action = call.operation.removesuffix("Batch")
    return [(f"sqs:{action}", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")]


def _events(call: Call) -> list[Right]:
    buses = {entry["EventBusName"] for entry in call.parameters["Entries"]}
    return [
        (f"events:{call.operation}", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus}")
        for bus in sorted(buses)
    ]


def _secrets(call: Call) -> list[Right]:
    action = f"secretsmanager:{call.operation}"
    if call.operation in ("ListSecrets", "GetRandomPassword"):
        return [(action, "*")]
    name = str(call.parameters.get("SecretId") or call.parameters["Name"])
    if name.startswith("arn:"):
        return [(action, name)]
    return [(action, f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf")]


def _s3(call: Call) -> list[Right]:
    bucket = f"arn:aws:s3:::{call.parameters['Bucket']}"
    if call.operation.startswith("List"):
        return [("s3:ListBucket", bucket)]
    return [
        (
            f"s3:{call.operation.replace('HeadObject', 'GetObject')}",
            f"{bucket}/{call.parameters['Key']}",
        )
    ]


def _sockets(call: Call) -> list[Right]:
    address = urlsplit(resources().environment("PushChangesFunction")["WEBSOCKET_ENDPOINT"])
    api = str(address.hostname).partition(".")[0]
    # The management API names nothing else than connections of one stage.
    api_name = next(iter(resources().of_kind("AWS::ApiGatewayV2::Api")))
    known = resources().ref(api_name)
    name = known if known.lower() == api.lower() else api
    place = f"{name}{address.path}/POST/@connections/{call.parameters['ConnectionId']}"
    return [("execute-api:ManageConnections", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{place}")]


def _provider(call: Call) -> list[Right]:
    """Providers ask for no IAM, but Amazon's own, which we call over HTTP like them."""
    host = str(call.parameters.get("host", ""))
    if host.startswith("sms-voice."):
        return [_sms_voice(call)]
    if not (host.startswith("email.") and host.endswith(".amazonaws.com")):
        return []
    body = json.loads(call.parameters["body"])
    identity = str(body["FromEmailAddress"]).rpartition("<")[2].removesuffix(">")
    base = f"arn:aws:ses:{REGION}:{ACCOUNT}"
    found = [("ses:SendEmail", f"{base}:identity/{identity}")]
    if name := body.get("ConfigurationSetName"):
        found.append(("ses:SendEmail", f"{base}:configuration-set/{name}"))
    return found


def _sms_voice(call: Call) -> Right:
    """AWS End User Messaging names its operation in a header, and takes an id or a plain number."""
    body = json.loads(call.parameters["body"])
    operation = "SendVoiceMessage" if "VoiceId" in body else "SendTextMessage"
    identity = str(body["OriginationIdentity"])
    kinds = {"+": "phone-number", "phone-": "phone-number", "pool-": "pool"}
    kind = next((k for start, k in kinds.items() if identity.startswith(start)), "sender-id")
    base = f"arn:aws:sms-voice:{REGION}:{ACCOUNT}"
    return (f"sms-voice:{operation}", f"{base}:{kind}/{identity.removeprefix('+')}")


_READERS = {
    "dynamodb": _dynamodb,
    "sqs": _sqs,
    "events": _events,
    "secretsmanager": _secrets,
    "s3": _s3,
    "apigatewaymanagementapi": _sockets,
    "provider": _provider,
}
