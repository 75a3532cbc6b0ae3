"""What each sample of events/samples comes to: on moto, and as built on the running stack."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.context import StackContext
from rapport.aws.clients import client
from rapport.notifications.model import MessageStatus
from rapport.notifications.store import DynamoLedger
from tests.builders import an_entry
from tests.tables import STAGE, function_of, resources

SAMPLES = Path(__file__).resolve().parents[2] / "events" / "samples"
PATHS = sorted(SAMPLES.glob("*/*.json"))
Outcome = Callable[[Any], bool]
# A message that was sent: an order for it changes nothing, a receipt moves it.
ENTRY = an_entry(
    record_id="rec_01k9sample00000000000000001",
    message_id="msg_01k9sample00000000000000001",
    account="sample",
    status=MessageStatus.SENT,
)


def answers(status: int, words: str = "") -> Outcome:
    """An HTTP answer of that status whose body holds `words`."""
    return lambda answer: answer["statusCode"] == status and words in answer.get("body", "")


def fails(*numbers: int) -> Outcome:
    """A batch of which those messages come again."""
    ids = [f"00000000-0000-4000-8000-{number:012d}" for number in numbers]
    return lambda answer: [one["itemIdentifier"] for one in answer["batchItemFailures"]] == ids


def says_nothing(answer: Any) -> bool:
    """A function whose answer nobody reads."""
    return answer is None


OUTCOMES: dict[str, Outcome] = {
    "receive_webhook/whatsapp_text": answers(200),
    "receive_webhook/whatsapp_status": answers(200),
    "receive_webhook/whatsapp_handshake": answers(200, "1158201444"),
    "receive_webhook/whatsapp_forged": answers(401, "bad_signature"),
    "receive_webhook/line_text": answers(200),
    "receive_webhook/telegram_text": answers(200),
    "receive_webhook/unknown_account": answers(404),
    "receive_tracking/track": answers(200, "true"),
    "receive_tracking/batch": answers(200, "true"),
    "receive_tracking/wrong_key": answers(401),
    "match_sender/message": fails(),
    "match_sender/tracked_event": fails(),
    "match_sender/one_poison_among_good": fails(1),
    "record_receipts/delivered": fails(),
    "record_receipts/of_nobodys_message": fails(),
    "record_receipts/malformed": fails(1),
    "dispatch_messages/order": fails(),
    "dispatch_messages/order_without_entry": fails(1),
    "dispatch_codes/order_of_nobody": fails(),  # of a verification that another one replaced
    "dispatch_codes/malformed": fails(1),
    "follow_codes/code_sent": fails(),
    "count_codes/code_ordered": says_nothing,
    "publish_events/code": says_nothing,
    "publish_events/fact": says_nothing,
    "publish_events/order": says_nothing,
    "publish_events/update_that_keeps_its_events": says_nothing,
    "route_conversations/agent_came_online": fails(),
    "route_conversations/conversation_resolved": fails(),
    "route_conversations/fact_of_tomorrow": fails(),
    "follow_customers/customers_merged": fails(),  # of a component that is nowhere
    "follow_customers/customers_unmerged": fails(),
    "follow_customers/malformed": fails(1),
    "sweep_routing/every_minute": says_nothing,
    "fetch_attachments/message_received": fails(1),  # of a message that is not there yet
    "serve_customers/search": answers(200, "items"),
    "serve_customers/register": answers(200, "customer_id"),
    "serve_customers/unknown": answers(404, "problem"),
    "serve_customers/evidence_of_nobody": answers(404, "problem"),
    "serve_customers/reviews": answers(200, "items"),
    "serve_customers/rules_not_for_agents": answers(403, "problem"),
    "serve_customers/without_token": answers(401, "problem"),
    "serve_customers/openapi": answers(200, "openapi"),
    "serve_conversations/list": answers(200, "items"),
    "serve_conversations/unknown": answers(404, "problem"),
    "serve_agents/list": answers(200, "items"),
    "serve_agents/presence_of_nobody": answers(404, "problem"),
    "serve_agents/not_for_agents": answers(403, "problem"),
    "serve_channel_accounts/list": answers(200, "items"),
    "serve_channel_accounts/not_for_supervisors": answers(403, "problem"),
    "serve_verifications/start_for_a_customer": answers(201, "verification_id"),
    "serve_verifications/address_given_by_staff": answers(403, "problem"),
    "serve_verifications/wrong_code": answers(200, "false"),
    "serve_verifications/unknown": answers(404, "problem"),
    "serve_verifications/default_service": answers(200, "routes"),
    "serve_verifications/services_not_for_agents": answers(403, "problem"),
    "serve_webchat/open_session": answers(201, "token"),
    "serve_webchat/foreign_origin": answers(403, "problem"),
    "serve_webchat/message_without_token": answers(401, "problem"),
    "serve_realtime/ticket": answers(201, "ticket"),
    "handle_socket/connect_with_a_used_ticket": answers(401),
    "handle_socket/disconnect": answers(200),
    "handle_socket/frame_of_nobody": answers(200),
    "push_changes/conversation_assigned": says_nothing,
    "push_changes/agent_came_online": says_nothing,
}


def name_of(path: Path) -> str:
    """`match_sender/message`."""
    return f"{path.parent.name}/{path.stem}"


def accounts() -> dict[str, dict[str, Any]]:
    """The documents of the accounts that the samples are signed for, by `channel/account`."""
    return dict(json.loads((SAMPLES / "accounts.json").read_text()))


def test_every_sample_has_an_outcome_and_every_function_a_sample() -> None:
    assert {name_of(path) for path in PATHS} == set(OUTCOMES)
    functions = resources().of_kind("AWS::Serverless::Function").values()
    folders = {one["Properties"]["CodeUri"].rpartition("/")[2] for one in functions}
    assert {path.parent.name for path in PATHS} == folders


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_a_sample_comes_to_its_outcome_on_moto(
    path: Path, function: Callable[[str], Callable[[Any], Any]]
) -> None:
    for name, document in accounts().items():
        client("secretsmanager").create_secret(
            Name=f"rapport/{STAGE}/channels/{name}", SecretString=json.dumps(document)
        )
    table = resources().name("NotificationsTable")
    DynamoLedger(client("dynamodb"), table).enter(ENTRY, [])
    answer = function(path.parent.name)(json.loads(path.read_text()))
    assert OUTCOMES[name_of(path)](answer), answer


@pytest.fixture(scope="session")
def sampled(stack: StackContext) -> Iterator[StackContext]:
    """The stack with the samples' accounts, which are gone afterwards."""
    running = stack
    secrets = running.client("secretsmanager")
    known = {name: _kept(secrets, running.stage, name) for name in accounts()}
    for name, document in accounts().items():
        _put(secrets, running.stage, name, _joined(known[name], document))
    ledger = DynamoLedger(running.client("dynamodb"), running.resources["NotificationsTable"])
    ledger.enter(ENTRY, [])
    yield running
    for name, before in known.items():
        if before is not None:
            _put(secrets, running.stage, name, before)
        else:
            secret = f"rapport/{running.stage}/channels/{name}"
            secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


