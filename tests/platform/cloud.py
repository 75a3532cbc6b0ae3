"""AWS's answers to the functions' calls, given inside botocore: no network, no signing.

Every call of a client made here is numbered, held against its function's role, hurt by the fault
that was ordered for it, and answered by an engine that keeps the documented promises.
"""

import io
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from rapport.aws.clients import CONFIG
from tests.platform.calls import Call, rights_of
from tests.platform.dynamo import Refusal
from tests.platform.iam import is_granted
from tests.tables import REGION

Answer = dict[str, Any]
Engine = Callable[[str, dict[str, Any], bytes], Answer]


class Died(BaseException):
    """The process was killed: nobody in it gets to catch this."""


class HttpStatus:
    """As much of an HTTP response as botocore looks at."""

    def __init__(self, status_code: int) -> None:
        self.status_code = status_code
        self.headers: dict[str, str] = {}


class Cloud:
    """Clients that land here. `engines` answer by service, `late` answers DynamoDB's stale reads;
    `fault` may name the call to hurt, and how."""

    def __init__(self) -> None:
        self.engines: dict[str, Engine] = {}
        self.late: Callable[[str, bytes], Answer] = lambda *_: {}
        self.calls: list[Call] = []
        self.denied: list[str] = []
        self.function = ""
        self.invocation = 0
        self.is_counting = True
        self.fault: tuple[int, str] | None = None
        self.hit: Call | None = None

    def begin(self, service: str, operation: str, parameters: dict[str, Any]) -> str | None:
        """Note a call; the mode of the fault that shall hit it, if any. Raises `Died`."""
        call = Call(
            len(self.calls) + 1 if self.is_counting else 0,
            self.function,
            self.invocation,
            service,
            operation,
            parameters,
        )
        if self.function:
            self._check(call)
        if not self.is_counting or not self.function:
            return None
        self.calls.append(call)
        if self.fault is None or self.fault[0] != call.number:
            return None
        self.hit = call
        if self.fault[1] == "before":
            raise Died
        return self.fault[1]

    def note_link(self, asked: dict[str, Any]) -> None:
        """A link to an object carries the rights of whoever signed it."""
        if self.function:
            self._check(Call(0, self.function, self.invocation, "s3", "GetObject", asked))

    def _check(self, call: Call) -> None:
        for right in rights_of(call):
            USED.add((call.function, *right))
            if not is_granted(call.function, right):
                self.denied.append(f"{call.function}: {right[0]} on {right[1]}")
                raise Refusal("AccessDeniedException", f"not authorized: {right[0]}")

    def answer(
        self, service: str, operation: str, parameters: dict[str, Any], body: bytes
    ) -> Answer:
        """One call from beginning to end; raises `Refusal`, `ReadTimeoutError` or `Died`."""
        mode = self.begin(service, operation, parameters)
        if mode in ("throttled", "conflict"):
            raise _error(service, operation, mode, parameters)
        engine = self.engines[service]
        if mode == "partial":
            return self._partly(operation, engine, parameters, body)
        if mode == "stale":
            return self.late(operation, body)
        if mode == "again":
            engine(operation, parameters, body)
        answer = engine(operation, parameters, body)
        if mode == "after":
            raise Died
        if mode == "timeout":
            raise ReadTimeoutError(endpoint_url=f"https://{service}")
        return answer

    def _partly(self, operation: str, engine: Engine, asked: dict[str, Any], body: bytes) -> Answer:
        """The first entry fails, the rest take effect."""
        if operation == "SendMessageBatch":
            first, *rest = asked["Entries"]
            failed = {"Id": first["Id"], "Code": "InternalError", "SenderFault": False}
            done = engine(operation, {**asked, "Entries": rest}, body) if rest else {}
            return {"Successful": done.get("Successful", []), "Failed": [failed]}
        if operation == "PutEvents":
            first, *rest = asked["Entries"]
            done = engine(operation, {**asked, "Entries": rest}, body) if rest else {"Entries": []}
            refused = {"ErrorCode": "InternalFailure", "ErrorMessage": "Try again."}
            return {"FailedEntryCount": 1, "Entries": [refused, *done["Entries"]]}
        table, wanted = next(iter(asked["RequestItems"].items()))
        keys = wanted["Keys"]
        rest_wanted = {table: {**wanted, "Keys": keys[1:]}}
        left = {table: {**wanted, "Keys": keys[:1]}}
        if len(keys) == 1:
            return {"Responses": {table: []}, "UnprocessedKeys": left}
        done = engine(
            operation,
            {"RequestItems": rest_wanted},
            json.dumps({"RequestItems": rest_wanted}).encode(),
        )
        return {**done, "UnprocessedKeys": left}


USED: set[tuple[str, str, str]] = set()
"""Every (function, action, ARN) that any test of this process has seen."""

CURRENT: list[Cloud] = []
"""The cloud that clients speak to now."""


