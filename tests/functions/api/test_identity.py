"""Why customers are one person, and what people decide about it, as an application calls it."""

from typing import Any

import pytest

from rapport import wiring
from rapport.contracts.inbound import Kind
from rapport.identity.rules import Rules
from rapport.identity.service import match_sender
from rapport.views.evidence import WORDS
from tests.builders import a_mail, a_received, a_tracking_call, after, an_event, an_sms
from tests.functions.api.conftest import Stage, application, person

ADA = "ada@lovelace.org"
BOSS = person("supervisor", sub="boss")
ADMIN = person("admin", sub="root")
NUMBER = {"namespace": "phone", "value": "+14155550100", "assurance": "verified"}


def hear(stage: Stage, *received: Any) -> list[str]:
    """What the channels bring; whose each is."""
    found = []
    for one in received:
        record = match_sender(one, graph=stage.identities, engine=wiring.engine)
        assert record is not None
        found.append(record.customer_id)
    return found


def call(
    stage: Stage, method: str, path: str, body: Any = None, claims: Any = BOSS, key: str = ""
) -> Any:
    headers = {"idempotency-key": key} if key else None
    return stage.call(method, path, body, claims=claims, headers=headers)


def evidence_of(stage: Stage, customer_id: str, query: str = "") -> Any:
    return call(stage, "GET", f"/v1/customers/{customer_id}/evidence{query}")


def a_login() -> Any:
    """A server tells which browser and which mailbox are one user's."""
    traits = {"email": ADA}
    return a_tracking_call(
        Kind.IDENTIFY, trusted=True, anonymousId="anon-7", userId="u1", traits=traits
    )


def two_of_one_person(stage: Stage) -> tuple[str, str]:
    """By SMS and by mail, not known to be one."""
    sms, mail = hear(stage, an_sms(sender_name="Ada"), a_mail(ADA))
    return sms, mail


def one_by_a_number(stage: Stage) -> str:
    """By SMS and WhatsApp, one by the number they share."""
    sms, whatsapp = hear(stage, an_sms(), a_received(an_event(sender_name="Ada Lovelace")))
    assert sms == whatsapp
    return sms


def test_a_number_that_was_given_up_joins_its_next_holder_to_nobody(stage: Stage) -> None:
    (before,) = hear(stage, an_sms(sender_name="Ada Lovelace"))
    body = {"kind": "phone_deactivated", "phone": "+1 415 555 0100", "at": "2026-11-20T12:00:00Z"}
    noted = call(stage, "POST", "/v1/identity/signals", body, claims=ADMIN)
    assert (noted.status, noted.json["phone"]) == (201, "+14155550100")
    again = call(stage, "POST", "/v1/identity/signals", body, claims=ADMIN)
    assert again.status == 201
    event = {"sender_name": "Grace Hopper", "timestamp": after(days=300)}
    (later,) = hear(stage, a_received(an_event(**event)))
    assert later != before


def test_a_signal_names_a_number_and_a_time(stage: Stage) -> None:
    body = {"kind": "phone_deactivated", "phone": "12", "at": "2026-11-20T12:00:00Z"}
    refused = call(stage, "POST", "/v1/identity/signals", body, claims=ADMIN)
    assert (refused.status, refused.json["errors"][0]["field"]) == (400, "phone")


# -- Evidence ----------------------------------------------------------------------------------


def test_a_customer_says_why_they_are_one_person_in_words_and_in_data(stage: Stage) -> None:
    customer_id = one_by_a_number(stage)
    shown = evidence_of(stage, customer_id).json
    assert {one["channel"] for one in shown["statements"]} == {"sms", "whatsapp"}
    (why,) = shown["evidence"]
    assert (why["namespace"], why["value"]) == ("phone", "+14155550100")
    assert "phone" in why["words"]
    assert {why["left"], why["right"]} == {one["statement_id"] for one in shown["statements"]}
    assert set(why["event_ids"]) == {"ing_1"}
    assert shown["rules_version"] == Rules().version


def test_what_one_sender_said_is_one_persons_and_its_spelling_is_not_shown(stage: Stage) -> None:
    event = {"channel": "email", "provider": "ses", "from_": ADA, "sender_ids": {}}
    forged = [a_received(an_event(**event, sender_name=name)) for name in ("Ada", "Ada Lovelace")]
    customer_id, again = hear(stage, *forged)
    assert again == customer_id
    (why,) = evidence_of(stage, customer_id).json["evidence"]
    assert why["words"] == WORDS["same_source"]
    assert "value" not in why