def _kept(secrets: Any, stage: str, name: str) -> dict[str, Any] | None:
    try:
        answer = secrets.get_secret_value(SecretId=f"rapport/{stage}/channels/{name}")
    except secrets.exceptions.ResourceNotFoundException:
        return None
    return dict(json.loads(answer["SecretString"]))


def _joined(before: dict[str, Any] | None, document: dict[str, Any]) -> dict[str, Any]:
    """The sample's document beside what the account had: every write key stays valid."""
    if before is None:
        return document
    keys = [*before.get("write_keys", []), *document.get("write_keys", [])]
    return before | {"write_keys": list(dict.fromkeys(keys))}


def _put(secrets: Any, stage: str, name: str, document: dict[str, Any]) -> None:
    secret, text = f"rapport/{stage}/channels/{name}", json.dumps(document)
    try:
        secrets.create_secret(Name=secret, SecretString=text)
    except secrets.exceptions.ResourceExistsException:
        secrets.put_secret_value(SecretId=secret, SecretString=text)


@pytest.mark.stack
@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_a_sample_comes_to_its_outcome_as_built(path: Path, sampled: StackContext) -> None:
    from local.invoke import invoke

    result = invoke(function_of(path.parent.name), json.loads(path.read_text()))
    assert result.function_error == "", result.logs
    assert OUTCOMES[name_of(path)](result.payload), (result.payload, result.logs)
