"""What the API shows of a customer follows what the sender has proven, on every page of it."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from rapport import wiring
from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.disclosure import rule_of
from rapport.identity.graph import Statement
from rapport.identity.model import Attestation, Record, Source
from rapport.identity.service import match_sender
from rapport.identity.statements import customer_of, digest_said
from tests.builders import (
    COMPONENT,
    CUSTOMER,
    NOW,
    a_component,
    a_conversation,
    a_message,
    a_received,
    a_route,
    a_tracked_event,
    after,
    an_event,
    an_sms,
)
from tests.functions.api.conftest import AGENT, COLLEAGUE, Stage, application, person

PAGE = f"/v1/customers/{CUSTOMER}"
BOT = application("customers.read", "conversations.read", "conversations.write")
READER = application("customers.read")
SYSTEM = application("customers.read", "customers.write")
CLAIMED, CHANNEL, VERIFIED = Assurance.CLAIMED, Assurance.CHANNEL, Assurance.VERIFIED

MOBILE = Identifier("phone", "+14155550100", CHANNEL)
OFFICE = Identifier("phone", "+442071838750", VERIFIED, "otp")
BROWSER = Identifier("anonymous_id", "anon-canary", CHANNEL)
ACCOUNT = Identifier("user_id", "user-canary", CHANNEL)

SECRETS = {
    "name": "Jane Canary",
    "tier": "tier-canary",
    "preferences": "preference-canary",
    "date_of_birth": "1971-03-09",
    "gender": "gender-canary",
    "address": "Canary Wharf",
    "phone": OFFICE.value,
    "national_id": "nid-canary",
    "balance": "balance-canary",
    "occupation": "occupation-canary",
    "birth_place": "birth-canary",
    "messages": "said-on-whatsapp",
    "activity": "page-canary",
    "purchases": "product-canary",
    "account_events": "event-canary",
    "devices": "model-canary",
    "places": "place-canary",
    "identifier": "user-canary",
}
"""Each field's value, nowhere else to be found."""


@dataclass(frozen=True)
class Place:
    """A record and what was said on it."""

    record: Record
    statement: Statement


def place(number: int, channel: str, sender: str, *held: Identifier, **said: Any) -> Place:
    """Record `number`, with one statement of these attributes and traits."""
    traits, attestation = said.pop("traits", {}), said.pop("attestation", Attestation.SELF)
    source = Source(channel, "main", sender)
    ids: dict[str, Any] = {"record_id": f"rec_{number:026d}", "source": source, "channel": channel}
    statement = Statement(
        statement_id=f"stm_02{number:024d}" if number else f"stm_{CUSTOMER[4:]}",
        at=NOW,
        heard_at=NOW,
        event_id="ing_1",
        identifiers=held,
        attributes=said,
        attestation=attestation,
        **ids,
    )
    record = Record(
        customer_id=CUSTOMER,
        component_id=COMPONENT,
        created_at=NOW,
        name=said.get("full_name"),
        identifiers=held,
        traits=traits,
        said={digest_said(statement): CUSTOMER},
        **ids,
    )
    return Place(record, statement)


KEPT = place(
    0,
    "crm",
    "crm-1",
    OFFICE,
    Identifier("national_id", SECRETS["national_id"], VERIFIED),
    attestation=Attestation.IMPORT,
    traits={key: SECRETS[key] for key in ("tier", "balance")}
    | {"preferences": [SECRETS["preferences"]]},
    full_name=SECRETS["name"],
    **{
        key: SECRETS[key]
        for key in ("date_of_birth", "gender", "address", "occupation", "birth_place")
    },
)
WHATSAPP = place(1, "whatsapp", "14155550100", MOBILE, full_name="JC")
VISITOR = place(2, "webchat", "vis_1", BROWSER, full_name="Somebody", date_of_birth="2001-01-01")
PAGES = place(3, "segment", "anonymous:anon-canary", BROWSER)
LOGIN = place(4, "segment", "user:user-canary", ACCOUNT, BROWSER)
PROVEN = replace(VISITOR.record, identifiers=(BROWSER, replace(OFFICE, method="otp")))
PLACES = (KEPT, WHATSAPP, VISITOR, PAGES, LOGIN)


