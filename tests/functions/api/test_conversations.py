"""Conversations: seen by those who may, answered by whom they are, once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rapport.contracts.inbound import Attachment, Kind
from rapport.conversations.model import Conversation, State
from rapport.notifications.model import Failure, MessageStatus
from rapport.views.messages import ref_of
from tests.builders import (
    CUSTOMER,
    NOW,
    RECORD,
    a_conversation,
    a_message,
    a_route,
    after,
    an_entry,
)
from tests.functions.api.conftest import AGENT, COLLEAGUE, Stage, application, person

TEXT = {"content": {"type": "text", "text": "On its way"}}
TEMPLATE = {"content": {"type": "template", "name": "update", "language": "en"}}
ME, SUPERVISOR = person("agent"), person("supervisor", sub="boss")
APP = application("conversations.read", "conversations.write")
MAY_WRITE = [ME, SUPERVISOR, person("admin", sub="root"), APP]
MAY_NOT_WRITE = [person("agent", sub=COLLEAGUE)]


def with_conversation(stage: Stage, **changes: Any) -> Conversation:
    head = a_conversation(**({"assignee": AGENT} | changes))
    stage.conversations.current[head.customer_id] = head
    return head


def address(head: Conversation, rest: str = "") -> str:
    return f"/v1/conversations/{head.conversation_id}{rest}"


def post(stage: Stage, head: Conversation, rest: str, body: Any = None, **more: Any) -> Any:
    return stage.call("POST", address(head, rest), body, **({"claims": ME} | more))


@pytest.mark.parametrize("claims", MAY_WRITE)
def test_an_answer_is_entered_and_accepted(stage: Stage, claims: Any) -> None:
    head = with_conversation(stage)
    answer = post(stage, head, "/messages", TEXT, claims=claims)
    assert (answer.status, answer.json["message"]["status"]) == (202, "queued")
    (entry,) = stage.ledger.entries.values()
    assert (entry.address, entry.author) == ("14155550100", claims["sub"])
    assert entry.conversation_id == head.conversation_id
    assert entry.message_id == answer.json["message"]["message_id"]


@pytest.mark.parametrize("rest", ["/messages", "/resolve", "/snooze", "/reopen"])
@pytest.mark.parametrize("claims", MAY_NOT_WRITE)
@pytest.mark.parametrize("assignee", [AGENT, None])
def test_who_is_not_its_assignee_changes_nothing(
    stage: Stage, rest: str, claims: Any, assignee: str | None
) -> None:
    head = with_conversation(stage, assignee=assignee)
    body = {"/messages": TEXT, "/snooze": {"until": "2026-12-01T09:00:00Z"}}.get(rest, {})
    assert post(stage, head, rest, body, claims=claims).status == 403
    assert stage.ledger.entries == {}
    assert stage.conversations.current[CUSTOMER] == head


def test_outside_whatsapps_window_text_is_refused_before_it_is_entered(stage: Stage) -> None:
    head = with_conversation(stage)
    stage.clock.advance(timedelta(hours=24))
    refused = post(stage, head, "/messages", TEXT)
    assert (refused.status, refused.json["type"]) == (409, "urn:rapport:problem:window_closed")
    assert stage.ledger.entries == {}
    assert post(stage, head, "/messages", TEMPLATE).status == 202


def test_a_resolved_conversation_is_reopened_first(stage: Stage) -> None:
    head = with_conversation(stage, state=State.RESOLVED, resolved_at=NOW)
    answer = post(stage, head, "/messages", TEXT)
    assert (answer.status, "reopen" in answer.json["detail"]) == (409, True)


def test_nobody_is_answered_where_all_who_wrote_are_another_customer(stage: Stage) -> None:
    """An unmerge took them along; somebody has opened what is left again."""
    head = with_conversation(stage, routes={})
    answer = post(stage, head, "/messages", TEXT)
    assert (answer.status, "another customer" in answer.json["detail"]) == (409, True)
    assert stage.ledger.entries == {}


def test_a_snoozed_conversation_can_be_answered(stage: Stage) -> None:
    head = with_conversation(stage, state=State.SNOOZED, snoozed_until=after(hours=1))
    assert post(stage, head, "/messages", TEXT).status == 202


def test_it_goes_where_the_customer_wrote_last_unless_told(stage: Stage) -> None:
    sms = a_route(record_id="rec_2", account_channel="twilio", channel="sms",
                  address="+14155550100", last_at=after(minutes=-5))  # fmt: skip
    head = with_conversation(stage, routes={RECORD: a_route(), "rec_2": sms})
    post(stage, head, "/messages", TEXT)
    (entry,) = stage.ledger.entries.values()
    assert entry.record_id == RECORD
    strange = post(stage, head, "/messages", TEXT | {"record_id": "rec_9"})
    assert (strange.status, strange.json["errors"][0]["field"]) == (400, "record_id")


def test_a_quote_goes_to_the_record_it_quotes(stage: Stage) -> None:
    head = with_conversation(stage)
    stage.messages.add(a_message(1), [])
    stage.messages.add(a_message(2, record_id="rec_other"), [])
    post(stage, head, "/messages", TEXT | {"reply_to": "whatsapp#main#wamid.1"})
    (entry,) = stage.ledger.entries.values()
    assert entry.reply_to == "wamid.1"
    for foreign in ("whatsapp#main#wamid.2", "nothing"):
        answer = post(stage, head, "/messages", TEXT | {"reply_to": foreign})
        assert (answer.status, answer.json["errors"][0]["field"]) == (400, "reply_to")


def test_a_crash_after_entering_sends_nothing_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = with_conversation(stage, routes={RECORD: a_route(last_at=after(hours=-23))})
    key = {"idempotency-key": "k"}

    class Killed(BaseException):
        pass

    def die(*_args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(stage.requests, "complete", die)
        with pytest.raises(Killed):
            post(stage, head, "/messages", TEXT, headers=key)
    # By the time of the retry the latest route is another and the window has closed.
    sms = a_route(record_id="rec_2", last_at=after(hours=-22.5))
    stage.conversations.current[CUSTOMER] = replace(head, routes={**head.routes, "rec_2": sms})
    stage.clock.advance(timedelta(hours=2))
    answer = post(stage, head, "/messages", TEXT, headers=key)
    assert answer.status == 202
    assert len(stage.ledger.entries) == 1
    assert {record for record, _ in stage.ledger.entries} == {RECORD}


@pytest.mark.parametrize(
    ("rest", "body", "before"),
    [
        ("/resolve", {}, State.OPEN),
        ("/snooze", {"until": "2026-12-01T09:00:00Z"}, State.OPEN),
        ("/reopen", None, State.SNOOZED),
    ],
)
def test_a_crash_after_a_change_finds_it_made(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, rest: str, body: Any, before: State
) -> None:
    head = with_conversation(stage, state=before)

    class Killed(BaseException):
        pass

    def die(*_args: Any) -> None:
        raise Killed

    key = {"idempotency-key": "k"}
    with monkeypatch.context() as patch:
        patch.setattr(stage.requests, "complete", die)
        with pytest.raises(Killed):
            post(stage, head, rest, body, headers=key, claims=SUPERVISOR)
    stage.clock.advance(timedelta(seconds=20))
    assert post(stage, head, rest, body, headers=key, claims=SUPERVISOR).status == 200
    assert stage.conversations.current[CUSTOMER].version == head.version + 1


def test_nobodys_message_is_closed_unread(stage: Stage) -> None:
    head = with_conversation(stage, last_message_at=after(minutes=1))
    assert post(stage, head, "/resolve", {"seen": "2026-11-20T12:00:00Z"}).status == 409
    answer = post(stage, head, "/resolve", {"seen": "2026-11-20T12:01:00Z"})
    assert (answer.status, answer.json["state"]) == (200, "resolved")
    assert post(stage, head, "/resolve", {}).status == 409


def test_a_snooze_ends_in_the_future(stage: Stage) -> None:
    head = with_conversation(stage)
    for until in ("2026-11-20T12:00:00Z", "tomorrow", "2026-12-01T09:00:00"):
        assert post(stage, head, "/snooze", {"until": until}).status == 400
    answer = post(stage, head, "/snooze", {"until": "2026-12-01T09:00:00Z"})
    assert (answer.status, answer.json["state"]) == (200, "snoozed")


def get(stage: Stage, target: str, claims: Any = ME) -> Any:
    return stage.call("GET", target, claims=claims)


@pytest.mark.parametrize("rest", ["", "/messages", f"/messages/{ref_of('whatsapp#main#wamid.1')}"])
def test_a_colleagues_conversation_needs_a_supervisor(stage: Stage, rest: str) -> None:
    head = with_conversation(stage, assignee=COLLEAGUE)
    stage.messages.add(a_message(1), [])
    assert get(stage, address(head, rest)).status == 403
    for claims in (SUPERVISOR, APP, person("agent", sub=COLLEAGUE)):
        assert get(stage, address(head, rest), claims).status == 200


def test_whoever_has_the_customer_now_reads_their_past(stage: Stage) -> None:
    past = a_conversation(
        opened_at=after(days=-9), state=State.RESOLVED, resolved_at=after(days=-8),
        assignee=COLLEAGUE,
    )  # fmt: skip
    stage.conversations.archived[past.conversation_id] = past
    with_conversation(stage)
    assert get(stage, address(past)).status == 200
    assert get(stage, address(past), person("agent", sub="agent-3")).status == 403


@pytest.mark.parametrize("conversation", ["cnv_x", "x", "cnv_", "CUSTOMER#1"])
def test_an_unknown_conversation_is_not_found(stage: Stage, conversation: str) -> None:
    assert get(stage, f"/v1/conversations/{conversation}").status == 404


def test_messages_of_another_customer_are_not_reached_through_ones_own(stage: Stage) -> None:
    head = with_conversation(stage)
    foreign = a_message(7, record_id="rec_foreign", customer_id="cus_foreign")
    stage.messages.add(foreign, [])
    stage.ledger.enter(an_entry(8, record_id="rec_foreign"), [])
    for ref in (ref_of(foreign.key), an_entry(8).message_id, "in_", "in_%21", "rec_foreign.msg_1"):
        assert get(stage, address(head, f"/messages/{ref}")).status == 404
        assert get(stage, address(head, f"/messages/{ref}/attachments/0")).status == 404
    assert get(stage, address(head, "/messages")).json["items"] == []


def test_messages_come_latest_first_with_what_became_of_ours(stage: Stage) -> None:
    head = with_conversation(stage)
    for number in (1, 2, 4):
        stage.messages.add(a_message(number), [])
    failed = an_entry(
        3,
        created_at=after(minutes=3),
        status=MessageStatus.FAILED,
        failure=Failure("recipient_invalid", "131026", "WhatsApp cannot reach this recipient."),
    )
    stage.ledger.enter(failed, [])
    items = get(stage, address(head, "/messages")).json["items"]
    assert [item["direction"][0] for item in items] == ["i", "o", "i", "i"]
    assert items[1]["failure"]["detail"] == "WhatsApp cannot reach this recipient."
    assert items[1]["status"] == "failed"
    one = get(stage, address(head, f"/messages/{items[1]['ref']}"))
    assert one.json == items[1]
    assert get(stage, address(head, f"/messages/{items[0]['ref']}")).json == items[0]


def test_the_echo_of_our_own_message_is_dropped_and_a_colleagues_from_the_app_shown(
    stage: Stage,
) -> None:
    head = with_conversation(stage)
    stage.ledger.enter(an_entry(1, provider_message_id="wamid.out"), [])
    for number, own_id in ((2, "wamid.out"), (3, "wamid.app")):
        echo = a_message(number, kind=Kind.ECHO, provider_message_id=own_id,
                         key=f"whatsapp#main#{own_id}")  # fmt: skip
        stage.messages.add(echo, [])
    items = get(stage, address(head, "/messages?limit=100")).json["items"]
    assert [item["provider_message_id"] for item in items] == ["wamid.app", "wamid.out"]
    assert [item["direction"] for item in items] == ["outbound", "outbound"]
    first = get(stage, address(head, "/messages?limit=2")).json
    assert [item["provider_message_id"] for item in first["items"]] == ["wamid.app"]


def test_a_late_message_shows_in_the_conversation_it_arrived_in(stage: Stage) -> None:
    head = with_conversation(stage)
    late = a_message(1, at=after(days=-2), received_at=NOW)
    earlier = a_message(2, at=after(days=-2), received_at=after(days=-2))
    stage.messages.add(late, [])
    stage.messages.add(earlier, [])
    items = get(stage, address(head, "/messages")).json["items"]
    assert [item["message_id"] for item in items] == [late.key]


def test_a_file_is_linked_for_five_minutes_once_it_is_stored(stage: Stage) -> None:
    head = with_conversation(stage)
    message = a_message(1, attachments=(Attachment(media_type="image"),))
    stage.messages.add(message, [])
    target = address(head, f"/messages/{ref_of(message.key)}/attachments/0")
    assert get(stage, target).status == 404
    stage.messages.keep_object(message.key, 0, "attachments/1")
    assert get(stage, target).json == {
        "url": "https://bucket.example/attachments/1?for=300",
        "expires_at": "2026-11-20T12:05:00Z",
    }
    stage.messages.erase(message.key, after(minutes=1))
    assert get(stage, target).status == 404


def with_many(stage: Stage) -> None:
    for number in range(9):
        customer = f"cus_{number:026d}"
        head = a_conversation(
            customer,
            opened_at=after(minutes=number),
            assignee=(AGENT, COLLEAGUE, None)[number % 3],
        )
        stage.conversations.current[customer] = head


def listed(stage: Stage, query: str, claims: Any) -> list[tuple[str | None, str]]:
    found, cursor = [], ""
    for _ in range(20):
        page = get(stage, f"/v1/conversations?{query}{cursor}", claims).json
        found += [(one.get("assignee"), one["conversation_id"]) for one in page["items"]]
        if "cursor" not in page:
            return found
        cursor = f"&cursor={page['cursor']}"
    raise AssertionError("no end")


@pytest.mark.parametrize("limit", [1, 2, 25])
def test_an_agent_lists_their_own_and_then_what_nobody_has(stage: Stage, limit: int) -> None:
    with_many(stage)
    found = listed(stage, f"limit={limit}", ME)
    assert [assignee for assignee, _ in found] == [AGENT] * 3 + [None] * 3
    assert len(set(found)) == 6
    mine = listed(stage, f"assignee=me&limit={limit}", ME)
    assert [assignee for assignee, _ in mine] == [AGENT] * 3


def test_supervisors_and_applications_list_all_or_one_agents(stage: Stage) -> None:
    with_many(stage)
    for claims in (SUPERVISOR, APP):
        assert len(listed(stage, "state=open&limit=4", claims)) == 9
        assert len(listed(stage, f"assignee={COLLEAGUE}", claims)) == 3
        assert listed(stage, "state=snoozed", claims) == []


def test_an_agent_does_not_list_a_colleagues(stage: Stage) -> None:
    with_many(stage)
    assert get(stage, f"/v1/conversations?assignee={COLLEAGUE}").status == 403


@pytest.mark.parametrize("query", ["state=resolved", "state=x", "cursor=x", "cursor=WzFd"])
def test_a_wrong_list_query_is_refused(stage: Stage, query: str) -> None:
    assert get(stage, f"/v1/conversations?{query}").status == 400


def test_the_customers_address_is_not_told(stage: Stage) -> None:
    head = with_conversation(stage)
    assert "14155550100" not in get(stage, address(head)).text
