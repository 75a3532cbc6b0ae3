"""Who may call what: every route, every kind of caller."""

from typing import Any

import pytest

from rapport.entrypoint.auth import Access, caller_of
from rapport.kernel.errors import Unauthenticated
from tests.functions.api.conftest import Stage, application, person
from tools.openapi import apis

CALLERS = {
    "agent": person("agent"),
    "supervisor": person("supervisor"),
    "admin": person("admin"),
    "nobody": person(),
    "stranger_group": person("admins", "agents"),
    "customers.read": application("customers.read"),
    "customers.write": application("customers.write"),
    "conversations.read": application("conversations.read"),
    "conversations.write": application("conversations.write"),
    "agents.write": application("agents.write"),
    "identity.write": application("identity.write"),
    "channels.write": application("channels.write"),
    "verifications.write": application("verifications.write"),
    "verification-services.write": application("verification-services.write"),
    "no_scope": application(),
}
STAFF = {"agent", "supervisor", "admin"}
DECIDERS = {"supervisor", "admin", "identity.write"}
MAY_CALL = {
    "GET /v1/customers": STAFF | {"customers.read"},
    "POST /v1/customers": STAFF | {"customers.write"},
    "GET /v1/customers/{customer_id}": STAFF | {"customers.read"},
    "GET /v1/customers/{customer_id}/context": STAFF | {"customers.read"},
    "GET /v1/customers/{customer_id}/timeline": STAFF | {"customers.read"},
    "GET /v1/customers/{customer_id}/evidence": DECIDERS,
    "POST /v1/customers/{customer_id}/merge": DECIDERS,
    "POST /v1/customers/{customer_id}/unmerge": DECIDERS,
    "GET /v1/identity/reviews": DECIDERS,
    "POST /v1/identity/reviews/{review_id}": DECIDERS,
    "POST /v1/identity/signals": {"admin", "identity.write"},
    "GET /v1/identity/rules": {"admin", "identity.write"},
    "PUT /v1/identity/rules": {"admin", "identity.write"},
    "POST /v1/identity/rules/trial": {"admin", "identity.write"},
    "POST /v1/identity/rules/application": {"admin", "identity.write"},
    "GET /v1/conversations": STAFF | {"conversations.read"},
    "GET /v1/conversations/{conversation_id}": STAFF | {"conversations.read"},
    "GET /v1/conversations/{conversation_id}/messages": STAFF | {"conversations.read"},
    "POST /v1/conversations/{conversation_id}/messages": STAFF | {"conversations.write"},
    "GET /v1/conversations/{conversation_id}/messages/{ref}": STAFF | {"conversations.read"},
    "GET /v1/conversations/{conversation_id}/messages/{ref}/attachments/{index}": STAFF
    | {"conversations.read"},
    "POST /v1/conversations/{conversation_id}/resolve": STAFF | {"conversations.write"},
    "POST /v1/conversations/{conversation_id}/snooze": STAFF | {"conversations.write"},
    "POST /v1/conversations/{conversation_id}/reopen": STAFF | {"conversations.write"},
    "GET /v1/agents": {"supervisor", "admin", "agents.write"},
    "GET /v1/agents/{agent_id}": STAFF | {"agents.write"},
    "PUT /v1/agents/{agent_id}": {"supervisor", "admin", "agents.write"},
    "PUT /v1/agents/{agent_id}/presence": STAFF,
    "GET /v1/channel-accounts": {"admin", "channels.write"},
    "GET /v1/channel-accounts/{channel}/{account}": {"admin", "channels.write"},
    "PUT /v1/channel-accounts/{channel}/{account}": {"admin", "channels.write"},
    "DELETE /v1/channel-accounts/{channel}/{account}": {"admin", "channels.write"},
    "POST /v1/channel-accounts/{channel}/{account}/rotate": {"admin", "channels.write"},
    "POST /v1/verifications": STAFF | {"verifications.write"},
    "POST /v1/verifications/{verification_id}/check": STAFF | {"verifications.write"},
    "GET /v1/verifications/{verification_id}": STAFF | {"verifications.write"},
    "POST /v1/verifications/{verification_id}/cancel": STAFF | {"verifications.write"},
    "GET /v1/verification-services/{service}": {"admin", "verification-services.write"},
    "PUT /v1/verification-services/{service}": {"admin", "verification-services.write"},
    "POST /v1/realtime/tickets": STAFF,
}
PUBLIC = {
    "GET /v1/openapi.json",
    "POST /v1/webchat/sessions",
    "POST /v1/webchat/messages",
    "GET /v1/webchat/messages",
    "POST /v1/webchat/tickets",
}
"""Web chat's visitors prove themselves by a token of their session; its own tests hold that."""

ROUTES = {route.key: route for api in apis() for route in api.routes}


def allowed(access: Access, claims: dict[str, Any]) -> bool:
    return access.is_public or access.allows(caller_of(claims))


def test_every_route_has_a_rule_that_somebody_wrote_down() -> None:
    assert set(ROUTES) == set(MAY_CALL) | PUBLIC


@pytest.mark.parametrize("key", sorted(MAY_CALL))
def test_a_route_admits_those_of_its_rule_and_nobody_else(key: str) -> None:
    access = ROUTES[key].access
    assert {name for name, claims in CALLERS.items() if allowed(access, claims)} == MAY_CALL[key]


@pytest.mark.parametrize("key", sorted(MAY_CALL))
def test_nothing_happens_without_claims_and_nothing_with_a_wrong_role(
    key: str, stage: Stage
) -> None:
    method, _, path = key.partition(" ")
    address = path.replace("{", "").replace("}", "")
    without = stage.call(method, address, {})
    assert (without.status, without.headers["www-authenticate"]) == (401, "Bearer")
    for name, claims in CALLERS.items():
        answer = stage.call(method, address, {}, claims=claims)
        if name not in MAY_CALL[key]:
            assert (answer.status, answer.json["type"]) == (403, "urn:rapport:problem:forbidden")


@pytest.mark.parametrize("key", sorted(PUBLIC))
def test_public_routes_are_public(key: str) -> None:
    assert ROUTES[key].access.is_public


@pytest.mark.parametrize(
    "spelling",
    ["[agent supervisor]", ["agent", "supervisor"], '["agent", "supervisor"]', "agent supervisor"],
)
def test_groups_are_read_in_every_spelling(spelling: object) -> None:
    caller = caller_of({"sub": "a", "cognito:groups": spelling})
    assert {str(group) for group in caller.groups} == {"agent", "supervisor"}


@pytest.mark.parametrize("spelling", [None, "", "[]", "[x]", 7, {}, "[agent,admin]", ["Admin"]])
def test_anything_else_is_no_group(spelling: object) -> None:
    assert not caller_of({"sub": "a", "cognito:groups": spelling}).groups


def test_a_persons_scopes_do_not_count() -> None:
    claims = person("agent") | {"client_id": "web", "scope": "rapport/channels.write"}
    assert not caller_of(claims).scopes


def test_an_applications_groups_do_not_count() -> None:
    claims = application("customers.read") | {"cognito:groups": "[admin]"}
    assert not caller_of(claims).groups


@pytest.mark.parametrize("claims", [{}, {"sub": ""}, {"sub": None}, {"cognito:groups": "[admin]"}])
def test_no_subject_is_nobody(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        caller_of(claims)