def record_of(one: Place) -> str:
    return one.record.record_id


def with_jane(
    stage: Stage,
    writes: Place | None = VISITOR,
    *,
    assignee: str | None = AGENT,
    proven: bool = False,
) -> None:
    """Jane, known to the business; `writes` is where she writes from now."""
    component = a_component(*(one.statement for one in PLACES))
    records = [one.record for one in PLACES]
    stage.know(component, *records)
    if proven:
        stage.identities.found[PROVEN.source] = PROVEN
    if writes is not None:
        routes = {record_of(writes): a_route(record_id=record_of(writes))}
        head = a_conversation(assignee=assignee, routes=routes)
        stage.conversations.current[CUSTOMER] = head
    says = (WHATSAPP, SECRETS["messages"]), (VISITOR, "said-in-web-chat")
    for number, (where, text) in enumerate(says, 1):
        stage.messages.add(a_message(number, record_id=record_of(where), text=text), [])
    for number, (where, changes) in enumerate(EVENTS, 1):
        stage.activities.add(a_tracked_event(number, record_id=record_of(where), **changes))


EVENTS: tuple[tuple[Place, dict[str, Any]], ...] = (
    (PAGES, {"name": "page-of-this-browser", "properties": {}, "context": {}}),
    (LOGIN, {"name": SECRETS["activity"], "properties": {}, "context": {}}),
    (
        LOGIN,
        {
            "kind": "track",
            "name": "Order Completed",
            "properties": {
                "order_id": "order-7",
                "total": 129.5,
                "currency": "usd",
                "products": [{"name": SECRETS["purchases"]}],
            },
            "context": {
                "device": {"manufacturer": "Acme", "model": SECRETS["devices"]},
                "location": {"city": SECRETS["places"]},
            },
        },
    ),
    (
        LOGIN,
        {
            "kind": "identify",
            "name": SECRETS["account_events"],
            "properties": {"plan": SECRETS["account_events"]},
            "context": {},
        },
    ),
)


def get(stage: Stage, claims: Any, query: str = "", page: str = PAGE) -> Any:
    return stage.call("GET", f"{page}{query}", claims=claims)


def shown(stage: Stage, claims: Any, query: str = "") -> set[str]:
    """The fields whose value stands anywhere in the answer."""
    answer = get(stage, claims, query)
    assert answer.status == 200, answer.text
    return {field for field, value in SECRETS.items() if value in answer.text}


def visible(level: Assurance) -> set[str]:
    """What staff may see at a level, by the table."""
    return {field for field in SECRETS if level.rank >= rule_of(field).see.rank}


def sayable(level: Assurance) -> set[str]:
    """What a bot may see at a level, by the table."""
    rules = {field: rule_of(field) for field in SECRETS}
    return {f for f, rule in rules.items() if rule.say and level.rank >= rule.say.rank}


LEVELS = [
    pytest.param(VISITOR, False, CLAIMED, id="visitor"),
    pytest.param(WHATSAPP, False, CHANNEL, id="whatsapp"),
    pytest.param(VISITOR, True, VERIFIED, id="visitor-with-code"),
]


@pytest.mark.parametrize(("writes", "proven", "level"), LEVELS)
@pytest.mark.parametrize("named", [True, False])
def test_an_agent_sees_what_the_sender_has_proven_and_no_more(
    stage: Stage, writes: Place, proven: bool, level: Assurance, named: bool
) -> None:
    with_jane(stage, writes, proven=proven)
    query = f"?record_id={record_of(writes)}" if named else ""
    own = {"messages"} if writes is WHATSAPP else set()
    assert shown(stage, person("agent"), query) == visible(level) | own
    told = get(stage, person("agent"), query).json["disclosure"]
    assert (told["level"], told["basis"], told["record_id"]) == (level, "sender", record_of(writes))