def test_evidence_is_shown_as_of_a_time(stage: Stage) -> None:
    customer_id = one_by_a_number(stage)
    now = evidence_of(stage, customer_id).json["statements"]
    later = evidence_of(stage, customer_id, "?at=2027-01-01T00:00:00Z").json
    assert later["statements"] == now
    assert evidence_of(stage, customer_id, "?at=2020-01-01T00:00:00Z").status == 404
    for wrong in ("yesterday", "2026-11-20T12:00:00"):
        answer = evidence_of(stage, customer_id, f"?at={wrong}")
        assert (answer.status, answer.json["errors"][0]["field"]) == (400, "at")


@pytest.mark.parametrize("what", ["evidence", "merge", "unmerge"])
def test_there_is_no_evidence_of_nobody(stage: Stage, what: str) -> None:
    path = f"/v1/customers/cus_01k9unknown000000000000001/{what}"
    body = {"merge": {"customer_id": "cus_x"}, "unmerge": {"evidence_id": "evd_x"}}.get(what)
    assert call(stage, "POST" if body else "GET", path, body).status == 404


# -- Merging -----------------------------------------------------------------------------------


def test_a_preview_shows_what_a_merge_then_does(stage: Stage) -> None:
    sms, mail = two_of_one_person(stage)
    path = f"/v1/customers/{mail}/merge"
    preview = call(stage, "POST", path, {"customer_id": sms, "preview": True}).json
    assert preview["is_preview"]
    assert preview["merged"] == {mail: sms}
    assert evidence_of(stage, mail).json["customer_id"] == mail
    done = call(stage, "POST", path, {"customer_id": sms, "reason": "Same card."}).json
    assert done == preview | {"is_preview": False}
    shown = evidence_of(stage, mail).json
    assert shown["customer_id"] == sms
    (decision,) = shown["decisions"]
    assert (decision["kind"], decision["by"], decision["reason"]) == ("join", "boss", "Same card.")


def test_a_merge_is_decided_once_however_often_it_is_sent(stage: Stage) -> None:
    sms, mail = two_of_one_person(stage)
    path, body = f"/v1/customers/{mail}/merge", {"customer_id": sms}
    first = call(stage, "POST", path, body, key="k1")
    again = call(stage, "POST", path, body, key="k1")
    assert (first.status, again.json) == (200, first.json)
    assert len(evidence_of(stage, sms).json["decisions"]) == 1
    other = call(stage, "POST", path, body, key="k2")
    assert (other.status, other.json["errors"][0]["field"]) == (400, "customer_id")


def test_a_merged_customers_page_is_that_of_the_one_that_goes_on(stage: Stage) -> None:
    sms, mail = two_of_one_person(stage)
    call(stage, "POST", f"/v1/customers/{mail}/merge", {"customer_id": sms})
    assert call(stage, "GET", f"/v1/customers/{mail}").json["customer_id"] == sms


# -- Unmerging ---------------------------------------------------------------------------------


def test_evidence_taken_back_parts_them_for_good(stage: Stage) -> None:
    customer_id = one_by_a_number(stage)
    (why,) = evidence_of(stage, customer_id).json["evidence"]
    path = f"/v1/customers/{customer_id}/unmerge"
    body = {"evidence_id": why["evidence_id"], "reason": "Father and son."}
    preview = call(stage, "POST", path, body | {"preview": True}).json
    assert len(evidence_of(stage, customer_id).json["statements"]) == 2
    done = call(stage, "POST", path, body, key="k1")
    assert done.json == preview | {"is_preview": False}
    (restored,) = done.json["restored"]
    assert done.json["restored"] == {restored: customer_id}
    assert len(done.json["customers"]) == 2
    assert call(stage, "POST", path, body, key="k1").json == done.json
    hear(stage, a_received(an_event(sender_name="Ada L."), ingest_id="ing_9"))
    assert evidence_of(stage, restored).json["customer_id"] == restored


