"""The realtime stores' promises, in memory and in DynamoDB alike; and API Gateway's answers."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto import mock_aws

from rapport.aws.sockets import ApiGatewaySockets, management_client
from rapport.conversations.items import conversation_item, message_item
from rapport.conversations.keys import head_key
from rapport.notifications.model import Failure, MessageStatus
from rapport.notifications.store import DynamoLedger
from rapport.realtime.memory import InMemoryConnections, InMemoryTickets
from rapport.realtime.model import CONNECTION_LIFE, Connection, Ticket, agent, visitor
from rapport.realtime.ports import Connections, Posted, Tickets
from rapport.realtime.store import DynamoConnections, DynamoTickets
from rapport.views.changes import EntryChanged, HeadChanged, MessageChanged, read_changes
from tests.builders import CUSTOMER, NOW, a_conversation, a_message, after, an_entry

ADA, EVE = agent("agent-1"), visitor("shop", "vis_1")


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client: Any = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(
            TableName="table",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        yield client


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest, dynamodb: Any) -> tuple[Tickets, Connections]:
    if request.param == "memory":
        return InMemoryTickets(), InMemoryConnections()
    return DynamoTickets(dynamodb, "table"), DynamoConnections(dynamodb, "table")


def a_connection(number: int = 1, **changes: Any) -> Connection:
    return replace(Connection(f"c{number}=", ADA, after(seconds=number)), **changes)


def test_a_ticket_is_used_once(stores: tuple[Tickets, Connections]) -> None:
    tickets, _ = stores
    ticket = Ticket(EVE, after(seconds=30), "a-1")
    tickets.save("digest", ticket)
    assert tickets.use("other", NOW) is None
    assert tickets.use("digest", NOW) == ticket
    assert tickets.use("digest", NOW) is None


def test_a_ticket_that_is_over_is_not_used(stores: tuple[Tickets, Connections]) -> None:
    tickets, _ = stores
    tickets.save("digest", Ticket(ADA, after(seconds=30)))
    assert tickets.use("digest", after(seconds=30)) is None


def test_a_connection_is_found_by_its_id_until_it_is_closed(
    stores: tuple[Tickets, Connections],
) -> None:
    _, connections = stores
    one = a_connection(owner=EVE, anonymous_id="a-1")
    connections.open(one)
    assert connections.get("c1=") == one
    assert connections.close("c1=") == one
    assert connections.close("c1=") is None
    assert connections.get("c1=") is None


def test_an_owners_sockets_are_a_set(stores: tuple[Tickets, Connections]) -> None:
    _, connections = stores
    first, second = a_connection(1), a_connection(2)
    for one in (first, second, first):
        assert connections.subscribe(one, 2) is None
    assert connections.subscribe(a_connection(3), 2) == [first.socket, second.socket]
    assert connections.subscribe(first, 2) is None
    assert connections.of([ADA, EVE]) == {ADA: [first.socket, second.socket]}
    connections.unsubscribe(ADA, [first.socket])
    connections.unsubscribe(ADA, [first.socket])
    assert connections.of([ADA]) == {ADA: [second.socket]}
    connections.unsubscribe(ADA, [second.socket])
    assert connections.of([ADA]) == {}
    assert connections.subscribe(first, 2) is None


def test_nothing_is_read_for_nobody(stores: tuple[Tickets, Connections]) -> None:
    _, connections = stores
    assert connections.of([]) == {}
    connections.unsubscribe(EVE, [a_connection().socket])
    connections.unsubscribe(EVE, [])
    assert connections.of([EVE]) == {}


def test_every_item_ends_by_itself(dynamodb: Any) -> None:
    DynamoTickets(dynamodb, "table").save("digest", Ticket(ADA, after(seconds=30)))
    connections = DynamoConnections(dynamodb, "table")
    connections.open(a_connection())
    connections.subscribe(a_connection(), 2)
    ends = {item["sk"]["S"]: int(item["expires_at"]["N"]) for item in scan(dynamodb)}
    over = int((after(seconds=1) + CONNECTION_LIFE).timestamp())
    in_30_s = int(after(seconds=30).timestamp())
    assert ends == {"TICKET": in_30_s, "CONNECTION": over, "SOCKETS": over}


def scan(dynamodb: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = dynamodb.scan(TableName="table")["Items"]
    return items


def a_record(new: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, Any]:
    images = {"NewImage": new} | ({"OldImage": old} if old else {})
    at = NOW.timestamp()
    return {"eventName": "INSERT", "dynamodb": images | {"ApproximateCreationDateTime": at}}


def unreadable(error: Exception) -> None:
    raise error


def test_an_entry_is_read_from_the_stream_as_the_ledger_reads_it(dynamodb: Any) -> None:
    ledger = DynamoLedger(dynamodb, "table")
    ledger.enter(an_entry(conversation_id="cnv_1", reply_to="x"), [])
    (before,) = scan(dynamodb)
    _, taken = ledger.begin(an_entry().record_id, an_entry().message_id)
    assert taken is not None
    failure = Failure("policy", "131047", "No.")
    ledger.end(taken, MessageStatus.FAILED, NOW, failure=failure)
    (item,) = scan(dynamodb)
    (change,) = read_changes([a_record(item, before)], unreadable)
    assert isinstance(change, EntryChanged)
    assert change.new == ledger.get(an_entry().record_id, an_entry().message_id)
    assert change.old is not None
    assert change.old.status is MessageStatus.QUEUED


def test_messages_and_heads_are_read_from_the_stream_and_copies_are_not() -> None:
    head = a_conversation()
    key = head_key(CUSTOMER)
    records = [
        a_record(message_item(a_message(), [])),
        a_record(conversation_item(head, [], key)),
        a_record(conversation_item(head, [], (key[0], f"CONVERSATION#{head.conversation_id}"))),
        {"eventName": "REMOVE", "dynamodb": {"OldImage": message_item(a_message(), [])}},
    ]
    assert read_changes(records, unreadable) == [
        MessageChanged(a_message()),
        HeadChanged(None, head, NOW),
    ]


def test_an_item_that_cannot_be_read_holds_up_no_other() -> None:
    broken = {"pk": {"S": "MESSAGE#x"}, "sk": {"S": "MESSAGE"}}
    errors: list[Exception] = []
    records = [
        a_record(broken),
        a_record({"pk": {"S": "x"}}),
        {"eventName": "INSERT"},
        a_record(message_item(a_message(), [])),
    ]
    assert read_changes(records, errors.append) == [MessageChanged(a_message())]
    assert len(errors) == 3


class FailingClient:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def post_to_connection(self, **_kwargs: Any) -> None:
        raise self.error


def client_error(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PostToConnection")


@pytest.mark.parametrize(
    ("error", "posted"),
    [
        (client_error("GoneException", 410), Posted.GONE),
        (client_error("410", 410), Posted.GONE),
        (client_error("LimitExceededException", 429), Posted.FAILED),
        (client_error("ForbiddenException", 403), Posted.FAILED),
        (ConnectTimeoutError(endpoint_url="x"), Posted.FAILED),
    ],
)
def test_what_api_gateway_answers_becomes_an_outcome(error: Exception, posted: Posted) -> None:
    assert ApiGatewaySockets(lambda: FailingClient(error)).post("c1", b"{}") is posted


def test_a_post_goes_to_the_stages_address(dynamodb: Any) -> None:
    del dynamodb  # its fixture has moto on
    client = management_client("https://abc.execute-api.eu-west-1.amazonaws.com/dev")
    assert ApiGatewaySockets(lambda: client).post("c1=", b"{}") is Posted.SENT


def test_a_port_where_nobody_listens_is_a_failed_push(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    sockets = ApiGatewaySockets(lambda: management_client("http://127.0.0.1:9/_aws/x/dev"))
    assert sockets.post("c1", b"{}") is Posted.FAILED