@pytest.mark.parametrize(("writes", "proven", "level"), LEVELS)
@pytest.mark.parametrize("bot", [BOT, READER, SYSTEM])
def test_a_bot_gets_what_it_may_say_to_that_sender(
    stage: Stage, writes: Place, proven: bool, level: Assurance, bot: Any
) -> None:
    with_jane(stage, writes, proven=proven)
    expected = sayable(level)
    if bot is not BOT:  # words need a scope of their own
        expected -= {"messages"}
    assert shown(stage, bot, f"?record_id={record_of(writes)}") == expected


@pytest.mark.parametrize("bot", [BOT, READER])
def test_a_bot_that_names_nobody_gets_ids(stage: Stage, bot: Any) -> None:
    with_jane(stage, WHATSAPP)
    assert shown(stage, bot) == set()
    answer = get(stage, bot).json
    assert {one["record_id"] for one in answer["records"]} == {record_of(one) for one in PLACES}
    assert (answer["traits"], answer["timeline"]["items"]) == ([], [])
    assert answer["disclosure"]["basis"] == "none"


def test_a_system_of_the_business_gets_everything(stage: Stage) -> None:
    with_jane(stage)
    assert shown(stage, SYSTEM) == {*SECRETS} - {"messages"}


@pytest.mark.parametrize("claims", [person("agent"), person("supervisor"), person("admin")])
def test_a_look_up_shows_what_serves_without_harm(stage: Stage, claims: Any) -> None:
    with_jane(stage, writes=None)
    assert shown(stage, claims) == visible(CHANNEL)


@pytest.mark.parametrize("claims", [person("agent"), person("supervisor")])
def test_a_reason_shows_everything_and_may_be_said_no_more(stage: Stage, claims: Any) -> None:
    with_jane(stage)
    assert shown(stage, claims, "?reason=fraud") == {*SECRETS}
    answer = get(stage, claims, "?reason=fraud").json
    assert answer["disclosure"]["basis"] == "reason"
    assert not any(one["may_say"] for one in answer["traits"])