def test_records_are_given_to_another_person(stage: Stage) -> None:
    customer_id = one_by_a_number(stage)
    statements = evidence_of(stage, customer_id).json["statements"]
    leaving = [statements[-1]["record_id"]]
    path = f"/v1/customers/{customer_id}/unmerge"
    done = call(stage, "POST", path, {"record_ids": leaving}).json
    parts = {one["customer_id"]: one["record_ids"] for one in done["customers"]}
    (restored,) = done["restored"]
    assert parts[restored] == leaving
    against = evidence_of(stage, customer_id).json["against"]
    assert [one["words"] for one in against] == [WORDS["decision"]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"evidence_id": "evd_x", "record_ids": ["rec_01k9aaaaaaaaaaaaaaaaaaaaaa"]}, 400),
        ({"record_ids": ["rec_01k9aaaaaaaaaaaaaaaaaaaaaa"]}, 404),
        ({"record_ids": ["x"]}, 400),
        ({"evidence_id": "evd_none"}, 404),
    ],
)
def test_an_unmerge_of_nothing_of_theirs_is_refused(stage: Stage, body: Any, status: int) -> None:
    customer_id = one_by_a_number(stage)
    assert call(stage, "POST", f"/v1/customers/{customer_id}/unmerge", body).status == status


# -- Reviews -----------------------------------------------------------------------------------


def registered(stage: Stage, source_id: str) -> Any:
    body = {
        "source_id": source_id,
        "name": "Ada Lovelace",
        "traits": {"address": "Flat 5A, 12 Harbour Road, Wan Chai"},
    }
    answer = call(stage, "POST", "/v1/customers", body, application("customers.write"))
    assert answer.status == 200
    return answer.json


def with_careful_rules(stage: Stage) -> None:
    """No second field is enough: every likely pair waits for a person."""
    careful = Rules(version="careful-1", join_bits=60, review_bits=0)
    stage.rule_book.save(careful, None)


@pytest.mark.parametrize("is_same", [True, False])
def test_a_person_answers_what_the_rules_leave_open(stage: Stage, is_same: bool) -> None:
    with_careful_rules(stage)
    one, other = (registered(stage, str(number))["customer_id"] for number in (1, 2))
    (review,) = call(stage, "GET", "/v1/identity/reviews").json["items"]
    assert {review["left_customer"], review["right_customer"]} == {one, other}
    path = f"/v1/identity/reviews/{review['review_id']}"
    preview = call(stage, "POST", path, {"is_same": is_same, "preview": True}).json
    done = call(stage, "POST", path, {"is_same": is_same}, key="k1")
    assert done.json == preview | {"is_preview": False}
    assert done.json["merged"] == ({max(one, other): min(one, other)} if is_same else {})
    assert call(stage, "GET", "/v1/identity/reviews").json["items"] == []
    assert call(stage, "POST", path, {"is_same": is_same}, key="k1").json == done.json
    assert call(stage, "POST", path, {"is_same": is_same}, key="k2").status == 404


def test_a_review_that_was_settled_otherwise_leaves_the_queue(stage: Stage) -> None:
    with_careful_rules(stage)
    one, other = (registered(stage, str(number))["customer_id"] for number in (1, 2))
    call(stage, "POST", f"/v1/customers/{one}/merge", {"customer_id": other})
    assert call(stage, "GET", "/v1/identity/reviews").json["items"] == []
    assert stage.identities.waiting == {}


def test_the_queue_of_reviews_is_paged(stage: Stage) -> None:
    assert call(stage, "GET", "/v1/identity/reviews?limit=0").status == 400
    assert call(stage, "GET", "/v1/identity/reviews?cursor=bm9wZQ").status == 400
    assert call(stage, "GET", "/v1/identity/reviews?limit=5").json == {"items": []}


# -- Rules -------------------------------------------------------------------------------------


def trusting(version: str = "ours-1") -> dict[str, Any]:
    """Rules by which a claimed number is as good as a proven one."""
    document = Rules(version=version).model_dump(mode="json")
    for namespace in document["namespaces"]:
        if namespace["name"] == "phone":
            namespace["joins_from"] = "claimed"
    return document


