"""Customers: found by any identifier, shown in one call, registered by other systems."""

from datetime import timedelta
from typing import Any

import pytest

from rapport.contracts.identity import Assurance
from rapport.contracts.inbound import Kind
from rapport.identity.statements import digest_said
from tests.builders import (
    CUSTOMER,
    NOW,
    PHONE,
    RECORD,
    a_claim,
    a_component,
    a_conversation,
    a_message,
    a_record,
    a_source,
    a_statement,
    a_tracked_event,
    after,
    an_entry,
    an_identifier,
)
from tests.functions.api.conftest import AGENT, COLLEAGUE, Stage, application, person

PAGE = f"/v1/customers/{CUSTOMER}"


def with_ada(stage: Stage, assignee: str | None = None) -> None:
    held = (an_identifier(), a_claim())
    said = a_statement(identifiers=held, attributes={"full_name": "Ada", "city": "London"})
    record = a_record(
        identifiers=held, traits={"city": "London"}, said={digest_said(said): CUSTOMER}
    )
    stage.know(a_component(said), record)
    stage.conversations.current[CUSTOMER] = a_conversation(assignee=assignee)
    for number in range(1, 4):
        stage.messages.add(a_message(number), [])
    stage.activities.add(a_tracked_event(4))
    stage.ledger.enter(an_entry(5, created_at=after(minutes=5)), [])


def get(stage: Stage, address: str = PAGE, claims: Any = None) -> Any:
    return stage.call("GET", address, claims=claims or person("agent"))


def test_one_call_tells_who_it_is_and_the_whole_story(stage: Stage) -> None:
    with_ada(stage, assignee=AGENT)
    shown = get(stage).json
    assert shown["customer_id"] == CUSTOMER
    assert [(i["namespace"], i["value"]) for i in shown["identifiers"]] == [("phone", PHONE)]
    assert [(t["key"], t["value"], t["assurance"]) for t in shown["traits"]] == [
        ("phone", PHONE, "channel")
    ]
    assert shown["conversation"]["state"] == "open"
    told = [entry.get("message", {}).get("direction") for entry in shown["timeline"]["items"]]
    assert told == ["outbound", None, "inbound", "inbound", "inbound"]


def test_what_a_sender_says_of_himself_is_told_apart_from_the_facts(stage: Stage) -> None:
    with_ada(stage, assignee=AGENT)
    shown = get(stage).json
    assert "name" not in shown
    claims = shown["claims"]
    assert claims["name"] == "Ada"
    assert {(t["key"], t["value"], t["channel"]) for t in claims["traits"]} == {
        ("name", "Ada", "whatsapp"),
        ("city", "London", "whatsapp"),
        ("email", "ada@example.com", "whatsapp"),
    }
    assert [(i["namespace"], i["assurance"]) for i in claims["identifiers"]] == [
        ("email", "claimed")
    ]
    (record,) = shown["records"]
    assert (record["name"], record["name_assurance"]) == ("Ada", "claimed")


def test_the_timeline_comes_in_pages_without_gap_or_repetition(stage: Stage) -> None:
    with_ada(stage)
    whole = [entry["at"] for entry in get(stage, f"{PAGE}/timeline?limit=100").json["items"]]
    seen, cursor = [], ""
    for _ in range(10):
        page = get(stage, f"{PAGE}/timeline?limit=2{cursor}").json
        seen += [entry["at"] for entry in page["items"]]
        if "cursor" not in page:
            break
        cursor = f"&cursor={page['cursor']}"
    assert seen == whole
    assert len(seen) == 5


@pytest.mark.parametrize("limit", ["0", "101", "x", "-1", "1.5"])
def test_a_limit_outside_1_to_100_is_refused(stage: Stage, limit: str) -> None:
    assert get(stage, f"{PAGE}/timeline?limit={limit}").status == 400


@pytest.mark.parametrize("cursor", ["x", "e30", "WzFd", "W1tbW1s" * 200, "bnVsbA=="])
def test_a_cursor_that_we_did_not_make_is_refused(stage: Stage, cursor: str) -> None:
    with_ada(stage)
    answer = get(stage, f"{PAGE}/timeline?cursor={cursor}")
    assert answer.status in {200, 400}
    assert answer.status == 400 or cursor == "bnVsbA=="  # null: the first page


@pytest.mark.parametrize("claims", [person("agent"), application("customers.read")])
def test_words_of_a_colleagues_conversation_are_withheld(stage: Stage, claims: Any) -> None:
    with_ada(stage, assignee=COLLEAGUE)
    answer = get(stage, f"{PAGE}/timeline?record_id={RECORD}", claims)
    messages = [entry["message"] for entry in answer.json["items"] if "message" in entry]
    assert len(messages) == 4
    assert all(message["is_withheld"] for message in messages)
    assert "Message 1" not in answer.text + get(stage, PAGE, claims).text
    assert "How can I help" not in answer.text


@pytest.mark.parametrize(
    "claims",
    [
        person("agent", sub=COLLEAGUE),
        person("supervisor"),
        person("admin"),
        application("customers.read", "conversations.read"),
    ],
)
def test_those_who_may_read_them_read_them(stage: Stage, claims: Any) -> None:
    with_ada(stage, assignee=COLLEAGUE)
    assert "Message 1" in get(stage, f"{PAGE}/timeline?record_id={RECORD}", claims).text