def test_who_saw_whom_for_which_reason_is_logged_and_nothing_of_it(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    with_jane(stage)
    get(stage, person("agent"), f"?reason=fraud&record_id={record_of(VISITOR)}")
    (line,) = [vars(one) for one in caplog.records if one.message == "customer_shown"]
    told = {"part", "customer_id", "caller", "record_id", "assurance", "reason"}
    assert {key: line[key] for key in told} == {
        "part": "profile",
        "customer_id": CUSTOMER,
        "caller": AGENT,
        "record_id": record_of(VISITOR),
        "assurance": "verified",
        "reason": "fraud",
    }
    logged = " ".join(str(vars(one)) for one in caplog.records)
    assert not any(value in logged for value in SECRETS.values())


def test_no_reason_opens_a_colleagues_customer(stage: Stage) -> None:
    with_jane(stage, assignee=COLLEAGUE)
    assert get(stage, person("agent"), "?reason=fraud").status == 403
    assert get(stage, person("supervisor"), "?reason=fraud").status == 200


@pytest.mark.parametrize("query", ["?reason=because", "?reason=1", "?level=verified"])
def test_a_reason_is_one_of_a_few_words(stage: Stage, query: str) -> None:
    with_jane(stage)
    assert get(stage, person("agent"), query).status == 400


def test_an_application_gives_no_reason(stage: Stage) -> None:
    with_jane(stage)
    assert get(stage, BOT, "?reason=fraud").status == 400


def test_naming_a_sender_who_does_not_write_raises_nothing(stage: Stage) -> None:
    with_jane(stage, VISITOR)
    for other in (WHATSAPP, KEPT, LOGIN):
        query = f"?record_id={record_of(other)}"
        assert shown(stage, person("agent"), query) == set()
        assert shown(stage, BOT, query) == set()


def test_where_nobody_writes_a_bot_learns_nothing_by_naming_a_record(stage: Stage) -> None:
    with_jane(stage, writes=None)
    for one in PLACES:
        assert shown(stage, BOT, f"?record_id={record_of(one)}") == set()


def test_an_agent_without_the_conversation_sees_as_in_a_look_up(stage: Stage) -> None:
    with_jane(stage, VISITOR, proven=True, assignee=COLLEAGUE)
    query = f"?record_id={record_of(VISITOR)}"
    assert shown(stage, person("agent"), query) == visible(CHANNEL) - {"messages"}
    assert shown(stage, person("supervisor"), query) == visible(VERIFIED)


def test_a_record_of_somebody_else_is_not_found(stage: Stage) -> None:
    with_jane(stage)
    assert get(stage, person("agent"), "?record_id=rec_other").status == 404
    assert get(stage, person("agent"), "?record_id=rec_other", f"{PAGE}/timeline").status == 404


def test_the_pages_of_a_visitors_browser_are_seen_at_once(stage: Stage) -> None:
    with_jane(stage, VISITOR)
    answer = get(stage, person("agent"))
    assert "page-of-this-browser" in answer.text
    assert "said-in-web-chat" in answer.text
    assert answer.json["claims"]["name"] == "Somebody"


@pytest.mark.parametrize(("writes", "proven", "level"), LEVELS)
def test_every_page_of_the_timeline_is_cut_alike(
    stage: Stage, writes: Place, proven: bool, level: Assurance
) -> None:
    with_jane(stage, writes, proven=proven)
    text, cursor = "", ""
    for _ in range(10):
        page = get(stage, person("agent"), f"?limit=1{cursor}", f"{PAGE}/timeline")
        text += page.text
        if "cursor" not in page.json:
            break
        cursor = f"&cursor={page.json['cursor']}"
    parts = {"messages", "activity", "account_events"}
    found = {field for field in parts if SECRETS[field] in text}
    own = {"messages"} if writes is WHATSAPP else set()
    assert found == (visible(level) & parts) | own


def test_a_sender_shared_by_two_customers_has_proven_nothing(stage: Stage) -> None:
    with_jane(stage, WHATSAPP)
    component = stage.identities.components[COMPONENT]
    assert not isinstance(component, str)
    child = replace(
        WHATSAPP.statement, statement_id=f"stm_02{9:024d}", attributes={"full_name": "Child"}
    )
    family = replace(
        component,
        statements=(*component.statements, child),
        customers=(*component.customers, frozenset({child.statement_id})),
    )
    shared = {digest_said(child): customer_of([child.statement_id])}
    record = replace(WHATSAPP.record, said={**WHATSAPP.record.said, **shared})
    stage.know(family, record)
    assert shown(stage, person("agent")) == {"messages"}
    assert get(stage, person("agent")).json["disclosure"]["level"] == "claimed"


def test_a_search_shows_as_a_look_up_and_the_value_that_was_asked_for(stage: Stage) -> None:
    with_jane(stage, writes=None)
    address = "/v1/customers?namespace=phone&value=%2B442071838750"
    (found,) = get(stage, person("agent"), "", address).json["items"]
    assert (found["name"], found["match"]) == (SECRETS["name"], "verified")
    values = {one["value"]: one for record in found["records"] for one in record["identifiers"]}
    assert set(values) == {OFFICE.value, "•••0100"}
    assert values["•••0100"]["is_masked"]
    (bare,) = get(stage, BOT, "", address).json["items"]
    assert "name" not in bare
    assert SECRETS["name"] not in str(bare)


def test_why_a_value_is_shown_and_who_said_it_is_told(stage: Stage) -> None:
    with_jane(stage, VISITOR, proven=True)
    answer = get(stage, person("agent")).json
    by_key = {one["key"]: one for one in answer["traits"]}
    born = by_key["date_of_birth"]
    assert (born["value"], born["rule"]) == (SECRETS["date_of_birth"], "most_trusted")
    assert (born["why"], born["may_say"]) == ("The only value.", True)
    (candidate,) = born["candidates"]
    (mention,) = candidate["mentions"]
    assert (mention["channel"], mention["attestation"]) == ("crm", "import")
    assert by_key["national_id"]["may_say"] is False
    claims = {one["key"]: one["value"] for one in answer["claims"]["traits"]}
    assert claims["date_of_birth"] == "2001-01-01"


def test_the_summary_adds_up_what_a_server_told(stage: Stage) -> None:
    with_jane(stage, VISITOR, proven=True)
    browser = {"kind": "track", "name": "Order Completed", "properties": {"total": 9e9}}
    told = a_tracked_event(20, record_id=record_of(PAGES), **browser)
    stage.activities.add(told)
    summary = get(stage, person("agent")).json["summary"]
    assert summary["purchases"] == {
        "orders": 1,
        "last_at": after(minutes=3).isoformat().replace("+00:00", "Z"),
        "totals": [{"amount": 129.5, "currency": "USD"}],
        "products": [SECRETS["purchases"]],
        "assurance": "channel",
    }
    assert (summary["last_order"]["order_id"], summary["last_order"]["status"]) == (
        "order-7",
        "completed",
    )
    assert summary["loyalty"] == {"tier": SECRETS["tier"]}
    assert summary["preferences"] == {"preferences": [SECRETS["preferences"]]}
    assert [one["model"] for one in summary["devices"]] == [f"Acme {SECRETS['devices']}"]
    assert [one["city"] for one in summary["places"]] == [SECRETS["places"]]


def test_from_the_first_message_on_a_customer_known_to_the_business_is_met_as_such(
    stage: Stage,
) -> None:
    """Through registration and a webhook, as an adopter's systems would."""
    body = {
        "source_id": "crm-4711",
        "name": "Jane Wong",
        "identifiers": [{"namespace": "phone", "value": MOBILE.value, "assurance": "verified"}],
        "traits": {"tier": "gold", "birthday": "1985-07-30", "balance": 7321.5},
    }
    kept = stage.call("POST", "/v1/customers", body, claims=SYSTEM).json
    events = (
        a_received(an_event(sender_name="janie")),
        an_sms("Bank", text="Hello, I am Jane Wong"),
    )
    jane, stranger = (
        match_sender(one, graph=stage.identities, engine=wiring.engine) for one in events
    )
    assert jane is not None
    assert stranger is not None
    assert jane.customer_id == kept["customer_id"]
    assert stranger.customer_id != jane.customer_id

    routes = {jane.record_id: a_route(record_id=jane.record_id)}
    head = a_conversation(jane.customer_id, assignee=AGENT, routes=routes)
    stage.conversations.current[jane.customer_id] = head
    page = f"/v1/customers/{jane.customer_id}"
    answer = get(stage, person("agent"), "", page)
    assert (answer.json["name"], answer.json["claims"]["name"]) == ("Jane Wong", "janie")
    assert answer.json["disclosure"]["withheld"] == ["balance", "date_of_birth", "phone"]
    assert "1985" not in answer.text
    assert "7321" not in answer.text
    assert "7321.5" in get(stage, SYSTEM, "", page).text
    bot = get(stage, BOT, f"?record_id={jane.record_id}", page)
    assert {one["key"] for one in bot.json["traits"]} == {"name", "tier", "phone"}
    assert all(one["may_say"] for one in bot.json["traits"])
    assert get(stage, BOT, f"?record_id={stranger.record_id}", page).status == 404