def test_rules_are_read_tried_put_in_force_and_applied(stage: Stage) -> None:
    traits = {"phone": "+14155550100"}
    claim = a_tracking_call(Kind.IDENTIFY, anonymousId="anon-7", traits=traits)
    holder, claimant = hear(stage, an_sms(), claim)
    known = call(stage, "GET", "/v1/identity/rules", claims=ADMIN).json
    assert known["version"] == Rules().version
    path = "/v1/identity/rules/trial"
    tried = call(stage, "POST", path, {"rules": trusting()}, ADMIN).json
    assert tried == {"items": [{"merged": {claimant: holder}, "restored": {}}]}
    assert evidence_of(stage, claimant).json["customer_id"] == claimant
    body = {"rules": trusting(), "replaces": known["version"]}
    assert call(stage, "PUT", "/v1/identity/rules", body, ADMIN).json["version"] == "ours-1"
    wiring.reset()
    applied = call(stage, "POST", "/v1/identity/rules/application", {}, ADMIN).json
    assert applied == tried
    assert evidence_of(stage, claimant).json["customer_id"] == holder
    assert call(stage, "POST", "/v1/identity/rules/application", {}, ADMIN).json == {"items": []}


def test_which_of_several_names_is_shown_is_a_rule_too(stage: Stage) -> None:
    for number, name in enumerate(("Ada Lovelace", "Ada King Lovelace", "Ada Lovelace")):
        told = {"source_id": f"crm-{number}", "name": name, "identifiers": [NUMBER]}
        customer_id = call(stage, "POST", "/v1/customers", told, ADMIN).json["customer_id"]

    def shown() -> object:
        return call(stage, "GET", f"/v1/customers/{customer_id}").json["name"]

    assert shown() == "Ada Lovelace", "what most sources say"
    document = {**Rules().model_dump(mode="json"), "version": "ours-1"}
    document["profile"] = {"traits": {"name": "longest"}}
    body = {"rules": document, "replaces": Rules().version}
    assert call(stage, "PUT", "/v1/identity/rules", body, ADMIN).status == 200
    wiring.reset()
    assert shown() == "Ada King Lovelace"


def test_nobody_overwrites_rules_that_they_have_not_seen(stage: Stage) -> None:
    first = {"rules": trusting(), "replaces": Rules().version}
    assert call(stage, "PUT", "/v1/identity/rules", first, ADMIN).status == 200
    late = {"rules": trusting("ours-2"), "replaces": Rules().version}
    answer = call(stage, "PUT", "/v1/identity/rules", late, ADMIN)
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "replaces")
    used = {"rules": {**trusting("ours-1"), "near_days": 3.5}, "replaces": "ours-1"}
    assert call(stage, "PUT", "/v1/identity/rules", used, ADMIN).status == 409
    assert call(stage, "PUT", "/v1/identity/rules", first, ADMIN).status == 200, "again is the same"


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"version": "x", "unknown": 1}, "rules.unknown"),
        ({"version": "x", "blocked": [{"pattern": "("}]}, "rules.blocked.0"),
        ({"version": "x", "join_bits": "many"}, "rules.join_bits"),
        ({"version": "x", "profile": {"traits": {"name": "best"}}}, "rules.profile.traits.name"),
        ({"version": "x", "namespaces": [{"name": "phone"}]}, "rules.namespaces.0.priority"),
    ],
)
def test_rules_that_are_none_are_refused_by_name(stage: Stage, rules: Any, field: str) -> None:
    for method, path, body in (
        ("POST", "/v1/identity/rules/trial", {"rules": rules}),
        ("PUT", "/v1/identity/rules", {"rules": rules, "replaces": Rules().version}),
    ):
        answer = call(stage, method, path, body, ADMIN)
        assert (answer.status, answer.json["errors"][0]["field"]) == (400, field)
    assert stage.rule_book.current() is None


# -- Who may -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/customers/cus_x/evidence"),
        ("POST", "/v1/customers/cus_x/merge"),
        ("POST", "/v1/customers/cus_x/unmerge"),
        ("GET", "/v1/identity/reviews"),
        ("POST", "/v1/identity/reviews/rvw_x"),
        ("GET", "/v1/identity/rules"),
        ("PUT", "/v1/identity/rules"),
        ("POST", "/v1/identity/rules/trial"),
        ("POST", "/v1/identity/rules/application"),
    ],
)
def test_agents_decide_nothing_about_who_is_who(stage: Stage, method: str, path: str) -> None:
    for claims in (person("agent"), application("customers.read", "customers.write")):
        assert call(stage, method, path, {} if method != "GET" else None, claims).status == 403
    if "rules" in path:
        body: Any = {} if method != "GET" else None
        assert call(stage, method, path, body, BOSS).status == 403