def _error(service: str, operation: str, mode: str, asked: dict[str, Any]) -> Refusal:
    if mode == "throttled":
        codes = {
            "dynamodb": "ProvisionedThroughputExceededException",
            "sqs": "RequestThrottled",
            "s3": "SlowDown",
            "apigatewaymanagementapi": "LimitExceededException",
        }
        return Refusal(codes.get(service, "ThrottlingException"), "Slow down.")
    if operation == "TransactWriteItems":
        reasons: list[dict[str, Any]] = [{"Code": "None"} for _ in asked["TransactItems"]]
        reasons[0] = {"Code": "TransactionConflict", "Message": "Transaction is ongoing."}
        return Refusal("TransactionCanceledException", "Conflict.", CancellationReasons=reasons)
    return Refusal("TransactionConflictException", "Transaction is ongoing for the item.")


_CLIENTS: dict[tuple[str, str | None], Any] = {}


def client(service: str, endpoint_url: str | None = None, config: Config = CONFIG) -> Any:
    """A real botocore client whose calls land in the current cloud; one a process and service."""
    key = (service, endpoint_url)
    if key not in _CLIENTS:
        session = boto3.Session(
            aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION
        )
        make: Any = session.client  # the service's name is data here
        made = make(service, endpoint_url=endpoint_url, config=config)
        made.meta.events.register("provide-client-params", _keep_parameters)
        made.meta.events.register("before-call", _answer)
        _CLIENTS[key] = made
    return _CLIENTS[key]


def _keep_parameters(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
    context["asked"] = dict(params)
    if model.name == "GetObject":  # signed for a link, it is asked for with our rights, not by us
        CURRENT[-1].note_link(dict(params))


def _answer(model: Any, params: dict[str, Any], context: dict[str, Any], **_: Any) -> Any:
    service = str(model.service_model.service_name)
    body = params.get("body") or b""
    try:
        answer = CURRENT[-1].answer(service, model.name, context["asked"], body)
    except Refusal as refusal:
        error = {"Code": refusal.code, "Message": refusal.message}
        status = 410 if refusal.code == "GoneException" else 400
        metadata = {"HTTPStatusCode": status, "RequestId": "refused"}
        return HttpStatus(status), {"Error": error, "ResponseMetadata": metadata, **refusal.more}
    return HttpStatus(200), {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}


class Secrets:
    """Secrets Manager, as far as we use it."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.deleted: dict[str, str] = {}

    def __call__(self, operation: str, asked: dict[str, Any], _body: bytes) -> Answer:
        """Answer one call."""
        if operation == "ListSecrets":
            return {
                "SecretList": [
                    {"Name": name} for name in sorted(self.values) if self._fits(name, asked)
                ]
            }
        name = str(asked.get("SecretId") or asked["Name"])
        if operation == "RestoreSecret":
            if name in self.deleted:
                self.values[name] = self.deleted.pop(name)
            return {"Name": name}
        if name in self.deleted:
            raise Refusal("InvalidRequestException", "It is scheduled for deletion.")
        if (operation == "CreateSecret") is (name in self.values):
            found = name in self.values
            code = "ResourceExistsException" if found else "ResourceNotFoundException"
            raise Refusal(code, "It exists." if found else "There is none.")
        return self._do(operation, name, asked)

    def _do(self, operation: str, name: str, asked: dict[str, Any]) -> Answer:
        if operation in ("CreateSecret", "PutSecretValue"):
            self.values[name] = asked["SecretString"]
        elif operation == "DeleteSecret":
            self.deleted[name] = self.values.pop(name)
        elif operation != "GetSecretValue":
            raise NotImplementedError(operation)
        return {
            "Name": name,
            "SecretString": self.values.get(name, ""),
            "VersionId": version_of(self.values.get(name, "")),
            "CreatedDate": datetime.now(UTC),
        }

    def _fits(self, name: str, asked: dict[str, Any]) -> bool:
        wanted = [
            v for one in asked.get("Filters", []) if one["Key"] == "name" for v in one["Values"]
        ]
        return not wanted or any(name.startswith(value) for value in wanted)


def version_of(value: str) -> str:
    """What Secrets Manager would call this version of a secret."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, value))


class Objects:
    """S3, as far as we use it."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def __call__(self, operation: str, asked: dict[str, Any], _body: bytes) -> Answer:
        """Answer one call."""
        key = str(asked["Key"])
        if operation == "PutObject":
            self.bodies[key] = bytes(asked["Body"])
            return {}
        if operation in ("GetObject", "HeadObject"):
            if key not in self.bodies:
                raise Refusal("NoSuchKey", "There is none.")
            body = self.bodies[key]
            return {"Body": io.BytesIO(body), "ContentLength": len(body)}
        raise NotImplementedError(operation)


class Sockets:
    """API Gateway's management API: frames by connection; `open` says who is there."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.frames: dict[str, list[Any]] = {}

    def __call__(self, operation: str, asked: dict[str, Any], _body: bytes) -> Answer:
        """Answer one call."""
        connection = str(asked["ConnectionId"])
        if connection not in self.open:
            raise Refusal("GoneException", "It is gone.")
        data = asked["Data"]
        self.frames.setdefault(connection, []).append(json.loads(data))
        return {}