def test_an_unknown_customer_is_not_found(stage: Stage) -> None:
    assert get(stage).status == 404
    assert get(stage, f"{PAGE}/timeline").status == 404


def test_a_search_gives_the_owner_and_labels_who_merely_claims(stage: Stage) -> None:
    with_ada(stage)
    claim = an_identifier("phone", PHONE, Assurance.CLAIMED)
    claimant = a_statement(
        statement_id="stm_2",
        record_id="rec_2",
        source=a_source("user:7", "segment"),
        identifiers=(claim,),
        attributes={},
    )
    record = a_record(
        record_id="rec_2", customer_id="cus_2", source=claimant.source, identifiers=(claim,)
    )
    stage.know(a_component(claimant, component_id="cmp_2"), record)
    found = get(stage, "/v1/customers?namespace=phone&value=%2B1%20415%20555%200100").json["items"]
    assert [(one["customer_id"], one["match"]) for one in found] == [
        (CUSTOMER, "channel"),
        ("cus_2", "claimed"),
    ]


def test_a_search_without_result_is_an_empty_page(stage: Stage) -> None:
    answer = get(stage, "/v1/customers?namespace=email&value=nobody@example.com")
    assert (answer.status, answer.json) == (200, {"items": []})


def test_an_edited_and_a_deleted_message_show_as_they_are_now(stage: Stage) -> None:
    with_ada(stage)
    stage.messages.edit("whatsapp#main#wamid.1", "Mended", after(minutes=9))
    stage.messages.erase("whatsapp#main#wamid.2", after(minutes=9))
    edit = a_message(9, kind=Kind.EDIT, reply_to="wamid.1", text="Mended")
    stage.messages.add(edit, [])
    messages = {
        entry["message"]["message_id"]: entry["message"]
        for entry in get(stage).json["timeline"]["items"]
        if "message" in entry
    }
    assert edit.key not in messages
    assert messages["whatsapp#main#wamid.1"]["text"] == "Mended"
    assert "text" not in messages["whatsapp#main#wamid.2"]
    assert messages["whatsapp#main#wamid.2"]["deleted_at"]


def registration(**changes: Any) -> dict[str, Any]:
    return {
        "source_id": "crm-1",
        "name": "Ada Lovelace",
        "identifiers": [{"namespace": "phone", "value": "+1 415 555 0100"}],
        "traits": {"tier": "gold"},
    } | changes


def register(stage: Stage, body: Any, claims: Any = None) -> Any:
    return stage.call(
        "POST", "/v1/customers", body, claims=claims or application("customers.write")
    )


def test_a_verified_identifier_joins_its_customer(stage: Stage) -> None:
    with_ada(stage)
    verified = [{"namespace": "phone", "value": PHONE, "assurance": "verified"}]
    answer = register(stage, registration(identifiers=verified))
    assert (answer.status, answer.json["customer_id"]) == (200, CUSTOMER)
    shown = get(stage).json
    assert shown["name"] == "Ada Lovelace"
    assert [(t["key"], t["value"], t["assurance"]) for t in shown["traits"]] == [
        ("name", "Ada Lovelace", "verified"),
        ("tier", "gold", "verified"),
    ]


def test_a_claimed_identifier_joins_nobody(stage: Stage) -> None:
    with_ada(stage)
    for nameless_or_other in (None, "Grace Hopper"):
        body = registration(name=nameless_or_other, source_id=str(nameless_or_other))
        assert register(stage, body).json["customer_id"] != CUSTOMER


def test_repeated_registrations_converge(stage: Stage) -> None:
    first, again = register(stage, registration()), register(stage, registration())
    changed = register(stage, registration(traits={"tier": "black"}))
    assert first.json == again.json
    assert changed.json["record"]["record_id"] == first.json["record"]["record_id"]
    (record,) = stage.identities.found.values()
    assert record.traits == {"tier": "black"}


def test_two_applications_do_not_write_each_others_records(stage: Stage) -> None:
    one = register(stage, registration(), application("customers.write", sub="a"))
    other = register(stage, registration(), application("customers.write", sub="b"))
    assert one.json["record"]["record_id"] != other.json["record"]["record_id"]


@pytest.mark.parametrize(
    ("claims", "status"),
    [(person("agent"), 403), (person("supervisor"), 403), (person("admin"), 200)],
)
def test_what_staff_key_in_is_a_claim(stage: Stage, claims: Any, status: int) -> None:
    verified = [{"namespace": "phone", "value": PHONE, "assurance": "verified"}]
    assert register(stage, registration(identifiers=verified), claims).status == status
    assert register(stage, registration(source_id="2"), claims).status == 200


def test_many_events_at_one_instant_are_paged_completely(stage: Stage) -> None:
    with_ada(stage)
    for number in range(100, 130):
        at = NOW + timedelta(hours=1)
        event = a_tracked_event(number)
        stage.activities.add(type(event)(**{**vars(event), "at": at, "record_id": RECORD}))
    seen: list[str] = []
    cursor = ""
    for _ in range(20):
        page = get(stage, f"{PAGE}/timeline?limit=7{cursor}").json
        seen += [e["activity"]["activity_id"] for e in page["items"] if "activity" in e]
        if "cursor" not in page:
            break
        cursor = f"&cursor={page['cursor']}"
    assert len(seen) == len(set(seen)) == 31
