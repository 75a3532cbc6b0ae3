"""The real functions on the template's tables: keys, indexes and settings fit together."""

import json
from collections.abc import Callable
from typing import Any

from tests.functions.api.conftest import Context, an_http_event, application, person

Load = Callable[[str], Callable[[Any, Any], Any]]
APP = application("customers.write", "customers.read", "conversations.read")


def test_a_registered_customer_is_found_and_shown(function: Load) -> None:
    serve = function("serve_customers")
    body = {
        "source_id": "crm-1",
        "name": "Ada",
        "identifiers": [{"namespace": "email", "value": "ada@lovelace.name"}],
    }
    key = {"idempotency-key": "k"}
    event = an_http_event("POST", "/v1/customers", body, claims=APP, headers=key)
    first, again = serve(event, Context()), serve(event, Context())
    assert (first["statusCode"], again["headers"]["idempotent-replay"]) == (200, "true")
    assert first["body"] == again["body"]
    customer_id = json.loads(first["body"])["customer_id"]

    search = "/v1/customers?namespace=email&value=Ada@lovelace.name"
    found = json.loads(serve(an_http_event("GET", search, claims=APP), Context())["body"])
    assert [(one["customer_id"], one["match"]) for one in found["items"]] == [
        (customer_id, "claimed")
    ]
    shown = serve(an_http_event("GET", f"/v1/customers/{customer_id}", claims=APP), Context())
    assert json.loads(shown["body"])["name"] == "Ada"

    wrong = an_http_event("POST", "/v1/customers", {"source_id": "2"}, claims=APP, headers=key)
    assert serve(wrong, Context())["statusCode"] == 422


def test_an_agent_is_defined_and_listed(function: Load) -> None:
    serve = function("serve_agents")
    boss = person("supervisor", sub="boss")
    body = {"name": "Grace", "capacity": 2}
    made = serve(an_http_event("PUT", "/v1/agents/agent-1", body, claims=boss), Context())
    assert made["statusCode"] == 200
    online = an_http_event(
        "PUT", "/v1/agents/agent-1/presence", {"presence": "online"}, claims=person("agent")
    )
    assert serve(online, Context())["statusCode"] == 200
    listed = serve(an_http_event("GET", "/v1/agents", claims=boss), Context())
    assert json.loads(listed["body"])["items"][0]["presence"] == "online"


def test_an_empty_inbox_is_an_empty_page(function: Load) -> None:
    serve = function("serve_conversations")
    answer = serve(an_http_event("GET", "/v1/conversations", claims=person("agent")), Context())
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"items": []})
    unknown = f"/v1/conversations/cnv_{'0' * 36}/messages"
    assert serve(an_http_event("GET", unknown, claims=APP), Context())["statusCode"] == 404
